"""The partition of all strings by which of some patterns they match."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from analyzer.errors import InternalError
from analyzer.records import dataclass
from analyzer.sets.strings.closed_form import closed_form, is_closed
from analyzer.sets.strings.index import Index
from analyzer.sets.strings.joint import Bounds, joint
from analyzer.sets.strings.patterns import Pattern

LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Atom:
    """The strings that match exactly the patterns whose bits are set in `mask`; `witness` is a shortest of them.

    The absent attribute is an atom by itself, whose witness is None; nothing matches it.
    """

    mask: int
    witness: str | None

    def matches(self, place: int) -> bool:
        """Whether its strings match the pattern at this place of `Atoms.patterns`."""
        return bool(self.mask >> place & 1)


class Atoms:
    """Every atom of the patterns, the absent one first, then by witness.  Equal patterns, in any order, have equal
    atoms."""

    def __init__(self, patterns: tuple[Pattern, ...], found: tuple[Atom, ...], index: Index) -> None:
        """Made by `atoms`."""
        self.patterns, self.atoms, self._index = patterns, found, index

    @cached_property
    def _place_of(self) -> dict[int, int]:
        return {atom.mask: place for place, atom in enumerate(self.atoms) if atom.witness is not None}

    def place(self, text: str | None) -> int:
        """Which atom this string is of, None for the absent attribute."""
        return 0 if text is None else self._place_of[self._index.mask(text)]

    def matching(self, pattern: Pattern) -> frozenset[int]:
        """The places of the atoms whose strings match one of the patterns."""
        bit = self.patterns.index(pattern)
        return frozenset(place for place, atom in enumerate(self.atoms) if atom.matches(bit))


def atoms(patterns: Iterable[Pattern], limit: int = LIMIT) -> Atoms:
    """The atoms of these patterns.  TooManyAtomsError if they are more than `limit`, or not found within a bound."""
    settled = tuple(sorted(set(patterns), key=lambda pattern: pattern.order))
    index = Index(settled)
    found = closed_form(settled, index, limit) if is_closed(settled) else joint(settled, limit)
    for mask, witness in found.items():
        if index.mask(witness) != mask:
            raise InternalError(f"the witness {witness!r} is of another atom than it was found for")
    present = sorted(
        (Atom(mask, text) for mask, text in found.items()), key=lambda a: (len(a.witness or ""), a.witness)
    )
    return Atoms(settled, (Atom(0, None), *present), index)


def texts_within(patterns: Iterable[Pattern], bounds: Bounds, limit: int = LIMIT) -> tuple[str, ...]:
    """A text for each way in which texts that keep within the bounds meet the patterns, and perhaps some others.

    `bounds`: expressions, wanted, or not wanted; one of the latter matches all that goes on from what it matches.
    TooManyAtomsError, as `atoms`.
    """
    settled = tuple(sorted({*patterns, *(bound for bound, _ in bounds)}, key=lambda pattern: pattern.order))
    return tuple(joint(settled, limit, bounds).values())
