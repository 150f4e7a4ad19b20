"""Between two of its boundaries a variable's meaning does not change: a script compares it with nothing there.

Regions are widened by whole pieces between boundaries, so that a missing one makes a region that holds what it should
not.
"""

from __future__ import annotations

from collections.abc import Iterator

import z3
from clusters import claims, clusters, profiles
from evaluators import question
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from revisions import revisions

from analyzer.encoding import Obligation, encode, encode_pair
from analyzer.judging.compare import ANYTHING_NEW
from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile

LAW = settings(deadline=None, suppress_health_check=list(HealthCheck))
_FROM = {z3.Z3_OP_EQ: (0, 1), z3.Z3_OP_ULEQ: (1,), z3.Z3_OP_UGEQ: (0,)}  # after, or at, what it is compared with


@settings(LAW, max_examples=60)
@given(st.data(), clusters(), profiles())
def test_a_script_compares_nothing_between_two_boundaries(
    data: st.DataObject, cluster: Cluster, profile: Profile
) -> None:
    obligation = encode(cluster, question(data.draw(claims(cluster)), profile))
    assert_boundaries_are_all(obligation)


@settings(LAW, max_examples=40)
@given(revisions(), profiles())
def test_nor_does_one_of_two_revisions(pair: tuple[Cluster, Cluster], profile: Profile) -> None:
    obligation = encode_pair(*pair, question(ANYTHING_NEW, profile))
    if obligation is not None:
        assert_boundaries_are_all(obligation)


def assert_boundaries_are_all(obligation: Obligation) -> None:
    told = {v.symbol: v for v in obligation.variables if v.boundaries is not None}
    for symbol, edge in edges_in(obligation.text):
        variable = told.get(symbol)
        if variable is not None and any(low < edge <= high for low, high in variable.every):
            assert edge in (variable.boundaries or ()), (symbol, edge, variable.boundaries)


def edges_in(text: str) -> Iterator[tuple[str, int]]:
    """The values from which on the script's comparisons with numbers come out otherwise, by symbol."""
    waiting, seen = list(z3.parse_smt2_string(text)), set()
    while waiting:
        term = waiting.pop()
        if term.get_id() in seen:
            continue
        seen.add(term.get_id())
        waiting += term.children()
        steps = _FROM.get(term.decl().kind())
        if steps is None or not any(map(z3.is_bv_value, term.children())):
            continue
        number, other = sorted(term.children(), key=z3.is_bv_value, reverse=True)
        for symbol, shift in symbols_in(other):
            yield from ((symbol, (number.as_long() + step) << shift) for step in steps)


def symbols_in(term: z3.ExprRef) -> Iterator[tuple[str, int]]:
    """The symbols whose leading bits the term may be, and how many it leaves off."""
    match term.decl().kind():
        case z3.Z3_OP_ITE:
            yield from (found for branch in term.children()[1:] for found in symbols_in(branch))
        case z3.Z3_OP_EXTRACT:
            _, low = term.params()
            yield from ((symbol, low) for symbol, _ in symbols_in(term.arg(0)))
        case z3.Z3_OP_UNINTERPRETED:
            yield term.decl().name(), 0
