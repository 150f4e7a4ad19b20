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
        self.patterns, self.limit, self.counted = tuple(patterns), limit, counted
        named = ", ".join(map(str, self.patterns[:_NAMED]))
        more = f" and {len(self.patterns) - _NAMED:,} more" if len(self.patterns) > _NAMED else ""
        super().__init__(f"more than {limit:,} {counted} are told apart by {named}{more}")

    def of(self, what: str, patterns: Sequence[object]) -> TooManyAtomsError:
        """The same, told of what the strings are, and of the patterns that somebody wrote."""
        return TooManyAtomsError(patterns or self.patterns, self.limit, f"{self.counted} for {what}")
