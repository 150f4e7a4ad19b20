"""`--render`: charts and kustomizations below a directory, rendered by the user's own helm, kustomize or kubectl.

A chart stands for all that lies in it.  A kustomization stands for itself and for what it lists; those that another one
takes in are rendered with that one.  What lies beside a kustomization and is listed by none is left out, and told.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from analyzer.manifests.sources.choosing import ENDINGS
from analyzer.manifests.sources.excluding import Excluding
from analyzer.manifests.sources.kustomizations import KUSTOMIZATIONS, listed_by
from analyzer.records import dataclass

_CHART = "Chart.yaml"
_MOST_SECONDS = 300
_RELEASE = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Rendering:
    """A folder, and the command that renders it."""

    folder: str
    command: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its output is called, as a file in the folder."""
        return posixpath.join(self.folder, f"({' '.join(self.command[:2])})")


@dataclass
class Plan:
    """What to render below a directory, the files that it stands for, and those beside kustomizations not listed."""

    renderings: list[Rendering] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)
    unlisted: list[str] = field(default_factory=list)

    def stands_for(self, file: str) -> bool:
        """Whether the file is not read itself."""
        return file in self.covered or os.path.normpath(file) in self.covered


def plan_of(root: str, excluding: Excluding) -> Plan:
    """What there is to render below the directory, itself included."""
    plan = Plan()
    kustomizations: dict[str, Mapping[str, object]] = {}
    below: dict[str, Sequence[str]] = {}
    for folder, names in _folders(root, excluding):
        if _CHART in names:
            plan.renderings.append(Rendering(folder, ("helm", "template", _release(folder), folder)))
            plan.covered |= {os.path.join(top, name) for top, _, found in os.walk(folder) for name in found}
            continue
        file = next((name for name in KUSTOMIZATIONS if name in names), None)
        if file is not None:
            kustomizations[folder] = listed_by(_read(os.path.join(folder, file)))
            below[folder] = names
    by_path = {os.path.normpath(folder): folder for folder in kustomizations}
    taken_in = {path for folder in kustomizations for path in _paths(folder, kustomizations[folder])} & by_path.keys()
    program = ("kustomize", "build") if shutil.which("kustomize") else ("kubectl", "kustomize")
    rendered = [
        folder
        for path, folder in by_path.items()
        if folder == root or (path not in taken_in and not kustomizations[folder].get(""))
    ]
    plan.renderings += [Rendering(folder, (*program, folder)) for folder in rendered]
    # What is rendered takes in others, and those others; what nothing takes in is read as it stands.
    reached = list(rendered)
    for folder in reached:
        listed = _paths(folder, kustomizations[folder])
        plan.covered |= listed | {os.path.normpath(os.path.join(folder, name)) for name in KUSTOMIZATIONS}
        reached += [by_path[path] for path in sorted(listed & by_path.keys()) if by_path[path] not in reached]
    for folder in reached:
        files = [os.path.join(folder, name) for name in below[folder] if name.endswith(ENDINGS)]
        plan.unlisted += [file for file in files if not plan.stands_for(file)]
    plan.covered |= {os.path.normpath(file) for file in plan.unlisted}
    return plan


def _paths(folder: str, listed: Iterable[str]) -> set[str]:
    return {os.path.normpath(os.path.join(folder, name)) for name in listed if name}


def output_of(rendering: Rendering) -> bytes:
    """What the command prints; the ValueError says why it prints nothing."""
    program = rendering.command[0]
    try:
        done = subprocess.run(rendering.command, capture_output=True, check=False, timeout=_MOST_SECONDS)
    except FileNotFoundError:
        raise ValueError(f"--render needs `{program}`, which is not installed") from None
    except subprocess.TimeoutExpired:
        raise ValueError(f"`{program}` takes more than {_MOST_SECONDS} seconds") from None
    if done.returncode:
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        raise ValueError(f"`{' '.join(rendering.command)}` failed: {said[-1].strip() if said else done.returncode}")
    return done.stdout


def _folders(root: str, excluding: Excluding) -> Iterator[tuple[str, Sequence[str]]]:
    """The directory and those below it that are not left out, each with the files in it; nothing below a chart."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not excluding.takes(os.path.join(folder, name), root, is_folder=True)
        )
        yield folder, [name for name in sorted(files) if not excluding.takes(os.path.join(folder, name), root)]
        if _CHART in files:
            folders.clear()


def _release(folder: str) -> str:
    return _RELEASE.sub("-", os.path.basename(os.path.abspath(folder)).lower()).strip("-")[:53].strip("-") or "release"


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        return b""
