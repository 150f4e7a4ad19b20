"""Every command line that a message proposes works: run as it stands, it does what the message says."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analyzer.cli.app import app

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: shop}}
spec: {{podSelector: {{{what}}}, policyTypes: [Ingress]}}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
"""
SOUND = {"base/policy.yaml": POLICY.format(name="base", what=""), "base/pod.yaml": POD}
FAULTS: dict[str, dict[str, str]] = {
    "broken": {"b/broken.yaml": "apiVersion: v1\nkind: [\n"},
    "unknown field": {"p/field.yaml": POLICY.format(name="f", what="").replace("podSelector", "podSelectr")},
    "template": {"t/tmpl.yaml": "{{- if .Values.on }}\nkind: NetworkPolicy\n{{ end }}\n"},
    "brackets": {"b/a[bc]*.yaml": "apiVersion: v1\nkind: [\n"},
    "blank": {"b/a b's.yaml": "apiVersion: v1\nkind: [\n"},
    "many": {f"many/{n}/bad.yaml": POLICY.format(name=f"m{n}", what="").replace("spec", "spce") for n in range(9)},
    "all in one folder": {f"old/bad-{n}.yaml": f"apiVersion: v1\nkind: [{n}\n" for n in range(14)},
    "overlays": {
        f"overlays/{name}/policy.yaml": POLICY.format(name="over", what=f"matchLabels: {{env: {name}}}")
        for name in ("dev", "prod", "test")
    },
    "chart": {
        "c/Chart.yaml": "name: c\nversion: 1.0.0\napiVersion: v2\n",
        "c/templates/p.yaml": "{{ include x }}\nkind: NetworkPolicy\n",
    },
    "tab": {"tabs/tab.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n"},
}
ALONE = [(name,) for name in FAULTS]
TOGETHER = list(itertools.combinations(FAULTS, 2))[::3]
COMMANDS = {
    "check": ("check", "root", "-q", "no internet can reach pods"),
    "check here": ("check", ".", "-q", "no internet can reach pods"),
    "map": ("map", "root"),
    "explain": ("explain", "root", "--from", "8.8.8.8", "--to", "shop/web"),
    "init": ("init", "root"),
    "diff": ("diff", "root", "root"),
    "diff of git": ("diff", "--git", "HEAD~1..HEAD", "--", "root"),
    "diff with the working tree": ("diff", "--git", "HEAD"),
}
RUNS = [(command, faults) for command in COMMANDS for faults in ALONE]
RUNS += [(command, faults) for command in ("check", "diff with the working tree") for faults in TOGETHER]
OF_GIT = [name for name in COMMANDS if "git" in name or "tree" in name]


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr("sys.argv", ["netproof", *words])
    found = CliRunner().invoke(app, words)
    assert found.exit_code != 70, found.output
    assert "Traceback" not in found.output
    return found


def with_options(words: list[str], options: list[str]) -> list[str]:
    at = words.index("--") if "--" in words else len(words)
    return [*words[:at], *options, *words[at:]]


def excludes(text: str) -> Iterator[list[str]]:
    """The `--exclude …` in each pair of backticks."""
    for quoted in re.findall(r"`(--exclude [^`]+)`", " ".join(text.split())):
        yield shlex.split(quoted)


def follow(words: list[str], found: Result, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run what the messages propose; how many proposals there were."""
    count = 0
    lines = found.output.splitlines()
    if lines and lines[0].startswith("to go on"):
        count += 1
        again = shlex.split(lines[1].strip())
        assert again[0] == "netproof"
        assert run(again[1:], monkeypatch).exit_code in (0, 1, 3), lines[1]
    for options in excludes(found.output):
        count += 1
        left = run(with_options(words, options), monkeypatch)
        for pattern in options[1::2]:
            file = re.sub(r"\[([*?[])\]", r"\1", pattern)  # as it is written in messages
            assert f"error: {file}" not in left.output, (options, left.output)
            assert f"with `--exclude '{pattern}'`" not in " ".join(left.output.split())
    for path in re.findall(r"check one of them at a time: (.*?);", " ".join(found.output.split())):
        for one in re.findall(r"`([^`]+)`", path):
            count += 1
            assert run(["check", *shlex.split(one), "-q", "no internet can reach pods"], monkeypatch).exit_code != 2
    for command in re.findall(r"`netproof ([^`|]+ [^`|]+)`", found.output):
        if not re.search(r"[A-Z…]{2,}|…", command):
            count += 1
            assert run(shlex.split(command), monkeypatch).exit_code != 2, command
    return count


@pytest.mark.parametrize(("command", "faults"), RUNS)
def test_what_is_proposed_works(
    command: str, faults: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "root", SOUND)
    if command in OF_GIT:
        commit("one")
    for fault in faults:
        write(tmp_path / "root", FAULTS[fault])
    if command in OF_GIT:
        commit("two")
    words = list(COMMANDS[command])
    found = run(words, monkeypatch)
    count = follow(words, found, monkeypatch)
    if found.exit_code == 2 and command in ("check", "diff", *OF_GIT):
        assert count, found.output


def commit(message: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.com")
    subprocess.run(["git", "init", "-q", "."], check=True)
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", *identity, "commit", "-q", "-m", message], check=True)
