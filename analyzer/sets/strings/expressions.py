"""Regular expressions as trees: what RE2's syntax, templates and globs are read into.

Characters are code points.  `Edge` stands for `^`, `$`, `\\A` and `\\z` until `whole` has settled where they stand: a
match is always of the whole string.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from analyzer.records import dataclass
from analyzer.sets import intervals as iv
from analyzer.sets.strings.errors import UntranslatableError

HIGHEST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of these."""

    codes: iv.Intervals

    ANY: ClassVar[Chars]

    @staticmethod
    def of(text: Iterable[str]) -> Chars:
        return Chars(iv.points(map(ord, text)))

    def but(self, other: Chars) -> Chars:
        return Chars(iv.intersection(self.codes, iv.complement(other.codes, 0, HIGHEST)))


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other; without parts the empty string."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part at least and at most so many times; without bound if `most` is None."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Edge:
    """The beginning or the end of the string."""

    is_start: bool


Node = Chars | Sequence | Choice | Repeat | Edge
EMPTY = Sequence(())
Chars.ANY = Chars(((0, HIGHEST),))
ANY_TEXT = Repeat(Chars.ANY, 0, None)


def literal(text: str) -> Node:
    return Sequence(tuple(Chars.of(char) for char in text))


def whole(node: Node, *, at_start: bool = True, at_end: bool = True) -> Node:
    """The expression without edges.  UntranslatableError where what stands outside of one may be text."""
    match node:
        case Edge():
            if at_start if node.is_start else at_end:
                return EMPTY
            raise UntranslatableError("`^` and `$` are understood at the ends of a pattern only")
        case Sequence():
            parts = node.parts
            return Sequence(
                tuple(
                    whole(
                        part,
                        at_start=at_start and all(map(_is_blank, parts[:place])),
                        at_end=at_end and all(map(_is_blank, parts[place + 1 :])),
                    )
                    for place, part in enumerate(parts)
                )
            )
        case Choice():
            return Choice(tuple(whole(part, at_start=at_start, at_end=at_end) for part in node.parts))
        case Repeat():
            if _is_blank(node.part):
                return EMPTY if node.least == 0 else whole(node.part, at_start=at_start, at_end=at_end)
            once = node.most is not None and node.most <= 1
            return Repeat(whole(node.part, at_start=at_start and once, at_end=at_end and once), node.least, node.most)
        case _:
            return node


def _is_blank(node: Node) -> bool:
    """Whether it matches nothing but the empty string, if anything."""
    match node:
        case Edge():
            return True
        case Sequence() | Choice():
            return all(map(_is_blank, node.parts))
        case Repeat():
            return node.most == 0 or _is_blank(node.part)
        case _:
            return False
