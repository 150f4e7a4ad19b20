"""The same connections in fewer rows."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.sets import ConnectionSet
from analyzer.verdicts.connectivity import MapRow, PortRequests

_What = tuple[ConnectionSet, ConnectionSet, tuple[PortRequests, ...]]


def merged(rows: Iterable[MapRow]) -> tuple[MapRow, ...]:
    """In a fixed order."""
    by_dst: dict[tuple[int, _What], int] = {}
    for row in rows:
        key = row.dst, (row.allowed, row.certain, row.requests)
        by_dst[key] = by_dst.get(key, 0) | row.src
    by_src: dict[tuple[int, _What], int] = {}
    for (dst, what), src in by_dst.items():
        by_src[src, what] = by_src.get((src, what), 0) | dst
    found = [MapRow(src, dst, *what) for (src, what), dst in by_src.items()]
    return tuple(sorted(found, key=lambda row: (row.src & -row.src, row.dst & -row.dst, row.src, row.dst)))
