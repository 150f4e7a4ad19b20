"""Nodes by their labels, and pods on their network, of which the node may not be known (reference B3, calico-cilium.md
2.11, 2.16)."""

from __future__ import annotations

from analyzer.model.cluster import Cluster, Workload
from analyzer.model.formulas import (
    ON_NODES,
    TRUE,
    AtAddress,
    EndKind,
    Formula,
    Member,
    OnNodes,
    Open,
    Role,
    both,
    either,
    is_a,
    negated,
)
from analyzer.model.open_facts import OpenFact
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet

_HOST_PODS = frozenset({EndKind.HOST_POD})


def node_addresses(cluster: Cluster) -> AddressSet:
    """Those of the declared nodes."""
    return AddressSet.singles(ip for node in cluster.nodes for ip in node.ips)


def every_node_address(cluster: Cluster, profile: Profile) -> AddressSet | None:
    """Where every node is, and so every pod on a node's network; None where there may be others."""
    if not (profile.nodes_complete and cluster.nodes and all(node.ips for node in cluster.nodes)):
        return None
    known = node_addresses(cluster)
    return known if all(ip in known for w in cluster.on_host_network for ip in w.ips) else None


def node_places(cluster: Cluster, profile: Profile) -> AddressSet | None:
    """The same of each family of addresses of which any is known; None where neither is bounded."""
    known = every_node_address(cluster, profile)
    return None if known is None else AddressSet(known.v4 or AddressSet.FULL.v4, known.v6 or AddressSet.FULL.v6)


def room_of(workload: Workload, cluster: Cluster, profile: Profile) -> AddressSet | None:
    """Where pods on their nodes' network can be of which nobody knows where they are; None: at any address."""
    known = every_node_address(cluster, profile)
    if known is None or not workload.room:
        return known
    return AddressSet.singles(ip for node in cluster.nodes if node.name in workload.room for ip in node.ips)


def on_nodes(role: Role, labels: Formula, end: Role, cluster: Cluster, profile: Profile) -> Formula:
    """On a node whose labels meet the formula over SELF.  Nobody knows the labels of a node that is not declared, which
    a pod on its network may be on; `end` is the end that `role` is, source or destination."""
    if labels == TRUE:
        return is_a(role, ON_NODES)
    told = Member(role, OnNodes(labels))
    if every_node_address(cluster, profile) is not None:
        return told
    at_declared = node_addresses(cluster)
    elsewhere = negated(Member(role, AtAddress(at_declared))) if at_declared else TRUE
    text = f"whether the node that the {_WORDS[end]} is on has the labels that a policy asks for is not known"
    fact = OpenFact("node-labels", f"{end.value} {labels}", text)
    return either([told, both([is_a(role, _HOST_PODS), elsewhere, Open(fact)])])


_WORDS = {Role.SRC: "source", Role.DST: "destination"}
