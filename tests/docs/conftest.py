"""A place where every command of the documentation can run: a repository, a cluster's dump, and programs that stand in
for those that need a network or a cluster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = shutil.ignore_patterns("__pycache__", "*.sarif", "netproof.xml")


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The place, to be copied: `manifests/` with its revisions `old/` and `new/`, and as `k8s/` on main and on HEAD."""
    folder = tmp_path_factory.mktemp("documentation") / "place"
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=KEPT)
    shutil.copytree(HERE / "workspace", folder, dirs_exist_ok=True)
    for name in ("old", "new", "k8s"):
        shutil.copytree(folder / "manifests", folder / name)
    (folder / "Containerfile").write_text("FROM scratch\n")
    objects = [
        o for file in sorted((folder / "manifests").glob("*.yaml")) for o in yaml.safe_load_all(file.read_text())
    ]
    (folder / ".cluster.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Start")
    git(folder, "update-ref", "refs/remotes/origin/main", "main")
    git(folder, "switch", "--quiet", "--create", "change")
    for name in ("new", "k8s"):
        shutil.copy(HERE / "change.yaml", folder / name)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Open the database to reports")
    return folder


def git(folder, *words):
    settings = ["-c", "user.name=Reader", "-c", "user.email=reader@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *words], cwd=folder, check=True)


@pytest.fixture
def place(template, tmp_path, monkeypatch):
    """A copy of the place, which is the working directory, with the programs on the path."""
    folder = tmp_path / "place"
    shutil.copytree(template, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f"{HERE / 'programs'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("CLUSTER", str(folder / ".cluster.json"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return folder
