"""Whose address a pod sees when somebody comes in through a Service or a hostPort (reference A12.6, A13.5, E3)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from analyzer.model.cluster import Cluster, ContainerPort, EndpointPort, Service, ServicePort
from analyzer.model.endpoints import Connection, Host, Pod
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
    """The fact that is open when a node's address may take the place of the source's on its way to the pod; None if
    nothing does that.  Whoever takes a node's port, or a load balancer's address, is dealt with so: clients outside,
    pods and nodes alike (reference 0.2, E3)."""
    pod = connection.dst
    if not isinstance(pod, Pod):
        return None
    ways = [s for s in cluster.services if _replaces_client(s) and _leads_to(s, pod, connection, cluster)]
    names = {f"{service.namespace}/{service.name}": f"{service.id} ({service.source})" for service in ways}
    ports = [f"hostPort {port.host_port}" for port in pod.ports if port.host_port and _is_at(port, connection)]
    names |= {port: port for port in ports}
    if not names:
        return None
    text = f"{', '.join(names.values())} may put the address of a node in place of the source's"
    return OpenFact("service-source", ", ".join(names), text)


def node_seen(case: Case, policies: Iterable[Policy]) -> Host:
    """A node that the client seems to come from: of its address only the family is known, so every place between the
    borders that blocks of the policies draw has its turn."""
    version = case.connection.src.ip.version
    kind, top = (IPv4Address, TOP4) if version == 4 else (IPv6Address, TOP6)
    peers = (peer for policy in policies for rule in policy.ingress or () for peer in rule.peers or ())
    blocks = (peer.addresses.family(version) for peer in peers if isinstance(peer, AddressPeer))
    borders = {0} | {edge for block in blocks for low, high in block for edge in (low, high + 1)}
    text = "which address a node puts in place of the source's on the way through a Service is not known"
    options = tuple(str(kind(edge)) for edge in sorted(borders) if edge <= top)
    fact = OpenFact("service-source", f"node IPv{version}", text)
    return Host(None, NO_LABELS, kind(case.settle(fact, options)))


def _replaces_client(service: Service) -> bool:
    """externalTrafficPolicy Cluster."""
    return service.reached_from_outside and not service.preserves_client


def _leads_to(service: Service, pod: Pod, connection: Connection, cluster: Cluster) -> bool:
    """The pod is a backend of the Service on this port: by its labels, or because its address is written among the
    Service's endpoints (reference A13.4)."""
    is_selected = service.namespace == pod.namespace and (
        service.selector is not None and matches(service.selector, pod.labels)
    )
    if is_selected and any(_is_target(port, pod, connection) for port in service.ports):
        return True
    return any(
        pod.ip in entry.addresses and any(_is_endpoint(port, service, connection) for port in entry.ports)
        for entry in cluster.written_endpoints(service)
    )


def _is_endpoint(port: EndpointPort, service: Service, connection: Connection) -> bool:
    """A port of the endpoints belongs to the port of the Service that has its name."""
    is_here = port.number == connection.port and port.protocol is connection.protocol
    return is_here and any(offered.name == port.name for offered in service.ports)


def _is_at(port: ContainerPort, connection: Connection) -> bool:
    return port.number == connection.port and port.protocol is connection.protocol


def _is_target(port: ServicePort, pod: Pod, connection: Connection) -> bool:
    """Whether a Service port leads to the connection's port; a target's name is looked up on the pod (A13.2).

    The Service looks into containers and sidecars, whatever engine enforces the policies.
    """
    if port.protocol is not connection.protocol:
        return False
    if isinstance(port.target, int):
        return port.target == connection.port
    return declares(pod, port.target, connection, NamedPortScope.SIDECARS)
