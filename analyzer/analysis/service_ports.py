"""The classic slip: a policy names the Service's port where only the pod's port can match (reference A13.1)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.cluster import Cluster, Service, ServicePort, Workload
from analyzer.model.labels import Selector
from analyzer.model.policies import (
    Direction,
    NamespaceNamed,
    NumberedPorts,
    PodPeer,
    Policy,
    Protocol,
    Rule,
)
from analyzer.model.source import Notice
from analyzer.semantics import matches

_Backends = list[tuple[Service, ServicePort, tuple[Workload, ...]]]


def service_port_slips(cluster: Cluster) -> tuple[Notice, ...]:
    """One notice for each rule that opens a Service's port to pods behind it that listen on another one."""
    by_port = _translated(cluster)
    return tuple(
        notice
        for policy in cluster.policies
        for direction in Direction
        for rule in policy.rules(direction) or ()
        for entry in rule.ports or ()
        if isinstance(entry, NumberedPorts) and entry.low is not None and not entry.is_range
        for notice in _slips(cluster, policy, direction, rule, entry, by_port.get((entry.protocol, entry.low), []))
    )


def _translated(cluster: Cluster) -> dict[tuple[Protocol, int], _Backends]:
    """Service ports that lead to another port, none of whose backends declares the Service's own number."""
    by_namespace: dict[str, list[Workload]] = {}
    for workload in cluster.workloads:
        by_namespace.setdefault(workload.namespace, []).append(workload)
    found: dict[tuple[Protocol, int], _Backends] = {}
    for service in cluster.services:
        if service.selector is None or service.is_headless:
            continue
        backends = tuple(w for w in by_namespace.get(service.namespace, ()) if matches(service.selector, w.labels))
        for port in service.ports:
            declared = {p.number for w in backends for p in w.ports if p.protocol is port.protocol}
            if backends and port.target != port.port and port.port not in declared:
                found.setdefault((port.protocol, port.port), []).append((service, port, backends))
    return found


def _slips(
    cluster: Cluster, policy: Policy, direction: Direction, rule: Rule, entry: NumberedPorts, services: _Backends
) -> Iterator[Notice]:
    for service, port, backends in services:
        if any(_can_be_destination(cluster, policy, direction, rule, w) for w in backends):
            yield Notice(
                rule.source,
                f"{policy.id} names {entry.protocol.value} port {entry.low}, which is the port of Service "
                f"{service.namespace}/{service.name}; policies see the pods' port, which is {port.target}",
            )


def _can_be_destination(cluster: Cluster, policy: Policy, direction: Direction, rule: Rule, workload: Workload) -> bool:
    """The rule is about connections to this workload: its subject on ingress, among its pod peers on egress."""
    if direction is Direction.INGRESS:
        return _selects(cluster, policy.subject, workload)
    pods = [peer for peer in rule.peers or () if isinstance(peer, PodPeer)]
    return any(_selects(cluster, peer, workload) for peer in pods)


def _selects(cluster: Cluster, peer: PodPeer, workload: Workload) -> bool:
    if workload.host_network or not matches(peer.pods, workload.labels):
        return False
    if isinstance(peer.namespaces, NamespaceNamed):
        return peer.namespaces.name == workload.namespace
    selector: Selector = peer.namespaces.selector
    return matches(selector, cluster.namespace_by_name[workload.namespace].labels)
