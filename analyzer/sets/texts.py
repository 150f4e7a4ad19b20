"""Sets of texts told by the patterns that they meet: what a region asks of a path, a host, a header."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.sets.strings import Pattern

Signed: TypeAlias = "tuple[Pattern, bool]"
"""A pattern, and whether a text is to meet it."""
Alternative: TypeAlias = "tuple[Signed, ...]"
"""All of these at once; none: any text."""


@dataclass(frozen=True, slots=True)
class TextSet:
    """The texts that meet one of the alternatives, and the absent one with `has_absent`; with `is_complement` all
    others.  Of what has several values at once, such as a header: one of them is such a text; with `is_complement`
    none is."""

    alternatives: tuple[Alternative, ...]
    has_absent: bool = False
    is_complement: bool = False

    @staticmethod
    def separating(
        inside: Iterable[str], outside: Sequence[str], patterns: Sequence[Pattern], *, has_absent: bool = False
    ) -> TextSet:
        """The set that holds the one texts and none of the others, in as few words as it takes.

        `inside` and `outside` together are one text for each way in which any meets the patterns.
        """
        found: dict[Alternative, None] = {}
        for text in inside:
            if not any(_meets(text, alternative) for alternative in found):
                found[_least(text, outside, patterns)] = None
        return TextSet(tuple(sorted(found, key=_order)), has_absent)

    def __contains__(self, text: str | None) -> bool:
        if text is None:
            return self.has_absent is not self.is_complement
        return any(_meets(text, alternative) for alternative in self.alternatives) is not self.is_complement

    def is_met(self, values: Collection[str]) -> bool:
        """Of all the values that something has."""
        plain = ~self if self.is_complement else self
        return (any(text in plain for text in values) if values else None in plain) is not self.is_complement

    def __invert__(self) -> TextSet:
        return TextSet(self.alternatives, self.has_absent, not self.is_complement)


def _meets(text: str, alternative: Alternative) -> bool:
    return all(pattern.matches(text) is wanted for pattern, wanted in alternative)


def _least(text: str, outside: Sequence[str], patterns: Sequence[Pattern]) -> Alternative:
    """As few signs of the text as keep the others out; what it meets rather than what it does not."""
    signs = [(pattern, pattern.matches(text)) for pattern in patterns]
    kept = sorted(signs, key=lambda sign: (not sign[1], sign[0].order))
    for sign in reversed(tuple(kept)):
        rest = tuple(it for it in kept if it != sign)
        if not any(_meets(other, rest) for other in outside):
            kept = list(rest)
    return tuple(kept)


def _order(alternative: Alternative) -> list[tuple[bool, tuple[str, str, bool]]]:
    return [(not wanted, pattern.order) for pattern, wanted in alternative]
