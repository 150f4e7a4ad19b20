"""Where each key and each value of a TOML text stands, which `tomllib` does not tell.

The text is known to be valid TOML: `tomllib` has read it before.  So this looks for the ends of things only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Both count from 1."""

    line: int
    column: int


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")


def places(text: str) -> dict[Path, Place]:
    """For each key, table and array element, by its path, where it first stands."""
    return _Scanner(text).scanned()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, Place] = {}
        self.elements: dict[Path, int] = {}  # how many `[[tables]]` of each name there were so far

    def scanned(self) -> dict[Path, Place]:
        table: Path = ()
        self.blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.blank()
        return self.found

    def header(self) -> Path:
        start = self.at
        is_element = self.text.startswith("[[", start)
        self.at += 2 if is_element else 1
        keys = self.keys()
        self.at += 2 if is_element else 1
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            self.note(path, start)
            if is_element and number == len(keys):
                self.elements[path] = self.elements.get(path, 0) + 1
            if path in self.elements:
                path = (*path, self.elements[path] - 1)
                self.note(path, start)
        return path

    def pair(self, table: Path) -> None:
        start = self.at
        path = table
        for key in self.keys():
            path = (*path, key)
            self.note(path, start)
        self.at += 1  # the sign `=`
        self.value(path)

    def keys(self) -> list[str]:
        """A dotted key; `at` stands on what follows it and its blanks."""
        import tomllib

        keys: list[str] = []
        while True:
            self.blank()
            if quoted := _STRING.match(self.text, self.at):
                self.at = quoted.end()
                keys.append(tomllib.loads(f"key = {quoted[0]}")["key"])
            elif bare := _BARE_KEY.match(self.text, self.at):
                self.at = bare.end()
                keys.append(bare[0])
            self.blank()
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def value(self, path: Path) -> None:
        self.blank()
        self.note(path, self.at)
        if self.text[self.at] == "[":
            self.enclosed("]", lambda number: self.value((*path, number)))
        elif self.text[self.at] == "{":
            self.enclosed("}", lambda _: self.pair(path))
        elif found := _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at):
            self.at = found.end()

    def enclosed(self, closing: str, read: Callable[[int], None]) -> None:
        """Elements with commas between them, up to `closing`."""
        self.at += 1
        number = 0
        self.blank()
        while self.text[self.at] != closing:
            read(number)
            number += 1
            self.blank()
            if self.text[self.at] == ",":
                self.at += 1
                self.blank()
        self.at += 1

    def blank(self) -> None:
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()

    def note(self, path: Path, start: int) -> None:
        if path not in self.found:
            line = self.text.count("\n", 0, start) + 1
            self.found[path] = Place(line, start - self.text.rfind("\n", 0, start))
