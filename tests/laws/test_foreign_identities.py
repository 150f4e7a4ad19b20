"""Knob foreign-identities over random meshes: what lies outside shows whatever identity of the mesh's it likes, in a
finite world of requests in which the oracle decides each; and what each part of the tool says of one such mesh."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_diff_laws import MOST, every_of, revisions
from test_mesh_encoding_laws import PROFILE, dst_of
from test_mesh_laws import SOURCES, cluster_of
from test_mesh_map_laws import row_of
from test_mesh_verdict_laws import CONDITIONS, ON, PORTS, WORLD, clusters
from told_regions import tells_of, tells_of_request

from analyzer.analysis.connectivity import connectivity
from analyzer.encoding import align
from analyzer.judging import Setting, judge
from analyzer.judging.compare import Revisions, gained
from analyzer.language import parse_query
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, External
from analyzer.model.mesh import (
    Attachment,
    AuthorizationPolicy,
    Condition,
    Mesh,
    MeshRule,
    Mode,
    PeerAuthentication,
    Verdict,
)
from analyzer.model.policies import Protocol
from analyzer.model.requests import MTLS
from analyzer.semantics import is_in_scope
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.sets import AddressSet
from analyzer.verdicts import Status
from analyzer.verdicts.regions import Region

ANYBODY = PROFILE.with_knob("foreign-identities", "true")
IDENTITIES = ("cluster.local/ns/dev/sa/a", "cluster.local/ns/bar/sa/b", "cluster.local/ns/else/sa/x")
CLAIMS = (
    "no internet can reach namespace foo",
    "every internet can reach namespace foo",
    "no anything can reach namespace foo",
)
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=30, **SLOW)
@given(clusters(), st.sampled_from(CLAIMS), st.sampled_from(CONDITIONS))
def test_no_verdict_is_better_than_the_world_has_it(cluster: Cluster, claim: str, where: str) -> None:
    query = parse_query(f"{claim} {ON} {where}", "q")
    verdict = judge(cluster, query, (), Setting(Universe.INVENTORY, ANYBODY, max_counterexamples=1))
    assert verdict.status is not Status.UNKNOWN, verdict.reason
    if verdict.status is Status.REFUTED:
        return  # its witness was replayed
    outside = next(src for src in SOURCES if isinstance(src, External))
    shown = [replace(it, identity=identity) for it in WORLD for identity in (IDENTITIES if it.tls == MTLS else (None,))]
    for port in (8080, 9000, 7000):
        told = [Connection(outside, dst_of(cluster), Protocol.TCP, port, request=it) for it in shown]
        spoken = [it for it in told if is_in_scope(query.claim, it, ANYBODY, attributes_of(it, cluster, ANYBODY))]
        passing = [it for it in spoken if all(d.allowed for d, _ in asked_outcomes(cluster, ANYBODY, it))]
        if claim.startswith("no"):
            assert not passing
        elif not where and spoken:
            assert passing


OUTSIDE = next(src for src in SOURCES if isinstance(src, External))
SHOWN = [replace(it, identity=identity) for it in WORLD if it.tls == MTLS for identity in IDENTITIES]


@settings(max_examples=15, **SLOW)
@given(clusters())
def test_a_row_holds_just_what_the_oracle_lets_pass(cluster: Cluster) -> None:
    row = row_of(connectivity(cluster, ANYBODY), OUTSIDE)
    for port, request in product(PORTS, (*SHOWN, *(it for it in WORLD if it.tls != MTLS))):
        connection = Connection(OUTSIDE, dst_of(cluster), Protocol.TCP, port, request=request)
        its = attributes_of(connection, cluster, ANYBODY)
        assert its is not None
        here = [it for it in row.requests if port in it.ports] if row is not None else []
        is_told = row is not None and port in row.allowed.tcp
        if here:
            is_told = any(tells_of_request(Region.of(it.region), its) for it in here)
        passing = all(decision.allowed for decision, _ in asked_outcomes(cluster, ANYBODY, connection))
        assert is_told is passing, (port, request)


@settings(max_examples=5, **SLOW)
@given(revisions())
def test_regions_hold_just_the_requests_that_changed(pair: tuple[Cluster, Cluster]) -> None:
    asking = Setting(Universe.NAMESPACES, ANYBODY, AddressSet.FULL, max_counterexamples=MOST)
    found = gained(Revisions(*pair), asking, MOST)
    assert not found.reason
    sides = align(*pair)
    every = every_of(pair[1])
    foreign = [replace(every[0], src=OUTSIDE, port=port, request=it) for port, it in product((8080, 9000), SHOWN)]
    for connection in (*every, *foreign):
        its = attributes_of(connection, pair[1], ANYBODY)
        assert its is not None
        ends = replace(connection, request=None)
        hits = sum(
            tells_of(it.region, ends, pair[1], ANYBODY, in_scope=True) and tells_of_request(it.region, its)
            for it in found.changes
        )
        was, now = ({decision.allowed for decision, _ in asked_outcomes(side, ANYBODY, connection)} for side in sides)
        assert hits == int((was, now) == ({False}, {True})) or (found.is_capped and hits == 0), connection


def allowing(*identities: str) -> Cluster:
    """Its pods let in these identities alone, in mutual TLS."""
    rule = MeshRule(((Condition("source.principal", identities, (), ""),),), (), (), 1)
    policy = AuthorizationPolicy("foo", "known", Attachment("foo"), Verdict.ALLOW, (rule,))
    strict = PeerAuthentication("foo", "strict", Attachment("foo"), Mode.STRICT)
    return cluster_of(Mesh((policy, strict)))


@pytest.mark.parametrize(
    ("claim", "without", "with_it"),
    [
        ("no internet can reach namespace foo on tcp/8080", Status.PROVED, Status.REFUTED),
        ("some internet can reach namespace foo on tcp/8080", Status.REFUTED, Status.PROVED),
        ("every internet can reach namespace foo on tcp/8080", Status.REFUTED, Status.PROVED),
        ("no nodes can reach namespace foo on tcp/8080", Status.PROVED, Status.REFUTED),
        (
            'no internet can reach namespace foo on tcp/8080 where request.identity != "cluster.local/ns/dev/sa/a"',
            Status.PROVED,
            Status.PROVED,
        ),
        (
            'every internet can reach namespace foo on tcp/8080 where request.identity == "cluster.local/ns/dev/sa/a"',
            Status.VACUOUS,
            Status.PROVED,
        ),
        (
            'every internet can reach namespace foo on tcp/8080 where request.identity == "cluster.local/ns/x/sa/y"',
            Status.VACUOUS,
            Status.REFUTED,
        ),
        ("no pods(app=x) can reach namespace foo on tcp/8080", Status.PROVED, Status.PROVED),
    ],
)
def test_what_lies_outside_shows_what_it_likes(claim: str, without: Status, with_it: Status) -> None:
    cluster = allowing("cluster.local/ns/dev/sa/a")
    query = parse_query(claim, "q")
    for profile, status in ((PROFILE, without), (ANYBODY, with_it)):
        verdict = judge(cluster, query, (), Setting(Universe.NAMESPACES, profile))
        assert verdict.status is status, verdict.reason
        for one in verdict.counterexamples if query.claim.kind.is_broken_by_requests else ():
            assert one.connection is not None
            assert one.connection.request is not None
            assert one.connection.request.identity == "cluster.local/ns/dev/sa/a"
