"""Comparisons of random meshes over requests, held to a finite world in which the oracle decides each request on both
sides: the regions are disjoint and hold just what changed, and what is equivalent differs nowhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from effort import worth
from evaluators import EVERYTHING, question
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from points import Points
from test_mesh_encoding_laws import AMBIENT, PROFILE, clusters, dst_of
from test_mesh_laws import DST, OURS, PORTS, SOURCES, WORLD, policies
from told_regions import tells_of, tells_of_request

from analyzer.encoding import align, embed, encode_pair
from analyzer.judging import Setting
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.judging.mediated import mediated_pair
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import Labels
from analyzer.model.mesh import AuthorizationPolicy, Mesh
from analyzer.model.policies import Protocol
from analyzer.model.requests import MTLS
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.sets import AddressSet
from analyzer.verdicts.difference import Change, Relation, relation

MOST = worth(10, 25)
EVERY = [
    Connection(src, DST, Protocol.TCP, port, request=request)
    for src, port, request in product(SOURCES, (*PORTS, 5555), WORLD)
    if request.tls != MTLS or isinstance(src, Pod)
]
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@st.composite
def revisions(draw: Any) -> tuple[Cluster, Cluster]:
    """Two that have nothing in common, or an edit of one: policies of the mesh added, dropped, or written anew."""
    labels = draw(st.sampled_from([OURS, AMBIENT]))
    before = at_home(draw(clusters(is_ambient=False)), labels)
    if draw(st.booleans()):
        return before, at_home(draw(clusters(is_ambient=False)), labels)
    kept = [it for it in before.mesh.objects if draw(st.sampled_from((True, True, False)))]
    added = [draw(policies(number)) for number in range(7, 7 + draw(st.integers(0, 2)))]
    after = replace(before, mesh=Mesh((*kept, *added)))
    return (before, after) if draw(st.booleans()) else (after, before)


def at_home(cluster: Cluster, labels: Labels) -> Cluster:
    """With these labels of the destination's namespace."""
    namespaces = (replace(it, labels=labels) if it.name == DST.namespace else it for it in cluster.namespaces)
    return replace(cluster, namespaces=tuple(namespaces))


def every_of(cluster: Cluster) -> list[Connection]:
    """Those of a finite world, to the destination as the cluster has it."""
    dst = dst_of(cluster)
    return [replace(it, dst=dst) for it in EVERY]


def newly_allowed(sides: tuple[Cluster, Cluster], connection: Connection) -> bool:
    """`sides`: aligned once for all connections, for what is read off a cluster is kept with it."""
    was, now = ({decision.allowed for decision, _ in asked_outcomes(side, PROFILE, connection)} for side in sides)
    assert len(was) == len(now) == 1
    return was == {False} and now == {True}


def setting(universe: Universe = Universe.ANY, most: int = 3) -> Setting:
    return Setting(universe, PROFILE, AddressSet.FULL, max_counterexamples=most)


@settings(max_examples=15, **SLOW)
@given(revisions(), st.data(), st.booleans())
def test_the_encoding_finds_the_change_that_the_oracle_finds(
    pair: tuple[Cluster, Cluster], data: Any, is_sliced: bool
) -> None:
    old, new, asked = mediated_pair(*pair, question(EVERYTHING, PROFILE, is_sliced=is_sliced))
    obligation = encode_pair(old, new, asked)
    points = None if obligation is None else Points(obligation)
    sides = align(old, new)
    for connection in data.draw(st.lists(st.sampled_from(every_of(new)), min_size=15, max_size=15)):
        values = None if obligation is None else embed(obligation, connection, attributes_of(connection, new, PROFILE))
        found = {False} if points is None or values is None else points.truth(values)
        assert found == {newly_allowed(sides, connection)}, connection


def tells(change: Change, connection: Connection, cluster: Cluster) -> bool:
    its = attributes_of(connection, cluster, PROFILE)
    assert its is not None
    is_of_ends = tells_of(change.region, replace(connection, request=None), cluster, PROFILE, in_scope=True)
    return is_of_ends and tells_of_request(change.region, its)


@settings(max_examples=6, **SLOW)
@given(revisions(), st.sampled_from([Universe.ANY, Universe.NAMESPACES]))
def test_regions_hold_just_the_requests_that_changed(pair: tuple[Cluster, Cluster], universe: Universe) -> None:
    found = gained(Revisions(*pair), setting(universe), MOST)
    assert not found.reason
    sides = align(*pair)
    for connection in every_of(pair[1]):
        hits = sum(tells(change, connection, pair[1]) for change in found.changes)
        expected = newly_allowed(sides, connection)
        assert hits == int(expected) or (found.is_capped and hits == 0), connection


def compared(old: Cluster, new: Cluster) -> Relation:
    more, less = gained(Revisions(old, new), setting(), 1), lost(Revisions(old, new), setting(), 1)
    return relation(bool(more.changes), bool(less.changes), is_open=bool(more.reason or less.reason))


@settings(max_examples=10, **SLOW)
@given(clusters(), st.randoms())
def test_policies_cut_into_one_for_each_rule_are_equivalent(cluster: Cluster, chance: Any) -> None:
    """Any order, any names; a policy without rules stays as it is."""
    cut: list[Any] = []
    for it in cluster.mesh.objects:
        if isinstance(it, AuthorizationPolicy) and it.rules:
            cut += (replace(it, name=f"{it.name}-{rule.index}", rules=(replace(rule, index=0),)) for rule in it.rules)
        else:
            cut.append(it)
    chance.shuffle(cut)
    assert compared(cluster, replace(cluster, mesh=Mesh(tuple(cut)))) is Relation.EQUIVALENT


@settings(max_examples=10, **SLOW)
@given(revisions())
def test_swapping_the_sides_swaps_the_answer(pair: tuple[Cluster, Cluster]) -> None:
    swapped = {Relation.MORE: Relation.LESS, Relation.LESS: Relation.MORE}
    there, back = compared(*pair), compared(*reversed(pair))
    assert back is swapped.get(there, there)
