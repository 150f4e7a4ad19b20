"""Policies of every kind, reduced to rules in tiers (design 3).

A connection is judged twice: egress at its source and ingress at its destination.  For each direction the tiers are
asked in order until one decides; a tier that does not decide hands on to the next, and after the last the traffic is
allowed.
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import Enum
from typing import Any
from typing import Protocol as Shape

from analyzer.model.labels import Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet


class Protocol(Enum):
    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"
    OTHER = "other"  # ICMP and the like: no port


PORT_PROTOCOLS = (Protocol.TCP, Protocol.UDP, Protocol.SCTP)


class Direction(Enum):
    EGRESS = "egress"
    INGRESS = "ingress"


class Action(Enum):
    """`Allow` in a file is Accept here; reports echo the file's word (`Rule.word`)."""

    ACCEPT = "Accept"
    DENY = "Deny"
    PASS = "Pass"


# ------------------------------------------------------------------------------------------------ ports
@dataclass(frozen=True, slots=True)
class NumberedPorts:
    """Destination ports of one protocol, inclusive `low`–`high`.

    `low is None`: the entry names no port, hence all of the protocol's (reference A6).  `is_range` tells an endPort
    entry, which an engine without endPort support cuts to its first port (knob enforce_endport).
    Of Protocol.OTHER they are numbers of `sets/other_protocols`; `version`: over that version of IP only, for types of
    ICMP are numbered apart in each.
    """

    protocol: Protocol
    low: int | None = None
    high: int | None = None
    version: int | None = None

    @property
    def ports(self) -> PortSet:
        if self.low is None:
            return PortSet.FULL
        return PortSet.of((self.low, self.low if self.high is None else self.high))

    @property
    def is_range(self) -> bool:
        return self.low is not None and self.high is not None and self.high != self.low


@dataclass(frozen=True, slots=True)
class NamedPort:
    """A port by name, resolved on the destination pod (reference A7).

    `protocol is None`: the protocol the pod declares for it (ANP, CNP: reference B4.4, C3).
    """

    name: str
    protocol: Protocol | None


Ports = NumberedPorts | NamedPort


# ------------------------------------------------------------------------------------------------ peers
@dataclass(frozen=True, slots=True)
class NamespaceNamed:
    """Exactly the namespace of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class NamespacesMatching:
    """All namespaces whose labels match; the empty selector means every namespace."""

    selector: Selector


NamespaceChoice = NamespaceNamed | NamespacesMatching


@dataclass(frozen=True, slots=True)
class PodPeer:
    """Pods matching `pods` in namespaces chosen by `namespaces` (reference A8, B3).  Never hostNetwork pods.

    `is_bare`: a `namespaceSelector` of a NetworkPolicy that narrows no pods: OVN-Kubernetes reads one that selects its
    host-network namespace as the nodes (reference 0.2, D).  `means_sets`: a `namespaces` peer, by which Calico means
    its NetworkSets there too (calico-cilium.md 0.5).
    """

    namespaces: NamespaceChoice
    pods: Selector = Selector.EVERYTHING
    is_bare: bool = field(default=False, compare=False)
    means_sets: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class AddressPeer:
    """An ipBlock (reference A9) or a list of networks (B3): `addresses` are already less the `excepts`.

    `matches_cluster`: None leaves pods' and nodes' addresses to the profile's knobs; True is normative for `networks`;
    False: it means neither.
    """

    addresses: AddressSet
    block: str
    matches_cluster: bool | None = None
    excepts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """`10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16`."""
        return f"{self.block} except {', '.join(self.excepts)}" if self.excepts else self.block


@dataclass(frozen=True, slots=True)
class NodePeer:
    """Addresses of the Node objects whose labels match (reference B3)."""

    selector: Selector


@dataclass(frozen=True, slots=True)
class DomainPeer:
    """Domain names: an uninterpreted set of external addresses per name (reference B3.5)."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownPeer:
    """A peer of a newer API: Accept rules that hold one never match, Deny and Pass rules deny all (reference B3.2)."""

    field: str


Peer = PodPeer | AddressPeer | NodePeer | DomainPeer | UnknownPeer


# ------------------------------------------------------------------------------------------------ rules, policies
@dataclass(frozen=True, slots=True)
class Rule:
    """One ingress or egress entry.

    `peers is None`: everyone, in or out of the cluster; `()` never occurs in a loaded model.  `ports is None`: every
    port and protocol.  `index` counts from 0 in the file's list.  `open`: the fact that it is in force, where nobody
    can say whether it is: its policy holds a selector that no API checks and no text gives a meaning (reference 0.2).
    """

    action: Action
    peers: tuple[Peer, ...] | None
    ports: tuple[Ports, ...] | None
    index: int
    source: Source
    name: str = ""
    word: str = ""
    open: OpenFact | None = None


class TierShape(Enum):
    FIRST_MATCH = "first-match"  # by priority, then rule order; Accept and Deny decide, Pass and no match hand on
    UNION = "union"  # decides for the pods it isolates: allowed iff some rule matches; else hands on


class Tier(Enum):
    """The tiers in order of evaluation (reference B1, C2)."""

    ADMIN = "Admin"
    NETWORK_POLICY = "NetworkPolicy"
    BASELINE = "Baseline"

    @property
    def shape(self) -> TierShape:
        return TierShape.UNION if self is Tier.NETWORK_POLICY else TierShape.FIRST_MATCH


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of any kind.

    `ingress`/`egress`: None when the policy does not speak of that direction; `()` when it does and has no rule (a
    NetworkPolicy then denies all; a first-match policy then changes nothing).  `namespace` is None for cluster-scoped
    kinds.  `priority` matters in first-match tiers only; lower goes first, and of equal ones that of lower `rank`,
    where the engine orders them.  `unlisted_ingress`, `unlisted_egress`: rules that `policyTypes` does not list, which
    an engine may enforce all the same.  `api`: the group of its kind where that is not Kubernetes' own.
    """

    kind: str
    namespace: str | None
    name: str
    tier: Tier
    subject: PodPeer
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    source: Source
    priority: int = 0
    rank: int = 0
    unlisted_ingress: tuple[Rule, ...] = ()
    unlisted_egress: tuple[Rule, ...] = ()
    api: str = ""

    @property
    def position(self) -> tuple[int, int]:
        """Its place among the policies of its scale; those of one position tie."""
        return self.priority, self.rank

    def rules(self, direction: Direction) -> tuple[Rule, ...] | None:
        return self.ingress if direction is Direction.INGRESS else self.egress

    def with_rules(self, direction: Direction, rules: tuple[Rule, ...]) -> Policy:
        """The same with these in the place of the direction's."""
        return replace(self, ingress=rules) if direction is Direction.INGRESS else replace(self, egress=rules)

    @property
    def scale(self) -> str:
        """What its priority is compared with: those of its own API version only (reference 0.2, ANP beside CNP)."""
        if self.api:
            return self.api
        return "v1alpha1" if self.kind in ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy") else "v1alpha2"

    @property
    def id(self) -> str:
        """`NetworkPolicy shop/deny`: unique in a cluster."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class PolicyLike(Shape):
    """What reports say of a policy of whatever kind."""

    @property
    def kind(self) -> str: ...
    @property
    def namespace(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> Source: ...
    @property
    def priority(self) -> Any: ...
    @property
    def scale(self) -> str: ...
    @property
    def id(self) -> str: ...


class RuleLike(Shape):
    """What reports say of a rule of whatever kind; `word` is the file's for what it does."""

    @property
    def index(self) -> int: ...
    @property
    def source(self) -> Source: ...
    @property
    def name(self) -> str: ...
    @property
    def word(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RuleRef:
    """Names a rule, or with `rule is None` a policy as a whole, for reports: RULE of design 5."""

    policy: PolicyLike
    direction: Direction
    rule: RuleLike | None = None

    @property
    def source(self) -> Source:
        return self.rule.source if self.rule else self.policy.source
