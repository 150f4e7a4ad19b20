"""Cilium's pipeline: encoding and map say of a connection what the oracle says of it, whatever the policies are."""

from ipaddress import ip_address

from cilium import cilium_clusters, cilium_profiles
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
from analyzer.model.cluster import Cluster
from analyzer.model.enforcing import as_enforced
from analyzer.model.profile import Profile
from analyzer.model.reading import is_decided_by_cilium
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.explanation import Effect, outcome_of


@settings(SMALL, max_examples=40)
@given(st.data())
def test_oracle_and_encoding_agree(data: st.DataObject) -> None:
    oracle_and_encoding_agree(data, data.draw(cilium_clusters()), data.draw(cilium_profiles()))


@settings(SMALL, max_examples=25)
@given(st.data())
def test_every_witness_is_one_in_the_oracle(data: st.DataObject) -> None:
    every_witness_is_one_in_the_oracle(data, data.draw(cilium_clusters()), data.draw(cilium_profiles()))


@settings(SMALL, max_examples=25)
@given(st.data(), cilium_clusters(), cilium_profiles())
def test_a_pod_on_some_node_is_decided_alike(data: st.DataObject, cluster: Cluster, profile: Profile) -> None:
    a_pod_on_some_node_is_decided_alike(data, cluster, profile)


@settings(SMALL, max_examples=15)
@given(st.data(), cilium_clusters(), cilium_profiles())
def test_the_map_holds_what_the_oracle_may_say(data: st.DataObject, cluster: Cluster, profile: Profile) -> None:
    the_map_holds_what_the_oracle_may_say(data, cluster, profile)


@settings(SMALL, max_examples=20)
@given(st.data())
def test_what_is_newly_allowed_is_so_in_the_oracle(data: st.DataObject) -> None:
    one, other = (data.draw(cilium_clusters()) for _ in range(2))
    what_is_newly_allowed_is_so_in_the_oracle(data, one, other, data.draw(cilium_profiles()))


@settings(SMALL, max_examples=20)
@given(cilium_clusters(), cilium_profiles())
def test_the_map_agrees_with_the_oracle(cluster: Cluster, profile: Profile) -> None:
    the_map_agrees_with_the_oracle(cluster, profile)


ASKED = ConnectionSet(PortSet.of(1, (80, 82), 443, 8080), PortSet.of(80, 82))


@settings(SMALL, max_examples=60)
@given(st.data(), cilium_clusters(), cilium_profiles())
def test_explain_tells_the_ports_that_the_oracle_lets_pass_and_steps_that_come_to_them(
    data: st.DataObject, written: Cluster, profile: Profile
) -> None:
    enforced = as_enforced(without_requests(written), profile)
    workloads = written.workloads
    if not workloads or not is_decided_by_cilium(profile, enforced):
        return
    outside = AddressSet.single(ip_address(f"203.0.113.{data.draw(st.integers(1, 12))}"))
    near, far = data.draw(st.sampled_from(workloads)), data.draw(st.sampled_from([outside, *workloads]))
    src, dst = (near, far) if data.draw(st.booleans()) else (far, near)
    found = between(written, profile, src, dst, ("s", "d"), asked=ASKED, pod_addresses=POD_ADDRESSES)
    for protocol, ports in ASKED.by_protocol:
        for port in (number for low, high in ports for number in range(low, high + 1)):
            one = ConnectionSet.on(protocol, PortSet.of(port))
            wanted = decided(enforced, profile, src, dst, one, pod_addresses=POD_ADDRESSES).outcome
            assert outcome_of(found.allowed & one, found.certain & one) is wanted
    for side in (found.egress, found.ingress):
        let_in = ConnectionSet.EMPTY
        for step in side.steps:
            let_in |= step.connections if step.effect is Effect.ALLOWS else ConnectionSet.EMPTY
            if step.effect is Effect.DENIES and step.is_certain:
                assert not step.connections & side.certain
        assert let_in <= side.allowed
        is_closed = any(step.effect is Effect.ISOLATES for step in side.steps)
        if side.steps and side.certain and not let_in:
            assert not is_closed
