"""One subclass per phase; each bad-input error carries every problem found, not the first."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with the input: where, what, and the way out.

    `line` and `column` count from 1; 0 means that the whole file is meant.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}\n    {self.hint}" if self.hint else text


class NetproofError(Exception):
    """Root of everything netproof raises on purpose."""


class InputError(NetproofError):
    """The user's input is at fault (exit 2).  Holds all problems, sorted by place, without repetition."""

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


class SolverError(NetproofError):
    """The solver could not be run at all.  Running out of budget is no error but an outcome."""


class InternalError(NetproofError):
    """netproof disagrees with itself (exit 70): never an answer.  `bundle` is what a report of it needs."""

    def __init__(self, message: str, bundle: str = "") -> None:
        self.bundle = bundle
        super().__init__(message)
