"""`--patch`: what is told applies the patch from where the user stands, and nothing is left out silently."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

LEAKY = Path(__file__).resolve().parents[2] / "examples/multi-tenant/leaky"
OPEN = """apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
AGENT = """---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: shop}
spec: {hostNetwork: true, containers: [{name: c, image: x}]}
"""
CLAIM = "no namespace shop can reach internet"
SMALL = {
    "namespaces.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: bank}\n---\n" + OPEN.partition("---\n")[0],
    "team/policies.yaml": OPEN.partition("---\n")[2],
}
"""One finding is mended in a file below the top, the other in a new file."""
ASKED = ("-q", CLAIM, "-q", "no internet can reach namespace bank")
LEAKS = ("-p", "tenant-isolation")
# Folder of the repository (None: there is none), where the user stands, where the manifests lie, the patch.
STANDS = {
    "at the root": (".", ".", "k8s", "fixes.patch"),
    "in a folder of the repository": (".", "deploy", "deploy/k8s", "fixes.patch"),
    "two folders down": (".", "a/b", "a/b/k8s", "fixes.patch"),
    "beside the manifests": (".", "docs", "k8s", "fixes.patch"),
    "outside of any repository": (None, ".", "k8s", "fixes.patch"),
    "outside, beside the manifests": (None, "docs", "k8s", "fixes.patch"),
    "in a repository, of another's files": ("other", "here", "other/k8s", "fixes.patch"),
    "where names have blanks": (".", ".", "my k8s", "my fixes.patch"),
    "where names have quotes": (".", ".", 'the "k8s"', "fixes.patch"),
}


def check(*words, stdin=None):
    return CliRunner().invoke(app, ["check", *words], input=stdin)


def placed(top, repository, here, manifests, asked=ASKED):
    """The manifests of which that is asked, with the fixes of two findings, or of nine in files of three teams."""
    if asked == LEAKS:
        shutil.copytree(LEAKY, top / manifests)
    else:
        for name, text in SMALL.items():
            (top / manifests / name).parent.mkdir(parents=True, exist_ok=True)
            (top / manifests / name).write_text(text)
    (top / here).mkdir(parents=True, exist_ok=True)
    if repository is not None:
        subprocess.run(["git", "init", "-q", str(top / repository)], check=True)


def commands(note):
    return re.findall("`([^`]+)`", note.splitlines()[0])


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("place", STANDS)
def test_the_command_that_is_told_applies_the_patch_where_the_user_stands(place, number, tmp_path, monkeypatch):
    repository, here, manifests, patch = STANDS[place]
    placed(tmp_path, repository, here, manifests)
    monkeypatch.chdir(tmp_path / here)
    path = str(Path(*[".."] * len([it for it in here.split("/") if it != "."]), manifests))
    done = check(path, *ASKED, "--patch", patch)
    assert done.exit_code == 1
    assert "the fixes of all 2 findings" in done.stderr
    told = commands(done.stderr)
    if number < len(told):
        subprocess.run(told[number], shell=True, check=True, capture_output=True)
        assert check(path, *ASKED).exit_code == 0
        assert not list(tmp_path.rglob("*.rej")) + list(tmp_path.rglob("*.orig"))


@pytest.mark.parametrize(("here", "asked"), [(".", ASKED), ("deploy", LEAKS)])
def test_a_patch_of_a_repository_is_seen_from_its_root(here, asked, tmp_path, monkeypatch):
    placed(tmp_path, ".", here, "deploy/k8s", asked)
    monkeypatch.chdir(tmp_path / here)
    check("k8s" if here == "deploy" else "deploy/k8s", *asked, "--patch", "fixes.patch")
    for folder in (tmp_path, tmp_path / "deploy"):
        given = str(tmp_path / here / "fixes.patch")
        subprocess.run(["git", "apply", "--check", given], cwd=folder, check=True)
    given = (tmp_path / here / "fixes.patch").read_bytes()
    subprocess.run(["patch", "-p1", "--dry-run"], input=given, cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("asked", "words"), [(LEAKS, []), (ASKED, []), (ASKED, ["--format", "json"]), (ASKED, ["-o", "report.txt"])]
)
def test_a_dash_is_standard_output_and_the_report_stands_aside(asked, words, tmp_path, monkeypatch):
    placed(tmp_path, ".", ".", "k8s", asked)
    monkeypatch.chdir(tmp_path)
    done = check("k8s", *asked, "--patch", "-", *words)
    assert done.exit_code == 1
    assert not Path("-").exists()
    subprocess.run(["git", "apply"], input=done.stdout.encode(), check=True)
    assert "refuted" in (Path("report.txt").read_text() if "-o" in words else done.stderr)
    assert check("k8s", *asked).exit_code == 0


@pytest.mark.parametrize("is_there", [False, True])
def test_a_patch_that_would_be_empty_is_not_written_and_an_old_one_goes(is_there, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text(OPEN.replace("[Ingress]", "[Egress]"))
    if is_there:
        Path("p.patch").write_text("what was to be done\n")
    done = check("m.yaml", "-q", CLAIM, "--patch", "p.patch")
    assert done.exit_code == 0
    assert not Path("p.patch").exists()
    assert "there is nothing to mend" in done.stderr
    assert ("is removed" in done.stderr) is is_there


def test_a_patch_is_of_files_alone(tmp_path):
    patch = tmp_path / "p.patch"
    done = check("-", "-q", CLAIM, "-v", "--patch", str(patch), stdin=OPEN)
    assert done.exit_code == 1
    assert "add Egress" in done.stdout
    assert "+spec: {podSelector: {}, policyTypes: [Ingress, Egress]" in done.stdout
    assert not patch.exists()
    assert "no fix for 1 <stdin>:8:25: it came by standard input" in done.stderr


def test_a_finding_without_a_fix_is_named_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text(OPEN + AGENT)
    asked = ("no pods(app=a) in namespace shop can reach internet", "no workload shop/agent can reach internet")
    done = check("m.yaml", "-q", asked[0], "-q", asked[1], "--patch", "p.patch")
    assert done.exit_code == 1
    assert "the fix of 1 of 2 findings" in done.stderr
    assert re.search(r"\n  no fix for 1 m.yaml.*: .", done.stderr)
