"""Address sets cut into cells: addresses that lie in the same of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from analyzer.sets import AddressSet, Intervals
from analyzer.sets.addresses import TOP4, TOP6
from analyzer.sets.intervals import canonical

TOPS = {4: TOP4, 6: TOP6}


def cells(sets: Sequence[AddressSet], domain: AddressSet) -> dict[int, AddressSet]:
    """The addresses of the domain by the sets they lie in: bit `i` of a key stands for `sets[i]`.  None is empty."""
    found: dict[int, dict[int, Intervals]] = {}
    for version in TOPS:
        for key, intervals in _cells([s.family(version) for s in sets], domain.family(version)).items():
            found.setdefault(key, {})[version] = intervals
    return {key: AddressSet(parts.get(4, ()), parts.get(6, ())) for key, parts in found.items()}


def _cells(sets: Sequence[Intervals], domain: Intervals) -> dict[int, Intervals]:
    """One sweep over all ends of intervals."""
    inside = 1 << len(sets)
    flips: dict[int, int] = {}
    for number, intervals in enumerate((*sets, domain)):
        for low, high in intervals:
            flips[low] = flips.get(low, 0) ^ (1 << number)
            flips[high + 1] = flips.get(high + 1, 0) ^ (1 << number)
    places = sorted(flips)
    found: dict[int, list[tuple[int, int]]] = {}
    key = 0
    for low, above in pairwise(places):
        key ^= flips[low]
        if key & inside:
            found.setdefault(key ^ inside, []).append((low, above - 1))
    return {key: canonical(pairs) for key, pairs in found.items()}
