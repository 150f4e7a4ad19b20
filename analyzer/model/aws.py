"""What Amazon's own objects say (aws.md): how the VPC CNI is set up, which security groups pods get, what the groups
let through, and the policies of networking.k8s.aws.

Groups, prefix lists and interfaces are no Kubernetes objects: they come from what the AWS command line prints, or from
Terraform's state, given beside the manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import reduce
from operator import or_
from typing import TypeVar

from analyzer.model.labels import Selector
from analyzer.model.policies import Direction, Policy
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

API = "networking.k8s.aws"
UNKNOWN = "unknown"
"""What a knob is set to whose value nobody knows."""
_Fact = TypeVar("_Fact")


# ------------------------------------------------------------------------------------------------ settings
@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How the VPC CNI is set up, as one object tells.  `what`: `ConfigMap kube-system/amazon-vpc-cni`.

    `network_policy`: whether it switches the enforcement of NetworkPolicies on; None: it does not say.  `knobs`: the
    knobs of the profile that it sets, each with its value.  `gives_pods_groups`: pods without groups of their own have
    others than their node (S4).  `untold`: knobs that it sets to what nobody knows, each with the reason.
    `has_windows`: Windows nodes get addresses.  `without_pod_eni`: why pods may get no groups of their own at all,
    empty if they do.
    """

    what: str
    source: Source
    network_policy: bool | None = None
    knobs: tuple[tuple[str, str], ...] = ()
    gives_pods_groups: bool = False
    untold: tuple[tuple[str, str], ...] = ()
    has_windows: bool = False
    without_pod_eni: str = ""


# ------------------------------------------------------------------------------------------------ security groups
@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule of a security group, which lets through (aws.md S5 to S8).

    `protocol`: its number, None for every protocol.  `low`, `high`: ports of TCP and UDP, or type and code of ICMP,
    None for all.  Peers are addresses, prefix lists by id and groups by id.  `index` counts from 0 in the direction.
    """

    direction: Direction
    protocol: int | None
    low: int | None
    high: int | None
    addresses: AddressSet
    lists: tuple[str, ...]
    groups: tuple[str, ...]
    index: int
    source: Source
    name: str = ""
    word: str = ""

    @property
    def peers(self) -> str:
        """`10.0.0.0/8, sg-2`: whom it names."""
        ranges = (str(net) for net in self.addresses.networks()[:4])
        more = ("…",) if len(self.addresses.networks()) > 4 else ()
        return ", ".join((*ranges, *more, *self.lists, *self.groups))


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """`is_whole`: all of its rules are here; False: only some that were told of one by one.  `is_by_rule`: rules were
    told one by one, and are taken for all that it has."""

    id: str
    rules: tuple[GroupRule, ...]
    source: Source
    name: str = ""
    is_whole: bool = True
    is_by_rule: bool = False

    def of(self, direction: Direction) -> tuple[GroupRule, ...]:
        return tuple(rule for rule in self.rules if rule.direction is direction)


@dataclass(frozen=True, slots=True)
class PrefixList:
    """`addresses`: None where its entries were not told."""

    id: str
    addresses: AddressSet | None
    source: Source
    name: str = ""


@dataclass(frozen=True, slots=True)
class AddressPart:
    """Addresses of a prefix list or of a VPC, told beside it."""

    of: str
    addresses: AddressSet


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """`instance`: the instance that it is attached to, empty if none; `is_branch`: it is that of a single pod, or the
    trunk that carries such; `prefixes`: ranges delegated to it, whose addresses are its own."""

    id: str
    ips: tuple[IPAddress, ...]
    groups: tuple[str, ...]
    source: Source
    instance: str = ""
    is_primary: bool = False
    is_branch: bool = False
    prefixes: AddressSet = AddressSet.EMPTY


@dataclass(frozen=True, slots=True)
class Vpc:
    """`resolver`: the address of its DNS, the third of its primary range; None where that is not told."""

    id: str
    addresses: AddressSet
    source: Source
    resolver: IPAddress | None = None


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """A SecurityGroupPolicy: the groups of the pods of its namespace that both selectors select, where there are two
    (aws.md S1, S2)."""

    namespace: str
    name: str
    pods: Selector | None
    accounts: Selector | None
    groups: tuple[str, ...]
    source: Source
    kind: str = "SecurityGroupPolicy"
    priority: int = 0
    scale: str = "security groups"

    @property
    def id(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class NodeGroups:
    """The groups that nodes have, and pods on them that have none of their own (aws.md S4); `nodes` are their names,
    empty: of every node."""

    groups: tuple[str, ...]
    nodes: tuple[str, ...]
    source: Source
    namespace: None = None
    kind: str = "NodeGroups"
    priority: int = 0
    scale: str = "security groups"

    @property
    def name(self) -> str:
        return ",".join(self.groups)

    @property
    def id(self) -> str:
        return f"the nodes' interface ({', '.join(self.groups)})"


@dataclass(frozen=True, slots=True)
class FargateProfile:
    """Pods of these run on Fargate: of a namespace, with all of these labels; `*` and `?` stand for any text and for
    one character (aws.md N8)."""

    name: str
    selectors: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    source: Source


@dataclass(frozen=True, slots=True)
class EniConfig:
    """Pods without groups of their own have those of an interface that it describes, not their node's (S4)."""

    name: str
    groups: tuple[str, ...]
    source: Source


# ------------------------------------------------------------------------------------------------ policies
@dataclass(frozen=True, slots=True)
class AwsPolicy:
    """An ApplicationNetworkPolicy or a ClusterNetworkPolicy of networking.k8s.aws."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class PolicyEndpoint:
    """What the controller has made of the policy `policy.name` of `policy.namespace` (P6): rules of addresses."""

    name: str
    policy: Policy
    source: Source


@dataclass(frozen=True, slots=True)
class ClusterEndpoint:
    """A ClusterPolicyEndpoint, made of the ClusterNetworkPolicy of that name."""

    name: str
    of: str
    source: Source


AwsFact = (
    AwsSettings
    | SecurityGroup
    | PrefixList
    | AddressPart
    | NetworkInterface
    | Vpc
    | GroupPolicy
    | EniConfig
    | FargateProfile
    | AwsPolicy
    | PolicyEndpoint
    | ClusterEndpoint
)


@dataclass(frozen=True, slots=True)
class Aws:
    """All of them.  `policies`: those of networking.k8s.aws, and what the controller made of policies that are not
    here; `endpoints`: all that it made; `orphans`: what it made of ClusterNetworkPolicies that are not here."""

    settings: tuple[AwsSettings, ...] = ()
    group_policies: tuple[GroupPolicy, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    lists: tuple[PrefixList, ...] = ()
    interfaces: tuple[NetworkInterface, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    eni_configs: tuple[EniConfig, ...] = ()
    fargate: tuple[FargateProfile, ...] = ()
    policies: tuple[Policy, ...] = ()
    endpoints: tuple[PolicyEndpoint, ...] = ()
    orphans: tuple[ClusterEndpoint, ...] = ()

    @property
    def asks_accounts(self) -> bool:
        """Some pods get their groups by the labels of their service account."""
        return any(policy.accounts is not None for policy in self.group_policies)

    @property
    def gives_pods_groups(self) -> bool:
        """Pods without groups of their own may have others than their node."""
        return bool(self.eni_configs) or any(one.gives_pods_groups for one in self.settings)

    @property
    def without_pod_eni(self) -> str:
        """Why pods may get no groups of their own, empty if they do."""
        return next((one.without_pod_eni for one in self.settings if one.without_pod_eni), "")

    def untold(self, knob: str) -> str:
        """Why nobody knows what the knob is."""
        whys = dict(pair for one in self.settings for pair in one.untold)
        return whys.get(knob, f"what {knob} is, is not known (--knob {knob})")

    @property
    def network_policy(self) -> bool | None:
        """Whether NetworkPolicies are enforced: not unless all that must be switched on is (N1, N2); None: nothing
        says it."""
        said = [one.network_policy for one in self.settings if one.network_policy is not None]
        return all(said) if said else None

    @property
    def switched_off(self) -> tuple[AwsSettings, ...]:
        return tuple(one for one in self.settings if one.network_policy is False)


NO_AWS = Aws()
OF_AWS = "the VPC CNI decides by it, where it is what enforces"
"""Why a policy of networking.k8s.aws is not modelled."""
OF_GROUPS = "security groups are those of the VPC CNI's pods"
"""Why a SecurityGroupPolicy is not modelled."""


def aws_of(facts: Iterable[AwsFact], policies: Iterable[Policy]) -> Aws:
    """All of them, sorted by what identifies them, whatever the order of the files.

    `policies`: the NetworkPolicies beside them; what the controller made of these is not read again (P6).
    """
    listed = list(facts)
    if not listed:
        return NO_AWS

    def of(kind: type[_Fact]) -> list[_Fact]:
        return [fact for fact in listed if isinstance(fact, kind)]

    parts = of(AddressPart)
    own = [fact.policy for fact in of(AwsPolicy)]
    written = {(p.namespace, p.name) for p in (*policies, *own) if p.namespace is not None}
    made = _merged(it.policy for it in of(PolicyEndpoint) if (it.policy.namespace, it.policy.name) not in written)
    return Aws(
        settings=tuple(sorted(of(AwsSettings), key=lambda s: s.source)),
        group_policies=tuple(sorted(of(GroupPolicy), key=lambda p: (p.namespace, p.name))),
        groups=tuple(sorted(_one_by_one(of(SecurityGroup)), key=lambda g: g.id)),
        lists=tuple(sorted(_told_lists(of(PrefixList), parts), key=lambda p: p.id)),
        interfaces=tuple(sorted(of(NetworkInterface), key=lambda i: i.id)),
        vpcs=tuple(sorted(_told_vpcs(of(Vpc), parts), key=lambda v: v.id)),
        eni_configs=tuple(sorted(of(EniConfig), key=lambda e: e.name)),
        fargate=tuple(sorted(of(FargateProfile), key=lambda f: (f.name, f.source))),
        policies=tuple(sorted((*own, *made), key=lambda p: (p.kind, p.namespace or "", p.name))),
        endpoints=tuple(sorted(of(PolicyEndpoint), key=lambda e: (e.policy.namespace or "", e.name))),
        orphans=tuple(it for it in of(ClusterEndpoint) if it.of not in {p.name for p in own if p.namespace is None}),
    )


def _one_by_one(groups: Iterable[SecurityGroup]) -> Iterable[SecurityGroup]:
    """Each group once: what tells all of its rules goes before rules told one by one, which are put together."""
    by_id: dict[str, list[SecurityGroup]] = {}
    for group in groups:
        by_id.setdefault(group.id, []).append(group)
    for id_, told in by_id.items():
        whole = [group for group in told if group.is_whole]
        first = min(whole or told, key=lambda group: group.source)
        rules = {_body(rule): rule for group in sorted(told, key=lambda g: g.source) for rule in group.rules}
        numbered: dict[Direction, int] = {}
        found = []
        for rule in rules.values():
            place = numbered.get(rule.direction, 0)
            numbered[rule.direction] = place + 1
            name = rule.name or f"{id_} {rule.direction.value} {place + 1}"
            found.append(replace(rule, index=place, name=name))
        is_by_rule = bool(whole) and all(group.is_by_rule for group in whole)
        yield SecurityGroup(id_, tuple(found), first.source, first.name, bool(whole), is_by_rule)


def _body(rule: GroupRule) -> object:
    """What it says, wherever it stands."""
    return tuple(getattr(rule, part.name) for part in fields(GroupRule) if part.name not in ("index", "source", "name"))


def _told_lists(lists: Iterable[PrefixList], parts: Iterable[AddressPart]) -> Iterable[PrefixList]:
    """Each list once, with all entries that anything tells where something tells of them as a whole."""
    found: dict[str, PrefixList] = {}
    for one in sorted(lists, key=lambda it: (it.addresses is None, it.source)):
        first = found.setdefault(one.id, one)
        if first.addresses is not None and one.addresses is not None:
            found[one.id] = replace(first, addresses=first.addresses | one.addresses)
    for part in parts:
        whole = found.get(part.of)
        if whole is not None and whole.addresses is not None:
            found[part.of] = replace(whole, addresses=whole.addresses | part.addresses)
    return found.values()


def _told_vpcs(vpcs: Iterable[Vpc], parts: Iterable[AddressPart]) -> Iterable[Vpc]:
    listed = list(parts)
    for vpc in vpcs:
        more = [part.addresses for part in listed if part.of == vpc.id]
        yield replace(vpc, addresses=reduce(or_, more, vpc.addresses)) if more else vpc


def _merged(made: Iterable[Policy]) -> Iterable[Policy]:
    """The slices of each policy as one."""
    found: dict[tuple[str | None, str], Policy] = {}
    for policy in made:
        first = found.get((policy.namespace, policy.name))
        if first is None:
            found[policy.namespace, policy.name] = policy
            continue
        ingress, egress = (
            None if one is None and more is None else (*(one or ()), *(more or ()))
            for one, more in ((first.ingress, policy.ingress), (first.egress, policy.egress))
        )
        found[policy.namespace, policy.name] = replace(first, ingress=ingress, egress=egress)
    return found.values()


def knobs_of(aws: Iterable[AwsSettings]) -> Mapping[str, list[tuple[str, AwsSettings]]]:
    """Each knob that the settings set, with every value and what sets it; one that is known goes before one that is
    not."""
    found: dict[str, list[tuple[str, AwsSettings]]] = {}
    for one in aws:
        for knob, value in one.knobs:
            found.setdefault(knob, []).append((value, one))
    return {knob: [it for it in told if it[0] != UNKNOWN] or told for knob, told in found.items()}
