"""The security groups of nodes, and of pods that have none of their own (aws.md S4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

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
from analyzer.model.source import Source
from analyzer.model.without_agent import WithoutAgent
from analyzer.sets import AddressSet

_COMMAND = "aws ec2 describe-network-interfaces"


class NodesGroups:
    """Each node has the groups of its primary interface.  `sorts`: the groups of each sort of nodes, where they are
    known of every node; `told`: all that pods on them may have, empty where nothing tells.  These are those of their
    node, unless it has interfaces with others, or ENIConfigs count."""

    def __init__(self, cluster: Cluster, profile: Profile, direction: Direction, without: WithoutAgent) -> None:
        self.cluster, self._without = cluster, without
        self._has_others = every_node_address(cluster, profile) is None
        self._near = Role.SRC if direction is Direction.EGRESS else Role.DST
        found = _by_node(cluster.nodes, cluster.aws.interfaces)
        self._of_node = {name: groups for name, (groups, _) in found.items() if groups is not None}
        self.are_known = nodes_are_judged(cluster)
        self.sorts = tuple(self._sorts()) if self.are_known else ()
        sets, self._is_told = _sets_of_pods(cluster)
        of_nodes = frozenset(sort.groups for sort in self.sorts)
        self.follows_nodes = sets == of_nodes and not _may_differ(cluster)
        self._of_one_sort = of_nodes - _beside_nodes(cluster)
        self.told = self.sorts if self.follows_nodes else tuple(self._of_sets(sets))

    def _sorts(self) -> Iterable[NodeGroups]:
        by_groups: dict[tuple[str, ...], list[str]] = {}
        for name, groups in self._of_node.items():
            by_groups.setdefault(groups, []).append(name)
        is_one = len(by_groups) == 1
        for groups, names in sorted(by_groups.items()):
            yield NodeGroups(groups, () if is_one else tuple(sorted(names)), self._source())

    def _of_sets(self, sets: Iterable[tuple[str, ...]]) -> Iterable[NodeGroups]:
        """Those that no node but some may give stand first: what is left is the last."""
        ordered = sorted(sets, key=lambda groups: (groups not in self._of_one_sort, groups))
        return (NodeGroups(groups, (), self._source()) for groups in ordered)

    def _source(self) -> Source:
        aws = self.cluster.aws
        return min(it.source for it in (aws.interfaces or aws.eni_configs or self.cluster.nodes))

    @property
    def all_groups(self) -> tuple[str, ...]:
        return tuple(sorted({id_ for sort in self.told for id_ in sort.groups}))

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

    # -------------------------------------------------------------------------------------------- pods
    def on(self, groups: NodeGroups, role: Role = Role.SELF) -> Formula:
        """The pod has these, of all that are told: its node's where that is known, else one of them."""
        return self._one_of(self.told, groups, role, is_by_node=self.follows_nodes)

    def pods_elsewhere(self, role: Role = Role.SELF) -> Formula:
        """It may have others, which nothing tells, and these let it through."""
        return self._others(role, "pass", is_by_node=self.follows_nodes)

    def _one_of(self, every: Sequence[NodeGroups], groups: NodeGroups, role: Role, *, is_by_node: bool) -> Formula:
        """One of all, or others: the first that is so of those before the last."""
        end = self._near if role is Role.SELF else role
        of = "node's" if is_by_node else "pod's"
        choices: list[Formula] = []
        for one in every[: every.index(groups) + 1]:
            text = f"whether the pod is on a node with security groups {', '.join(one.groups)} is not known"
            if not is_by_node:
                text = f"whether the pod's interface has security groups {', '.join(one.groups)} is not known"
                text += f": {why}" if (why := _why_others(self.cluster)) else ""
            fact = Open(OpenFact("node-groups", f"node-groups {end.value} {of} {one.name}", text))
            choices.append(fact if is_by_node else both([fact, negated(self._on_other_nodes(role, one))]))
        own = TRUE if groups == every[-1] else choices[-1]
        chosen = both([*(negated(it) for it in choices[:-1]), own, negated(self._others(role, "shut"))])
        if not is_by_node:
            return chosen
        return either([self._placed(role, [groups]), both([negated(self._placed(role, every)), chosen])])

    def _on_other_nodes(self, role: Role, groups: NodeGroups) -> Formula:
        """It is known to be on a node of another sort, and these are none that a node of any sort may give."""
        if groups.groups not in self._of_one_sort or self._of_one_sort >= {one.groups for one in self.told}:
            return FALSE
        return self._placed(role, [sort for sort in self.sorts if sort.groups != groups.groups])

    def _others(self, role: Role, how: str, *, is_by_node: bool = False) -> Formula:
        """The pod has groups that nothing tells, and they let it through, or do not."""
        end = self._near if role is Role.SELF else role

        def is_open(what: str, text: str) -> Formula:
            fact = OpenFact("node-groups", f"node-groups {end.value} {what} {how}", f"{text} is not known")
            return Open(fact)

        found: list[Formula] = []
        if self._has_others:
            where = f"whether the pod is on a node that is not among the objects ({end.value})"
            found.append(is_open("pods elsewhere", where))
        if not self._is_told:
            why = _why_others(self.cluster) or f"give Nodes, and the output of `{_COMMAND}`"
            found.append(is_open("pods untold", f"which security groups the pod's interface has ({why})"))
        if (fargate := self._without.on_fargate(role)) != FALSE:
            found.append(both([fargate, is_open("fargate", "which security groups pods on Fargate have")]))
        return both([negated(self._placed(role, self.told)), either(found)]) if is_by_node else either(found)

    def _placed(self, role: Role, among: Iterable[NodeGroups]) -> Formula:
        """It is known to be on a node that has the groups of one of these; where there may be more nodes than are
        declared, what a pod asks of its node does not tell."""
        named = {_key(each.groups) for each in among}
        admitted = set() if self._has_others else {f"{ADMITTED}{key}" for key in named}
        return Test(Attribute(role, Name.NODE_GROUPS), frozenset(named | admitted))

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
        """The groups of the primary interface of the pod's node let it out, by what their rules say."""
        if not self.sorts:
            text = f"what the nodes' security groups let out is not known: give the output of `{_COMMAND}`"
            return Open(OpenFact("node-groups", "node-groups egress", text))
        there = [
            both([self._one_of(self.sorts, sort, Role.SELF, is_by_node=True), whens(sort.groups)])
            for sort in self.sorts
        ]
        return either([*there, self._others(Role.SELF, "pass", is_by_node=True)])

    @staticmethod
    def _unknown(id_: str) -> Formula:
        text = f"whether the nodes have security group {id_} is not known: give Nodes and the output of `{_COMMAND}`"
        return Open(OpenFact("node-groups", f"node-groups {id_}", text))


def _sets_of_pods(cluster: Cluster) -> tuple[frozenset[tuple[str, ...]], bool]:
    """All groups that pods without their own may have, by what is told; and whether these are all."""
    aws, found = cluster.aws, _by_node(cluster.nodes, cluster.aws.interfaces)
    known = nodes_are_judged(cluster)
    of_nodes = frozenset(groups for groups, _ in found.values() if groups is not None) if known else frozenset()
    of_others = frozenset(it for _, others in found.values() for it in others) if known else frozenset()
    configs = () if aws.custom_network is False else aws.eni_configs
    sets = frozenset(tuple(sorted(config.groups)) for config in configs if config.groups)
    is_told = not any(one.gives_pods_groups for one in aws.settings)
    if not aws.custom_network:
        if not known and not sets and is_told:
            return frozenset(), True  # an assumption says that what nobody tells lets through
        return sets | of_nodes | of_others, is_told and known
    if not configs or not all(config.groups for config in configs):  # it has those of the primary interface
        return sets | of_nodes, is_told and known and bool(configs)
    return sets, is_told


def _beside_nodes(cluster: Cluster) -> frozenset[tuple[str, ...]]:
    """What pods may have on nodes of every sort: the groups of ENIConfigs, and of interfaces beside the primary."""
    found = _by_node(cluster.nodes, cluster.aws.interfaces).values()
    beside = frozenset(it for groups, others in found for it in others - {groups})
    return beside | frozenset(tuple(sorted(config.groups)) for config in cluster.aws.eni_configs)


def _may_differ(cluster: Cluster) -> bool:
    """Pods may have other groups than their own node, even where these are those of another one."""
    found = _by_node(cluster.nodes, cluster.aws.interfaces).values()
    has_others = any(others - {groups} for groups, others in found)
    return bool(_why_others(cluster)) or has_others


def _why_others(cluster: Cluster) -> str:
    """What gives pods other groups than their node's, or may; empty if nothing."""
    aws = cluster.aws
    if aws.eni_configs and aws.custom_network is not False:
        names = ", ".join(config.name for config in aws.eni_configs[:4])
        told = "counts with" if aws.custom_network else "may count, by"
        return f"ENIConfig {names} {told} AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG of aws-node"
    if aws.custom_network:
        return "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG of aws-node says that ENIConfigs do, which are not among the objects"
    return next((f"{one.what} gives pods groups of its own" for one in aws.settings if one.gives_pods_groups), "")


def nodes_are_told(cluster: Cluster) -> bool:
    """Something tells the groups of pods that have none of their own."""
    sets, is_told = _sets_of_pods(cluster)
    return bool(sets) or not is_told


def nodes_are_judged(cluster: Cluster) -> bool:
    """The groups of every node are known, so that they are asked what nodes and pods on their network send."""
    found = _by_node(cluster.nodes, cluster.aws.interfaces)
    return bool(found) and all(groups is not None for groups, _ in found.values())


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
) -> dict[str, tuple[tuple[str, ...] | None, frozenset[tuple[str, ...]]]]:
    """The groups of each node, None where they are not known; and those of all its interfaces, but for those of single
    pods."""
    if not interfaces:
        return {}
    by_ip = {ip: it for it in interfaces for ip in it.ips if not it.is_branch}
    by_instance: dict[str, list[NetworkInterface]] = {}
    for it in interfaces:
        if it.instance and not it.is_branch:
            by_instance.setdefault(it.instance, []).append(it)
    found: dict[str, tuple[tuple[str, ...] | None, frozenset[tuple[str, ...]]]] = {}
    for node in nodes:
        its = next((by_ip[ip] for ip in node.ips if ip in by_ip), None)
        if its is None:
            found[node.name] = None, frozenset()
            continue
        groups = tuple(sorted(its.groups))
        siblings = by_instance.get(its.instance, [its])
        found[node.name] = groups, frozenset(tuple(sorted(one.groups)) for one in siblings)
    return found
