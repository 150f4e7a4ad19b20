"""Both ends of a map put together: whatever the sides are, each pair of classes has what its two rulings share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis.connectivity.both_ends import Inside, between
from analyzer.analysis.connectivity.judging import ByFamily
from analyzer.analysis.connectivity.ruling import Ruled
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.connectivity import bit_indices, bits_of

WEB, DNS = ConnectionSet.on("TCP", PortSet.of(80)), ConnectionSet.on("UDP", PortSet.of(53))
NOTHING, EITHER = ConnectionSet.EMPTY, WEB | DNS
RULED = (Ruled(NOTHING, NOTHING), Ruled(WEB, WEB), Ruled(EITHER, WEB), Ruled(EITHER, EITHER), Ruled(DNS, NOTHING))
RULINGS = tuple(ByFamily(four, six) for four, six in product((*RULED, None), repeat=2) if four or six)
Sides = list[tuple[int, Inside]]


@st.composite
def sides(draw: st.DrawFn, count: int) -> Sides:
    """Every class in one side, and at each side a ruling for some of the classes; most have the same."""
    side_of = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    found = []
    for side in sorted(set(side_of)):
        usual = draw(st.sampled_from(RULINGS))
        ruling_of = draw(st.lists(st.just(usual) | st.sampled_from((*RULINGS, None)), min_size=count, max_size=count))
        inside: Inside = {}
        for i, ruling in enumerate(ruling_of):
            if ruling is not None:
                inside[ruling] = inside.get(ruling, 0) | 1 << i
        found.append((bits_of(i for i, its in enumerate(side_of) if its == side), inside))
    return found


@st.composite
def ends(draw: st.DrawFn) -> tuple[Sides, Sides, int]:
    count = draw(st.integers(1, 9))
    nodes = draw(st.just(0) | st.integers(0, (1 << count) - 1))
    return draw(sides(count)), draw(sides(count)), nodes


@given(ends())
def test_each_pair_of_classes_has_what_both_ends_let_pass(drawn: tuple[Sides, Sides, int]) -> None:
    leaving, arriving, nodes = drawn
    found: dict[tuple[int, int], tuple[ConnectionSet, ConnectionSet]] = {}
    for row in between(leaving, arriving, nodes):
        for pair in product(bit_indices(row.src), bit_indices(row.dst)):
            assert pair not in found
            found[pair] = row.allowed, row.certain
    assert found == dict(_one_by_one(leaving, arriving, nodes))


def _one_by_one(
    leaving: Sides, arriving: Sides, nodes: int
) -> Iterator[tuple[tuple[int, int], tuple[ConnectionSet, ConnectionSet]]]:
    for (near, there), (far, here) in product(leaving, arriving):
        for src, dst in product(bit_indices(near), bit_indices(far)):
            let_out = [ruling for ruling, bits in there.items() if bits >> dst & 1]
            let_in = [ruling for ruling, bits in here.items() if bits >> src & 1]
            if let_out and let_in and not (nodes >> src & nodes >> dst & 1):
                both = let_out[0].meet(let_in[0])
                if both.may:
                    yield (src, dst), (both.may, both.must)
