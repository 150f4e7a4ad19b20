"""Sorted, disjoint, non-adjacent closed intervals of integers: the canonical form below ports and addresses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Intervals = tuple[tuple[int, int], ...]


def canonical(pairs: Iterable[tuple[int, int]]) -> Intervals:
    """Merge overlapping and adjacent intervals; pairs with low > high are empty and vanish."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pair for pair in pairs if pair[0] <= pair[1]):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def points(values: Iterable[int]) -> Intervals:
    """The set of these values."""
    return canonical((value, value) for value in values)


def union(a: Intervals, b: Intervals) -> Intervals:
    return canonical((*a, *b)) if a and b else a or b


def intersection(a: Intervals, b: Intervals) -> Intervals:
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        low, high = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if low <= high:
            found.append((low, high))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def complement(a: Intervals, lowest: int, highest: int) -> Intervals:
    """What lies in [lowest, highest] and not in `a`; `a` must lie inside."""
    found: list[tuple[int, int]] = []
    start = lowest
    for low, high in a:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= highest:
        found.append((start, highest))
    return tuple(found)


def contains(a: Intervals, value: int) -> bool:
    index = bisect_right(a, (value, value))
    if index < len(a) and a[index][0] == value:
        return True
    return index > 0 and a[index - 1][0] <= value <= a[index - 1][1]
