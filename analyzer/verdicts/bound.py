"""What a claim's words stand for in one cluster: `dns`, and `metadata-service`, with IPv6 where pods have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.encoding.scope import pod_addresses
from analyzer.encoding.walk import claim_sets
from analyzer.model.claims import DNS, METADATA, Addresses, Both, Claim, Either, Minus, SetExpr
from analyzer.model.cluster import Cluster
from analyzer.model.policies import AddressPeer
from analyzer.sets import AddressSet
from analyzer.verdicts.dns import dns_ports, dns_servers


def bound(claim: Claim, given: AddressSet | None, *clusters: Cluster) -> Claim:
    """The claim with its words put in force for a cluster, or for two revisions of one; `given` are the pods' addresses
    as the user gives them."""
    claim = _with_dns(claim, clusters[-1])
    if METADATA not in claim_sets(claim) or any(has_ipv6_pods(cluster, given) for cluster in clusters):
        return claim
    narrow = Addresses(AddressSet(METADATA.addresses.v4, ()), METADATA.text)

    def put(members: SetExpr) -> SetExpr:
        return _mapped(members, lambda leaf: narrow if leaf == METADATA else leaf)

    excuses = (replace(e, sources=put(e.sources), destinations=put(e.destinations)) for e in claim.excuses)
    destinations = None if claim.destinations is None else put(claim.destinations)
    return replace(claim, sources=put(claim.sources), destinations=destinations, excuses=tuple(excuses))


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
