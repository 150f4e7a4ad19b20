"""Ends that have other addresses in one revision than in the other, where a rule can tell these apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeGuard

from analyzer.encoding import pod_addresses
from analyzer.encoding.common_universe import is_on_host
from analyzer.model.cluster import Cluster, Node
from analyzer.model.policies import AddressPeer, Direction, NodePeer, Peer, Protocol
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet


def moved_addresses(old: Cluster, new: Cluster, profile: Profile, given: AddressSet | None) -> tuple[str, ...]:
    """What moved, in words: podCIDRs of nodes, a workload that joins its node's network or leaves it, nodes with other
    addresses or labels, and ports of nodes that lead to a workload in one revision only."""
    if not profile.enforces:
        return ()
    peers = [peer for side in (old, new) for peer in _peers(side)]
    found: list[str] = []
    before, after = (pod_addresses(side, given) for side in (old, new))
    if before != after and _are_told_apart(before, after, [p.addresses for p in peers if _means_pods(p, profile)]):
        found.append(f"the addresses of pods lie in {_text(after)}, those of the other revision in {_text(before)}")
    if any(isinstance(peer, AddressPeer | NodePeer) for peer in peers):
        for side, other in ((old, new), (new, old)):
            found += [f"{w.id} ({w.source})" for w in side.workloads if w.host_network != is_on_host(w, other)]
            found += [f"node {n.name} ({n.source})" for n in side.nodes if not _is_as_in(n, other)]
            ports = _host_ports(other)
            there = _host_ports(side)
            found += [f"{w.id} ({w.source})" for w in side.workloads if w.id in ports and there[w.id] != ports[w.id]]
    return tuple(dict.fromkeys(found))


def _is_as_in(node: Node, other: Cluster) -> bool:
    twin = other.node_by_name.get(node.name)
    return twin is not None and (set(twin.ips), twin.labels) == (set(node.ips), node.labels)


def _host_ports(cluster: Cluster) -> dict[str, frozenset[tuple[Protocol, int, int]]]:
    """By the id of a workload: protocol, port of the node, port of the pod."""
    return {
        w.id: frozenset((p.protocol, p.host_port, p.number) for p in w.ports if p.host_port) for w in cluster.workloads
    }


def _means_pods(peer: Peer, profile: Profile) -> TypeGuard[AddressPeer]:
    if not isinstance(peer, AddressPeer):
        return False
    return profile.ipblock_matches_pods if peer.matches_cluster is None else peer.matches_cluster


def _are_told_apart(before: AddressSet, after: AddressSet, blocks: Iterable[AddressSet]) -> bool:
    """Some part of the addresses between the borders of the blocks holds pods on one side only."""
    parts = [AddressSet(before.v4 and after.v4 and AddressSet.FULL.v4, before.v6 and after.v6 and AddressSet.FULL.v6)]
    if (bool(before.v4), bool(before.v6)) != (bool(after.v4), bool(after.v6)):
        return True
    for block in dict.fromkeys(blocks):
        parts = [piece for part in parts for piece in (part & block, part - block) if piece]
    families = [p for part in parts for p in (AddressSet(part.v4, ()), AddressSet((), part.v6)) if p]
    return any(bool(part & before) != bool(part & after) for part in families)


def _peers(cluster: Cluster) -> Iterator[Peer]:
    for policy in cluster.policies:
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                yield from rule.peers or ()


def _text(addresses: AddressSet) -> str:
    networks = addresses.networks()
    return ", ".join(map(str, networks[:6])) + (" …" if len(networks) > 6 else "")
