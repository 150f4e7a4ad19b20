"""The command lines of a page of documentation, in the order in which its reader runs them.

A fenced block holds commands if its first line begins with `$ ` or with one of PROGRAMS.  Below a `$ ` line stands
what the command prints; a line `…` there stands for any lines.  Without `$ ` every line is a command.  In YAML a list
entry that begins with `netproof ` is a command.  A comment before a block, which no reader sees, says more:

    <!-- exits: 1, 0 -->         the exit codes of its commands in order; without it all end with 0
    <!-- in: examples/shop -->   where its commands run, if that is not where the reader is
    <!-- file: k8s/web.yaml -->  the block is the text of this file, which the reader saves

Several are told apart by semicolons: `<!-- in: shop; exits: 2 -->`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PROGRAMS = (
    "netproof",
    "kubectl",
    "helm",
    "kustomize",
    "podman",
    "make",
    "pip",
    "pipx",
    "uvx",
    "git",
    "mkdir",
    "cd",
    "rm",
    "cat",
    "sed",
)

_COMMENT = re.compile(r"<!-- ((?:exits|in|file): .+?) -->")
_FENCE = re.compile(r"\s*```(?P<language>\w*)\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block: the line of its text in the page, and what the comment before it says, by its words."""

    line: int
    language: str
    lines: tuple[str, ...]
    said: dict[str, str]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True)
class Saved:
    """A file that the reader writes."""

    line: int
    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command line, joined where a backslash breaks it. `screen` is what it is said to print, if that is shown,
    and `folder` where it runs, if that is not where the reader is."""

    line: int
    text: str
    exit_code: int
    screen: str | None
    size: int = 1
    folder: str = ""

    @property
    def lines(self) -> range:
        """The lines of the page that it stands on."""
        return range(self.line, self.line + self.size)


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    found: list[Block] = []
    comment: re.Match[str] | None = None
    opened: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(page.splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is not None and fence:
            start, language, lines = opened
            said = dict(part.strip().split(": ", 1) for part in comment[1].split(";")) if comment else {}
            found.append(Block(start, language, tuple(lines), said))
            opened = comment = None
        elif opened is not None:
            opened[2].append(line)
        elif fence:
            opened = (number + 1, fence["language"], [])
        elif line.strip():
            comment = _COMMENT.fullmatch(line.strip())
    return found


def steps(page: str) -> list[Saved | Command]:
    """What the reader of a page does, in order."""
    found: list[Saved | Command] = []
    for block in blocks(page):
        if "file" in block.said:
            found.append(Saved(block.line, block.said["file"], block.text))
        else:
            found += _commands(block)
    return found


def _commands(block: Block) -> list[Command]:
    rows = _rows(block)
    codes = [int(code) for code in block.said["exits"].split(",")] if "exits" in block.said else [0] * len(rows)
    if len(codes) != len(rows):
        raise AssertionError(f"line {block.line}: {len(rows)} commands, but {len(codes)} exit codes")
    return [
        Command(line, text, code, screen, size, block.said.get("in", ""))
        for (line, text, screen, size), code in zip(rows, codes, strict=True)
    ]


def _rows(block: Block) -> list[tuple[int, str, str | None, int]]:
    """Each command of a block: its line, its text, its screen, and how many lines it takes."""
    if block.language == "yaml":
        entries = ((n, line.strip()) for n, line in enumerate(block.lines, block.line))
        return [(n, line.removeprefix("- "), None, 1) for n, line in entries if line.startswith("- netproof ")]
    first = block.lines[0] if block.lines else ""
    has_screens = first.startswith("$ ")
    if block.language not in ("", "sh", "console") or not (has_screens or first.startswith(tuple(PROGRAMS))):
        return []
    rows: list[tuple[int, str, str | None, int]] = []
    number = 0
    while number < len(block.lines):
        line = block.lines[number]
        if has_screens and not line.startswith("$ "):
            at, text, screen, size = rows[-1]
            rows[-1] = (at, text, f"{screen}{line}\n", size)
            number += 1
            continue
        start, parts = number, [line.removeprefix("$ ")]
        while parts[-1].endswith("\\"):
            number += 1
            parts.append(block.lines[number])
        number += 1
        text = " ".join(part.removesuffix("\\").strip() for part in parts)
        if text:
            rows.append((block.line + start, text, "" if has_screens else None, number - start))
    return rows
