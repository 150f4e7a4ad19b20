"""Changed pairs of an inventory folded: the blocks say what the pairs say, and no more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.policies import Direction
from analyzer.reports.inventory_words import Ends, folded, isolation
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.difference import Background, ChangedPairs, InventoryDifference, IsolationChange

SETS = (ConnectionSet.EMPTY, ConnectionSet(tcp=PortSet.of(80)), ConnectionSet.PORTS)
WORKLOADS = ("a/w0[Pod]", "a/w1[Pod]", "a/w2[Pod]", "b/w3[Pod]", "b/w4[Deployment]/w4-77f-0")
ENDS = (*WORKLOADS, "0.0.0.0-9.255.255.255", "10.0.0.0-255.255.255.255")
NO_BACKGROUND = Background.__new__(Background)


def inventory(*changes: ChangedPairs) -> InventoryDifference:
    return InventoryDifference(ENDS, changes, NO_BACKGROUND)


@st.composite
def differences(draw):
    """Each pair changes in one way at most; rows join sources and destinations at random."""
    ways = [(was, now) for was in SETS for now in SETS if was != now]
    end = st.integers(0, len(ENDS) - 1)
    pairs = draw(st.dictionaries(st.tuples(end, end), st.sampled_from(ways[:3]), max_size=30))
    rows: dict[object, list[int]] = {}
    for (src, dst), way in pairs.items():
        if src != dst:
            rows.setdefault((src, way), []).append(dst)
    return inventory(*(ChangedPairs((src,), tuple(dst), was, now, was, now) for (src, (was, now)), dst in rows.items()))


@given(differences())
def test_blocks_hold_every_pair_once(found):
    unfolded = [
        (ENDS[src], ENDS[dst], block.change.before, block.change.after)
        for sources, blocks in folded(found)
        for block in blocks
        for src in sources
        for dst in block.destinations
        if src != dst
    ]
    assert sorted(map(str, unfolded)) == sorted(
        str((src, dst, change.before, change.after)) for src, dst, change in found.pairs()
    )


def change(src, dst):
    return ChangedPairs(tuple(src), tuple(dst), SETS[0], SETS[1], SETS[0], SETS[1])


def test_a_whole_namespace_that_opens_is_one_line():
    found = inventory(*(change([src], {0, 1, 2} - {src}) for src in range(5)))
    ends = Ends(found)
    said = [(ends.of(sources), ends.destinations(block)) for sources, blocks in folded(found) for block in blocks]
    assert said == [("every workload", "every workload in namespace a")]


def test_addresses_are_joined():
    found = inventory(change([0], [5, 6]))
    ((_, (block,)),) = folded(found)
    assert Ends(found).destinations(block) == "any address outside"


def test_isolation_in_words():
    ends = Ends(inventory())
    one = IsolationChange(("a/w0[Pod]",), Direction.EGRESS, is_isolated=False)
    assert isolation(one, ends) == "a/w0[Pod] is no longer isolated for egress"
    some = IsolationChange(("a/w0[Pod]", "b/w3[Pod]"), Direction.INGRESS, is_isolated=True)
    assert isolation(some, ends) == "a/w0[Pod] and b/w3[Pod] are isolated for ingress now"
    every = IsolationChange(WORKLOADS[3:], Direction.INGRESS, is_isolated=False)
    assert isolation(every, ends) == "every workload in namespace b is no longer isolated for ingress"
