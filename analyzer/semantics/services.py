"""Whose address a pod sees when a client outside comes in through a Service (reference A13.5, E3)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from analyzer.model.cluster import Cluster, Service, ServicePort
from analyzer.model.endpoints import Connection, External, Host, Pod
from analyzer.model.labels import NO_LABELS
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import AddressPeer, Policy
from analyzer.model.profile import NamedPortScope
from analyzer.semantics.case import Case
from analyzer.semantics.ports import declares
from analyzer.semantics.selectors import matches
from analyzer.sets.addresses import TOP4, TOP6

CLIENT_ADDRESS, NODE_ADDRESS, OWN_NODE = "client address", "node address", "own node"
SOURCES_SEEN = (CLIENT_ADDRESS, NODE_ADDRESS, OWN_NODE)


def source_fact(cluster: Cluster, connection: Connection) -> OpenFact | None:
    """The fact that is open when the client's address may be replaced on its way to the pod; None if it is kept."""
    pod = connection.dst
    if not isinstance(connection.src, External) or not isinstance(pod, Pod):
        return None
    behind = [service for service in cluster.services if _replaces_client(service, pod, connection)]
    if not behind:
        return None
    names = ", ".join(f"Service {service.namespace}/{service.name} ({service.source})" for service in behind)
    return OpenFact(
        "service-source",
        ", ".join(f"{service.namespace}/{service.name}" for service in behind),
        f"{names} may replace the address of a client outside by that of a node",
    )


def node_seen(case: Case, policies: Iterable[Policy]) -> Host:
    """A node that the client seems to come from: of its address only the family is known, so every place between the
    borders that blocks of the policies draw has its turn."""
    version = case.connection.src.ip.version
    kind, top = (IPv4Address, TOP4) if version == 4 else (IPv6Address, TOP6)
    peers = (peer for policy in policies for rule in policy.ingress or () for peer in rule.peers or ())
    blocks = (peer.addresses.family(version) for peer in peers if isinstance(peer, AddressPeer))
    borders = {0} | {edge for block in blocks for low, high in block for edge in (low, high + 1)}
    text = "which address a node puts in place of the client's on the way through a Service is not known"
    options = tuple(str(kind(edge)) for edge in sorted(borders) if edge <= top)
    fact = OpenFact("service-source", f"node IPv{version}", text)
    return Host(None, NO_LABELS, kind(case.settle(fact, options)))


def _replaces_client(service: Service, pod: Pod, connection: Connection) -> bool:
    """externalTrafficPolicy Cluster, and the pod is a backend of the Service on this port."""
    return (
        service.reached_from_outside
        and not service.preserves_client
        and service.selector is not None
        and service.namespace == pod.namespace
        and matches(service.selector, pod.labels)
        and any(_is_target(port, pod, connection) for port in service.ports)
    )


def _is_target(port: ServicePort, pod: Pod, connection: Connection) -> bool:
    """Whether a Service port leads to the connection's port; a target's name is looked up on the pod (A13.2).

    The Service looks into containers and sidecars, whatever engine enforces the policies.
    """
    if port.protocol is not connection.protocol:
        return False
    if isinstance(port.target, int):
        return port.target == connection.port
    return declares(pod, port.target, connection, NamedPortScope.SIDECARS)
