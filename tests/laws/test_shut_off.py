"""What policies shut off lets in no pod, on any port: the oracle says so wherever the formula holds."""

from __future__ import annotations

from calico import calico_clusters, calico_profiles
from cilium import cilium_clusters, cilium_profiles
from clusters import clusters, is_pair, opened, pods, profiles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Role
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.model.shut_off import shut_off
from analyzer.semantics import outcomes
from analyzer.semantics.formulas import Situation, is_true

PAIRS = st.one_of(
    st.tuples(clusters(), profiles()),
    st.tuples(cilium_clusters(), cilium_profiles()),
    st.tuples(calico_clusters(), calico_profiles()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), PAIRS)
def test_no_pod_gets_in_where_policies_shut_it_off(data: st.DataObject, pair: tuple[Cluster, Profile]) -> None:
    cluster, profile = pair
    formula = shut_off(profile, cluster)
    version = data.draw(st.sampled_from((4, 6)))
    for _ in range(3):
        ends = data.draw(st.tuples(pods(cluster, version), pods(cluster, version)).filter(is_pair))
        src, dst = ends
        connection = opened(src, dst, Protocol.TCP, data.draw(st.sampled_from((80, 81, 15008))))
        about = Situation.of(connection, cluster.nodes).seeing(Role.SELF, dst)
        if not src.host_network and is_true(formula, about):
            assert {it.allowed for it in outcomes(cluster, profile, connection)} == {False}
