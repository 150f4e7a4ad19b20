"""Finding and reading the files that the user named: directories recursively, in sorted order."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from analyzer.errors import Problem

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"
STDIN_NAME = "<stdin>"
LARGEST_FILE = 256 * 1024 * 1024


def manifest_files(paths: Sequence[str], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Each file to read, once, with the path (of those given) that it was found under; `-` stands for itself.

    A path that does not exist, is of no use, or holds no manifest file is a problem.
    """
    seen: set[tuple[int, int]] = set()
    for number, path in enumerate(paths):
        if path == STDIN:
            if paths.index(STDIN) == number:
                yield STDIN, STDIN
            continue
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            problems.append(Problem(path, 0, 0, *_missing(path, error)))
            continue
        if stat.S_ISDIR(mode):
            found = [file for file in _walk(path, problems, set()) if _is_new(file, seen)]
            if not found and not any(True for _ in _walk(path, [], set())):
                hint = "netproof reads files ending in .yaml, .yml or .json"
                problems.append(Problem(path, 0, 0, "this directory holds no manifest", hint))
            yield from ((file, path) for file in found)
        elif stat.S_ISREG(mode):
            if _is_new(path, seen):
                yield path, path
        else:
            problems.append(Problem(path, 0, 0, "is neither a file nor a directory", "pipe it in: `netproof check -`"))


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


def _walk(directory: str, problems: list[Problem], above: set[tuple[int, int]]) -> Iterator[str]:
    """The manifest files below a directory, sorted; links are followed, but never back into a directory above."""
    try:
        info = os.stat(directory)
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        problems.append(Problem(directory, 0, 0, f"cannot be read: {_reason(error)}"))
        return
    here = (info.st_dev, info.st_ino)
    if here in above:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir():
                yield from _walk(entry.path, problems, above | {here})
                continue
        except OSError as error:
            problems.append(Problem(entry.path, 0, 0, f"cannot be read: {_reason(error)}"))
            continue
        if entry.name.lower().endswith(SUFFIXES):
            if entry.is_file():
                yield entry.path
            elif entry.is_symlink() and not os.path.exists(entry.path):
                problems.append(Problem(entry.path, 0, 0, "this link leads nowhere"))
            else:
                problems.append(Problem(entry.path, 0, 0, "is neither a file nor a directory"))


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
