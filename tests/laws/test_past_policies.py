"""What engines let through before they ask any policy gets through whatever policies a cluster has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cilium import cilium_clusters
from clusters import clusters, is_pair, opened, other_ends, pods
from evaluators import by_encoding
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analyzer.model.enforcing import as_enforced
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.semantics import outcomes
from analyzer.sets import other_protocols

LET = {
    "cilium": ((4, 3, 4),),
    "aws-vpc-cni": ((6, 1, 0), (6, 128, 0), (6, 135, 0), (6, 200, 7)),
    "kindnet": ((6, 133, 0), (6, 134, 1), (6, 135, 0), (6, 136, 0), (6, 137, 2)),
}
"""The version of IP, the type and the code of messages: as the engine's own code says."""


@pytest.mark.parametrize("engine", LET)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_policies_say_it_gets_through(engine: str, data: st.DataObject) -> None:
    drawn = cilium_clusters() if engine == "cilium" else clusters(is_all_modelled=True)
    cluster, profile = replace(data.draw(drawn), unmodelled=()), PROFILES[engine]
    assume(not as_enforced(cluster, profile).unmodelled)  # another engine's policies, which may deny
    version, type_, code = data.draw(st.sampled_from(LET[engine]))
    ((number, _),) = other_protocols.icmp(type_, code)
    ends = data.draw(st.tuples(pods(cluster, version), other_ends(cluster, version)).filter(is_pair))
    src, dst = ends if data.draw(st.booleans()) else reversed(ends)
    connection = opened(src, dst, Protocol.OTHER, number)
    assert {it.allowed for it in outcomes(cluster, profile, connection)} == {True}
    assert by_encoding(cluster, profile, connection) == "allow"
