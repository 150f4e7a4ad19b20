"""Where Services lead: looked up in a cluster, for whoever asks in its words (reference A13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.claims import At, Behind, Either, LedPort, PodsIn, SetExpr, WorkloadNamed
from analyzer.model.claims import Both as BothOf
from analyzer.model.cluster import Cluster, Service, ServicePort
from analyzer.model.policies import NamedPort, NamespaceNamed, NumberedPorts, Ports, Protocol
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress


@dataclass(frozen=True, slots=True)
class Way:
    """One of a Service's addresses on one of its ports, and what it leads to."""

    port: LedPort
    address: IPAddress

    @property
    def id(self) -> str:
        return f"{self.port.service} {self.address} {self.port.protocol.value} {self.port.number}"


def led_ports(cluster: Cluster, service: Service) -> tuple[LedPort, ...]:
    """Each port of the Service with what it leads to: pods that it selects, addresses that are written down for it.

    A headless Service gives out its pods' addresses and translates nothing; without ports it stands for all of theirs.
    An ExternalName leads nowhere that is known.
    """
    pods = None if service.selector is None else PodsIn(NamespaceNamed(service.namespace), service.selector)
    written = cluster.written_endpoints(service)
    if service.is_headless and not service.ports:
        addresses = AddressSet.singles(ip for entry in written for ip in entry.addresses)
        members = Either((*([pods] if pods else ()), *_at(cluster, addresses)))
        return (LedPort(service.id, 0, "", Protocol.TCP, None, members),)
    found: list[LedPort] = []
    for port in service.ports:
        own = service.addresses
        if pods is not None:
            found.append(LedPort(service.id, port.port, port.name, port.protocol, _target(port), pods, own))
        by_number: dict[int, list[IPAddress]] = {}
        for entry in written:
            for leading in entry.ports:
                if (leading.name, leading.protocol) == (port.name, port.protocol) and leading.number is not None:
                    by_number.setdefault(leading.number, []).extend(entry.addresses)
        for number, ips in by_number.items():
            members = Either(tuple(_at(cluster, AddressSet.singles(ips))))
            target = NumberedPorts(port.protocol, number)
            found.append(LedPort(service.id, port.port, port.name, port.protocol, target, members, own))
    return tuple(found)


def ways(cluster: Cluster) -> tuple[Way, ...]:
    """Every way through an address that is some Service's own."""
    known = cluster.derived.get(ways)
    if isinstance(known, tuple):
        return known
    found = tuple(
        Way(port, address)
        for service in cluster.services
        if service.addresses
        for port in led_ports(cluster, service)
        for address in port.addresses
    )
    cluster.derived[ways] = found
    return found


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


def members_of(leaf: Behind) -> SetExpr:
    """All that it leads to, on whatever port."""
    return Either(tuple(dict.fromkeys(port.members for port in leaf.ports)))


def _target(port: ServicePort) -> Ports:
    if isinstance(port.target, str):
        return NamedPort(port.target, port.protocol)
    return NumberedPorts(port.protocol, port.target)


def _at(cluster: Cluster, addresses: AddressSet) -> Iterator[SetExpr]:
    """The pods known to have one of the addresses, and whatever has one of the others."""
    left = addresses
    for workload in cluster.workloads if addresses else ():
        own = AddressSet.singles(workload.ips) & addresses
        if own and not workload.host_network:
            yield BothOf((WorkloadNamed(workload.namespace, workload.name), At(own)))
            left -= own
    if left:
        yield At(left)
