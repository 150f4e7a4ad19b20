"""Rows between classes of the cluster: what the stages at both ends let pass, put together.

A stage's sides are disjoint and cover every class.  What egress sides have in common is put together first, so that the
work follows the number of different rulings and not of ends; and where nearly everything may be reached, it follows
what may not, so that a cluster of many namespaces, each closed to the others alone, costs no namespaces times
namespaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.analysis.connectivity.judging import ByFamily
from analyzer.analysis.connectivity.ruling import Ruled
from analyzer.records import dataclass
from analyzer.verdicts.connectivity import MapRow, bit_indices

Inside = dict[ByFamily, int]
"""The classes of far ends, by the ruling on connections with them."""


@dataclass(frozen=True, slots=True)
class _Arriving:
    """What comes to one side of the destination: by ruling and by which of its ends, from whom; and from whom of those
    let out to nearly everything nothing comes, or not to each of its ends."""

    parts: dict[tuple[int, int], int]
    missing: dict[int, int]


def between(leaving: Sequence[tuple[int, Inside]], arriving: Sequence[tuple[int, Inside]], nodes: int) -> list[MapRow]:
    """The rows between ends of the egress sides and of the ingress sides, each given as its ends and the rulings there.

    From a node to a node no stage rules.
    """
    numbers: dict[ByFamily, int] = {}  # a ruling is large, and to find it by itself takes longer than all else here
    let_out = _let_out(leaving, nodes, numbers)
    rulings = list(numbers)
    everyone = 0
    for ends, _ in arriving:
        everyone |= ends
    sides, from_most = _placed(let_out, [ends for ends, _ in arriving], everyone)
    met: dict[tuple[int, int], Ruled] = {}
    found = []
    for (ends, inside), side in zip(arriving, sides, strict=True):
        parts = [*side.parts.items()]
        for number, near in from_most.items():
            if rest := near & ~side.missing.get(number, 0):
                parts.append(((number, ends), rest))
        for admitted, sources in inside.items():
            if admitted.is_closed:
                continue
            let_in = numbers.setdefault(admitted, len(numbers))
            for (number, there), near in parts:
                if here := near & sources:
                    span = met.get((number, let_in))
                    if span is None:
                        span = met[number, let_in] = rulings[number].meet(admitted)
                    if span.may:
                        found.append(MapRow(here, there, span.may, span.must))
    return found


def _let_out(
    leaving: Iterable[tuple[int, Inside]], nodes: int, numbers: dict[ByFamily, int]
) -> dict[tuple[int, int], int]:
    """By the number of the ruling and the far ends, who is let out so; for one ruling these are disjoint."""
    found: dict[tuple[int, int], int] = {}
    for ends, inside in leaving:
        for ruling, far in inside.items():
            if not ruling.is_closed:
                number = numbers.setdefault(ruling, len(numbers))
                for near, there in ((ends & ~nodes, far), (ends & nodes, far & ~nodes)):
                    if near and there:
                        found[number, there] = found.get((number, there), 0) | near
    return found


def _placed(
    let_out: dict[tuple[int, int], int], sides: Sequence[int], everyone: int
) -> tuple[list[_Arriving], dict[int, int]]:
    """What comes to each side, and by ruling who is let out to more than half of everything."""
    side_of = {i: number for number, ends in enumerate(sides) for i in bit_indices(ends)}
    found = [_Arriving({}, {}) for _ in sides]
    half = everyone.bit_count() // 2
    from_most: dict[int, int] = {}
    for (number, far), near in let_out.items():
        is_most = far.bit_count() > half
        if is_most:
            from_most[number] = from_most.get(number, 0) | near
        for place in {side_of[i] for i in bit_indices(everyone & ~far if is_most else far)}:
            side = found[place]
            if is_most:
                side.missing[number] = side.missing.get(number, 0) | near
            if there := far & sides[place]:
                side.parts[number, there] = side.parts.get((number, there), 0) | near
    return found, from_most
