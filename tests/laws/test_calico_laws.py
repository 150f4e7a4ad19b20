"""Calico's pipeline: encoding and map say of a connection what the oracle says of it, whatever the policies are."""

from ipaddress import ip_address

from calico import calico_clusters, calico_profiles
from clusters import connections, isolation_claims, pods
from evaluators import question, truth_of_pod
from hypothesis import given, settings
from hypothesis import strategies as st
from own_policies import (
    SMALL,
    a_pod_on_some_node_is_decided_alike,
    every_witness_is_one_in_the_oracle,
    oracle_and_encoding_agree,
    the_map_agrees_with_the_oracle,
    the_map_holds_what_the_oracle_may_say,
    what_is_newly_allowed_is_so_in_the_oracle,
)
from test_map_laws import POD_ADDRESSES

from analyzer.analysis.explaining.between import between
from analyzer.analysis.explaining.pointwise import decided
from analyzer.analysis.explaining.requests import without_requests
from analyzer.encoding import encode
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.enforcing import as_declared, as_enforced
from analyzer.model.policies import Direction
from analyzer.model.profile import PROFILES, Profile
from analyzer.semantics import decide, isolation, isolation_outcomes
from analyzer.semantics.decision import StageVerdict
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.explanation import Effect, Outcome

STOPPING = (Effect.ALLOWS, Effect.DENIES, Effect.END_DENIES)


@settings(SMALL, max_examples=40)
@given(st.data())
def test_oracle_and_encoding_agree(data: st.DataObject) -> None:
    oracle_and_encoding_agree(data, data.draw(calico_clusters()), data.draw(calico_profiles()))


@settings(SMALL, max_examples=40)
@given(st.data())
def test_isolation_is_decided_alike(data: st.DataObject) -> None:
    profile = data.draw(calico_profiles())
    cluster = as_enforced(data.draw(calico_clusters()), profile)
    claim, pod = data.draw(isolation_claims(cluster)), data.draw(pods(cluster))
    expected = isolation_outcomes(claim, pod, cluster, profile)
    for is_sliced in (True, False):
        found = truth_of_pod(encode(cluster, question(claim, profile, is_sliced=is_sliced)), pod)
        assert found in (None, expected), is_sliced


@settings(SMALL, max_examples=40)
@given(st.data())
def test_what_reaches_an_isolated_pod_some_rule_allows(data: st.DataObject) -> None:
    profile = data.draw(calico_profiles())
    cluster = as_enforced(data.draw(calico_clusters()), profile)
    connection = data.draw(connections(cluster))
    if not isinstance(connection.dst, Pod) or cluster.unmodelled:
        return
    closed = isolation(cluster, profile, connection.dst, Direction.INGRESS)
    ruling = decide(cluster, profile, connection).at("ingress")
    if closed.verdict is StageVerdict.DENIED and ruling.verdict is StageVerdict.ALLOWED:
        assert ruling.rules


@settings(SMALL, max_examples=25)
@given(st.data())
def test_every_witness_is_one_in_the_oracle(data: st.DataObject) -> None:
    every_witness_is_one_in_the_oracle(data, data.draw(calico_clusters()), data.draw(calico_profiles()))


@settings(SMALL, max_examples=25)
@given(st.data(), calico_clusters(), calico_profiles())
def test_a_pod_on_some_node_is_decided_alike(data: st.DataObject, cluster: Cluster, profile: Profile) -> None:
    a_pod_on_some_node_is_decided_alike(data, cluster, profile)


@settings(SMALL, max_examples=15)
@given(st.data(), calico_clusters(), calico_profiles())
def test_the_map_holds_what_the_oracle_may_say(data: st.DataObject, cluster: Cluster, profile: Profile) -> None:
    the_map_holds_what_the_oracle_may_say(data, cluster, profile)


@settings(SMALL, max_examples=25)
@given(st.data())
def test_what_is_newly_allowed_is_so_in_the_oracle(data: st.DataObject) -> None:
    one, other = (data.draw(calico_clusters()) for _ in range(2))
    what_is_newly_allowed_is_so_in_the_oracle(data, one, other, data.draw(calico_profiles()))


@settings(SMALL, max_examples=20)
@given(calico_clusters(), calico_profiles())
def test_the_map_agrees_with_the_oracle(cluster: Cluster, profile: Profile) -> None:
    the_map_agrees_with_the_oracle(cluster, profile)


@settings(SMALL, max_examples=40)
@given(st.data())
def test_explain_agrees_with_the_oracle_and_its_steps_with_its_answer(data: st.DataObject) -> None:
    """On one port, between workloads and an address: what each stage answers is what the oracle says, and the last
    thing that decides in its steps says so too."""
    profile = PROFILES["calico"].with_knob("calico-version", data.draw(st.sampled_from(("3.33", "3.31"))))
    written = data.draw(calico_clusters())
    workloads = [workload for workload in written.workloads if not workload.host_network]
    if not workloads:
        return
    near, port = data.draw(st.sampled_from(workloads)), PortSet.of(data.draw(st.sampled_from((80, 81, 443))))
    outside = AddressSet.single(ip_address(f"203.0.113.{data.draw(st.integers(1, 12))}"))
    ends = [near, data.draw(st.sampled_from([outside, *workloads]))]
    src, dst = ends if data.draw(st.booleans()) else reversed(ends)
    asked = ConnectionSet(tcp=port)
    found = between(written, profile, src, dst, ("s", "d"), asked=asked, pod_addresses=POD_ADDRESSES)
    enforced = as_declared(as_enforced(without_requests(written), profile), src, dst)
    oracle = decided(enforced, profile, src, dst, asked, pod_addresses=POD_ADDRESSES)
    if oracle.decision is None:
        return
    assert found.outcome is oracle.outcome or found.reason  # what settles it otherwise
    for side in (found.egress, found.ingress):
        ends_it = [step for step in side.steps if step.is_certain and step.effect in STOPPING and step.connections]
        if side.outcome is not Outcome.UNKNOWN and ends_it and all(step.is_certain for step in side.steps):
            (end,) = ends_it
            assert (end.effect is Effect.ALLOWS) == (side.outcome is Outcome.ALLOWED)
