"""The security groups of nodes, and of pods that have none of their own (aws.md S4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from analyzer.model.aws import NetworkInterface, NodeGroups
from analyzer.model.cluster import Cluster, Node
from analyzer.model.formulas import (
    FALSE,
    ON_NODES,
    TRUE,
    AtAddress,
    Attribute,
    Formula,
    Member,
    Name,
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
    negated,
)
from analyzer.model.memory import remembered
from analyzer.model.on_nodes import every_node_address
from analyzer.model.open_facts import OpenFact
from analyzer.model.placement import ADMITTED
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.without_agent import shows_fargate
from analyzer.sets import AddressSet

_COMMAND = "aws ec2 describe-network-interfaces"


class NodesGroups:
    """Each node has the groups of its primary interface.  `sorts`: the groups of each sort of nodes, where they are
    known of every node; `told`: those that pods on them have too, which they do unless a node has interfaces with
    others, or an ENIConfig or a NodeClass says so."""

    def __init__(self, profile: Profile, cluster: Cluster, direction: Direction) -> None:
        self.cluster = cluster
        self._has_others = every_node_address(cluster, profile) is None
        self._near = Role.SRC if direction is Direction.EGRESS else Role.DST
        found = _by_node(cluster.nodes, cluster.aws.interfaces)
        self._of_node = {name: groups for name, (groups, _) in found.items() if groups is not None}
        are_known = bool(found) and len(self._of_node) == len(found)
        is_plain = nodes_are_told(cluster)
        self.are_known = are_known
        self.sorts = tuple(self._sorts()) if are_known else ()
        self.told = self.sorts if is_plain else ()

    def _sorts(self) -> Iterable[NodeGroups]:
        sources = min((it.source for it in self.cluster.aws.interfaces), default=self.cluster.nodes[0].source)
        by_groups: dict[tuple[str, ...], list[str]] = {}
        for name, groups in self._of_node.items():
            by_groups.setdefault(groups, []).append(name)
        is_one = len(by_groups) == 1
        for groups, names in sorted(by_groups.items()):
            yield NodeGroups(groups, () if is_one else tuple(sorted(names)), sources)

    @property
    def all_groups(self) -> tuple[str, ...]:
        return tuple(sorted({id_ for sort in self.sorts for id_ in sort.groups}))

    def at(self, groups: NodeGroups, role: Role = Role.SELF) -> Formula:
        """The node, or a pod on its network, is one that has these."""
        if not groups.nodes and not self._has_others:
            return TRUE
        names = groups.nodes or tuple(self._of_node)
        return Member(role, AtAddress(self._addresses(names)))

    def elsewhere(self, role: Role = Role.SELF) -> Formula:
        """It is on a node that no Node object shows, so that nobody knows its groups."""
        if not self._has_others:
            return FALSE
        end = self._near if role is Role.SELF else role
        text = f"which security groups nodes have that are not among the objects is not known ({end.value})"
        fact = OpenFact("node-groups", f"node-groups {end.value} elsewhere", text)
        return both([negated(Member(role, AtAddress(self._addresses(self._of_node)))), Open(fact)])

    def _addresses(self, names: Collection[str]) -> AddressSet:
        return AddressSet.singles(ip for node in self.cluster.nodes if node.name in names for ip in node.ips)

    def on(self, groups: NodeGroups, role: Role = Role.SELF) -> Formula:
        """The pod is on a node that has these; nobody knows of one whose node is not known."""
        if not groups.nodes and not self._has_others:
            return TRUE
        text = f"whether the pod is on a node with security groups {', '.join(groups.groups)} is not known"
        end = self._near if role is Role.SELF else role
        fact = OpenFact("node-groups", f"node-groups {end.value} {groups.name}", text)
        there = self._placed(role, [groups])
        return either([there, both([negated(self._placed(role, self.told)), Open(fact)])])

    def _placed(self, role: Role, among: Iterable[NodeGroups]) -> Formula:
        """It is known to be on a node that has the groups of one of these; where there may be more nodes than are
        declared, what a pod asks of its node does not tell."""
        named = {_key(each.groups) for each in among}
        admitted = set() if self._has_others else {f"{ADMITTED}{key}" for key in named}
        return Test(Attribute(role, Name.NODE_GROUPS), frozenset(named | admitted))

    def pods_elsewhere(self, role: Role = Role.SELF) -> Formula:
        """The pod may be on a node that no Node object shows."""
        if not self._has_others:
            return FALSE
        end = self._near if role is Role.SELF else role
        text = f"whether the pod is on a node that is not among the objects is not known ({end.value})"
        fact = OpenFact("node-groups", f"node-groups {end.value} pods elsewhere", text)
        return both([negated(self._placed(role, self.told)), Open(fact)])

    def pods_have(self, id_: str, role: Role) -> Formula:
        """A pod without groups of its own has this one by its node."""
        if not self.told:
            return self._unknown(id_)
        there = [self.on(groups, role) for groups in self.told if id_ in groups.groups]
        return either([*there, self.pods_elsewhere(role)])

    def nodes_have(self, id_: str, role: Role) -> Formula:
        """A node, or a pod on its network, has it."""
        there = is_a(role, ON_NODES)
        if not self.are_known:
            return both([there, self._unknown(id_)])
        ips = self._addresses([name for name, groups in self._of_node.items() if id_ in groups])
        declared = Member(role, AtAddress(ips)) if ips else FALSE
        return both([there, either([declared, self.elsewhere(role)])])

    def lets_out(self, whens: Callable[[Iterable[str]], Formula]) -> Formula:
        """The groups of the pod's node let it out, by what their rules say."""
        if not self.told:
            text = f"what the nodes' security groups let out is not known: give the output of `{_COMMAND}`"
            return Open(OpenFact("node-groups", "node-groups egress", text))
        there = [both([self.on(groups), whens(groups.groups)]) for groups in self.told]
        return either([*there, self.pods_elsewhere()])

    @staticmethod
    def _unknown(id_: str) -> Formula:
        text = f"whether the nodes have security group {id_} is not known: give Nodes and the output of `{_COMMAND}`"
        return Open(OpenFact("node-groups", f"node-groups {id_}", text))


def nodes_are_told(cluster: Cluster) -> bool:
    """The groups of pods that have none of their own are known."""
    found = _by_node(cluster.nodes, cluster.aws.interfaces)
    return nodes_are_judged(cluster) and not _give_others(cluster) and all(is_alike for _, is_alike in found.values())


def nodes_are_judged(cluster: Cluster) -> bool:
    """The groups of every node are known, so that they are asked what nodes and pods on their network send."""
    found = _by_node(cluster.nodes, cluster.aws.interfaces)
    return bool(found) and all(groups is not None for groups, _ in found.values())


def _give_others(cluster: Cluster) -> bool:
    """Pods may have other groups than their node: by an ENIConfig or a NodeClass, or the cluster's on Fargate (N8)."""
    return cluster.aws.gives_pods_groups or bool(shows_fargate(cluster))


@remembered
def tells_node_groups(cluster: Cluster) -> bool:
    """Nodes differ in their groups, and of some workload it is known which those of its nodes are."""
    return any(workload.host.groups is not None for workload in cluster.workloads)


def differing_groups(nodes: Iterable[Node], interfaces: Collection[NetworkInterface]) -> Mapping[str, str]:
    """The groups of each node as one text, where they are known of every node and differ; else nothing."""
    found = {name: groups for name, (groups, _) in _by_node(nodes, interfaces).items()}
    if len(set(found.values())) < 2:
        return {}
    told = {name: _key(groups) for name, groups in found.items() if groups is not None}
    return told if len(told) == len(found) else {}


def _key(groups: tuple[str, ...]) -> str:
    return ",".join(groups)


def _by_node(
    nodes: Iterable[Node], interfaces: Collection[NetworkInterface]
) -> dict[str, tuple[tuple[str, ...] | None, bool]]:
    """The groups of each node, None where they are not known; and whether all of its interfaces have the same, but
    for those of single pods."""
    if not interfaces:
        return {}
    by_ip = {ip: it for it in interfaces for ip in it.ips if not it.is_branch}
    by_instance: dict[str, list[NetworkInterface]] = {}
    for it in interfaces:
        if it.instance and not it.is_branch:
            by_instance.setdefault(it.instance, []).append(it)
    found: dict[str, tuple[tuple[str, ...] | None, bool]] = {}
    for node in nodes:
        its = next((by_ip[ip] for ip in node.ips if ip in by_ip), None)
        if its is None:
            found[node.name] = None, True
            continue
        groups = tuple(sorted(its.groups))
        siblings = by_instance.get(its.instance, [its])
        found[node.name] = groups, all(tuple(sorted(one.groups)) == groups for one in siblings)
    return found
