"""Which files below a directory are read: those that `kubectl apply -R -f` takes, less what is no manifest, and
Terraform's state, which tells what the groups of AWS let through.

kubectl (cli-runtime pkg/resource, ExpandPathsToFileVisitors and ignoreFile) walks a directory without following links
to directories, and takes each file whose name ends in .json, .yaml or .yml in these letters, hidden or not.  A file
that is named itself is taken whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from enum import Enum
from typing import Protocol

from analyzer.manifests.sources.excluding import Excluding
from analyzer.manifests.sources.kustomizations import KUSTOMIZATIONS, patches_of
from analyzer.model.source import LeftOut, Source, Why
from analyzer.records import dataclass

ENDINGS = (".json", ".yaml", ".yml", ".tfstate")
_CHART, _TEMPLATES = "Chart.yaml", "templates"


class Sort(Enum):
    """What an entry of a directory is, a link to a file being a file."""

    FILE = "file"
    FOLDER = "folder"
    LINKED_FOLDER = "linked folder"
    LEADS_NOWHERE = "leads nowhere"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory, and its path."""

    name: str
    path: str
    sort: Sort


class Place(Protocol):
    """Where files lie: on disk, or in a revision of a repository."""

    def entries(self, folder: str) -> Sequence[Entry]:
        """What the directory holds, by name.  ValueError says what is wrong with it."""
        ...

    def read(self, file: str) -> bytes:
        """The file's bytes.  ValueError says what is wrong with it."""
        ...

    def fault(self, entry: Entry) -> str:
        """What is wrong with an entry that is no directory; empty if nothing is that matters."""
        ...


@dataclass
class Found:
    """What a walk came upon: files to read, what it left out, and what is wrong, by path."""

    files: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)


def found_below(place: Place, folder: str, excluding: Excluding) -> Found:
    """The manifest files below a directory, in the order of their names."""
    found = Found()
    patches: set[str] = set()
    for file in _walk(place, folder, folder, excluding, found, patches):
        found.files.append(file)
    found.left_out += [LeftOut(Source(file), Why.NO_OBJECT) for file in found.files if file in patches]
    found.files = [file for file in found.files if file not in patches]
    return found


def _walk(place: Place, folder: str, root: str, excluding: Excluding, found: Found, patches: set[str]) -> Iterator[str]:
    try:
        entries = place.entries(folder)
    except ValueError as error:
        found.faults.append((folder, str(error)))
        return
    files = {entry.name: entry for entry in entries if entry.sort is Sort.FILE}
    for name in KUSTOMIZATIONS:
        if name in files:
            patches |= patches_of(_quietly(place, files[name].path), folder)
    is_chart = _CHART in files
    if is_chart:
        found.left_out.append(LeftOut(Source(folder), Why.CHART))
    for entry in entries:
        if excluding.takes(entry.path, root, is_folder=entry.sort is Sort.FOLDER):
            found.left_out.append(LeftOut(Source(entry.path), Why.EXCLUDED))
        elif entry.sort is Sort.FOLDER:
            if not (is_chart and entry.name == _TEMPLATES):
                yield from _walk(place, entry.path, root, excluding, found, patches)
        elif fault := place.fault(entry):
            found.faults.append((entry.path, fault))
        elif entry.name.endswith(ENDINGS):
            if not (is_chart and entry.name == _CHART):
                yield entry.path
        elif entry.sort is Sort.LINKED_FOLDER:
            found.left_out.append(LeftOut(Source(entry.path), Why.LINK))
        elif entry.name.lower().endswith(ENDINGS):
            found.left_out.append(LeftOut(Source(entry.path), Why.ENDING))


def _quietly(place: Place, file: str) -> bytes:
    """The file's bytes; what is wrong with it is told when it is read as a manifest."""
    try:
        return place.read(file)
    except ValueError:
        return b""


FAULTS = {
    Sort.LINKED_FOLDER: "this link leads to a directory, which kubectl would fail to read as a file",
    Sort.LEADS_NOWHERE: "this link leads nowhere",
    Sort.OTHER: "is neither a file nor a directory",
}
