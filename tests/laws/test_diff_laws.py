"""Laws of the comparison of two revisions, against the oracle and against itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from itertools import product

from clusters import clusters, connections, profiles
from effort import worth
from evaluators import EVERYTHING, is_inside, question
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from points import Points
from revisions import are_read_alike, refactorings, revisions, seen_by

from analyzer.analysis import inventory_difference
from analyzer.encoding import Box, Obligation, align, embed, encode_pair
from analyzer.judging import Setting
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.judging.counterexamples import Finder
from analyzer.judging.query_session import QuerySession
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.semantics import outcomes
from analyzer.sets import AddressSet
from analyzer.solving import Budget, Result
from analyzer.verdicts.difference import Relation, relation

MOST = 20
# The regions of a few pairs would take as long as those of all others: of theirs, what is found by then is judged.
WORK = Budget(worth(3_000_000, 30_000_000))


def newly_allowed(
    pair: tuple[Cluster, Cluster], profile: Profile, connection: Connection, before: Profile | None = None
) -> bool | None:
    """The oracle's word on whether the second revision allows what the first denies, each under its own profile; None
    if that is open."""
    was, now = (
        {decision.allowed for decision in outcomes(side, own, seen_by(connection, aligned))}
        for side, own, aligned in zip(pair, (before or profile, profile), align(*pair), strict=True)
    )
    if was == {False} and now == {True}:
        return True
    return False if True not in now or False not in was else None


@st.composite
def engines_before(draw: st.DrawFn, profile: Profile) -> Profile | None:
    """Another engine, or the same one set up otherwise; what users say of the cluster holds for both."""
    other = draw(profiles())
    switched = st.sampled_from(("true", "false")).map(lambda it: profile.with_knob("enable-network-policy", it))
    found = draw(st.sampled_from((other, draw(switched))))
    found = replace(found, nodes_complete=profile.nodes_complete)
    return None if found == profile else found


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_the_encoding_finds_the_change_that_the_oracle_finds(data: st.DataObject) -> None:
    pair, profile = data.draw(revisions()), data.draw(profiles())
    before = data.draw(st.none() | engines_before(profile))
    after = align(*pair)[1]
    asked = [replace(question(EVERYTHING, profile, is_sliced=it), denying_profile=before) for it in (True, False)]
    obligations = [encode_pair(*pair, it) for it in asked]
    points = [None if it is None else (it, Points(it)) for it in obligations]
    for connection in [seen_by(data.draw(connections(after)), after) for _ in range(3)]:
        expected = newly_allowed(pair, profile, connection, before)
        if expected is None:
            continue  # hangs on open facts, which may be the same on both sides
        for at in points:
            values = None if at is None else embed(at[0], connection)
            found = {False} if at is None or values is None else at[1].truth(values)
            assert found == {expected}, f"sliced: {at is points[0]}"


# ------------------------------------------------------------------------------------------------ regions
def regions(pair: tuple[Cluster, Cluster], profile: Profile) -> tuple[Obligation | None, list[Box], bool]:
    """The boxes of everything that is newly allowed, and whether they are all."""
    asked = question(EVERYTHING, profile)
    obligation = encode_pair(*pair, asked)
    if obligation is None:
        return None, [], True
    session = QuerySession(obligation, WORK)
    certain = session.certain(obligation.opens)
    if certain.values is None:
        return obligation, [], certain.result is Result.UNSAT
    finder = Finder(session, lambda q: encode_pair(*pair, q, is_live=True), MOST, is_disjoint=True)
    found = finder.find(certain.values, WORK)
    return obligation, [one.box for one in found.witnesses], found.is_complete


def is_told(found: tuple[Obligation | None, list[Box], bool], connection: Connection, expected: bool) -> bool:
    """Whether one box holds the connection if it is newly allowed, and none if it is not."""
    obligation, boxes, is_complete = found
    values = None if obligation is None else embed(obligation, connection)
    hits = 0 if values is None else sum(is_inside(box, values) for box in boxes)
    return hits == int(expected) if is_complete else hits <= int(expected)


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_the_regions_are_disjoint_and_are_exactly_what_changed(data: st.DataObject) -> None:
    pair, profile = data.draw(revisions()), data.draw(profiles())
    found = regions(pair, profile)
    after = align(*pair)[1]
    for _ in range(8):
        connection = seen_by(data.draw(connections(after)), after)
        expected = newly_allowed(pair, profile, connection)
        if expected is not None:
            assert is_told(found, connection, expected)


def small_scope(cluster: Cluster) -> Iterator[Connection]:
    """Every connection between pods of three namespaces with one label each, on three ports."""
    pods = [
        Pod(
            name,
            Labels({NAMESPACE_NAME_LABEL: name}),
            Labels({} if value is None else {"k": value}),
            ip_address("10.0.0.9") if is_src else ip_address("10.0.0.10"),
        )
        for is_src in (True, False)
        for name in ("one", "two", "later")
        for value in (None, "", "a", "b")
    ]
    half = len(pods) // 2
    for src, dst, port in product(pods[:half], pods[half:], (80, 81, 82)):
        yield seen_by(Connection(src, dst, Protocol.TCP, port), cluster)


@settings(max_examples=5, deadline=None)
@given(revisions(is_all_modelled=True), profiles())
def test_in_a_small_scope_every_connection_is_in_its_region(pair: tuple[Cluster, Cluster], profile: Profile) -> None:
    found = regions(pair, profile)
    for connection in small_scope(align(*pair)[1]):
        expected = newly_allowed(pair, profile, connection)
        if expected is not None:
            assert is_told(found, connection, expected), connection


# ------------------------------------------------------------------------------------------------ against itself
def compared(old: Cluster, new: Cluster, profile: Profile, *, is_sliced: bool = True) -> Relation:
    setting = Setting(Universe.ANY, profile, AddressSet.of("10.0.0.0/8"), slice_first=is_sliced)
    more, less = gained(Revisions(old, new), setting, 1), lost(Revisions(old, new), setting, 1)
    return relation(bool(more.changes), bool(less.changes), is_open=bool(more.reason or less.reason))


@settings(max_examples=20, deadline=None)
@given(clusters(), profiles(), st.booleans())
def test_a_revision_equals_itself(cluster: Cluster, profile: Profile, is_sliced: bool) -> None:
    assert compared(cluster, cluster, profile, is_sliced=is_sliced) is Relation.EQUIVALENT


@settings(max_examples=10, deadline=None)
@given(revisions(), profiles())
def test_swapping_the_sides_swaps_the_answer(pair: tuple[Cluster, Cluster], profile: Profile) -> None:
    swapped = {Relation.MORE: Relation.LESS, Relation.LESS: Relation.MORE}
    there, back = compared(*pair, profile), compared(*reversed(pair), profile)
    assert back is swapped.get(there, there)


@settings(max_examples=30, deadline=None)
@given(refactorings(), profiles(), st.booleans())
def test_refactorings_that_keep_the_meaning_are_equivalent(
    pair: tuple[Cluster, Cluster], profile: Profile, is_sliced: bool
) -> None:
    assume(are_read_alike(pair, profile))
    assert compared(*pair, profile, is_sliced=is_sliced) is Relation.EQUIVALENT


# ------------------------------------------------------------------------------------------------ inventory
@settings(max_examples=30, deadline=None)
@given(revisions(), profiles())
def test_swapping_the_sides_swaps_the_table(pair: tuple[Cluster, Cluster], profile: Profile) -> None:
    setting = Setting(Universe.INVENTORY, profile)
    there, back = (inventory_difference(*sides, setting=setting) for sides in (pair, reversed(pair)))
    assert [(s, d, c.before, c.after) for s, d, c in there.pairs()] == [
        (s, d, c.after, c.before) for s, d, c in back.pairs()
    ]
    assert not inventory_difference(pair[0], replace(pair[0]), setting=setting).changes


# ------------------------------------------------------------------------------------------------ two profiles
@settings(max_examples=15, deadline=None)
@given(st.data(), revisions())
def test_what_is_told_of_two_profiles_is_so_in_the_oracle(data: st.DataObject, pair: tuple[Cluster, Cluster]) -> None:
    """The examples of both sides are changes, each side under its own profile; and no connection changes where nothing
    is said to, and nothing is open."""
    profile = data.draw(profiles())
    before = data.draw(engines_before(profile))
    if before is None:
        return
    setting = Setting(Universe.ANY, profile, AddressSet.FULL, WORK, old_profile=before)
    more, less = gained(Revisions(*pair), setting, 2), lost(Revisions(*pair), setting, 2)
    for change in more.changes:
        assert newly_allowed(pair, profile, change.connection, before)
    swapped = pair[1], pair[0]
    for change in less.changes:
        assert newly_allowed(swapped, before, change.connection, profile)
    after = align(*pair)[1]
    for _ in range(3):
        connection = seen_by(data.draw(connections(after)), after)
        if connection.protocol is Protocol.OTHER:
            continue
        for shift, sides, own, old in ((more, pair, profile, before), (less, swapped, before, profile)):
            if not shift.changes and not shift.reason:
                assert not newly_allowed(sides, own, connection, old)


@settings(max_examples=15, deadline=None)
@given(st.data(), clusters())
def test_swapping_revisions_and_profiles_swaps_the_answer(data: st.DataObject, cluster: Cluster) -> None:
    profile = data.draw(profiles())
    before = data.draw(engines_before(profile))
    there = Setting(Universe.ANY, profile, AddressSet.of("10.0.0.0/8"), old_profile=before)
    back = replace(there, profile=before or profile, old_profile=None if before is None else profile)
    sides = Revisions(cluster, replace(cluster))
    for one, other in ((gained, lost), (lost, gained)):
        found, found_back = one(sides, there, 1), other(sides, back, 1)
        assert bool(found.changes) is bool(found_back.changes)
        assert bool(found.reason) is bool(found_back.reason)
