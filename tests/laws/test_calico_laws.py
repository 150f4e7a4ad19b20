"""Calico's pipeline: encoding and map say of a connection what the oracle says of it, whatever the policies are."""

from dataclasses import replace
from ipaddress import ip_address

from calico import calico_clusters, calico_profiles
from clusters import claims, connections, isolation_claims, pods
from evaluators import EVERYTHING, by_encoding, question, truth_of_pod
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_map_laws import LOOSE, NOTHING, POD_ADDRESSES, answers, contains, judged_pairs, rows_of
from trials import Asked, Encoded, by_oracle

from analyzer.analysis import connectivity
from analyzer.analysis.between import between
from analyzer.analysis.pointwise import decided
from analyzer.analysis.requests import without_requests
from analyzer.encoding import encode
from analyzer.judging import Setting, judge
from analyzer.judging.bound import bound
from analyzer.model.claims import Kind, Query, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.enforcing import as_compared, as_declared, as_enforced, as_pictured
from analyzer.model.policies import Direction
from analyzer.model.profile import PROFILES, Profile
from analyzer.semantics import decide, isolation, isolation_outcomes, outcomes
from analyzer.semantics.decision import StageVerdict
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.sets.other_protocols import EVERY as EVERY_OTHER
from analyzer.verdicts import Status
from analyzer.verdicts.explanation import Effect, Outcome

STOPPING = (Effect.ALLOWS, Effect.DENIES, Effect.END_DENIES)
PODS = AddressSet.of("10.0.0.0/28", "fd00::/124")
SMALL = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(SMALL, max_examples=60)
@given(st.data())
def test_oracle_and_encoding_agree(data: st.DataObject) -> None:
    profile = data.draw(calico_profiles())
    cluster = as_enforced(data.draw(calico_clusters()), profile)
    for _ in range(3):
        connection = data.draw(connections(cluster))
        found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
        wanted = "open" if len(found) == 2 else "allow" if True in found else "deny"
        assert by_encoding(cluster, profile, connection) == wanted


@settings(SMALL, max_examples=60)
@given(st.data())
def test_isolation_is_decided_alike(data: st.DataObject) -> None:
    profile = data.draw(calico_profiles())
    cluster = as_enforced(data.draw(calico_clusters()), profile)
    claim, pod = data.draw(isolation_claims(cluster)), data.draw(pods(cluster))
    expected = isolation_outcomes(claim, pod, cluster, profile)
    for is_sliced in (True, False):
        found = truth_of_pod(encode(cluster, question(claim, profile, is_sliced=is_sliced)), pod)
        assert found in (None, expected), is_sliced


@settings(SMALL, max_examples=60)
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


@settings(SMALL, max_examples=40)
@given(st.data())
def test_every_witness_is_one_in_the_oracle(data: st.DataObject) -> None:
    """A verdict stands in a smaller universe (design 1); each of its witnesses is replayed, or there is no answer."""
    profile = data.draw(calico_profiles())
    cluster = as_enforced(data.draw(calico_clusters()), profile)
    claim = bound(data.draw(claims(cluster) | isolation_claims(cluster)), PODS, profile, cluster)
    found = [
        judge(cluster, Query("q", "", claim, ""), (), Setting(universe, profile, PODS)).status
        for universe in (Universe.ANY, Universe.INVENTORY)
    ]
    if claim.kind is not Kind.SOME and found[0] is Status.PROVED:
        assert found[1] in (Status.PROVED, Status.VACUOUS)
    if claim.kind is Kind.SOME and found[0] is Status.REFUTED:
        assert found[1] is Status.REFUTED


@settings(SMALL, max_examples=40)
@given(st.data())
def test_what_is_newly_allowed_is_so_in_the_oracle(data: st.DataObject) -> None:
    """Of two revisions that differ in their policies and in the labels of their namespaces."""
    profile = data.draw(calico_profiles())
    one, other = (data.draw(calico_clusters()) for _ in range(2))
    namespaces = data.draw(st.sampled_from((one.namespaces, other.namespaces)))
    later = replace(one, calico=other.calico, policies=other.policies, namespaces=namespaces)
    old, new = as_compared(one, later, profile)
    asked = Asked(new, profile, replace(EVERYTHING, kind=Kind.NO_NEW), is_sliced=data.draw(st.booleans()), before=old)
    encoded = Encoded(asked)
    for _ in range(3):
        subject = asked.seen(data.draw(connections(one)))
        said = by_oracle(asked, subject)
        assert said is None or encoded.agrees(subject, said)


@settings(SMALL, max_examples=40)
@given(calico_clusters(), calico_profiles())
def test_the_map_agrees_with_the_oracle(cluster: Cluster, profile: Profile) -> None:
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, with_nodes=True)
    table = rows_of(found)
    for src, dst in judged_pairs(found):
        allowed, certain = table.pop((src, dst), NOTHING)
        ends = found.ends[src], found.ends[dst]
        for atom in LOOSE:
            oracle = answers(cluster, profile, *ends, atom)
            assert contains(allowed, atom) == (True in oracle)
            is_certain = certain.others == EVERY_OTHER if atom[1] is None else contains(certain, atom)
            assert is_certain == (oracle == {True})
    assert not table


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
