"""The classic slip: a policy names the Service's port where only the pod's port can match (reference A13.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from analyzer.analysis.notices.labelled import Labelled
from analyzer.model.cluster import Cluster, Service, ServicePort, Workload
from analyzer.model.labels import Selector
from analyzer.model.memory import PerObject, remembered
from analyzer.model.policies import (
    Direction,
    NamespaceNamed,
    NumberedPorts,
    PodPeer,
    Policy,
    Protocol,
    Rule,
)
from analyzer.model.source import Notice, Topic
from analyzer.semantics import matcher, matches

_Backends = list[tuple[Service, ServicePort, tuple[Workload, ...]]]
_ByPort = dict[tuple[Protocol, int], dict[str, _Backends]]


def service_port_slips(cluster: Cluster) -> tuple[Notice, ...]:
    """One notice for each rule that opens a Service's port to pods behind it that listen on another one."""
    by_port = _translated(cluster)
    peers = _Peers(cluster)
    of_each = _of_policies(cluster).of(cluster.policies, lambda policy: tuple(_slips_of(policy, by_port, peers)))
    return tuple(chain.from_iterable(of_each))


@remembered
def _of_policies(cluster: Cluster) -> PerObject[Policy, tuple[Notice, ...]]:
    """Room for the notices on single policies, for as long as Services, namespaces and workloads are the same."""
    for part in (cluster.services, cluster.namespaces, cluster.workloads):
        len(part)
    return PerObject()


def _slips_of(policy: Policy, by_port: _ByPort, peers: _Peers) -> Iterator[Notice]:
    for direction in Direction:
        for rule in policy.rules(direction) or ():
            for entry in rule.ports or ():
                if isinstance(entry, NumberedPorts) and entry.low is not None and not entry.is_range:
                    services = by_port.get((entry.protocol, entry.low), {})
                    yield from _slips(peers, policy, direction, rule, entry, services)


@remembered
def _translated(cluster: Cluster) -> _ByPort:
    """Service ports that lead to another port, none of whose backends declares the Service's own number; for each the
    Services by namespace.
    """
    by_namespace = cluster.workloads_by_namespace
    labelled: dict[str, Labelled] = {}
    found: _ByPort = {}
    for service in cluster.services:
        if service.selector is None or service.is_headless:
            continue
        if service.namespace not in labelled:
            labelled[service.namespace] = Labelled(by_namespace.get(service.namespace, ()))
        backends = tuple(labelled[service.namespace].meeting(service.selector))
        for port in service.ports:
            declared = {p.number for w in backends for p in w.ports if p.protocol is port.protocol}
            if backends and port.target != port.port and port.port not in declared:
                named = found.setdefault((port.protocol, port.port), {})
                named.setdefault(service.namespace, []).append((service, port, backends))
    return found


def _slips(
    peers: _Peers,
    policy: Policy,
    direction: Direction,
    rule: Rule,
    entry: NumberedPorts,
    services: Mapping[str, _Backends],
) -> Iterator[Notice]:
    """The rule is about connections to its subject on ingress, to its pod peers on egress."""
    if direction is Direction.INGRESS:
        destinations = [policy.subject]
    else:
        destinations = [peer for peer in rule.peers or () if isinstance(peer, PodPeer)]
    for namespace in peers.namespaces(destinations, services):
        for service, port, backends in services[namespace]:
            if any(peers.selects(peer, workload) for workload in backends for peer in destinations):
                yield Notice(
                    rule.source,
                    f"{policy.id} names {entry.protocol.value} port {entry.low}, which is the port of Service "
                    f"{service.namespace}/{service.name}; policies see the pods' port, which is {port.target}",
                    topic=Topic.OF_A_SERVICE,
                )


class _Peers:
    """What peers mean in a cluster; a selector of namespaces is put to each of them once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._matching: dict[Selector, frozenset[str]] = {}

    def namespaces(self, peers: Sequence[PodPeer], known: Mapping[str, object]) -> list[str]:
        """Those of the namespaces known that some peer is about, in order."""
        if all(isinstance(peer.namespaces, NamespaceNamed) for peer in peers):
            return sorted(
                {peer.namespaces.name for peer in peers if isinstance(peer.namespaces, NamespaceNamed)} & known.keys()
            )
        return [name for name in known if any(self._is_about(peer, name) for peer in peers)]

    def selects(self, peer: PodPeer, workload: Workload) -> bool:
        is_pod_chosen = not workload.host_network and matches(peer.pods, workload.labels)
        return is_pod_chosen and self._is_about(peer, workload.namespace)

    def _is_about(self, peer: PodPeer, namespace: str) -> bool:
        if isinstance(peer.namespaces, NamespaceNamed):
            return peer.namespaces.name == namespace
        selector = peer.namespaces.selector
        if selector not in self._matching:
            is_chosen = matcher(selector)
            chosen = (n.name for n in self._cluster.namespaces if is_chosen(n.labels))
            self._matching[selector] = frozenset(chosen)
        return namespace in self._matching[selector]
