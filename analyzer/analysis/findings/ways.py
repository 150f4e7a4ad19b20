"""The ways to mend a cause, the likeliest first, and the choice among them by what each does to the inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

from analyzer.analysis.findings.keeping import Effect
from analyzer.analysis.findings.matter import Change
from analyzer.analysis.findings.texts import Path
from analyzer.records import dataclass
from analyzer.verdicts.findings import Edit, Fix

_MOST_WEIGHED = 10


@dataclass(frozen=True, slots=True)
class Way:
    """What is wrong, where that stands in the policy, and what to do.  `change`: the same to the policy, of a rule."""

    wrong: str
    path: Path
    fix: Fix
    change: Change | None = None


Weigh = Callable[[Way], tuple[Effect, Effect] | None]
"""What the edit of a way does to the inventory beside those of the other causes, and by itself; None if it mends
nothing there."""

Join = Callable[[Way, Effect], Iterator[Way]]
"""The way with more that it lets through, so that it cuts less."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A way with what it does.  `counts` against it, the gravest first: it closes and opens something, it cuts, it cuts
    by itself, it opens by a policy beside the one that misses something, how much is open then; and `number`: of two of
    which nothing else tells, the lower is likelier."""

    way: Way
    effect: Effect
    counts: tuple[int, ...]
    number: int


class Choice:
    """The ways to mend one cause, from which the next is taken where one is not right."""

    def __init__(self, ways: Iterator[Way], weigh: Weigh, join: Join, *, closes: bool, tried: set[Edit]) -> None:
        """`closes`: it should open nothing.  `tried`: the edits that were not right; those that are taken join them."""
        self._weigh, self._closes, self._join = weigh, closes, join
        first = next(ways)
        self._ways = chain([first], ways)
        self._ranked: list[Way] = []
        self.first, self.tried = first, tried
        self.now: Way | None = None
        self._rank()
        self.turn()

    def turn(self) -> None:
        """Takes the next way that has an edit; `now` is None where none is left."""
        if not self._ranked:
            self._rank()
        self.now = self._ranked.pop(0) if self._ranked else None
        if self.now is not None and self.now.fix.edit is not None:
            self.tried.add(self.now.fix.edit)

    def _rank(self) -> None:
        """Weighs the next ways up to one that cuts nothing; the one that cuts least goes first."""
        found: list[_Weighed] = []
        for number, way in enumerate(islice(self._ways, _MOST_WEIGHED)):
            found += self._weighed(way, 2 * number)
            if found and not any(found[-1].counts):
                break
        else:
            best = min(found, key=_against, default=None)
            if best is not None:
                for way in self._join(best.way, best.effect):
                    found += self._weighed(way, best.number + 1)
        self._ranked = [it.way for it in sorted(found, key=_against)]

    def _weighed(self, way: Way, number: int) -> list[_Weighed]:
        edit, change = way.fix.edit, way.change
        effects = self._weigh(way) if edit is not None and edit not in self.tried else None
        if effects is None:
            return []
        beside, alone = (
            sum(change is None or any(change.is_for(end) for end in (it.src, it.dst)) for it in effect.cuts)
            for effect in effects
        )
        opens, is_beside = len(effects[1].opens), not self._closes and edit is not None and edit.is_new
        counts = (self._closes and opens > 0, beside, alone, is_beside, opens)
        return [_Weighed(way, effects[1], counts, number)]


def _against(weighed: _Weighed) -> tuple[tuple[int, ...], int]:
    return weighed.counts, weighed.number
