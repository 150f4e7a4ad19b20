"""Who has a security group, and what its rules match, as formulas (aws.md S1 to S9)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from ipaddress import ip_address
from operator import or_

from analyzer.model.aws import GroupPolicy, GroupRule, SecurityGroup, Vpc
from analyzer.model.aws_nodes import NodesGroups
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    OF_FAMILY,
    ON_NODES,
    PODS,
    TRUE,
    AtAddress,
    Attribute,
    EndKind,
    Formula,
    Member,
    Name,
    OnPorts,
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
    labels,
    negated,
)
from analyzer.model.labels import Selector
from analyzer.model.one_node import OneNode
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Direction, Protocol
from analyzer.model.profile import Profile
from analyzer.model.without_agent import WithoutAgent
from analyzer.sets import AddressSet, PortSet, other_protocols

_OUTSIDE = frozenset({EndKind.OUTSIDE})
_WITH_PORTS = {6: Protocol.TCP, 17: Protocol.UDP}
_SCTP, _ICMP = 132, (1, 58)
UNFILTERED = AddressSet.singles(
    map(
        ip_address,
        (
            *("169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.169.123", "169.254.169.253"),
            *("fd00:ec2::254", "fd00:ec2::23", "fd00:ec2::123", "fd00:ec2::253"),
        ),
    )
)
"""Where the metadata service, credentials, time and DNS answer on every host (S8)."""
_PRIVATE = AddressSet.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.19.0.0/16")
"""Where VPCs lie; their ranges may be others, but hardly are (S3)."""
SAME_NODE = OpenFact(
    "same-node",
    "same-node",
    "whether both pods are on one node, where security groups do not see them, is not known",
)
_OWN_NODE = OpenFact(
    "own-node", "own-node egress", "whether the node that is the destination is the source's own is not known"
)
_SAME_HOST = OpenFact(
    "same-node",
    "same-node hosts",
    "whether both ends are on one node, whose traffic with itself no security group sees, is not known",
)
_DESCRIBE_GROUPS = "aws ec2 describe-security-groups --group-ids {}"
_DESCRIBE_ENTRIES = "aws ec2 get-managed-prefix-list-entries --prefix-list-id {}"
_DESCRIBE_INTERFACES = "aws ec2 describe-network-interfaces"


def local(there: OneNode, direction: Direction, *, with_nodes: bool) -> Formula:
    """The far end is on the near end's node, or may be: another pod, or for egress the node itself, which may be where
    that is judged."""
    if direction is Direction.INGRESS:
        return both([is_a(Role.SRC, PODS), there.unless(SAME_NODE)])
    return either([both([is_a(Role.DST, PODS), there.unless(SAME_NODE)]), own_node(there, with_nodes)])


def local_to_nodes(there: OneNode, direction: Direction, *, with_pods: bool) -> Formula:
    """The same of a near end that is a node, or on its network: another such, and a pod of its own, which may be where
    it is judged what pods send to their node."""
    far = Role.DST if direction is Direction.EGRESS else Role.SRC
    hosts = both([is_a(far, ON_NODES), there.unless(_SAME_HOST)])
    pods = there.unless(_OWN_NODE) if with_pods and direction is Direction.INGRESS else there.is_sure
    return either([hosts, both([is_a(far, PODS), pods])])


def own_node(there: OneNode, on: Formula | bool) -> Formula:
    """The destination is the source's own node, or may be where `on` says so."""
    may_be = there.unless(_OWN_NODE) if on is True else FALSE if on is False else both([on, there.unless(_OWN_NODE)])
    return both([is_a(Role.DST, ON_NODES), either([there.is_sure, may_be])])


class GroupFormulas:
    """The groups of a cluster, in one direction."""

    def __init__(self, profile: Profile, cluster: Cluster, direction: Direction) -> None:
        self.cluster, self.direction = cluster, direction
        self.far = Role.DST if direction is Direction.EGRESS else Role.SRC
        self.without = WithoutAgent(profile, cluster, direction)
        self.nodes = NodesGroups(cluster, profile, direction, self.without)
        self._groups = {group.id: group for group in cluster.aws.groups}
        self._accounts = dict(pair for group in cluster.aws.groups for rule in group.rules for pair in rule.accounts)
        self._lists = {one.id: one for one in cluster.aws.lists}
        self._carried: dict[tuple[str, Role], Formula] = {}

    # -------------------------------------------------------------------------------------------- who has groups
    def selected(self, policy: GroupPolicy, role: Role) -> Formula:
        """The pods that the policy gives groups (S1); those on Windows get none (N8)."""
        parts = [is_a(role, PODS), Test(Attribute(role, Name.NAMESPACE), frozenset({policy.namespace}))]
        if policy.pods is not None:
            parts.append(labels(policy.pods, role))
        if policy.accounts is not None and policy.accounts.requirements:
            parts.append(self._of_accounts(policy.namespace, policy.accounts, role))
        if why := self.cluster.aws.without_pod_eni:
            text = f"whether pods have security groups of their own is not known: {why}"
            parts.append(Open(OpenFact("engine", "engine pod-eni", text)))
        return both([*parts, negated(self.without.on_windows(role)), negated(self.without.before_groups(role))])

    def _of_accounts(self, namespace: str, selector: Selector, role: Role) -> Formula:
        """The accounts that the manifests declare, by name; nobody knows the labels of others."""
        here = [it for it in self.cluster.calico.accounts if it.namespace == namespace]
        name = Attribute(role, Name.SERVICE_ACCOUNT)
        meeting = Test(name, frozenset(it.name for it in here if selector.selects(it.labels)))
        end = self._end(role)
        text = f"whether the labels of service accounts that no manifest declares meet `{selector}` is not known"
        fact = OpenFact("account-labels", f"account-labels {end.value} {namespace} {selector}", text)
        others = both([negated(Test(name, frozenset(it.name for it in here))), Open(fact)])
        return either([meeting, others])

    def _end(self, role: Role) -> Role:
        if role is not Role.SELF:
            return role
        return Role.SRC if self.direction is Direction.EGRESS else Role.DST

    def own(self, role: Role) -> Formula:
        """Pods that some policy gives groups."""
        return either(self.selected(policy, role) for policy in self.cluster.aws.group_policies)

    def carried(self, id_: str, role: Role) -> Formula:
        """The ends whose interface has the group (S7)."""
        found = self._carried.get((id_, role))
        if found is None:
            own = either(self.selected(p, role) for p in self.cluster.aws.group_policies if id_ in p.groups)
            pods = both([is_a(role, PODS), negated(self.own(role)), self.nodes.pods_have(id_, role)])
            found = either([own, pods, self.nodes.nodes_have(id_, role), self._outside(id_, role)])
            if role is Role.SRC and (kept := self._kept_by_balancer(id_)) != FALSE:
                found = either([found, kept])
            self._carried[id_, role] = found
        return found

    def _kept_by_balancer(self, id_: str) -> Formula:
        """What comes through a Network Load Balancer has its group, even where the client keeps its address (S7)."""
        its = next((it for it in self.cluster.aws.interfaces if it.keeps_clients and id_ in it.groups), None)
        if its is None:
            return FALSE
        text = (
            f"what the load balancer of {its.id} brings counts as security group {id_}, from clients that keep their "
            "address: whether it leads there, and they do (preserve_client_ip.enabled), is not known"
        )
        return Open(OpenFact("group-members", f"group-members {id_} balanced", text))

    def balancers(self) -> AddressSet:
        """Where load balancers may be: at their interfaces, where such are told; else in the VPC."""
        aws = self.cluster.aws
        at_nodes = {ip for node in self.cluster.nodes for ip in node.ips}
        listed = [it for it in aws.interfaces if not (it.instance or it.is_branch or at_nodes & set(it.ips))]
        told = AddressSet.singles(ip for it in listed if it.of_balancer is not False for ip in it.ips)
        vpcs = reduce(or_, (vpc.addresses for vpc in self._own_vpcs() or aws.vpcs), AddressSet.EMPTY)
        return told or vpcs or _PRIVATE | AddressSet((), AddressSet.FULL.v6)

    def _outside(self, id_: str, role: Role) -> Formula:
        outside = is_a(role, _OUTSIDE)
        if not self.cluster.aws.interfaces:
            text = (
                f"which addresses outside the cluster have security group {id_} is not known: `{_DESCRIBE_INTERFACES}`"
            )
            return both([outside, Open(OpenFact("group-members", f"group-members {id_}", text))])
        with_it = [it for it in self.cluster.aws.interfaces if id_ in it.groups]
        account = self._accounts.get(id_)
        if not with_it and (account or id_ not in self._groups):  # who lists interfaces lists those of one account
            whose = f"of account {account}" if account else "which nothing tells of"
            way = f": add what `{_DESCRIBE_INTERFACES}` says there" if account else ""
            text = f"which addresses outside the cluster have security group {id_}, {whose}, is not known{way}"
            return both([outside, Open(OpenFact("group-members", f"group-members {id_}", text))])
        there = AddressSet.singles(ip for it in with_it for ip in it.ips)
        for it in with_it:
            there |= it.prefixes
        return both([outside, Member(role, AtAddress(there))]) if there else FALSE

    # -------------------------------------------------------------------------------------------- rules
    def rules_of(self, id_: str) -> tuple[bool, tuple[GroupRule, ...]]:
        """Whether all of its rules are known, and those that are."""
        group: SecurityGroup | None = self._groups.get(id_)
        return (False, ()) if group is None else (group.is_whole, group.of(self.direction))

    def unknown(self, id_: str) -> Formula:
        verb = "out" if self.direction is Direction.EGRESS else "in"
        command = _DESCRIBE_GROUPS.format(id_)
        text = f"what security group {id_} lets {verb} is not known: give the output of `{command}`"
        return Open(OpenFact("group", f"group {id_} {self.direction.value}", text))

    def when(self, rule: GroupRule) -> Formula:
        peers = [Member(self.far, AtAddress(rule.addresses))] if rule.addresses else []
        return both([_on(rule), either([*peers, *map(self._list, rule.lists), *self._groups_of(rule)])])

    def _groups_of(self, rule: GroupRule) -> Iterable[Formula]:
        return (self.carried(id_, self.far) for id_ in rule.groups)

    def _list(self, id_: str) -> Formula:
        one = self._lists.get(id_)
        if one is not None and one.addresses is not None:
            return Member(self.far, AtAddress(one.addresses)) if one.addresses else FALSE
        command = _DESCRIBE_ENTRIES.format(id_)
        text = f"which addresses prefix list {id_} holds is not known: give the output of `{command}`"
        return Open(OpenFact("prefix-list", f"prefix-list {id_}", text))

    # -------------------------------------------------------------------------------------------- addresses
    def unfiltered(self) -> Formula:
        """What no group sees (S8): addresses that every host has, and the resolver of the VPC."""
        outside = is_a(self.far, _OUTSIDE)
        everywhere = both([outside, Member(self.far, AtAddress(UNFILTERED))])
        on_dns = either(OnPorts(protocol, PortSet.of(53)) for protocol in (Protocol.TCP, Protocol.UDP))
        known = [vpc.resolver for vpc in (self._own_vpcs() or self.cluster.aws.vpcs)]
        there: Formula
        if known and None not in known:
            there = Member(self.far, AtAddress(AddressSet.singles(ip for ip in known if ip is not None)))
        else:
            text = "whether the address is the VPC's resolver is not known: give the output of `aws ec2 describe-vpcs`"
            is_private = Member(self.far, AtAddress(_PRIVATE))
            there = both([is_private, Open(OpenFact("vpc", "vpc resolver", text))])
        return either([everywhere, both([outside, there, on_dns])])

    def beyond_vpc(self, far: Role) -> Formula:
        """Outside the VPC, of IPv4: what is of IPv6 keeps its address (S3)."""
        own = self._own_vpcs()
        vpcs = reduce(or_, (vpc.addresses for vpc in own or self.cluster.aws.vpcs), AddressSet.EMPTY)
        outside = [is_a(far, _OUTSIDE), _of_version_4(far)]
        if own:
            return both([*outside, negated(Member(far, AtAddress(vpcs)))])
        text = "whether the private address is in the VPC is not known: give the output of `aws ec2 describe-vpcs`"
        if vpcs:
            text = "which of the VPCs is the cluster's is not known: give Nodes with their addresses, or that VPC alone"
        beyond = either([negated(Member(far, AtAddress(vpcs or _PRIVATE))), Open(OpenFact("vpc", "vpc", text))])
        return both([*outside, beyond])

    def _own_vpcs(self) -> tuple[Vpc, ...]:
        """The cluster's: where its nodes are, or the only one there is; empty where nobody knows."""
        vpcs = self.cluster.aws.vpcs
        nodes = [ip for node in self.cluster.nodes for ip in node.ips]
        there = tuple(vpc for vpc in vpcs if any(ip in vpc.addresses for ip in nodes))
        return there if len(there) == 1 else vpcs if len(vpcs) == 1 else ()


def _of_version_4(far: Role) -> Formula:
    return Member(far, AtAddress(AddressSet(AddressSet.FULL.v4, ()), "IPv4"))


def _on(rule: GroupRule) -> Formula:
    """Ports of TCP and UDP, types of ICMP; another protocol is let through whole (S6)."""
    if rule.protocol is None:
        return TRUE
    if rule.protocol in _WITH_PORTS:
        span = None if rule.low is None else (rule.low, rule.low if rule.high is None else rule.high)
        return OnPorts(_WITH_PORTS[rule.protocol], PortSet.FULL if span is None else PortSet.of(span))
    if rule.protocol == _SCTP:
        return OnPorts(Protocol.SCTP)
    for version, own in other_protocols.ICMP_OF.items():
        if own == rule.protocol:
            icmp = OnPorts(Protocol.OTHER, other_protocols.icmp(rule.low, None if rule.low is None else rule.high))
            return both([OF_FAMILY[version], icmp])
    return OnPorts(Protocol.OTHER, other_protocols.protocol(rule.protocol))
