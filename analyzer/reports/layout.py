"""Lays paragraphs out on a terminal: width, colour, encoding.  Knows nothing of verdicts.

Every text goes through `visible` here and nowhere else, so nothing from a manifest can reach the terminal as a command.
"""

from __future__ import annotations

import textwrap
from enum import Enum

from analyzer.records import dataclass
from analyzer.reports.visible import visible

NARROWEST, WIDEST = 40, 100


class Ink(Enum):
    """What a piece of text is, as an SGR code."""

    PLAIN = ""
    STRONG = "1"
    FAINT = "2"
    GOOD = "32"
    BAD = "1;31"
    OPEN = "33"


@dataclass(frozen=True, slots=True)
class Style:
    """How to print: `width` in columns, cut to 40–100; `encoding` is the stream's.  `tells_assumptions`: all that an
    answer stands on, not a line about it."""

    width: int = 80
    color: bool = False
    encoding: str = "utf-8"
    is_quiet: bool = False
    is_verbose: bool = False
    tells_assumptions: bool = False
    folder: str = ""
    root: str = ""

    @property
    def columns(self) -> int:
        return min(max(self.width, NARROWEST), WIDEST)


# What this house's own typography becomes where the encoding has no such characters.
_ASCII: dict[str, str | int | None] = {
    "✓": "+",
    "✗": "x",
    "∅": "0",
    "→": "->",
    "–": "-",
    "—": "--",
    "…": "...",
    "─": "-",
    "’": "'",
}


class Page:
    """Lines under construction.  `bytes()` gives the whole, encoded; it ends with a newline unless it is empty."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self._lines: list[str] = []

    def blank(self) -> None:
        """An empty line, unless one stands there already or nothing does."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def rule(self) -> None:
        self.blank()
        self._lines.append(self._ink("─" * self.style.columns, Ink.FAINT))

    def paragraph(self, text: str, *, indent: int = 0, hang: int = 0, ink: Ink = Ink.PLAIN) -> None:
        """One wrapped paragraph; its further lines are indented by `hang` more."""
        lines = self._wrap(text, " " * indent, " " * (indent + hang))
        self._lines += [self._ink(line, ink) for line in lines]

    def verbatim(self, text: str, *, indent: int = 0, ink: Ink = Ink.PLAIN) -> None:
        """One line as it is, cut where the page ends."""
        room = self.style.columns - indent
        shown = visible(text)
        shown = shown if len(shown) <= room else shown[: room - 1] + "…"
        self._lines.append(" " * indent + self._ink(shown, ink))

    def labelled(self, label: str, text: str, *, indent: int = 0, gutter: int = 10, ink: Ink = Ink.FAINT) -> None:
        """`label` in a gutter of that width, `text` wrapped beside it."""
        head = f"{visible(label):<{gutter - 1}} "
        lines = self._wrap(text, " " * (indent + len(head)), " " * (indent + len(head))) or [""]
        self._lines.append(" " * indent + self._ink(head, ink) + lines[0][indent + len(head) :])
        self._lines += lines[1:]

    def __bytes__(self) -> bytes:
        lines = self._lines[:-1] if self._lines and not self._lines[-1] else self._lines
        text = "".join(line.rstrip() + "\n" for line in lines)
        if not _can_encode(self.style.encoding):
            text = text.translate(str.maketrans(_ASCII))
        return text.encode(self.style.encoding, "backslashreplace")

    def _wrap(self, text: str, first: str, rest: str) -> list[str]:
        return textwrap.wrap(
            visible(text),
            width=self.style.columns,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _ink(self, text: str, ink: Ink) -> str:
        if not self.style.color or not ink.value or not text.strip():
            return text
        bare = text.rstrip()
        return f"\x1b[{ink.value}m{bare}\x1b[0m{text[len(bare) :]}"


def _can_encode(encoding: str) -> bool:
    try:
        "".join(_ASCII).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
