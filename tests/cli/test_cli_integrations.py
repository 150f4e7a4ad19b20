"""The integrations: what they call exists, runs, and gives its exit code on."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from analyzer.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
NETPROOF = f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m analyzer "$@"\n'
PAGE = (ROOT / "docs/integrations.md").read_text()


# ------------------------------------------------------------------------------------------------ GitHub
def act(folder, **inputs):
    """What the action's script does, with an action's inputs, in `folder`."""
    program = folder / "netproof"
    program.write_text(NETPROOF)
    program.chmod(0o755)
    given = {name.upper().replace("-", "_"): spec["default"] for name, spec in ACTION["inputs"].items()}
    environment = {
        **os.environ,
        **given,
        **inputs,
        "NETPROOF": str(program),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    script = ROOT / "integrations/github-action.sh"
    return subprocess.run(
        ["bash", str(script)], cwd=ROOT / "examples/multi-tenant", env=environment, capture_output=True, text=True
    )


def test_the_action_checks_and_reports(tmp_path):
    done = act(
        tmp_path,
        MANIFESTS="fixed\n",
        PACKS="tenant-isolation checks.npq",
        ARGS="--set 'tenant=tenant' --quiet",
        SARIF=str(tmp_path / "out.sarif"),
    )
    assert done.returncode == 0, done.stderr
    assert "proved" in done.stdout
    assert (tmp_path / "output").read_text() == "exit-code=0\n"
    assert "proved" in (tmp_path / "summary").read_text()
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"


def test_the_action_fails_as_the_command_does(tmp_path):
    done = act(tmp_path, MANIFESTS="leaky", PACKS="tenant-isolation", SUMMARY="false")
    assert done.returncode == 1
    assert (tmp_path / "output").read_text() == "exit-code=1\n"
    assert not (tmp_path / "summary").exists()


def test_nothing_in_the_inputs_of_the_action_is_run(tmp_path):
    bait = f"$(touch {tmp_path}/ran) `touch {tmp_path}/ran`; touch {tmp_path}/ran"
    for name in ("MANIFESTS", "PACKS", "ARGS", "SARIF"):
        assert act(tmp_path, **{name: bait}).returncode == 2
    assert not (tmp_path / "ran").exists()
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert not [script for script in scripts if "${{" in script]


def test_the_action_takes_every_input_and_the_page_names_it():
    used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])
    assert [name for name in used if f"`{name}`" not in PAGE] == []


# ------------------------------------------------------------------------------------------------ others
def commands_of(text):
    """The netproof command lines in a text, without what stands for something else."""
    return [line.strip(" -") for line in text.splitlines() if line.strip(" -").startswith("netproof ")]


@pytest.mark.parametrize("line", [*commands_of((ROOT / "integrations/gitlab.yml").read_text()), *commands_of(PAGE)])
def test_options_that_are_named_exist(line):
    name, *words = shlex.split(line.partition(" #")[0])[1:]
    text = CliRunner().invoke(app, [name, "--help"]).stdout
    for option in (word for word in words if word.startswith("--") and word != "--"):
        assert option in text, line


def test_the_hooks_run_commands_that_exist():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["netproof", "netproof-config"]
    for hook in hooks:
        assert CliRunner().invoke(app, [*shlex.split(hook["entry"])[1:], "--no-config"]).exit_code in (0, 2)
        assert re.search(hook["files"], "some/where/netproof.toml")
    assert re.search(hooks[0]["files"], "k8s/policy.yaml")
    assert not re.search(hooks[0]["files"], "k8s/policy.yaml.md")


def test_what_kustomize_renders_goes_through_a_pipe():
    rendered = "".join(f"---\n{file.read_text()}" for file in sorted((ROOT / "examples/gated-repo/k8s").glob("*.yaml")))
    found = CliRunner().invoke(app, ["check", "-", "-p", "cis-kubernetes", "-v", "--no-config"], input=rendered)
    assert found.exit_code == 0, found.output
    assert "namespace-without-ingress-policy" in found.stdout


def test_the_container_installs_what_is_there():
    text = (ROOT / "Containerfile").read_text()
    assert "FROM python:3.12-slim" in text
    assert re.search(r"pip .*\binstall .*/source", text)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not {"analyzer", "grammar", "queries", "pyproject.toml", "README.md", "LICENSE"} & set(ignored)
