"""Regions of refuted claims about random meshes, held to a finite world of requests: they hold just what violates, and
what a baseline excuses of one is no more than it tells."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from test_mesh_diff_laws import MOST, SLOW, every_of, setting
from test_mesh_encoding_laws import PROFILE, clusters
from told_regions import tells_of, tells_of_request

from analyzer.analysis.checking.known_regions import known_excuse
from analyzer.judging import judge
from analyzer.model.claims import Claim, Kind, Query, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.ends import ANYTHING
from analyzer.model.policies import NumberedPorts, Protocol
from analyzer.semantics.claims import holds, is_in_scope
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.verdicts.baseline import Baseline
from analyzer.verdicts.verdict import Status

CLAIM = Claim(Kind.NO, ANYTHING, ANYTHING, (NumberedPorts(Protocol.TCP),))


@settings(max_examples=8, **SLOW)
@given(clusters(has_waypoints=False), st.sampled_from([Universe.ANY, Universe.NAMESPACES]))
def test_regions_hold_just_the_requests_that_violate(cluster: Cluster, universe: Universe) -> None:
    verdict = judge(cluster, Query("q", "", CLAIM, ""), (), setting(universe, most=MOST))
    regions = [example.region for example in verdict.counterexamples]
    there, workloads = frozenset(cluster.namespace_by_name), frozenset(w.id for w in cluster.workloads)
    baseline = Baseline("b.json", {}, there, workloads)
    excuses = [known_excuse(region, baseline, universe, cluster, PROFILE) for region in regions]
    for connection in every_of(cluster):
        its = attributes_of(connection, cluster, PROFILE)
        assert its is not None
        allowed = {decision.allowed for decision, _ in asked_outcomes(cluster, PROFILE, connection)}
        told = False
        for region, excuse in zip(regions, excuses, strict=True):
            is_told = tells_of(region, connection, cluster, PROFILE, in_scope=True) and tells_of_request(region, its)
            told |= is_told
            if excuse is not None:
                assert excuse.requests is None or holds(excuse.requests, request=its) is tells_of_request(region, its)
        assert is_in_scope(CLAIM, connection, PROFILE, its)
        assert not told or allowed == {True}, connection
        if verdict.status is Status.REFUTED and verdict.is_complete:
            assert told or allowed != {True}, connection
