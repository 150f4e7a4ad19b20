"""What a claim's words stand for in one cluster: `dns`, where Services lead, whose an address is, which families."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analyzer.encoding.scope import pod_addresses
from analyzer.encoding.walk import claim_sets
from analyzer.judging.at_nodes import asks_nodes, at_nodes
from analyzer.judging.dns import dns_ports, dns_servers
from analyzer.model.claims import (
    DNS,
    METADATA,
    NOTHING,
    Addresses,
    ApiServer,
    At,
    Behind,
    Both,
    Claim,
    Domains,
    Either,
    LedPort,
    Minus,
    Nodes,
    PodsIn,
    ServiceNamed,
    SetExpr,
    Unknown,
)
from analyzer.model.cluster import Cluster, Service, ServicePort
from analyzer.model.knobs import api_server_places
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.leading import behind, led_ports, members_of
from analyzer.model.policies import AddressPeer, NamespaceNamed, NumberedPorts, Protocol
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet


def bound(claim: Claim, given: AddressSet | None, profile: Profile, *clusters: Cluster) -> Claim:
    """The claim with its words put in force for a cluster, or for two revisions of one; `given` are the pods' addresses
    as the user gives them.

    Of two revisions the later one says where Services lead.
    """
    cluster = clusters[-1]
    claim = _with_dns(claim, cluster)
    has_ipv6 = METADATA not in claim_sets(claim) or any(has_ipv6_pods(each, given) for each in clusters)

    def put(leaf: SetExpr, is_destination: bool, *, meets_nodes: bool = False) -> SetExpr:
        match leaf:
            case Addresses() if leaf == METADATA and not has_ipv6:
                return Addresses(AddressSet(METADATA.addresses.v4, ()), METADATA.text)
            case Addresses(addresses) if leaf.are_spelt:
                found = _spelt(leaf, addresses, cluster, is_destination)
                led = tuple(at_nodes(addresses, claim, cluster)) if meets_nodes else ()
                return Either((found, *led)) if led else found
            case ServiceNamed():
                return _service(leaf, cluster, is_destination)
            case ApiServer():
                return api_server(cluster, profile, is_destination)
            case Domains(names):
                text = f"which addresses outside {' and '.join(f'`{name}`' for name in names)} stand for"
                return Unknown(text, Addresses(AddressSet.FULL, "external"))
            case _:
                return leaf

    def source(members: SetExpr) -> SetExpr:
        return _mapped(members, lambda leaf: put(leaf, False))

    def destination(members: SetExpr) -> SetExpr:
        return _mapped(members, lambda leaf: put(leaf, True))

    destinations = claim.destinations
    if destinations is not None:  # what is excused, or permitted, is no more than what it says
        meets_nodes = asks_nodes(claim)
        destinations = _mapped(destinations, lambda leaf: put(leaf, True, meets_nodes=meets_nodes))
    excuses = (replace(e, sources=source(e.sources), destinations=destination(e.destinations)) for e in claim.excuses)
    found = replace(claim, sources=source(claim.sources), destinations=destinations, excuses=tuple(excuses))
    return claim if found == claim else found


def looked_up(members: ServiceNamed | ApiServer, cluster: Cluster, profile: Profile) -> SetExpr:
    """What a Service or the API server is as a destination: `Behind` it, `Unknown`, or nothing."""
    if isinstance(members, ServiceNamed):
        return _service(members, cluster, True)
    return api_server(cluster, profile, True)


def bound_pods(members: SetExpr, profile: Profile, cluster: Cluster) -> SetExpr:
    """A set of pods with its words put in force; ends of which nobody knows which they are, are none."""

    def put(leaf: SetExpr) -> SetExpr:
        match leaf:
            case ServiceNamed():
                found = _service(leaf, cluster, False)
            case ApiServer():
                found = api_server(cluster, profile, False)
            case Domains():
                found = NOTHING
            case _:
                found = leaf
        return NOTHING if isinstance(found, Unknown) else found

    return _mapped(members, put)


def _spelt(leaf: Addresses, addresses: AddressSet, cluster: Cluster, is_destination: bool) -> SetExpr:
    """The addresses outside, the declared nodes that have one of them, and what stands behind Services that do.

    No connection comes from a Service's address: among the sources it means nothing.
    """
    parts: list[SetExpr] = [replace(leaf, are_looked_up=True)]
    nodes = AddressSet.singles(ip for node in cluster.nodes for ip in node.ips) & addresses
    if nodes:
        parts.append(Both((Nodes(), At(nodes))))
    if is_destination and cluster.service_addresses & addresses:
        parts += services_at(addresses, cluster)
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def services_at(addresses: AddressSet, cluster: Cluster) -> Iterator[Behind]:
    """What stands behind each Service that has one of the addresses, by way of those it has."""
    own = addresses & cluster.service_addresses
    for service in cluster.services:
        if any(ip in own for ip in service.addresses):
            yield behind(service.id, led_ports(cluster, service), own)


def _service(leaf: ServiceNamed, cluster: Cluster, is_destination: bool) -> SetExpr:
    service = cluster.service_by_name.get((leaf.namespace, leaf.name))
    if service is None:
        return NOTHING
    if service.external_name:
        text = f"which addresses `{service.external_name}` stands for, the name that {service.id} is another name of"
        return Unknown(text, Addresses(AddressSet.FULL, "external"))
    found = behind(f"service {leaf.namespace}/{leaf.name}", led_ports(cluster, service))
    return found if is_destination else members_of(found)


def api_server(cluster: Cluster, profile: Profile, is_destination: bool) -> SetExpr:
    """The API server: where the knob says, else where Service default/kubernetes leads, and its pods."""
    if profile.kube_apiserver:
        found = behind("apiserver", _at_knob(profile.kube_apiserver))
    else:
        service = cluster.service_by_name.get(("default", "kubernetes"), _KUBERNETES)
        found = behind("apiserver", (*_own_ports(led_ports(cluster, service)), *_own_pods(cluster)))
    if not found.ports:
        # Nor is it known on which port, whatever the Service calls it.
        whichever = LedPort("apiserver", 0, "", Protocol.TCP, NumberedPorts(Protocol.TCP), API_SERVER_AMONG)
        among = Behind("apiserver", (whichever,)) if is_destination else API_SERVER_AMONG
        return Unknown("where the API server is (knob kube-apiserver)", among)
    return found if is_destination else members_of(found)


API_SERVER_AMONG = Either((Addresses(AddressSet.FULL, "external"), Nodes()))
_KUBERNETES = Service("default", "kubernetes", None, (ServicePort(443, 443, Protocol.TCP, name="https"),), False, False)
_ITS_PODS = Selector((Requirement("component", Operator.IN, frozenset({"kube-apiserver"})),))


def _at_knob(text: str) -> Iterator[LedPort]:
    for address, port in api_server_places(text):
        target = None if port is None else NumberedPorts(Protocol.TCP, port)
        yield LedPort("apiserver", port or 0, "", Protocol.TCP, target, At(AddressSet.single(address)))


def _own_ports(ports: Iterable[LedPort]) -> Iterator[LedPort]:
    """Each port by the Service's number and by its own: people know the API server by both."""
    for port in ports:
        yield port
        if isinstance(port.target, NumberedPorts) and port.target.low not in (None, port.number):
            yield replace(port, number=port.target.low or 0, addresses=())


def _own_pods(cluster: Cluster) -> Iterator[LedPort]:
    found = [
        w
        for w in cluster.workloads_by_namespace.get("kube-system", ())
        if w.labels.get("component") == "kube-apiserver"
    ]
    if found:
        members = PodsIn(NamespaceNamed("kube-system"), _ITS_PODS)
        yield LedPort("apiserver", 0, "", Protocol.TCP, None, members)


def _with_dns(claim: Claim, cluster: Cluster) -> Claim:
    """The claim with the servers that pods ask in place of `dns`.  Where it speaks of connections to these alone, its
    ports are those of the DNS Service, and lead to the servers' own."""
    members = [claim.sources, claim.destinations, *(m for e in claim.excuses for m in (e.sources, e.destinations))]
    if not any(m is not None and _holds_dns(m) for m in members):
        return claim
    servers = dns_servers(cluster)

    def put(members: SetExpr) -> SetExpr:
        return _mapped(members, lambda leaf: servers if leaf == DNS else leaf)

    excuses = (
        replace(
            e,
            sources=put(e.sources),
            destinations=put(e.destinations),
            ports=dns_ports(e.ports, cluster) if e.ports is not None and e.destinations == DNS else e.ports,
        )
        for e in claim.excuses
    )
    return replace(
        claim,
        sources=put(claim.sources),
        destinations=None if claim.destinations is None else put(claim.destinations),
        ports=dns_ports(claim.ports, cluster) if claim.destinations == DNS else claim.ports,
        excuses=tuple(excuses),
    )


def _holds_dns(members: SetExpr) -> bool:
    match members:
        case Either(parts) | Both(parts):
            return members == DNS or any(map(_holds_dns, parts))
        case Minus(base, taken):
            return _holds_dns(base) or _holds_dns(taken)
        case _:
            return False


def has_ipv6_pods(cluster: Cluster, given: AddressSet | None) -> bool:
    """Whether something says that pods have IPv6 addresses: what is known of them; else an address of a node, or a
    policy that speaks of IPv6, which nobody writes where there is none."""
    declared = any(node.pod_addresses for node in cluster.nodes)
    if given is not None or declared:
        return bool(pod_addresses(cluster, given).v6)
    if cluster.known_pod_addresses:
        return bool(cluster.known_pod_addresses.v6)
    return any(ip.version == 6 for node in cluster.nodes for ip in node.ips) or _mentions_ipv6(cluster)


def _mentions_ipv6(cluster: Cluster) -> bool:
    return any(
        isinstance(peer, AddressPeer) and peer.addresses.v6
        for policy in cluster.policies
        for rule in (*(policy.ingress or ()), *(policy.egress or ()))
        for peer in rule.peers or ()
    )


def _mapped(members: SetExpr, put: Callable[[SetExpr], SetExpr]) -> SetExpr:
    match members:
        case Either() if members == DNS:
            return put(members)
        case Either(parts):
            return Either(tuple(_mapped(part, put) for part in parts))
        case Both(parts):
            return Both(tuple(_mapped(part, put) for part in parts))
        case Minus(base, taken):
            return Minus(_mapped(base, put), _mapped(taken, put))
        case leaf:
            return put(leaf)
