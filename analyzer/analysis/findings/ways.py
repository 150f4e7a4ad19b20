"""The ways to mend a cause, the likeliest first, and the choice among them by what each does to the inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, islice

from analyzer.analysis.findings.keeping import Effect
from analyzer.analysis.findings.matter import Change
from analyzer.analysis.findings.texts import Path
from analyzer.records import dataclass
from analyzer.verdicts.findings import Edit, Fix

_MOST_WEIGHED = 8


@dataclass(frozen=True, slots=True)
class Way:
    """What is wrong, where that stands in the policy, and what to do.  `change`: the same to the policy, of a rule."""

    wrong: str
    path: Path
    fix: Fix
    change: Change | None = None


Weigh = Callable[[Edit], Effect | None]
"""What an edit does to the inventory; None if it cannot be read then."""


Join = Callable[[Way], Iterator[Way]]


class Choice:
    """The ways to mend one cause, from which the next is taken where one is not right."""

    def __init__(
        self, ways: Iterator[Way], weigh: Weigh, join: Callable[[Way], Iterator[Way]], *, closes: bool
    ) -> None:
        """`join`: the way with more that it lets through, so that it cuts less.  `closes`: it should open nothing."""
        self._weigh, self._closes, self._join = weigh, closes, join
        first = next(ways)
        self._ways = chain([first], ways)
        self._ranked: list[Way] = []
        self.first = first
        self.now: Way | None = None
        self.tried = 0
        self._rank()
        self.turn()

    def turn(self) -> None:
        """Takes the next way that has an edit; `now` is None where none is left."""
        if not self._ranked:
            self._rank()
        self.now = self._ranked.pop(0) if self._ranked else None
        self.tried += self.now is not None

    def _rank(self) -> None:
        """Weighs the next ways up to one that cuts nothing; the one that cuts least goes first."""
        found: list[tuple[bool, int, int, Way]] = []
        for number, way in enumerate(islice(self._ways, _MOST_WEIGHED)):
            found += self._weighed(way, 2 * number)
            if found and found[-1][:2] == (False, 0):
                break
        else:
            best = min(found, key=lambda it: it[:3], default=None)
            for way in self._join(best[3]) if best is not None else ():
                found += self._weighed(way, best[2] + 1 if best is not None else 0)
        self._ranked = [it[3] for it in sorted(found, key=lambda it: it[:3])]

    def _weighed(self, way: Way, number: int) -> list[tuple[bool, int, int, Way]]:
        effect = self._weigh(way.fix.edit) if way.fix.edit is not None else None
        if effect is None:
            return []
        kept = replace(way, fix=replace(way.fix, cuts=effect.cuts))
        change = way.change
        meant = sum(change is None or any(change.is_for(end) for end in (it.src, it.dst)) for it in effect.cuts)
        return [(self._closes and effect.opens, meant, number, kept)]
