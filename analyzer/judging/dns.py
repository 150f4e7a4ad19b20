"""Which servers pods ask for names: what `dns` stands for in one cluster (reference 0.2, A12.7).

A node-local cache, where there is one, is asked before everything else.  Else it is what stands behind DNS Services:
kube-dns in kube-system, whose clusterIP is in every pod's resolv.conf, or what serves port 53 there or in
openshift-dns; behind it a server may listen on another port.  Where nothing of this is declared, it is the pods that
bear kube-dns' label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.cluster import Cluster, Service
from analyzer.model.ends import CONVENTIONAL_DNS, external, pods_in, pods_of_workload
from analyzer.model.formulas import Formula, either
from analyzer.model.labels import Selector
from analyzer.model.memory import remembered
from analyzer.model.policies import NamedPort, NamespaceNamed, NumberedPorts, Ports, Protocol
from analyzer.sets import AddressSet

_PORT = 53
_NAMESPACES = ("kube-system", "openshift-dns")
_USUAL = (("kube-system", "kube-dns"), ("openshift-dns", "dns-default"))


@remembered
def dns_servers(cluster: Cluster) -> Formula:
    """The ends that answer for DNS."""
    if cluster.node_local_dns:
        return external(cluster.node_local_dns, "dns")
    parts = tuple(dict.fromkeys(part for service in _services(cluster) for part in _behind(service, cluster)))
    return either(parts) if parts else CONVENTIONAL_DNS


def dns_ports(ports: Iterable[Ports], cluster: Cluster) -> tuple[Ports, ...]:
    """The ports of the servers to which the Services' ports that are asked for lead; others stay as they are."""
    found: dict[Ports, None] = {}
    for asked in ports:
        led = () if cluster.node_local_dns else tuple(_led(asked, _services(cluster), cluster))
        found |= dict.fromkeys(led or (asked,))
    return tuple(found)


@remembered
def _services(cluster: Cluster) -> tuple[Service, ...]:
    serving = [s for s in cluster.services if s.namespace in _NAMESPACES and any(p.port == _PORT for p in s.ports)]
    usual = tuple(s for s in serving if (s.namespace, s.name) in _USUAL)
    return usual or tuple(serving)


def _behind(service: Service, cluster: Cluster) -> Iterator[Formula]:
    if service.selector is not None:
        yield pods_in(NamespaceNamed(service.namespace), service.selector)
    written = [ip for entry in cluster.written_endpoints(service) for ip in entry.addresses]
    outside = AddressSet.singles(written) - cluster.taken_addresses
    if outside:
        yield external(outside, "dns")
    for workload in cluster.workloads if written else ():
        if any(ip in written for ip in workload.ips):
            yield pods_of_workload(workload.namespace, workload.name)


def _led(asked: Ports, services: Iterable[Service], cluster: Cluster) -> Iterator[Ports]:
    for service in services:
        for port in service.ports:
            is_number = isinstance(asked, NumberedPorts) and asked.low == port.port and not asked.is_range
            if not is_number or asked.protocol is not port.protocol:
                continue
            if service.selector is not None and isinstance(port.target, int):
                yield NumberedPorts(port.protocol, port.target)
            elif service.selector is not None:
                yield from _named(str(port.target), port.protocol, service.selector, service.namespace, cluster)
            for entry in cluster.written_endpoints(service):
                for written in entry.ports:
                    if written.number and written.name == port.name and written.protocol is port.protocol:
                        yield NumberedPorts(port.protocol, written.number)


def _named(name: str, protocol: Protocol, selector: Selector, namespace: str, cluster: Cluster) -> Iterator[Ports]:
    """The numbers that declared servers give the name; the name itself where none is declared."""
    wanted = {r.key: r.values for r in selector.requirements}
    servers = [
        workload
        for workload in cluster.workloads_by_namespace.get(namespace, ())
        if all(workload.labels.get(key) in values for key, values in wanted.items())
    ]
    numbers = {p.number for w in servers for p in w.ports if p.name == name and p.protocol is protocol}
    yield from (NumberedPorts(protocol, number) for number in sorted(numbers))
    if not numbers:
        yield NamedPort(name, protocol)
