"""Who the exposure says can reach a workload is who the oracle lets."""

from __future__ import annotations

from dataclasses import replace

from clusters import INSIDE, NUMBERS, OUTSIDE, clusters, label_maps, pods, profiles
from evaluators import EVERYTHING, question
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from told_regions import asked_of_namespace

from analyzer.analysis import Setting
from analyzer.analysis.connectivity.exposure import exposure
from analyzer.encoding.vocabulary import mentioned_names
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, ContainerKind
from analyzer.model.endpoints import Connection, External, Pod, pod_of
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import Labels
from analyzer.model.policies import PORT_PROTOCOLS, Direction
from analyzer.model.profile import PROFILES
from analyzer.semantics import outcomes
from analyzer.sets import AddressSet
from analyzer.verdicts.exposure import Opening
from analyzer.verdicts.regions import NEW_NAMESPACE, YES, EndRegion


def holds(values, labels: Labels) -> bool:
    return all(labels.get(key) in allowed for key, allowed in values)


def named(cluster: Cluster) -> frozenset[str]:
    """Names of namespaces that policies mention; in a region `<…>` stands for any other that is not there yet."""
    return frozenset(mentioned_names(cluster, question(EVERYTHING, PROFILES["generic"])))


def is_in(region: EndRegion, end: Pod | External, cluster: Cluster) -> bool:
    """`end` meets what the region says, apart from the names of its ports."""
    if isinstance(end, External):
        return region.kind == "external" and (region.addresses is None or end.ip in region.addresses)
    if region.kind != "pod" or not holds(region.labels, end.labels):
        return False
    if region.namespaces is not None:
        known = end.namespace in cluster.namespace_by_name or end.namespace in named(cluster)
        if not (end.namespace in region.namespaces if known else NEW_NAMESPACE in region.namespaces):
            return False
    if not holds(asked_of_namespace(region, end.namespace, cluster), end.namespace_labels):
        return False
    return region.addresses is None or end.ip in region.addresses


def is_open(opening: Opening, connection: Connection, peer: Pod | External, own: Pod, cluster: Cluster) -> bool:
    if connection.protocol not in opening.region.protocols or connection.port not in opening.region.ports:
        return False
    if not is_in(opening.peer, peer, cluster):
        return False
    if opening.region.family not in (None, f"IPv{own.ip.version}"):
        return False
    if opening.own.addresses is not None and own.ip not in opening.own.addresses:
        return False
    declared = cluster.namespace_by_name[own.namespace].is_declared
    return (declared or holds(opening.own.namespace_labels, own.namespace_labels)) and all(
        gives(name, connection) is (asked == YES) for name, asked in opening.peer.port_names
    )


def gives(name: str, connection: Connection) -> bool:
    """Whether the destination gives the connection's port the name: `tcp/web`."""
    protocol, _, text = name.partition("/")
    assert isinstance(connection.dst, Pod)
    return connection.protocol.value == protocol.upper() and any(
        p.name == text and p.number == connection.port and p.protocol is connection.protocol
        for p in connection.dst.ports
        if p.container.value == "container"
    )


@st.composite
def meetings(draw, cluster: Cluster):
    """A workload's pod, something that is not there yet, and a connection between them with its direction."""
    workload = draw(st.sampled_from(cluster.workloads))
    version = draw(st.sampled_from((4, 6)))
    namespace = cluster.namespace_by_name[workload.namespace]
    ip = draw(st.sampled_from([ip for ip in workload.ips if ip.version == version]))
    own_labels = namespace.labels
    if not namespace.is_declared:
        own_labels = Labels({**draw(label_maps()), **own_labels})
    own = pod_of(workload, own_labels, ip)
    peer = draw(outsiders(version) | pods(cluster, version).map(lambda pod: as_new(pod, cluster)))
    if isinstance(peer, Pod) and peer.namespace == own.namespace:
        peer = replace(peer, namespace_labels=own.namespace_labels)
    direction = draw(st.sampled_from(Direction))
    ends = (own, peer) if direction is Direction.EGRESS else (peer, own)
    return direction, own, peer, Connection(*ends, draw(st.sampled_from(PORT_PROTOCOLS)), draw(NUMBERS))


def outsiders(version: int):
    return st.integers(0, 7).map(lambda n: External(OUTSIDE[version] + n))


def as_new(pod: Pod, cluster: Cluster) -> Pod:
    """A pod like this one that no manifest shows, with an address of its own."""
    taken = {ip for workload in cluster.workloads for ip in workload.ips}
    free = (INSIDE[pod.ip.version] + n for n in range(16))
    ip = pod.ip if pod.workload is None else next(ip for ip in free if ip not in taken)
    ports = tuple(replace(port, container=ContainerKind.CONTAINER) for port in pod.ports)
    return replace(pod, workload=None, host_network=False, ip=ip, ports=ports)


@settings(max_examples=25, deadline=None, phases=set(Phase) - {Phase.shrink, Phase.explain})
@given(st.data())
def test_a_peer_is_in_an_opening_iff_the_oracle_allows_it(data):
    cluster = data.draw(clusters().filter(lambda c: c.workloads))
    profile = data.draw(profiles())
    cluster = as_enforced(cluster, profile)
    report = exposure(cluster, setting=Setting(Universe.ANY, profile, AddressSet.FULL), most=40)
    for direction, own, peer, connection in data.draw(st.lists(meetings(cluster), min_size=8, max_size=8)):
        (found,) = (e for e in report.of(direction) if own.workload in [w.id for w in e.workloads])
        allowed = {decision.allowed for decision in outcomes(cluster, profile, connection)}
        if any(is_open(o, connection, peer, own, cluster) for o in found.openings):
            assert allowed == {True}
        elif not found.is_capped:
            assert False in allowed
            assert allowed == {False} or found.reason
