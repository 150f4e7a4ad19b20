"""Ends that have other addresses in one revision than in the other, where a rule can tell these apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.encoding import pod_addresses
from analyzer.encoding.common_universe import is_on_host
from analyzer.model.cluster import Cluster, Node
from analyzer.model.formulas import (
    All,
    AtAddress,
    EndKind,
    Formula,
    Member,
    Not,
    OfKind,
    OnNodes,
    OnNodesOf,
    Role,
    Some,
    leaves_once,
)
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import is_enforcing, pipeline_of
from analyzer.sets import AddressSet


def moved_addresses(
    old: Cluster, new: Cluster, profiles: tuple[Profile, Profile], given: AddressSet | None
) -> tuple[str, ...]:
    """What moved, in words: podCIDRs of nodes, a workload that joins its node's network or leaves it, nodes with other
    addresses or labels, and ports of nodes that lead to a workload in one revision only."""
    sides = tuple(zip(profiles, (old, new), strict=True))
    if not any(is_enforcing(*side) for side in sides):
        return ()
    before, after = (pod_addresses(side, given) for side in (old, new))
    if before == after and old.workloads is new.workloads and old.nodes is new.nodes:
        return ()  # the ends are the very same
    rules = [rule.when for side in sides for _, _, rule in pipeline_of(*side).rules]
    found: list[str] = []
    if before != after and _are_told_apart(before, after, (block for rule in rules for block in _blocks_of_pods(rule))):
        found.append(f"the addresses of pods lie in {_text(after)}, those of the other revision in {_text(before)}")
    ends = (leaf.ends for leaf in leaves_once(rules) if isinstance(leaf, Member))
    if any(isinstance(it, AtAddress | OnNodes | OnNodesOf) for it in ends):
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


def _blocks_of_pods(formula: Formula, others: frozenset[Role] = frozenset()) -> Iterator[AddressSet]:
    """The address ranges that pods may be in; `others`: the ends that are no pods where the formula is asked."""
    match formula:
        case All(parts):
            kinds = ((part.role, part.ends) for part in parts if isinstance(part, Member))
            others |= {role for role, ends in kinds if isinstance(ends, OfKind) and EndKind.POD not in ends.kinds}
            for part in parts:
                yield from _blocks_of_pods(part, others)
        case Some(parts):
            for part in parts:
                yield from _blocks_of_pods(part, others)
        case Not(part):
            yield from _blocks_of_pods(part, others)
        case Member(role, AtAddress(addresses)) if role not in others:
            yield addresses
        case _:
            pass


def _are_told_apart(before: AddressSet, after: AddressSet, blocks: Iterable[AddressSet]) -> bool:
    """Some part of the addresses between the borders of the blocks holds pods on one side only."""
    parts = [AddressSet(before.v4 and after.v4 and AddressSet.FULL.v4, before.v6 and after.v6 and AddressSet.FULL.v6)]
    if (bool(before.v4), bool(before.v6)) != (bool(after.v4), bool(after.v6)):
        return True
    for block in dict.fromkeys(blocks):
        parts = [piece for part in parts for piece in (part & block, part - block) if piece]
    families = [p for part in parts for p in (AddressSet(part.v4, ()), AddressSet((), part.v6)) if p]
    return any(bool(part & before) != bool(part & after) for part in families)


def _text(addresses: AddressSet) -> str:
    networks = addresses.networks()
    return ", ".join(map(str, networks[:6])) + (" …" if len(networks) > 6 else "")
