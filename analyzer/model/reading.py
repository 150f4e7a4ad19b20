"""What decides in a cluster, as data: the policies as an engine reads them, the knobs of its profile turned into
formulas (reference A, B, C, D).

What is worked out of a policy is kept with the cluster, so that one policy changed costs one policy read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from analyzer.model.beside_policies import disguises_of, doubt_of
from analyzer.model.calico import STAND_IN
from analyzer.model.cilium import NO_CILIUM, OF_CILIUM
from analyzer.model.cluster import Cluster
from analyzer.model.enforcing import as_enforced
from analyzer.model.formula_policies import FormulaPolicy
from analyzer.model.formulas import (
    FALSE,
    ON_NODES,
    PODS,
    TRUE,
    AtAddress,
    EndKind,
    Formula,
    Member,
    Name,
    OnNodesOf,
    OnPorts,
    Open,
    Role,
    both,
    either,
    in_namespaces,
    is_a,
    labels,
)
from analyzer.model.host_network import asks_for_host_network, hints_at_host_network
from analyzer.model.kept_entries import room_of_entries
from analyzer.model.knobs import HostNetworkLabel, NamedPorts, OtherProtocols, ServiceEval
from analyzer.model.leading import node_ways, ways
from analyzer.model.memory import forget_others
from analyzer.model.on_nodes import every_node_address, on_nodes
from analyzer.model.open_facts import OpenFact
from analyzer.model.past_policies import past_policies
from analyzer.model.pipeline import Entry, Pipeline, Scales, Stage, StagedRule, Tier, Unmatched, at_once
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamedPort,
    NamespaceNamed,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    UnknownPeer,
)
from analyzer.model.policies import Tier as TierName
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.sets import PortSet

if TYPE_CHECKING:
    from analyzer.model.aws_reading import AwsReader
    from analyzer.model.calico_reading import CalicoReader
    from analyzer.model.cilium_reading import CiliumReader

NEAR = {Direction.EGRESS: Role.SRC, Direction.INGRESS: Role.DST}
FAR = {Direction.EGRESS: Role.DST, Direction.INGRESS: Role.SRC}


@dataclass(frozen=True, slots=True)
class FormulaTier:
    """A tier of policies that are written as formulas, before all others or after them."""

    name: str
    is_first: bool
    unmatched: Unmatched = Unmatched.NEXT
    is_union: bool = False


FORMULA_TIERS: tuple[FormulaTier, ...] = ()  # in order


def pipeline_of(profile: Profile, cluster: Cluster) -> Pipeline:
    """What decides in this cluster, of the policies as the engine reads them: egress at the source, then ingress at the
    destination (reference A10.4, B1)."""
    found = cluster.readings.get((pipeline_of, profile))
    if not isinstance(found, Pipeline):
        read = as_enforced(cluster, profile)
        if read is cluster:
            stages = tuple(_Reader(profile, cluster, d).stage() for d in Direction)
            found = Pipeline(stages, is_enforcing(profile, cluster))
        else:
            found = pipeline_of(profile, read)
        cluster.readings[pipeline_of, profile] = found
    return found


def is_enforcing(profile: Profile, cluster: Cluster) -> bool:
    """Something is: policies, or security groups, which the network has whoever enforces policies on it."""
    return profile.enforces or _has_groups(profile, cluster)


def _has_groups(profile: Profile, cluster: Cluster) -> bool:
    return profile.reads_groups and bool(cluster.aws.group_policies or cluster.aws.interfaces)


def is_decided_by_calico(profile: Profile, cluster: Cluster) -> bool:
    """The engine's own objects are read, and some of them can change what is let through; so below."""
    return profile.reads_calico and cluster.calico.decides and not _are_unread(cluster, STAND_IN)


def is_decided_by_cilium(profile: Profile, cluster: Cluster) -> bool:
    closes_nodes = profile.closes and profile.enable_host_firewall
    decides = bool(cluster.cilium.policies) or closes_nodes
    return profile.reads_cilium and decides and not _are_unread(cluster, OF_CILIUM)


def _are_unread(cluster: Cluster, why: str) -> bool:
    return any(thing.why == why for thing in cluster.unmodelled)


def _seen_of_ends(cluster: Cluster, profile: Profile, *, has_ways: bool) -> object:
    """What reading Kubernetes' own policies looks at of namespaces, workloads and Services."""
    if is_decided_by_calico(profile, cluster) or profile.reads_aws or _has_groups(profile, cluster):
        return None
    lead_on = frozenset(service.namespace for service in cluster.services if service.selector is None)
    return has_ways, lead_on, cluster.host_network_labels, every_node_address(cluster, profile)


class _Reader:
    def __init__(self, profile: Profile, cluster: Cluster, direction: Direction) -> None:
        self.profile, self.cluster, self.direction = profile, cluster, direction
        self.far = FAR[direction]
        is_seen = direction is Direction.EGRESS and profile.service_eval is not ServiceEval.POST_DNAT
        self.ways = ways(cluster) if is_seen and profile.enforces else ()
        self.names_are_unions = profile.named_ports is NamedPorts.UNION and direction is Direction.INGRESS
        seen = _seen_of_ends(cluster, profile, has_ways=bool(self.ways))
        self.kept = room_of_entries(cluster, profile, direction, seen)
        forget_others(self.kept, cluster.policies)
        self.calico, self.cilium, self.aws = self._calico(), self._cilium(), self._aws()

    def stage(self) -> Stage:
        """An object that is not modelled may bear on a pod even where no policy is enforced: a mesh does so."""
        is_enforced, is_egress = is_enforcing(self.profile, self.cluster), self.direction is Direction.EGRESS
        engine, groups = self.calico or self.cilium, () if self.aws is None else tuple(self.aws.tiers())
        own = self._tiers() if self.calico is None else self.calico.tiers()
        past = past_policies(self.profile, self.cluster, self.direction)
        tiers = (*past, *self._of_formulas(is_first=True), *own, *self._of_formulas(is_first=False))
        applies = is_a(Role.SELF, PODS) if engine is None else engine.applies
        if self.cluster.has_fargate:
            from analyzer.model.without_agent import off_fargate

            applies = off_fargate(applies, self.profile, self.cluster, self.direction, has_groups=bool(groups))
        stage = Stage(
            name=self.direction.value,
            judges=NEAR[self.direction],
            applies=applies,
            tiers=(*groups, *(tiers if self.profile.enforces else ())),
            doubts=tuple(doubt for thing in self.cluster.unmodelled if (doubt := doubt_of(thing, self.direction))),
            ways=self.ways,
            service_eval=self.profile.service_eval,
            node_ways=node_ways(self.cluster) if is_enforced and is_egress else (),
            disguises=() if is_egress or not is_enforced else tuple(disguises_of(self.cluster)),
        )
        return stage if self.aws is None else self.aws.finished(stage, len(groups))

    # -------------------------------------------------------------------------------------------- tiers
    def _calico(self) -> CalicoReader | None:
        """Where Calico's own objects decide."""
        if not is_decided_by_calico(self.profile, self.cluster):
            return None
        from analyzer.model.calico_reading import CalicoReader

        return CalicoReader(self.profile, self.cluster, self.direction, self._entry)

    def _cilium(self) -> CiliumReader | None:
        """Where Cilium enforces, or a knob of its tiers is set; its own objects decide too, where they do not stand for
        something unknown."""
        profile = self.profile
        if not (profile.reads_cilium or profile.baseline_opens_isolation or profile.closes):
            return None
        from analyzer.model.cilium_reading import CiliumReader

        own = self.cluster.cilium if is_decided_by_cilium(profile, self.cluster) else NO_CILIUM
        return CiliumReader(self.profile, self.cluster, own, self.direction)

    def _aws(self) -> AwsReader | None:
        """Where pods have the VPC CNI's security groups, or its agent enforces."""
        if not self.profile.reads_aws and not _has_groups(self.profile, self.cluster):
            return None
        from analyzer.model.aws_reading import AwsReader

        return AwsReader(self.profile, self.cluster, self.direction)

    def _of_formulas(self, *, is_first: bool) -> Iterator[Tier]:
        for tier in FORMULA_TIERS:
            if tier.is_first is is_first:
                there = [p for p in self.cluster.formula_policies if p.tier == tier.name]
                speaking = sorted((p for p in there if p.rules(self.direction) is not None), key=lambda p: p.priority)
                entries = [self._stated(policy, closes=tier.unmatched is Unmatched.DENY) for policy in speaking]
                groups: Iterable[list[Entry]] = [entries] if tier.is_union and entries else _by_priority(entries)
                scale = tuple(map(tuple, groups))
                yield Tier(tier.name, (scale,) if scale else (), tier.unmatched, is_union=tier.is_union)

    def _stated(self, policy: FormulaPolicy, *, closes: bool) -> Entry:
        its = policy.rules(self.direction) or ()  # only addresses and ports are asked for by way of a Service
        rules = tuple(StagedRule(it, it.action, FALSE, it.when, it.when) for it in its)
        return Entry(policy, policy.subject, rules, closes)

    def _tiers(self) -> Iterator[Tier]:
        """NetworkPolicies deny what is isolated and not allowed."""
        isolating = tuple(self._entry(p) for p in self._speaking(TierName.NETWORK_POLICY))
        admin, baseline = self._scales(TierName.ADMIN), self._scales(TierName.BASELINE)
        if self.cilium is not None:
            yield from self.cilium.tiers(admin, baseline, isolating, self._spared())
            return
        if self.aws is not None:
            yield from self.aws.own_node()
        yield Tier(TierName.ADMIN, admin)
        yield Tier(TierName.NETWORK_POLICY, at_once(isolating), Unmatched.DENY, self._spared(), is_union=True)
        yield Tier(TierName.BASELINE, baseline)
        if self.aws is not None:
            every = self.cluster.policies_by_tier[TierName.NETWORK_POLICY]
            yield from self.aws.strict(pods_in(policy.subject, Role.SELF) for policy in every)

    def _speaking(self, tier: TierName) -> Iterator[Policy]:
        return (p for p in self.cluster.policies_by_tier[tier] if p.rules(self.direction) is not None)

    def _scales(self, tier: TierName) -> Scales:
        policies = tuple(self._speaking(tier))
        found = []
        for scale in dict.fromkeys(policy.scale for policy in policies):
            groups = groupby((p for p in policies if p.scale == scale), key=lambda policy: policy.position)
            found.append(tuple(tuple(map(self._entry, group)) for _, group in groups))
        return tuple(found)

    def _entry(self, policy: Policy) -> Entry:
        known = self.kept.get(id(policy))
        if known is not None and known[0] is policy:
            return known[1]
        rules = tuple(self._rule(policy, rule) for rule in policy.rules(self.direction) or ())
        its = pods_in(policy.subject, Role.SELF)
        if self.aws is not None:
            its = self.aws.enforced(its, policy.namespace)
        entry = Entry(policy, its, rules, closes=policy.tier is TierName.NETWORK_POLICY)
        self.kept[id(policy)] = policy, entry
        return entry

    def _spared(self) -> Formula:
        """What isolation does to protocols without ports is undefined (reference A11.2)."""
        others = OnPorts(Protocol.OTHER)
        match self.profile.other_protocols:
            case OtherProtocols.ACCEPT:
                return others
            case OtherProtocols.MATCH_IF_NO_PORTS:
                return FALSE
            case OtherProtocols.UNKNOWN:
                text = "what isolation does to protocols without ports is not specified"
                return both([others, Open(OpenFact("other-protocols", "isolation", text))])

    def _rule(self, policy: Policy, rule: Rule) -> StagedRule:
        """A rule with a peer of an unknown kind fails closed (reference B3.2); nobody can say of one whose policy holds
        a selector without a meaning whether it is in force (0.2)."""
        in_force = TRUE if rule.open is None else Open(rule.open)
        unknown = [peer.field for peer in rule.peers or () if isinstance(peer, UnknownPeer)]
        if unknown:
            why = f"its peer `{unknown[0]}` is of a kind that netproof does not know"
            if rule.action is Action.ACCEPT:
                return StagedRule(rule, rule.action, FALSE, FALSE, FALSE, why)
            return StagedRule(rule, Action.DENY, in_force, FALSE, in_force, f"{why}, so it denies everything")
        ports = TRUE if rule.ports is None else either(self._ports(policy, rule.ports))
        blocks = [peer for peer in rule.peers or () if isinstance(peer, AddressPeer)]
        others = [peer for peer in rule.peers or () if not isinstance(peer, AddressPeer)]
        ranges = TRUE if rule.peers is None else either(map(self._peer, blocks))
        ends = either(map(self._peer, others))
        when = both([in_force, either([ranges, ends]), ports])
        if not self.ways:
            return StagedRule(rule, rule.action, FALSE, FALSE, when)
        return StagedRule(rule, rule.action, both([in_force, ranges, ports]), both([in_force, ends, ports]), when)

    # -------------------------------------------------------------------------------------------- peers
    def _peer(self, peer: Peer) -> Formula:
        match peer:
            case PodPeer():
                sets = FALSE if self.calico is None else self.calico.rules.sets_of(peer)
                return either([pods_in(peer, self.far), self._nodes_of(peer), sets])
            case AddressPeer(addresses, _, matches_cluster):
                kinds = {EndKind.OUTSIDE}
                if self.profile.ipblock_matches_pods if matches_cluster is None else matches_cluster:
                    kinds |= PODS
                if self.profile.ipblock_matches_nodes if matches_cluster is None else matches_cluster:
                    kinds |= ON_NODES
                return both([is_a(self.far, frozenset(kinds)), Member(self.far, AtAddress(addresses, peer.text))])
            case NodePeer(selector):
                return on_nodes(self.far, labels(selector, Role.SELF), self.far, self.cluster, self.profile)
            case DomainPeer(names):
                return either(map(self._domain, names))
            case UnknownPeer():
                return FALSE

    def _nodes_of(self, peer: PodPeer) -> Formula:
        """The nodes, where the peer selects the namespace that stands for them in OVN-Kubernetes (reference 0.2, D)."""
        knob, choice = self.profile.host_network_label, peer.namespaces
        if not peer.is_bare or knob is HostNetworkLabel.NO_MEANING or isinstance(choice, NamespaceNamed):
            return FALSE
        if knob is HostNetworkLabel.UNKNOWN and not hints_at_host_network(choice.selector):
            return FALSE
        asked = labels(choice.selector, Role.SELF, Name.NAMESPACE_LABEL)
        nodes = Member(self.far, OnNodesOf(self.cluster.host_network_labels, asked))
        if knob is HostNetworkLabel.SELECTS_NODES and asks_for_host_network(choice.selector):
            return nodes
        text = f"whether namespaceSelector `{choice.selector}` means the traffic of nodes is not known"
        return both([nodes, Open(OpenFact("host-network-label", str(choice.selector), text))])

    def _domain(self, name: str) -> Formula:
        """Any name can stand for an address outside; one of the cluster's own for nodes, and for pods of its namespace,
        those on their node's network included.  Which it does, nobody says (reference 0.2, B3.5)."""
        if self.aws is not None and self.profile.reads_aws and self.profile.dns:
            return self.aws.domain(name)
        ends = [is_a(self.far, frozenset({EndKind.OUTSIDE}))]
        own = self.cluster.domain_of_cluster(name)
        if own is not None:
            ends.append(is_a(self.far, frozenset({EndKind.NODE})))
            pods = is_a(self.far, PODS | {EndKind.HOST_POD})
            where = TRUE if own.namespace is None else in_namespaces(NamespaceNamed(own.namespace), self.far)
            ends.append(both([pods, where]))
        text = f"which addresses the domain name `{name}` stands for is not known"
        return both([either(ends), Open(OpenFact("domain", name, text))])

    # -------------------------------------------------------------------------------------------- ports
    def _ports(self, policy: Policy, ports: tuple[Ports, ...]) -> Iterator[Formula]:
        """Names mean nothing on hostNetwork pods (reference A7.5); a protocol without ports is in no list (A11.2)."""
        if self.profile.named_ports is NamedPorts.ZERO_PORT:
            ports = _with_names_as_zero(ports)
        for entry in ports:
            if isinstance(entry, NumberedPorts):
                if entry.protocol is not Protocol.OTHER:
                    is_cut = entry.is_range and not self.profile.enforce_endport
                    yield OnPorts(entry.protocol, PortSet.of(entry.low) if is_cut and entry.low else entry.ports)
                continue
            named = OnPorts(entry.protocol, name=entry.name, scope=self.profile.named_port_scope)
            yield both([is_a(Role.DST, PODS), named])
            if self.names_are_unions and entry.protocol is not None:
                yield both([OnPorts(entry.protocol), Open(_union(policy, entry))])


def _by_priority(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries in order, those of equal priority together."""
    for _, group in groupby(entries, key=lambda entry: entry.policy and entry.policy.priority):
        yield list(group)


def _union(policy: Policy, entry: NamedPort) -> OpenFact:
    """On ingress the numbers of all subjects are opened on each (reference D, AWS), and a subject may come to exist.
    The fact is one for all policies of the same subject, whatever their names: the pods are the same."""
    choice = policy.subject.namespaces
    where = choice.name if isinstance(choice, NamespaceNamed) else f"({choice.selector})"
    assert entry.protocol is not None
    text = (
        f"{policy.id} ({policy.source}) opens port name `{entry.name}` on all its subjects, and whether one of them "
        "declares it as this port is not known"
    )
    id_ = f"{where} ({policy.subject.pods}) {entry.name} {entry.protocol.value}"
    return OpenFact("named-port-union", id_, text)


def _with_names_as_zero(ports: tuple[Ports, ...]) -> tuple[Ports, ...]:
    """The list as an engine reads it to which a name is no number (reference D, OVN-K ports).

    Beside a number of their protocol, names and entries without a number are lost; otherwise they mean all of its
    ports.  Names without a protocol are those of ANP and CNP, of which that note does not speak.
    """
    numbered = {entry.protocol for entry in ports if isinstance(entry, NumberedPorts) and entry.low is not None}
    read: list[Ports] = []
    for entry in ports:
        has_number = isinstance(entry, NumberedPorts) and entry.low is not None
        if has_number or entry.protocol is None:
            read.append(entry)
        elif entry.protocol not in numbered:
            read.append(NumberedPorts(entry.protocol))
    return tuple(read)


# ------------------------------------------------------------------------------------------------ ends
def pods_in(peer: PodPeer, role: Role) -> Formula:
    """Pods on the pod network, in such namespaces, with such labels (reference A8, A12.3)."""
    return both([is_a(role, PODS), in_namespaces(peer.namespaces, role), labels(peer.pods, role)])
