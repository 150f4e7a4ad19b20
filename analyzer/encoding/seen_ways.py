"""Which ways through Services' addresses rules see, where they may see another destination than the one that is led to.

Most rules see none, or all, whatever the address and the port: they name pods, or no peer at all.  The others say the
same again and again, so that each of their formulas is put to each way once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from analyzer.encoding.sights import is_seen_by
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Formula, Role
from analyzer.model.leading import Way
from analyzer.model.memory import PerObject, remembered
from analyzer.model.pipeline import Entry


class SeenWays:
    """The ways that the rules of a stage see; threads may share it."""

    def __init__(self, far: Role) -> None:
        self._far = far
        self._asked: PerObject[Entry, tuple[Formula, ...]] = PerObject()
        self._alike: dict[Formula, Formula] = {}
        self._seen: tuple[Sequence[Way], dict[Formula, frozenset[int]]] = (), {}

    def of(self, entries: Sequence[Entry], ways: Sequence[Way]) -> frozenset[int]:
        """The places of the ways that some rule of the entries sees."""
        if not ways:
            return frozenset()
        known, seen = self._seen
        if known is not ways:
            self._seen = _, seen = ways, {}
        return frozenset().union(*(self._seen_by(it, ways, seen) for it in self._asked_by(entries)))

    def is_any_seen(self, entries: Sequence[Entry], ways: Sequence[Way]) -> bool:
        """Some rule of the entries sees one of a few ways."""
        return bool(ways) and any(is_seen_by(it, self._far, way) for it in self._asked_by(entries) for way in ways)

    def _asked_by(self, entries: Sequence[Entry]) -> Iterable[Formula]:
        found = self._asked.of(entries, self._told_apart, are_all=False)
        return {id(it): it for each in found for it in each}.values()

    def forget_others(self, entries: Sequence[Entry]) -> None:
        """These are all that there are now."""
        self._asked.forget_others(entries)

    def _told_apart(self, entry: Entry) -> tuple[Formula, ...]:
        """What its rules ask of addresses, but for those that see none of them; what is equal is one object."""
        found = (it for rule in entry.rules if is_seen_by(it := rule.by_address, self._far, None) is not False)
        return tuple(self._alike.setdefault(it, it) for it in found)

    def _seen_by(self, asked: Formula, ways: Sequence[Way], seen: dict[Formula, frozenset[int]]) -> frozenset[int]:
        found = seen.get(asked)
        if found is None:
            is_seen = partial(is_seen_by, asked, self._far)
            found = seen[asked] = frozenset(number for number, way in enumerate(ways) if is_seen(way))
        return found


@remembered
def seen_ways(cluster: Cluster, far: Role) -> SeenWays:
    """Room for what rules see of ways to these ends, whatever the cluster."""
    return SeenWays(far)
