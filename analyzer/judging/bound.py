"""What a claim's words stand for in one cluster: `dns`, where Services lead, whose an address is, which families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzer.encoding.scope import pod_addresses
from analyzer.encoding.walk import claim_sets
from analyzer.judging.at_nodes import asks_nodes, at_nodes
from analyzer.judging.dns import dns_ports, dns_servers
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster, Service, ServicePort
from analyzer.model.ends import (
    DNS,
    EXTERNAL,
    METADATA_ADDRESSES,
    NODES,
    NOTHING,
    ApiServer,
    Behind,
    DnsServers,
    Domains,
    LedPort,
    ServiceNamed,
    Spelt,
    Unknown,
    external,
    meant,
    pods_in,
    with_address,
)
from analyzer.model.formulas import AtAddress, Formula, Leaf, Member, both, either, leaves, leaves_once, with_leaves
from analyzer.model.knobs import api_server_places
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.leading import behind, led_ports, members_of
from analyzer.model.memory import Together, remembered
from analyzer.model.pipeline import Entry
from analyzer.model.policies import NamespaceNamed, NamespacesMatching, NumberedPorts, Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.sets import AddressSet


def bound(
    claim: Claim, given: AddressSet | None, profile: Profile, *clusters: Cluster, before: Profile | None = None
) -> Claim:
    """The claim with its words put in force for a cluster, or for two revisions of one; `given` are the pods' addresses
    as the user gives them, `before` the profile of the first revision, where it is another.

    Of two revisions the later one says where Services lead.
    """
    cluster = clusters[-1]
    claim = _with_dns(claim, cluster)
    has_ipv6 = METADATA_ADDRESSES not in claim_sets(claim) or any(
        has_ipv6_pods(each, given, profile if each is cluster else before or profile) for each in clusters
    )

    def put(members: Formula, is_destination: bool, *, meets_nodes: bool = False) -> Formula:
        def read(leaf: Leaf) -> Formula:
            match leaf:
                case Member(role, AtAddress(addresses, text)) if not has_ipv6 and leaf == METADATA_ADDRESSES:
                    return Member(role, AtAddress(AddressSet(addresses.v4, ()), text))
                case Member(_, Spelt(addresses) as spelt):
                    led = at_nodes(addresses, claim, cluster) if meets_nodes else ()
                    return either([*_spelt(spelt, cluster, is_destination), *led])
                case Member(_, ServiceNamed() as service):
                    return _service(service, cluster, is_destination)
                case Member(_, ApiServer()):
                    return api_server(cluster, profile, is_destination)
                case Member(_, Domains(names)):
                    text = f"which addresses {' and '.join(f'`{name}`' for name in names)} stand for"
                    return meant(Unknown(text, _named(names, cluster)))
                case _:
                    return leaf

        return with_leaves(members, read)

    meets_nodes = asks_nodes(claim)  # what is excused, or permitted, is no more than what it says
    found = claim.with_sets(lambda it: put(it, False), lambda it: put(it, True))
    if claim.destinations is not None and meets_nodes:
        found = replace(found, destinations=put(claim.destinations, True, meets_nodes=True))
    return found


def looked_up(members: ServiceNamed | ApiServer, cluster: Cluster, profile: Profile) -> Formula:
    """What a Service or the API server is as a destination: `Behind` it, `Unknown`, or nothing."""
    if isinstance(members, ServiceNamed):
        return _service(members, cluster, True)
    return api_server(cluster, profile, True)


def bound_pods(members: Formula, profile: Profile, cluster: Cluster) -> Formula:
    """A set of pods with its words put in force; ends of which nobody knows which they are, are none."""

    def read(leaf: Leaf) -> Formula:
        match leaf:
            case Member(_, DnsServers()):
                return dns_servers(cluster)
            case Member(_, ServiceNamed() as service):
                found = _service(service, cluster, False)
            case Member(_, ApiServer()):
                found = api_server(cluster, profile, False)
            case Member(_, Domains()):
                return NOTHING
            case Member(_, Spelt(addresses, text)):
                return external(addresses, text)
            case _:
                return leaf
        return NOTHING if isinstance(found, Member) and isinstance(found.ends, Unknown) else found

    return with_leaves(members, read)


def _spelt(spelt: Spelt, cluster: Cluster, is_destination: bool) -> Iterator[Formula]:
    """The addresses outside, the declared nodes that have one of them, and what stands behind Services that do.

    No connection comes from a Service's address: among the sources it means nothing.
    """
    yield external(spelt.addresses, spelt.text)
    nodes = AddressSet.singles(ip for node in cluster.nodes for ip in node.ips) & spelt.addresses
    if nodes:
        yield both([NODES, with_address(nodes)])
    if is_destination and cluster.service_addresses & spelt.addresses:
        yield from map(meant, services_at(spelt.addresses, cluster))


def services_at(addresses: AddressSet, cluster: Cluster) -> Iterator[Behind]:
    """What stands behind each Service that has one of the addresses, by way of those it has."""
    own = addresses & cluster.service_addresses
    for service in cluster.services:
        if any(ip in own for ip in service.addresses):
            yield behind(service.id, led_ports(cluster, service), own)


def _service(leaf: ServiceNamed, cluster: Cluster, is_destination: bool) -> Formula:
    service = cluster.service_by_name.get((leaf.namespace, leaf.name))
    if service is None:
        return NOTHING
    if service.external_name:
        text = f"which addresses `{service.external_name}` stands for, the name that {service.id} is another name of"
        return meant(Unknown(text, _named([service.external_name], cluster)))
    found = behind(f"service {leaf.namespace}/{leaf.name}", led_ports(cluster, service))
    return meant(found) if is_destination else members_of(found)


def _named(names: Iterable[str], cluster: Cluster) -> Formula:
    """All that one of the domain names can stand for: addresses outside, and where it is one of the cluster's own nodes
    and the pods of its namespace too (reference 0.2, domainNames)."""
    found = [EXTERNAL]
    for own in filter(None, map(cluster.domain_of_cluster, names)):
        pods = NamespacesMatching(Selector.EVERYTHING) if own.namespace is None else NamespaceNamed(own.namespace)
        found += [NODES, pods_in(pods)]
    return either(dict.fromkeys(found))


def api_server(cluster: Cluster, profile: Profile, is_destination: bool) -> Formula:
    """The API server: where the knob says, else where Service default/kubernetes leads, and its pods."""
    if profile.kube_apiserver:
        found = behind("apiserver", _at_knob(profile.kube_apiserver))
    else:
        service = cluster.service_by_name.get(("default", "kubernetes"), _KUBERNETES)
        found = behind("apiserver", (*_own_ports(led_ports(cluster, service)), *_own_pods(cluster)))
    if not found.ports:
        # Nor is it known on which port, whatever the Service calls it.
        whichever = LedPort("apiserver", 0, "", Protocol.TCP, NumberedPorts(Protocol.TCP), API_SERVER_AMONG)
        among = meant(Behind("apiserver", (whichever,))) if is_destination else API_SERVER_AMONG
        return meant(Unknown("where the API server is (knob kube-apiserver)", among))
    return meant(found) if is_destination else members_of(found)


API_SERVER_AMONG = either((EXTERNAL, NODES))
_KUBERNETES = Service("default", "kubernetes", None, (ServicePort(443, 443, Protocol.TCP, name="https"),), False, False)
_ITS_PODS = Selector((Requirement("component", Operator.IN, frozenset({"kube-apiserver"})),))


def _at_knob(text: str) -> Iterator[LedPort]:
    for address, port in api_server_places(text):
        target = None if port is None else NumberedPorts(Protocol.TCP, port)
        yield LedPort("apiserver", port or 0, "", Protocol.TCP, target, with_address(AddressSet.single(address)))


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
        members = pods_in(NamespaceNamed("kube-system"), _ITS_PODS)
        yield LedPort("apiserver", 0, "", Protocol.TCP, None, members)


def _with_dns(claim: Claim, cluster: Cluster) -> Claim:
    """The claim with the servers that pods ask in place of `dns`.  Where it speaks of connections to these alone, its
    ports are those of the DNS Service, and lead to the servers' own."""
    if DNS not in (leaf for members in claim.sets for leaf in leaves(members)):
        return claim
    servers = dns_servers(cluster)

    def put(members: Formula) -> Formula:
        return with_leaves(members, lambda leaf: servers if leaf == DNS else leaf)

    excuses = (
        replace(e, ports=dns_ports(e.ports, cluster)) if e.ports is not None and e.destinations == DNS else e
        for e in claim.excuses
    )
    ports = dns_ports(claim.ports, cluster) if claim.destinations == DNS else claim.ports
    return replace(claim, ports=ports, excuses=tuple(excuses)).with_sets(put, put)


def has_ipv6_pods(cluster: Cluster, given: AddressSet | None, profile: Profile) -> bool:
    """Whether something says that pods have IPv6 addresses: what is known of them; else an address of a node, or a
    policy that speaks of IPv6, which nobody writes where there is none."""
    declared = any(node.pod_addresses for node in cluster.nodes)
    if given is not None or declared:
        return bool(pod_addresses(cluster, given).v6)
    if cluster.known_pod_addresses:
        return bool(cluster.known_pod_addresses.v6)
    return any(ip.version == 6 for node in cluster.nodes for ip in node.ips) or _mentions_ipv6(cluster, profile)


def _mentions_ipv6(cluster: Cluster, profile: Profile) -> bool:
    return bool(_of_ipv6(cluster).of(pipeline_of(profile, cluster).entries))


@remembered
def _of_ipv6(cluster: Cluster) -> Together[Entry, str]:
    """Room for what policies say together of IPv6, whatever the cluster."""
    return Together(_said_of_ipv6)


def _said_of_ipv6(entry: Entry) -> list[str]:
    rules = (rule.when for rule in entry.rules if rule.rule is not None and entry.policy is not None)
    ends = (leaf.ends for leaf in leaves_once(rules) if isinstance(leaf, Member))
    spoken = (it for it in ends if isinstance(it, AtAddress) and it.addresses.v6 and (it.text or not it.addresses.v4))
    return list(dict.fromkeys(it.text for it in spoken))
