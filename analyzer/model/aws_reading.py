"""Security groups as a tier of the pipeline, and what the VPC CNI does by itself (aws.md S1 to S9, K1 to K3).

A group lets through or is silent, so that its tier passes on what one of an end's groups lets through, and denies all
else: what comes then is asked about policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import Enum

from analyzer.model.aws import GroupPolicy
from analyzer.model.aws_groups import GroupFormulas, local, local_to_nodes, own_node
from analyzer.model.beside_policies import balanced_of, handed_on
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    ON_NODES,
    PODS,
    TRUE,
    AtAddress,
    EndKind,
    Formula,
    Member,
    OnPorts,
    Open,
    Role,
    both,
    either,
    is_a,
    negated,
)
from analyzer.model.knobs import EnforcingMode, ExternalSnat, GroupMode, StrictPolicies
from analyzer.model.leading import node_ways
from analyzer.model.on_nodes import every_node_address, node_places
from analyzer.model.one_node import OneNode, one_node
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Arrival, Doubt, Entry, Stage, StagedRule, Tier, Unmatched
from analyzer.model.policies import Action, Direction, RuleLike
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet, PortSet

TIER = "security groups"
_UNFILTERED = "security groups do not see what instances ask of the metadata service, of Amazon's DNS and time"
_LOCAL = "in standard mode security groups do not see what stays on a node"
_HANDED_ON = "the node's groups alone see what a node hands on to its own pods"
_LEAVING = "in standard mode what leaves the VPC has the node's address, and its groups"
_UNTOLD = "which security groups its interface has is not told"
_UNSHOWN = "it is on a node that no Node object shows"
_STRICT_AGENT = "the agent is strict, and no policy selects the pod"
_BESIDE = "in strict mode pods with security groups of their own may be out of the reach of policies"
_STRICT = OpenFact(
    "engine",
    "engine policies-in-strict-mode",
    "whether policies are enforced at pods with security groups of their own in strict mode is not known: Amazon's "
    "pages say so of standard mode alone (knobs pod-security-group-enforcing-mode, policies-in-strict-mode)",
)


class AwsReader:
    """What groups, and the VPC CNI itself, say in one direction."""

    def __init__(self, profile: Profile, cluster: Cluster, direction: Direction) -> None:
        self.profile, self.cluster, self.direction = profile, cluster, direction
        self.far = Role.DST if direction is Direction.EGRESS else Role.SRC
        self.groups = GroupFormulas(profile, cluster, direction)
        self.without = self.groups.without
        self.standard = _is(profile.pod_security_group_enforcing_mode, GroupMode.STANDARD, GroupMode.UNKNOWN, cluster)

    @property
    def on_one_node(self) -> OneNode:
        return one_node(self.cluster, are_all=every_node_address(self.cluster, self.profile) is not None)

    @property
    def local(self) -> Formula:
        """What stays on the pod's node."""
        return local(self.on_one_node, self.direction, with_nodes=self.profile.own_node_egress)

    # -------------------------------------------------------------------------------------------- groups
    def tiers(self) -> Iterator[Tier]:
        """Those that go before all policies."""
        entries = [self._policy(policy) for policy in self.cluster.aws.group_policies]
        entries += self._of_nodes()
        if entries:
            entries += self._by_itself([entry.subject for entry in entries])
            yield Tier(TIER, (tuple((entry,) for entry in entries),), Unmatched.DENY, passes_alone=True)
        if self.cluster.aws.group_policies and self.standard != TRUE:
            yield from self._past_policies()

    def _policy(self, policy: GroupPolicy) -> Entry:
        rules = tuple(self._rules(policy.groups))
        subject = self.groups.selected(policy, Role.SELF)
        return Entry(policy, subject, self._but_by_nodes(rules, self.standard), closes=True)

    def _but_by_nodes(self, rules: tuple[StagedRule, ...], mode: Formula) -> tuple[StagedRule, ...]:
        """These rules, but for what leaves the VPC by the node's own interface in this mode: its groups see that."""
        if (leaves := self._leaves_by_node(mode)) == FALSE:
            return rules
        beyond = both([leaves, self.groups.beyond_vpc(self.far)])
        kept = tuple(_passing(rule.rule, both([rule.when, negated(beyond)])) for rule in rules)
        return (*kept, _passing(None, both([beyond, self.groups.nodes.lets_out(self._whens)])))

    def _of_nodes(self) -> Iterator[Entry]:
        """Of nodes, of pods on their network, and of pods that have none of their own; what stays on a node they do not
        see, but for what comes from pods that strict mode takes out of it, and goes there (S3, S4).  On which node a
        pod is, and so which groups it has, hangs on what is open of the rules, never of whom they are for."""
        nodes, seen = self.groups.nodes, either([self.standard, negated(self.groups.own(self.far))])
        local = _passing(None, both([self.local, seen]))
        if nodes.told:
            subject = both([is_a(Role.SELF, PODS), negated(self.groups.own(Role.SELF))])
            rules = [
                _passing(rule.rule, both([nodes.on(sort), rule.when]))
                for sort in nodes.told
                for rule in self._rules(sort.groups)
            ]
            if (elsewhere := nodes.pods_elsewhere()) != FALSE:
                rules.append(_passing(None, elsewhere))
            its = tuple(rules) if nodes.follows_nodes else self._but_by_nodes(tuple(rules), TRUE)
            every = replace(nodes.told[0], groups=nodes.all_groups, nodes=(), kind="GroupsOfPodsOnNodes")
            yield Entry(every, subject, (*its, local), closes=True)
        elif (elsewhere := nodes.pods_elsewhere()) != FALSE and not nodes.follows_nodes:
            subject = both([is_a(Role.SELF, PODS), negated(self.groups.own(Role.SELF))])
            yield Entry(None, subject, (_passing(None, elsewhere), local), closes=True, why=_UNTOLD)
        with_pods = self.profile.own_node_egress
        among = _passing(None, both([local_to_nodes(self.on_one_node, self.direction, with_pods=with_pods), seen]))
        hosts = is_a(Role.SELF, ON_NODES)
        for sort in nodes.sorts:
            yield Entry(sort, both([hosts, nodes.at(sort)]), (*self._rules(sort.groups), among), closes=True)
        if nodes.sorts and (elsewhere := nodes.elsewhere()) != FALSE:
            subject = both([hosts, *(negated(nodes.at(sort)) for sort in nodes.sorts)])
            yield Entry(None, subject, (_passing(None, elsewhere), among), closes=True, why=_UNSHOWN)

    def _leaves_by_node(self, mode: Formula) -> Formula:
        """What leaves the VPC leaves it by the node's own interface, but for where the node does not translate it."""
        if mode == FALSE or self.direction is not Direction.EGRESS:
            return FALSE
        kept = _is(self.profile.external_snat, ExternalSnat.TRUE, ExternalSnat.UNKNOWN, self.cluster)
        spared = self.profile.snat_exceptions
        there: Formula = FALSE
        if spared is None:
            there = Open(OpenFact("engine", "engine exclude-snat-cidrs", self.cluster.aws.untold("exclude-snat-cidrs")))
        elif spared:
            there = Member(self.far, AtAddress(spared))
        return both([mode, negated(either([kept, there, self.without.on_fargate(Role.SELF)]))])

    def _rules(self, groups: Iterable[str]) -> Iterator[StagedRule]:
        for id_ in groups:
            known, rules = self.groups.rules_of(id_)
            yield from (_passing(rule, self.groups.when(rule)) for rule in rules)
            if not known:
                yield _passing(None, self.groups.unknown(id_))

    def _whens(self, groups: Iterable[str]) -> Formula:
        return either(rule.when for rule in self._rules(groups))

    def _by_itself(self, subjects: list[Formula]) -> Iterator[Entry]:
        """What no group sees (S3, S8, S10)."""
        everyone = either(subjects)
        if self.direction is Direction.EGRESS:
            rule = _passing(None, self.groups.unfiltered())
            yield Entry(None, everyone, (rule,), why=_UNFILTERED)
        elif (behind := handed_on(self.cluster)) != FALSE:
            # The node translates the destination past its primary interface; strict mode brings that to the pod's own.
            unseen = either([self.standard, negated(self.groups.own(Role.SELF))])
            yield Entry(None, everyone, (_passing(None, both([unseen, behind])),), why=_HANDED_ON)
        if self.standard != FALSE and self.cluster.aws.group_policies:
            rule = _passing(None, both([self.standard, self.local]))
            yield Entry(None, self.groups.own(Role.SELF), (rule,), why=_LOCAL)

    def _past_policies(self) -> Iterator[Tier]:
        """In strict mode nothing but groups is asked at pods that have their own, or nobody knows it."""
        knob = self.profile.policies_in_strict_mode
        if knob is StrictPolicies.ENFORCED:
            return
        is_open = knob is StrictPolicies.UNKNOWN and self.profile.engine != "calico"  # of which Amazon's pages say it
        when = both([negated(self.standard), Open(_STRICT) if is_open else TRUE])
        rule = StagedRule(None, Action.ACCEPT, FALSE, when, when)
        yield Tier(TIER, (((Entry(None, self.groups.own(Role.SELF), (rule,), why=_BESIDE),),),), is_union=True)

    def finished(self, stage: Stage, first: int) -> Stage:
        """The stage with what it says of nodes, and of what comes by way of them, where its `first` tiers are of
        groups."""
        if first and self.direction is Direction.INGRESS:
            is_seen = both([negated(self.standard), self.groups.own(Role.SELF)])
            places, balanced = node_places(self.cluster, self.profile), balanced_of(self.cluster)
            balancers = self.groups.balancers() if balanced != FALSE else AddressSet.EMPTY
            stage = replace(stage, arrival=Arrival(True, places, TIER, is_seen, balanced, balancers))
        return self._at_nodes(stage, first)

    def _at_nodes(self, stage: Stage, first: int) -> Stage:
        """The stage with its `first` tiers, of groups, asked at nodes and pods on their network, too, where their
        groups are known; all else speaks of the ends that it spoke of."""
        if not self.groups.nodes.sorts:
            return stage
        groups, others = stage.tiers[:first], (_kept_to(stage.applies, tier) for tier in stage.tiers[first:])
        doubts = (
            Doubt(it.thing, *(both([stage.applies, part]) for part in (it.denies, it.allows, it.isolates)))
            for it in stage.doubts
        )
        applies = either([stage.applies, is_a(Role.SELF, ON_NODES)])
        return replace(stage, applies=applies, tiers=(*groups, *others), doubts=tuple(doubts))

    # -------------------------------------------------------------------------------------------- the agent
    def own_node(self) -> Iterator[Tier]:
        """A pod always reaches its own node, whatever policies say of its egress (K2): where that is known, or judged,
        and where a port of the node leads on to pods."""
        if self.direction is Direction.INGRESS or not self.profile.reads_aws:
            return
        there = own_node(
            self.on_one_node, self.profile.own_node_egress or either(dict.fromkeys(self._ports_of_nodes()))
        )
        if there != FALSE:
            rule = StagedRule(None, Action.ACCEPT, FALSE, there, there)
            entry = Entry(None, is_a(Role.SELF, PODS), (rule,), why="a pod always reaches its own node")
            yield Tier("own node", (((entry,),),), is_union=True)

    def enforced(self, subject: Formula, namespace: str | None = None) -> Formula:
        """Those of the pods at which the agent enforces policies, of the namespace if there is one (N8, N9)."""
        if not self.profile.reads_aws:
            return subject
        subject = either([subject, self.without.mistaken_in(namespace, Role.SELF)])
        return both([subject, negated(self.without.everywhere(Role.SELF))])

    def _ports_of_nodes(self) -> Iterator[Formula]:
        for way in node_ways(self.cluster):
            yield OnPorts(way.port.protocol, PortSet.of((way.low, way.high)))
        for workload in self.cluster.workloads:
            for port in workload.ports:
                if port.host_port and not workload.host_network:
                    yield OnPorts(port.protocol, PortSet.of(port.host_port))

    def domain(self, name: str) -> Formula:
        """The addresses outside that knob `dns` tells of the name; `*.` stands for one label or more before it (P5)."""
        pattern = name.rstrip(".").lower()

        def is_met(told: str) -> bool:
            return told.endswith(pattern[1:]) if pattern.startswith("*.") else told == pattern

        there = AddressSet.singles(ip for told, ip in self.profile.domain_addresses if is_met(told))
        return (
            both([is_a(self.far, frozenset({EndKind.OUTSIDE})), Member(self.far, AtAddress(there))]) if there else FALSE
        )

    def strict(self, selecting: Iterable[Formula]) -> Iterator[Tier]:
        """In the agent's strict mode a pod that no policy selects, in either direction, is closed (K3)."""
        mode = self.profile.network_policy_enforcing_mode
        is_strict = _is(mode, EnforcingMode.STRICT, EnforcingMode.UNKNOWN, self.cluster)
        if self.profile.reads_aws and is_strict != FALSE:
            subject = both([self.enforced(is_a(Role.SELF, PODS)), is_strict, negated(either(dict.fromkeys(selecting)))])
            entry = Entry(None, subject, closes=True, why=_STRICT_AGENT)
            yield Tier(None, (((entry,),),), Unmatched.DENY, is_union=True)


def _kept_to(ends: Formula, tier: Tier) -> Tier:
    """The tier, of these ends alone."""
    scales = tuple(
        tuple(tuple(replace(it, subject=both([ends, it.subject])) for it in group) for group in scale)
        for scale in tier.scales
    )
    return replace(tier, scales=scales)


def _is(value: Enum, wanted: Enum, unknown: Enum, cluster: Cluster) -> Formula:
    """Whether a knob is what is wanted; open where nobody knows what it is."""
    if value is unknown:
        knob = _KNOBS[type(value)]
        return Open(OpenFact("engine", f"engine {knob}", cluster.aws.untold(knob)))
    return TRUE if value is wanted else FALSE


_KNOBS: dict[type[Enum], str] = {
    GroupMode: "pod-security-group-enforcing-mode",
    EnforcingMode: "network-policy-enforcing-mode",
    ExternalSnat: "external-snat",
}


def _passing(rule: RuleLike | None, when: Formula) -> StagedRule:
    """Groups see what stands behind a Service, never its address (S3)."""
    return StagedRule(rule, Action.PASS, FALSE, when, when)
