"""One subclass per phase; each bad-input error carries every problem found, not the first."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import combining, east_asian_width

from analyzer.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with the input: where, what, and the way out.

    `line` and `column` count from 1; 0 means that the whole file is meant.  `excerpt` is that line, where it is shown,
    and `width` how many characters of it are meant; `instead`, where it is known, is what to write in their place.
    `forms` are queries to write instead of the whole that was written: one, or several to ask one by one.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    excerpt: str = ""
    width: int = 0
    instead: str = ""
    forms: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        text = f"{place}: {self.message}" if place else self.message
        return "\n    ".join((text, *self.below))

    def frame(self, most: int = 0) -> tuple[str, ...]:
        """The excerpt, of which `most` characters are shown, and carets below what is meant in it; nothing where no
        line is shown."""
        return _frame(self.excerpt, self.column, self.width, min(most or _MOST_SHOWN, _MOST_SHOWN))

    @property
    def below(self) -> tuple[str, ...]:
        """The lines below the message: the excerpt with a caret, the hint, and the forms."""
        lines = list(self.frame())
        if self.hint and not (self.forms and (self.instead or self.hint.startswith("write "))):
            lines.append(self.hint)
        for number, form in enumerate(self.forms):
            lines.append(f"{'and' if number else 'write'} `{form}`")
        return tuple(lines)


_MOST_SHOWN = 100


def _frame(line: str, column: int, width: int, most: int) -> tuple[str, ...]:
    """The line, or the part of it around the column, and a second line with carets below what is meant."""
    if not line.strip() or not column:
        return ()
    text = "".join(character if character.isprintable() else " " for character in line)
    start = 0 if len(text) <= most else max(0, column - 1 - most // 2)
    shown = text[start : start + most].rstrip()
    before = sum(_cells(character) for character in text[start : column - 1])
    meant = sum(_cells(character) for character in text[column - 1 : min(column - 1 + width, start + most)])
    return shown, " " * before + "^" * max(1, meant)


def _cells(character: str) -> int:
    """How many cells of a terminal the character takes."""
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


class NetproofError(Exception):
    """Root of everything netproof raises on purpose."""


class InputError(NetproofError):
    """The user's input is at fault (exit 2).  Holds all problems, sorted by place, without repetition.

    `way_on`: a command that does without what is at fault, where one is known.
    """

    way_on = ""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class ManifestError(InputError):
    """A manifest cannot be read, or the API server would refuse it."""


class QueryError(InputError):
    """A query file cannot be parsed, or names something that does not exist."""


class PackError(InputError):
    """A pack cannot be found, or its folder is not well formed."""


class UsageError(InputError):
    """A command-line value makes no sense; the problem's file is empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__([Problem("", 0, 0, message, hint)])


class UndecidedError(NetproofError):
    """Something cannot be told, or not within its bounds: an answer that needs it is unknown, for the reason that the
    message gives."""


class SolverError(NetproofError):
    """The solver could not be run at all.  Running out of budget is no error but an outcome."""


class InternalError(NetproofError):
    """netproof disagrees with itself (exit 70): never an answer.  `bundle` is what a report of it needs."""

    def __init__(self, message: str, bundle: str = "") -> None:
        self.bundle = bundle
        super().__init__(message)
