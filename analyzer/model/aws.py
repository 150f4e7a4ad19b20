"""What Amazon's own objects say (aws.md): how the VPC CNI is set up, which security groups pods get, what the groups
let through, and the policies of networking.k8s.aws.

Groups, prefix lists and interfaces are no Kubernetes objects: they come from what the AWS command line prints, or from
Terraform's state, given beside the manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.model.labels import Selector
from analyzer.model.policies import Direction, Policy
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

API = "networking.k8s.aws"
UNKNOWN = "unknown"
"""What a knob is set to whose value nobody knows."""


# ------------------------------------------------------------------------------------------------ settings
@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How the VPC CNI is set up, as one object tells.  `what`: `ConfigMap kube-system/amazon-vpc-cni`.

    `network_policy`: whether it switches the enforcement of NetworkPolicies on; None: it does not say.  `knobs`: the
    knobs of the profile that it sets, each with its value.  `gives_pods_groups`: pods without groups of their own have
    others than their node (S4), whatever ENIConfigs there are.  `custom_network`: ENIConfigs count; None: it does not
    say.  `untold`: knobs that it sets to what nobody knows, each with the reason.
    `has_windows`: Windows nodes get addresses.  `has_pod_eni`: pods get groups of their own; None: it does not say.
    `without_pod_eni`: why they may get none.
    """

    what: str
    source: Source
    network_policy: bool | None = None
    knobs: tuple[tuple[str, str], ...] = ()
    gives_pods_groups: bool = False
    untold: tuple[tuple[str, str], ...] = ()
    has_windows: bool = False
    has_pod_eni: bool | None = None
    without_pod_eni: str = ""
    custom_network: bool | None = None


# ------------------------------------------------------------------------------------------------ security groups
_PROTOCOL_WORDS = {6: "TCP", 17: "UDP", 132: "SCTP", 1: "ICMP", 58: "ICMP"}


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule of a security group, which lets through (aws.md S5 to S8).

    `protocol`: its number, None for every protocol.  `low`, `high`: ports of TCP and UDP, or type and code of ICMP,
    None for all.  Peers are addresses, prefix lists by id and groups by id.  `index` counts from 0 in the direction.
    `accounts`: those of groups that another account owns, by their ids.  `written`: the ranges as they stand there;
    `address`: that of the resource of Terraform that tells it; `owner`: the id of its group.
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
    written: tuple[str, ...] = ()
    address: str = ""
    owner: str = ""
    accounts: tuple[tuple[str, str], ...] = ()

    @property
    def peers(self) -> str:
        """`10.0.0.0/8, sg-2`: whom it names."""
        ranges = (str(net) for net in self.addresses.networks()[:4])
        more = ("…",) if len(self.addresses.networks()) > 4 else ()
        return ", ".join((*ranges, *more, *self.lists, *self.groups))

    @property
    def each_peer(self) -> tuple[object, ...]:
        """Networks, prefix lists and groups."""
        return (*self.addresses.networks(), *self.lists, *self.groups)

    def meaning_for(self, peer: object) -> object:
        """What it lets through of one of its peers."""
        return self.direction, self.protocol, self.low, self.high, peer

    @property
    def on(self) -> str:
        """`TCP 22`: its ports in words."""
        if self.protocol is None:
            return "everything"
        name = _PROTOCOL_WORDS.get(self.protocol, f"IP protocol {self.protocol}")
        if self.low is None:
            return f"every {name} port" if self.protocol in (6, 17) else name
        return f"{name} {self.low}" if self.high in (None, self.low) else f"{name} {self.low}-{self.high}"


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """`is_whole`: all of its rules are here; False: only some that were told of one by one.  `is_by_rule`: rules were
    told one by one, and are taken for all that it has.  `otherwise`: where all of its rules are told, and others."""

    id: str
    rules: tuple[GroupRule, ...]
    source: Source
    name: str = ""
    is_whole: bool = True
    is_by_rule: bool = False
    otherwise: Source | None = None

    def of(self, direction: Direction) -> tuple[GroupRule, ...]:
        return tuple(rule for rule in self.rules if rule.direction is direction)

    @property
    def meaning(self) -> frozenset[object]:
        """What its rules let through, one peer at a time: alike however they are put together."""
        return frozenset(rule.meaning_for(peer) for rule in self.rules for peer in rule.each_peer)


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
    trunk that carries such; `prefixes`: ranges delegated to it, whose addresses are its own; `of_balancer`: it is a
    load balancer's; None: nothing says it; `keeps_clients`: that of one which may leave clients their addresses."""

    id: str
    ips: tuple[IPAddress, ...]
    groups: tuple[str, ...]
    source: Source
    instance: str = ""
    is_primary: bool = False
    is_branch: bool = False
    prefixes: AddressSet = AddressSet.EMPTY
    of_balancer: bool | None = None
    keeps_clients: bool = False


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
    """The groups of nodes, or of pods on them without their own (S4), as `kind` says; `nodes`: names, empty: all."""

    groups: tuple[str, ...]
    nodes: tuple[str, ...]
    source: Source
    namespace: None = None
    kind: str = "NodeGroups"
    priority: int = 0
    scale: str = "security groups"

    @property
    def name(self) -> str:
        return ",".join((*self.groups, *self.nodes))

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
    def custom_network(self) -> bool | None:
        """Pods without groups of their own have those of an ENIConfig; None: nothing says it."""
        told = {one.custom_network for one in self.settings} - {None}
        return next(iter(told)) if len(told) == 1 else None

    @property
    def without_pod_eni(self) -> str:
        """Why pods may get no groups of their own, empty if they do; what does not say it counts where none does."""
        told = [one for one in self.settings if one.has_pod_eni is not None] or self.settings
        return next((one.without_pod_eni for one in told if one.without_pod_eni), "")

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


def knobs_of(aws: Iterable[AwsSettings]) -> Mapping[str, list[tuple[str, AwsSettings]]]:
    """Each knob that the settings set, with every value and what sets it; one that is known goes before one that is
    not."""
    found: dict[str, list[tuple[str, AwsSettings]]] = {}
    for one in aws:
        for knob, value in one.knobs:
            found.setdefault(knob, []).append((value, one))
    return {knob: [it for it in told if it[0] != UNKNOWN] or told for knob, told in found.items()}
