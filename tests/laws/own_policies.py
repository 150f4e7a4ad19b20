"""What holds of every engine that has policies of its own, whatever they are."""

from dataclasses import replace

from clusters import NODE_IPS, claims, connections, isolation_claims, options_of
from evaluators import EVERYTHING, by_encoding
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from test_map_laws import LOOSE, NOTHING, POD_ADDRESSES, answers, contains, judged_pairs, on_map, rows_of, some_of
from trials import Asked, Encoded, by_oracle

from analyzer.analysis import connectivity
from analyzer.judging import Setting, judge
from analyzer.judging.bound import bound
from analyzer.model.claims import Kind, Query, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod, pod_of
from analyzer.model.enforcing import as_enforced, as_pictured
from analyzer.model.on_nodes import room_of
from analyzer.model.profile import Profile
from analyzer.model.without_agent import of_workloads, shows_fargate, shows_windows
from analyzer.semantics import outcomes
from analyzer.sets import AddressSet
from analyzer.verdicts import Status

PODS = AddressSet.of("10.0.0.0/28", "fd00::/124")
SMALL = settings(deadline=None, suppress_health_check=list(HealthCheck))


def oracle_and_encoding_agree(data: st.DataObject, written: Cluster, profile: Profile) -> None:
    cluster = as_enforced(written, profile)
    for _ in range(3):
        connection = data.draw(connections(cluster))
        found = {decision.allowed for decision in outcomes(cluster, profile, as_to_come(connection, cluster, profile))}
        wanted = "open" if len(found) == 2 else "allow" if True in found else "deny"
        assert by_encoding(cluster, profile, connection) == wanted


def as_to_come(connection: Connection, cluster: Cluster, profile: Profile) -> Connection:
    """Where nodes without an agent may be, with ends that every pod could be in place of those of workloads that the
    encoding takes for no sort of their own: a pod to come may be on another sort of node than those there."""
    has_unknown = any(isinstance(end, Pod) and end.unknown for end in (connection.src, connection.dst))
    if has_unknown or not (shows_fargate(cluster) or shows_windows(cluster)):  # the inventory
        return connection
    told = {f"{one.namespace}/{one.name}" for one in of_workloads(profile, cluster, are_all=False)}
    src, dst = (
        replace(end, workload=None)
        if isinstance(end, Pod) and end.workload is not None and end.workload.partition("[")[0] not in told
        else end
        for end in (connection.src, connection.dst)
    )
    return replace(connection, src=src, dst=dst)


def every_witness_is_one_in_the_oracle(data: st.DataObject, written: Cluster, profile: Profile) -> None:
    """A verdict stands in a smaller universe (design 1); each of its witnesses is replayed, or there is no answer."""
    cluster = as_enforced(written, profile)
    claim = bound(data.draw(claims(cluster) | isolation_claims(cluster)), PODS, profile, cluster)
    found = [
        judge(cluster, Query("q", "", claim, ""), (), Setting(universe, profile, PODS)).status
        for universe in (Universe.ANY, Universe.INVENTORY)
    ]
    if claim.kind is not Kind.SOME and found[0] is Status.PROVED:
        assert found[1] in (Status.PROVED, Status.VACUOUS)
    if claim.kind is Kind.SOME and found[0] is Status.REFUTED:
        assert found[1] is Status.REFUTED


def what_is_newly_allowed_is_so_in_the_oracle(
    data: st.DataObject, one: Cluster, other: Cluster, profile: Profile
) -> None:
    """Of two revisions that differ in their policies and in the labels of their namespaces."""
    namespaces = data.draw(st.sampled_from((one.namespaces, other.namespaces)))
    later = replace(one, calico=other.calico, cilium=other.cilium, policies=other.policies, namespaces=namespaces)
    old, new = as_enforced(one, profile), as_enforced(later, profile)
    asked = Asked(new, profile, replace(EVERYTHING, kind=Kind.NO_NEW), is_sliced=data.draw(st.booleans()), before=old)
    encoded = Encoded(asked)
    for _ in range(3):
        subject = asked.seen(data.draw(connections(one)))
        said = by_oracle(asked, subject)
        assert said is None or encoded.agrees(subject, said)


@st.composite
def strewn(draw: st.DrawFn, cluster: Cluster) -> Cluster:
    """The cluster with a workload on its nodes' network of which nobody knows where it is; some node may have no
    address, or none may be declared."""
    nodes = draw(
        st.sampled_from((cluster.nodes, cluster.nodes, (), (*cluster.nodes[1:], replace(cluster.nodes[0], ips=()))))
    )
    room = draw(st.sampled_from(((), ("node-1",), ("node-2",))))
    where = draw(st.integers(0, len(cluster.workloads) - 1))
    workloads = list(cluster.workloads)
    workloads[where] = replace(workloads[where], host_network=True, ips=(), nodes=(), room=room)
    return replace(cluster, nodes=nodes, workloads=tuple(workloads))


def a_pod_on_some_node_is_decided_alike(data: st.DataObject, written: Cluster, profile: Profile) -> None:
    """By oracle and encoding, wherever it can be."""
    if not written.workloads:
        return
    cluster = as_enforced(data.draw(strewn(written)), profile)
    loose = next(w for w in cluster.workloads if w.host_network and not w.ips)
    for _ in range(2):
        connection = data.draw(connections(written))
        version = connection.src.ip.version
        room = room_of(loose, cluster, profile)
        known = [ip for base in NODE_IPS.values() for n in range(1, 5) if (ip := base + n).version == version]
        ip = data.draw(st.sampled_from([it for it in known if room is None or it in room]))
        space = cluster.namespace_by_name[loose.namespace]
        pod = pod_of(data.draw(st.sampled_from(options_of(loose))), space.labels, ip)
        connection = replace(connection, **{data.draw(st.sampled_from(("src", "dst"))): pod})
        others = [end for end in (connection.src, connection.dst) if end is not pod and isinstance(end, Pod)]
        if connection.src == connection.dst or any(other.workload == pod.workload for other in others):
            continue
        found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
        wanted = "open" if len(found) == 2 else "allow" if True in found else "deny"
        assert by_encoding(cluster, profile, connection) == wanted


def the_map_holds_what_the_oracle_may_say(data: st.DataObject, written: Cluster, profile: Profile) -> None:
    """Of pods that may be on several nodes: what is on one of them is in it, and nothing is certain but what is so on
    each."""
    if not written.workloads:
        return
    cluster = as_pictured(data.draw(strewn(written)), profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES)
    table = rows_of(found)
    for src, dst in judged_pairs(found):
        allowed, certain = table.get((src, dst), NOTHING)
        for atom in LOOSE[:2]:
            oracle = answers(cluster, profile, found.ends[src], found.ends[dst], atom)
            assert contains(allowed, atom) or True not in oracle
            assert not contains(certain, atom) or False not in oracle


def the_map_agrees_with_the_oracle(cluster: Cluster, profile: Profile) -> None:
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, with_nodes=True)
    table = rows_of(found)
    for src, dst in judged_pairs(found):
        allowed, certain = table.pop((src, dst), NOTHING)
        ends = found.ends[src], found.ends[dst]
        for atom in (it for it in some_of(LOOSE, src + dst) if on_map(it, profile)):
            oracle = answers(cluster, profile, *ends, atom)
            assert contains(allowed, atom) == (True in oracle)
            assert contains(certain, atom) == (oracle == {True})
    assert not table
