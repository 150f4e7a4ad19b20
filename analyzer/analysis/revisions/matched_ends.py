"""The workloads of two maps, matched: which end of the one is which of the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace

from analyzer.model.cluster import Workload
from analyzer.verdicts.connectivity import ConnectivityMap

Likeness = tuple[int | None, int | None]  # the class in the old map, in the new map
_Placed = tuple[Workload, int]


def matched(old: ConnectivityMap, new: ConnectivityMap) -> Iterator[tuple[Workload, Likeness]]:
    """Every workload with its classes, by id; those of one owner that are alike on both sides once.

    Pods of one owner are the same if they have one id, else if their labels are the same, else in their order: live
    pods have other names in each revision.
    """
    sides = tuple(_by_owner(found) for found in (old, new))
    found: list[tuple[Workload, Likeness]] = []
    for owner in sorted(sides[0].keys() | sides[1].keys()):
        by_likeness: dict[Likeness, Workload] = {}
        for one, alike in _pairs(sides[0].get(owner, []), sides[1].get(owner, [])):
            known = by_likeness.get(alike)
            by_likeness[alike] = one if known is None else min(known, one, key=lambda workload: workload.group)
        if len(by_likeness) == 1:
            alike, one = next(iter(by_likeness.items()))
            by_likeness = {alike: replace(one, group="")}
        found += ((one, alike) for alike, one in by_likeness.items())
    yield from sorted(found, key=lambda item: item[0].id)


def _by_owner(found: ConnectivityMap) -> dict[str, list[_Placed]]:
    placed: dict[str, list[_Placed]] = {}
    for number, members in enumerate(found.classes):
        for index in members:
            end = found.ends[index]
            if isinstance(end, Workload):
                placed.setdefault(end.owner, []).append((end, number))
    return {owner: sorted(ends, key=lambda item: item[0].id) for owner, ends in placed.items()}


def _pairs(old: list[_Placed], new: list[_Placed]) -> Iterator[tuple[Workload, Likeness]]:
    left, right = list(old), list(new)
    for key in (_id, _look, _any):
        waiting: dict[Hashable, list[_Placed]] = {}
        for end, number in reversed(right):
            waiting.setdefault(key(end), []).append((end, number))
        for placed in tuple(left):
            same = waiting.get(key(placed[0]))
            if same:
                other = same.pop()
                left.remove(placed)
                right.remove(other)
                yield other[0], (placed[1], other[1])
    yield from ((end, (number, None)) for end, number in left)
    yield from ((end, (None, number)) for end, number in right)


def _id(workload: Workload) -> Hashable:
    return workload.id


def _look(workload: Workload) -> Hashable:
    return workload.labels, workload.host_network


def _any(workload: Workload) -> Hashable:
    return None
