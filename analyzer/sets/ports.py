"""Sets of destination ports, 1 to 65535.  Port 0 does not exist (reference A0)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from analyzer.records import dataclass
from analyzer.sets import intervals as iv

LOWEST, HIGHEST = 1, 65535


@dataclass(frozen=True, slots=True)
class PortSet:
    """An immutable set of ports; `intervals` is canonical.  Build with `of`, never with raw intervals."""

    intervals: iv.Intervals

    EMPTY: ClassVar[PortSet]
    FULL: ClassVar[PortSet]

    @staticmethod
    def of(*ranges: tuple[int, int] | int) -> PortSet:
        """The union of ports and inclusive ranges, cut to 1–65535."""
        pairs = [(r, r) if isinstance(r, int) else r for r in ranges]
        return PortSet(iv.canonical((max(low, LOWEST), min(high, HIGHEST)) for low, high in pairs))

    def __or__(self, other: PortSet) -> PortSet:
        return PortSet(iv.union(self.intervals, other.intervals))

    def __and__(self, other: PortSet) -> PortSet:
        return PortSet(iv.intersection(self.intervals, other.intervals))

    def __invert__(self) -> PortSet:
        if not self.intervals:
            return PortSet.FULL
        return PortSet(iv.complement(self.intervals, LOWEST, HIGHEST))

    def __sub__(self, other: PortSet) -> PortSet:
        return self & ~other

    def __contains__(self, port: int) -> bool:
        return iv.contains(self.intervals, port)

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __le__(self, other: PortSet) -> bool:
        return not (self - other)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.intervals)

    def __str__(self) -> str:
        if self == PortSet.FULL:
            return "all ports"
        return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in self.intervals) or "no port"


PortSet.EMPTY = PortSet(())
PortSet.FULL = PortSet(((LOWEST, HIGHEST),))
