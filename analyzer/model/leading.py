"""Where Services lead: looked up in a cluster, for whoever asks in its words (reference A13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.cluster import Cluster, Service, ServicePort
from analyzer.model.ends import Behind, LedPort, pods_in, pods_of_workload, with_address
from analyzer.model.formulas import (
    TRUE,
    Formula,
    Role,
    both,
    either,
    in_role,
    on_any,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.memory import remembered
from analyzer.model.policies import NamedPort, NamespaceNamed, NumberedPorts, Ports, Protocol
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

NODE_PORTS = 30000, 32767
"""The ports that a cluster gives to Services on its nodes, unless its API server is told others."""


@dataclass(frozen=True, slots=True)
class Way:
    """One of a Service's addresses on one of its ports, and what it leads to."""

    port: LedPort
    address: IPAddress

    @property
    def id(self) -> str:
        return f"{self.port.service} {self.address} {self.port.protocol.value} {self.port.number}"


@dataclass(frozen=True, slots=True)
class NodeWay:
    """A port of a Service that every node has, one of `low` to `high`, and what it leads to (reference A13.5)."""

    port: LedPort
    low: int
    high: int


def led_ports(cluster: Cluster, service: Service) -> tuple[LedPort, ...]:
    """Each port of the Service with what it leads to: pods that it selects, addresses that are written down for it.

    A headless Service gives out its pods' addresses and translates nothing: it stands for all of their ports, and a
    port that is asked for is the pod's (reference A13.2, A13.3).
    An ExternalName leads nowhere that is known.
    """
    if service.is_headless:
        pods = None if service.selector is None else pods_in(NamespaceNamed(service.namespace), service.selector)
        written = cluster.written_endpoints(service)
        addresses = AddressSet.singles(ip for entry in written for ip in entry.addresses)
        members = either((*([pods] if pods else ()), *_at(cluster, addresses)))
        return (LedPort(service.id, 0, "", Protocol.TCP, None, members),)
    return tuple(led for port in service.ports for led in _led_by(cluster, service, port))


def _led_by(cluster: Cluster, service: Service, port: ServicePort) -> Iterator[LedPort]:
    own = service.addresses
    if service.selector is not None:
        pods = pods_in(NamespaceNamed(service.namespace), service.selector)
        yield LedPort(service.id, port.port, port.name, port.protocol, target_of(port), pods, own)
    by_number: dict[int, list[IPAddress]] = {}
    for entry in cluster.written_endpoints(service):
        for leading in entry.ports:
            if (leading.name, leading.protocol) == (port.name, port.protocol) and leading.number is not None:
                by_number.setdefault(leading.number, []).extend(entry.addresses)
    for number, ips in by_number.items():
        members = either(_at(cluster, AddressSet.singles(ips)))
        target = NumberedPorts(port.protocol, number)
        yield LedPort(service.id, port.port, port.name, port.protocol, target, members, own)


@remembered
def ways(cluster: Cluster) -> tuple[Way, ...]:
    """Every way through an address that is some Service's own."""
    return tuple(
        Way(port, address)
        for service in cluster.services
        if service.addresses
        for port in led_ports(cluster, service)
        for address in port.addresses
    )


@remembered
def node_ways(cluster: Cluster) -> tuple[NodeWay, ...]:
    """Every way through a port of the nodes; one that the cluster is yet to choose is any of those it chooses from."""
    return tuple(
        NodeWay(led, *numbers)
        for service in cluster.services
        for port in service.ports
        if (numbers := _node_ports(service, port)) is not None
        for led in _led_by(cluster, service, port)
    )


def _node_ports(service: Service, port: ServicePort) -> tuple[int, int] | None:
    if port.node_port is not None:
        return port.node_port, port.node_port
    return NODE_PORTS if service.allocates_node_ports else None


def behind(text: str, ports: Iterable[LedPort], through: AddressSet | None = None) -> Behind:
    """What the ports lead to; only by way of these addresses, if some are given."""
    narrowed = ports
    if through is not None:
        narrowed = (
            LedPort(p.service, p.number, p.name, p.protocol, p.target, p.members, own)
            for p in ports
            if (own := tuple(ip for ip in p.addresses if ip in through))
        )
    return Behind(text, tuple(narrowed))


def members_of(leaf: Behind) -> Formula:
    """All that it leads to, on whatever port."""
    return either(dict.fromkeys(port.members for port in leaf.ports))


def target_of(port: ServicePort) -> Ports:
    """The port of its pods that the Service's port leads to."""
    if isinstance(port.target, str):
        return NamedPort(port.target, port.protocol)
    return NumberedPorts(port.protocol, port.target)


def _at(cluster: Cluster, addresses: AddressSet) -> Iterator[Formula]:
    """The pods known to have one of the addresses, and whatever has one of the others."""
    left = addresses
    for known in cluster.workloads if addresses else ():
        own = AddressSet.singles(known.ips) & addresses
        if own and not known.host_network:
            yield both([pods_of_workload(known.namespace, known.name), with_address(own)])
            left -= own
    if left:
        yield with_address(left)


# ------------------------------------------------------------------------------------------------ as formulas
@remembered
def leads(cluster: Cluster, port: LedPort) -> Formula:
    """What the port leads to, over DST and ports; a target's name is looked up in containers and sidecars (reference
    A13.2)."""
    del cluster  # it keeps the formula
    on = TRUE if port.target is None else _on(port.target)
    return both([in_role(port.members, Role.DST), on])


def on_target(port: ServicePort) -> Formula:
    """The port of the destination that the Service's port leads to (reference A13.2)."""
    return _on(target_of(port))


def _on(target: Ports) -> Formula:
    return on_any((target,), NamedPortScope.SIDECARS)
