"""Workloads whose pods differ in labels that a policy asks for: an end for each sort, by what controllers add (F19).

A label that nobody can know makes several classes of one end: what it may open is what it may in some of them, and
certain is what is so in each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from analyzer.model.added_labels import Unwritten, unknown_under
from analyzer.model.cluster import Workload
from analyzer.model.labels import Labels
from analyzer.records import dataclass
from analyzer.sets import ConnectionSet
from analyzer.verdicts.connectivity import ConnectivityMap, MapRow, bit_indices, bits_of

Mentioned = Mapping[str, Collection[str]]
Ruling = tuple[ConnectionSet, ConnectionSet]  # what may be allowed, what is so for certain


def may_differ(workload: Workload, mentioned: Mentioned) -> bool:
    """Labels added to its pods may tell some from others; where none may, it has one variant, and one guess."""
    return any(isinstance(it, Unwritten) or any(key in mentioned for key in it.all_keys) for it in workload.added)


def is_unlike(workload: Workload, mentioned: Mentioned) -> bool:
    """Its pods may differ from one another in labels that nobody knows."""
    return any(v.is_per_pod and v.options(mentioned) for v in unknown_under(mentioned, workload.unknown_labels))


def guesses(workload: Workload, mentioned: Mentioned) -> tuple[Workload, ...]:
    """The workload with each of the labels that its pods may have where nobody knows; itself where all are known."""
    unknown = unknown_under(mentioned, workload.unknown_labels)
    asked = [varying.options(mentioned) for varying in unknown]
    choices = [options for options in asked if options]
    if not choices:
        return (workload,)
    keys = {key for varying in unknown for key in varying.all_keys if varying.options(mentioned)}
    own = {key: value for key, value in workload.labels.items() if key not in keys}
    found = []
    for chosen in product(*choices):
        labels = own | {key: value for option in chosen for key, value in option.labels}
        found.append(replace(workload, labels=Labels(labels), added=()))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Folding:
    """Which classes are one end together: `groups` has those that stand for an end of which labels are not known;
    those in `unlike` for pods that may differ from one another."""

    groups: tuple[tuple[int, ...], ...]
    unlike: frozenset[tuple[int, ...]] = frozenset()

    def fold(self, found: ConnectivityMap) -> ConnectivityMap:
        """The map with one class for each group, in the place of its first."""
        if not self.groups:
            return found
        rows = [*self._rows(found)]
        dropped = {i for group in self.groups for i in group[1:]}
        kept = [i for i in range(len(found.classes)) if i not in dropped]
        place = {old: new for new, old in enumerate(kept)}
        gone = {end for i in dropped for end in found.classes[i]}
        ends = [i for i in range(len(found.ends)) if i not in gone]
        end_place = {old: new for new, old in enumerate(ends)}

        def moved(bits: int) -> int:
            return bits_of(place[i] for i in bit_indices(bits) if i in place)

        return replace(
            found,
            ends=tuple(found.ends[i] for i in ends),
            classes=tuple(tuple(end_place[e] for e in found.classes[i]) for i in kept),
            rows=tuple(replace(row, src=moved(row.src), dst=moved(row.dst)) for row in rows),
            grounds=tuple(
                replace(ground, near=near, far=far)
                for ground in found.grounds
                if (near := moved(ground.near)) and (far := moved(ground.far))
            ),
        )

    def _rows(self, found: ConnectivityMap) -> Iterable[MapRow]:
        folded = bits_of(i for group in self.groups for i in group)
        table: dict[tuple[int, int], Ruling] = {}
        for row in found.rows:
            for src, dst in ((row.src & ~folded, row.dst & ~folded),):
                if src and dst:
                    yield replace(row, src=src, dst=dst)
            for src in bit_indices(row.src):
                far = row.dst if folded >> src & 1 else row.dst & folded
                for dst in bit_indices(far):
                    table[src, dst] = (row.allowed, row.certain)
        others = [(i,) for i in range(len(found.classes)) if not folded >> i & 1]
        for group in self.groups:
            for other in (*others, *self.groups):
                is_shared = group == other and group not in self.unlike
                yield from _together(
                    table, list(zip(group, other, strict=True) if is_shared else product(group, other))
                )
            for other in others:
                yield from _together(table, list(product(other, group)))


def _together(table: Mapping[tuple[int, int], Ruling], pairs: Sequence[tuple[int, int]]) -> Iterable[MapRow]:
    """The row of two ends, from the pairs of classes that they may be."""
    nothing = (ConnectionSet.EMPTY, ConnectionSet.EMPTY)
    rulings = [table.get(pair, nothing) for pair in pairs]
    allowed, certain = rulings[0]
    for more, sure in rulings[1:]:
        allowed, certain = allowed | more, certain & sure
    if allowed:
        yield MapRow(1 << pairs[0][0], 1 << pairs[0][1], allowed, certain)
