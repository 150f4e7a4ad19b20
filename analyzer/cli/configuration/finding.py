"""The configuration file in force: `netproof.toml`, or `pyproject.toml` with `[tool.netproof]`, found upwards."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analyzer.errors import InputError, Problem, UsageError
from analyzer.inputs.places import Place, places
from analyzer.records import dataclass

OWN = "netproof.toml"
PROJECT = "pyproject.toml"
_IN_PROJECT = ("tool", "netproof")
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_LARGEST = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration file as written: `path` as messages show it, `content` its table for netproof."""

    path: Path
    content: Mapping[str, Any]
    prefix: tuple[str, ...]
    places: Mapping[tuple[str | int, ...], Place]

    def problem(self, keys: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
        line, column = self.place(keys)
        return Problem(str(self.path), line, column, message, hint)

    def place(self, keys: tuple[str | int, ...]) -> Place:
        return self.places.get((*self.prefix, *keys), Place(0, 0))


def found_upwards(start: Path) -> Document | None:
    """The document nearest above `start`; a folder's netproof.toml goes before its pyproject.toml.

    The search ends with the folder that holds `.git`, so that nothing outside a repository decides about it.
    """
    for folder in (start, *start.parents):
        for name in (OWN, PROJECT):
            file = folder / name
            if _is_there(file):
                shown = Path(os.path.relpath(file, start))
                document = read(shown, is_asked_for=name == OWN)
                if document is not None:
                    return document
        if _is_there(folder / ".git"):
            return None
    return None


def _is_there(path: Path) -> bool:
    """Whether there is such a file, or `.git` of either kind; what may not be looked at is not there."""
    try:
        return path.is_file() or (path.name == ".git" and path.is_dir())
    except OSError:
        return False


def named(path: Path) -> Document:
    """The document in the file that --config names."""
    if not path.is_file():
        raise UsageError(f"there is no configuration file `{path}`", "give one after --config, or leave it out")
    document = read(path, is_asked_for=True)
    if document is None:
        raise InputError([Problem(str(path), 0, 0, "holds no table `[tool.netproof]`", "add one")])
    return document


def read(path: Path, *, is_asked_for: bool) -> Document | None:
    """The document; None for a pyproject.toml without a table for netproof.  InputError if it is no TOML."""
    import tomllib

    text = _text(path)
    prefix = _IN_PROJECT if path.name == PROJECT else ()
    try:
        content: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        if not is_asked_for and "tool.netproof" not in text:
            return None
        raise InputError([_broken(path, error)]) from None
    for key in prefix:
        content = content.get(key) if isinstance(content, dict) else None
    if not isinstance(content, dict):
        return None
    return Document(path, content, prefix, places(text.replace("\r\n", "\n")))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError([Problem(str(path), 0, 0, f"is larger than {_LARGEST:,} bytes", "make it smaller")])
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError([Problem(str(path), line, 0, "this file is not UTF-8 text", "save it as UTF-8")]) from None
    except OSError as error:
        message = f"cannot be read: {(error.strerror or 'input error').lower()}"
        raise InputError([Problem(str(path), 0, 0, message)]) from None


def _broken(path: Path, error: Exception) -> Problem:
    if isinstance(error, RecursionError):
        return Problem(str(path), 0, 0, "is nested too deeply", "a configuration needs two levels")
    message = str(error)
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    said = message[: place.start()] if place else message
    return Problem(str(path), line, column, f"this is no TOML: {said[:1].lower()}{said[1:]}", "see https://toml.io")
