"""The files that the user named, and those below the directories named, on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import field
from difflib import get_close_matches
from pathlib import Path

from analyzer.errors import Problem
from analyzer.manifests.sources.choosing import ENDINGS, FAULTS, Entry, Found, Sort, found_below
from analyzer.manifests.sources.excluding import Excluding, leaving_out
from analyzer.manifests.sources.rendering import output_of, plan_of
from analyzer.model.source import LeftOut, Source, Why
from analyzer.records import dataclass

STDIN = "-"
STDIN_NAME = "<stdin>"
LARGEST_FILE = 256 * 1024 * 1024
_NO_EXCLUDING = Excluding()


@dataclass
class Chosen:
    """Each file to read, once, with the path (of those given) that it was found under, `-` for itself; and what lies
    there and is left out."""

    files: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    rendered: dict[str, bytes] = field(default_factory=dict)


def chosen_files(
    paths: Sequence[str], problems: list[Problem], excluding: Excluding = _NO_EXCLUDING, *, render: bool = False
) -> Chosen:
    """What to read of the files and directories; with `render`, of charts and kustomizations what they render to, under
    the names in `rendered`.

    A path that does not exist, is of no use, or holds no manifest file is a problem, and so is what cannot be rendered.
    """
    chosen = Chosen()
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path == STDIN:
            chosen.files[STDIN] = STDIN
            continue
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            problems.append(Problem(path, 0, 0, *_missing(path, error)))
            continue
        if stat.S_ISDIR(mode):
            found = found_below(_Disk(), path, excluding)
            if render:
                found.faults += _render(path, excluding, found, chosen)
            problems += [Problem(file, 0, 0, fault, _without(file, path)) for file, fault in found.faults]
            chosen.left_out += found.left_out
            if not found.files and not found.faults and path not in chosen.files.values():
                problems.append(Problem(path, 0, 0, "this directory holds no manifest", why_none(found.left_out)))
            chosen.files |= {file: path for file in found.files if _is_new(file, seen)}
        elif not stat.S_ISREG(mode):
            problems.append(Problem(path, 0, 0, "is neither a file nor a directory", "pipe it in: `netproof check -`"))
        elif excluding.takes(path, os.path.dirname(path)):
            chosen.left_out.append(LeftOut(Source(path), Why.EXCLUDED))
        elif _is_new(path, seen):
            chosen.files[path] = path
    return chosen


def _without(file: str, path: str) -> str:
    """A hint: how to do without a file that cannot be read; none for what was named."""
    return "" if file == path else f"mend or remove it, or leave it out: `{leaving_out(file)}`"


def _render(path: str, excluding: Excluding, found: Found, chosen: Chosen) -> list[tuple[str, str]]:
    """Put what is rendered into the place of the files that it stands for; what went wrong, by folder."""
    plan = plan_of(path, excluding)
    faults: list[tuple[str, str]] = []
    for rendering in plan.renderings:
        try:
            chosen.rendered[rendering.name] = output_of(rendering)
            chosen.files[rendering.name] = path
        except ValueError as error:
            faults.append((rendering.folder, str(error)))
    charts = tuple(f"{rendering.folder}/" for rendering in plan.renderings if rendering.command[0] == "helm")
    found.files = [file for file in found.files if not plan.stands_for(file)]
    found.left_out = [
        entry
        for entry in found.left_out
        if not plan.stands_for(entry.source.file) and not f"{entry.source.file}/".startswith(charts)
    ]
    found.left_out += [LeftOut(Source(file), Why.UNLISTED) for file in plan.unlisted]
    return faults


def why_none(left_out: Sequence[LeftOut]) -> str:
    """A hint to where a directory's manifests may be."""
    charts = [entry.source.file for entry in left_out if entry.why is Why.CHART]
    if charts:
        return f"it holds a Helm chart: use --render, or `helm template NAME {charts[0]} | netproof check -`"
    if left_out:
        first, more = left_out[0], f", and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        return f"`{first.source}` is left out: {first.why.value}{more}"
    return f"netproof reads files ending in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"


class _Disk:
    """The files of this machine."""

    def entries(self, folder: str) -> Sequence[Entry]:
        try:
            found = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise ValueError(f"cannot be read: {_reason(error)}") from None
        return [Entry(entry.name, entry.path, _sort(entry)) for entry in found]

    def read(self, file: str) -> bytes:
        return read_file(file)

    def fault(self, entry: Entry) -> str:
        return FAULTS.get(entry.sort, "") if entry.name.endswith(ENDINGS) else ""


def _sort(entry: os.DirEntry[str]) -> Sort:
    try:
        if entry.is_dir():
            return Sort.LINKED_FOLDER if entry.is_symlink() else Sort.FOLDER
        if entry.is_file():
            return Sort.FILE
    except OSError:  # a link that leads to itself
        return Sort.LEADS_NOWHERE
    return Sort.LEADS_NOWHERE if entry.is_symlink() and not os.path.exists(entry.path) else Sort.OTHER


def _missing(path: str, error: OSError | ValueError) -> tuple[str, str]:
    """What is wrong with a path that cannot be found, and a hint: what stands beside it under a similar name."""
    if not path:
        return "an empty name is no file and no directory", "is a variable of the shell empty?"
    if not isinstance(error, FileNotFoundError):
        return f"cannot be read: {_reason(error)}", ""
    folder, name = os.path.split(os.path.normpath(path))
    try:
        close = get_close_matches(name, set(os.listdir(folder or ".")) - {name}, n=1)
    except OSError:
        close = []
    hint = f"did you mean `{os.path.join(folder, close[0])}`?" if close else ""
    return "there is no such file or directory", hint


def _reason(error: OSError | ValueError) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]


def _is_new(path: str, seen: set[tuple[int, int]]) -> bool:
    """Whether this file was not read before under another name."""
    try:
        info = os.stat(path)
    except OSError:
        return True
    identity = (info.st_dev, info.st_ino)
    if identity in seen:
        return False
    seen.add(identity)
    return True


def read_file(path: str) -> bytes:
    """The bytes of a regular file; the ValueError says what is wrong with it."""
    try:
        size = os.path.getsize(path)
        if size > LARGEST_FILE:
            raise ValueError(_too_large(size))
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {_reason(error)}") from None


def _too_large(size: int) -> str:
    return f"holds {size // 1024 // 1024} MiB, more than the {LARGEST_FILE // 1024 // 1024} MiB that netproof reads"


def check_size(data: bytes) -> None:
    if len(data) > LARGEST_FILE:
        raise ValueError(_too_large(len(data)))
