"""What can be wrong with patterns.  Who read them knows their file and line, and makes a problem of it."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.errors import UndecidedError

_NAMED = 5


class PatternError(ValueError):
    """The engine would refuse the pattern; the message says why."""


class UntranslatableError(UndecidedError):
    """The engine would take the pattern, but what it matches cannot be told: an answer that needs it is unknown."""


class TooManyAtomsError(UndecidedError):
    """More strings have to be told apart than is allowed; `patterns` are those that tell them apart."""

    def __init__(self, patterns: Sequence[object], limit: int, counted: str = "strings") -> None:
        self.patterns, self.limit = tuple(patterns), limit
        named = ", ".join(map(str, self.patterns[:_NAMED]))
        more = f" and {len(self.patterns) - _NAMED:,} more" if len(self.patterns) > _NAMED else ""
        super().__init__(f"more than {limit:,} {counted} are told apart by {named}{more}")
