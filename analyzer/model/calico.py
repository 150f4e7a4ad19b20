"""What Calico's own objects say (calico-cilium.md 1.1), before the pipeline is made of it.

A formula here is over SELF and over labels *as Calico keeps them*: an endpoint's own, and `pcns.…` and `pcsa.…` for
those of its namespace and its service account (1.2).  `model/calico_labels` says which attributes of a pod these are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from analyzer.model.calico_settings import ControllerSettings, FelixSettings, Installation
from analyzer.model.formulas import Formula
from analyzer.model.labels import NO_LABELS, Labels
from analyzer.model.policies import Action, Direction, Policy
from analyzer.model.source import NOWHERE, Source
from analyzer.model.unmodelled import Unmodelled, stand_in
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet
from analyzer.sets.addresses import IPAddress

T = TypeVar("T")

NAMESPACE, ACCOUNT = "projectcalico.org/namespace", "projectcalico.org/serviceaccount"
"""Labels that Calico gives each pod: the names of its namespace and its service account (1.2)."""
OF_NAMESPACE, OF_ACCOUNT = "pcns.", "pcsa."
"""What stands before the labels of these."""
DEFAULT_TIER = "default"
FOR_KUBERNETES = 1000.0
"""The order of NetworkPolicies in the default tier (1.11)."""
DEFAULT_ALLOW = "projectcalico-default-allow"
"""The profile that allows everything (1.8)."""


# ------------------------------------------------------------------------------------------------ rules
@dataclass(frozen=True, slots=True)
class EntityPorts:
    """An entry matches one of the numbers, or a port that the end gives one of the names.  `is_given`: some entry."""

    numbers: PortSet = PortSet.EMPTY
    names: tuple[str, ...] = ()

    @property
    def is_given(self) -> bool:
        return bool(self.numbers or self.names)


@dataclass(frozen=True, slots=True)
class Entity:
    """One end in a rule (1.7): what is not given says nothing.

    `selected`: the selectors that are given, joined; `unselected`: notSelector.  `service`: namespace and name; an
    empty namespace is that of no Service.
    """

    selected: Formula | None = None
    unselected: Formula | None = None
    nets: AddressSet | None = None
    not_nets: AddressSet | None = None
    ports: EntityPorts = EntityPorts()
    not_ports: EntityPorts = EntityPorts()
    service: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Icmp:
    """`code` is given beside a type only."""

    type: int | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class HttpMatch:
    """`paths`: each with whether it is a prefix; `*` among the methods means all."""

    methods: tuple[str, ...] = ()
    paths: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class CalicoRule:
    """`action is None`: Log, which decides nothing.  Protocols go by their numbers."""

    action: Action | None
    index: int
    source: Source
    version: int | None = None
    protocol: int | None = None
    not_protocol: int | None = None
    icmp: Icmp | None = None
    not_icmp: Icmp | None = None
    src: Entity = Entity()
    dst: Entity = Entity()
    http: HttpMatch | None = None
    word: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalicoPolicy:
    """`order is None`: after all that have one.  `ingress`, `egress`: None where its types leave the direction out.

    `is_untracked`, `is_before_dnat`, `is_on_forward`: doNotTrack, preDNAT, applyOnForward (1.9).  `staged`: what is to
    become of it, of a staged one.
    """

    kind: str
    namespace: str | None
    name: str
    tier: str
    order: float | None
    subject: Formula
    ingress: tuple[CalicoRule, ...] | None
    egress: tuple[CalicoRule, ...] | None
    source: Source
    is_untracked: bool = False
    is_before_dnat: bool = False
    is_on_forward: bool = False
    staged: str = ""

    def rules(self, direction: Direction) -> tuple[CalicoRule, ...] | None:
        return self.ingress if direction is Direction.INGRESS else self.egress

    @property
    def id(self) -> str:
        """`Calico NetworkPolicy shop/deny`: not to be taken for one of Kubernetes' own."""
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"Calico {self.kind} {name}"

    @property
    def scale(self) -> str:
        return "projectcalico.org"

    @property
    def priority(self) -> str:
        return "none" if self.order is None else f"{self.order:g}"


@dataclass(frozen=True, slots=True)
class StagedKubernetesPolicy:
    """A NetworkPolicy of Kubernetes that is staged, and what is to become of it (1.10)."""

    namespace: str
    name: str
    policy: Policy
    action: str
    source: Source = NOWHERE


# ------------------------------------------------------------------------------------------------ other objects
@dataclass(frozen=True, slots=True)
class CalicoTier:
    """`order is None`: after all that have one, which no API server leaves so (1.4)."""

    name: str
    order: float | None
    passes: bool
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class AddressGroup:
    """Addresses that rules mean by labels: a NetworkSet, `namespace is None` for a GlobalNetworkSet (1.7)."""

    namespace: str | None
    name: str
    labels: Labels
    addresses: AddressSet
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class HostPort:
    name: str
    protocol: int
    number: int


@dataclass(frozen=True, slots=True)
class HostEndpoint:
    """An interface of a node (1.9).  `expected`: its addresses as rules mean them by labels; `interface` is empty where
    these say which it is, and `*` for all of the node."""

    name: str
    labels: Labels
    node: str
    interface: str
    expected: tuple[IPAddress, ...] = ()
    profiles: tuple[str, ...] = ()
    ports: tuple[HostPort, ...] = ()
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class CalicoProfile:
    """What becomes of a host endpoint's traffic after all tiers (1.8)."""

    name: str
    ingress: tuple[CalicoRule, ...]
    egress: tuple[CalicoRule, ...]
    labels: Labels = NO_LABELS
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    namespace: str
    name: str
    labels: Labels
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class IPPool:
    """Where pods' addresses lie."""

    name: str
    addresses: AddressSet
    source: Source = NOWHERE


BUILT_IN_TIERS = {
    tier.name: tier
    for tier in (
        CalicoTier("kube-admin", 1_000.0, True),
        CalicoTier("adminnetworkpolicy", 1_000.0, True),
        CalicoTier(DEFAULT_TIER, 1_000_000.0, False),
        CalicoTier("kube-baseline", 10_000_000.0, True),
        CalicoTier("baselineadminnetworkpolicy", 10_000_000.0, True),
    )
}
"""Those that Calico makes itself (1.4)."""


CalicoFact = (
    CalicoPolicy
    | CalicoTier
    | AddressGroup
    | HostEndpoint
    | CalicoProfile
    | ServiceAccount
    | IPPool
    | FelixSettings
    | ControllerSettings
    | Installation
    | StagedKubernetesPolicy
)


@dataclass(frozen=True, slots=True)
class Calico:
    """All of Calico's objects; service accounts count as such, for nothing else asks about their labels.

    `staged`: policies that are not enforced, `staged_kubernetes` those of Kubernetes' own (1.10).
    """

    policies: tuple[CalicoPolicy, ...] = ()
    tiers: tuple[CalicoTier, ...] = ()
    groups: tuple[AddressGroup, ...] = ()
    host_endpoints: tuple[HostEndpoint, ...] = ()
    profiles: tuple[CalicoProfile, ...] = ()
    accounts: tuple[ServiceAccount, ...] = ()
    pools: tuple[IPPool, ...] = ()
    felix: tuple[FelixSettings, ...] = ()
    controllers: tuple[ControllerSettings, ...] = ()
    staged: tuple[CalicoPolicy, ...] = ()
    staged_kubernetes: tuple[StagedKubernetesPolicy, ...] = ()

    @property
    def has_hosts(self) -> bool:
        """Policies may select nodes."""
        return bool(self.host_endpoints) or any(it.makes_host_endpoints for it in self.controllers)

    @property
    def decides(self) -> bool:
        """Some object of it can change what is let through."""
        return bool(self.policies or self.groups) or self.has_hosts


NO_CALICO = Calico()
STAND_IN = "Calico decides by it, where Calico is what enforces"
"""Why a thing is not modelled that stands for one of these objects."""


def stand_ins(calico: Calico) -> tuple[Unmodelled, ...]:
    """What stands for the objects that decide, where nothing is known of what Calico makes of them."""
    found = [
        _stand_in(p, p.kind, p.namespace, tuple(d for d in Direction if p.rules(d) is not None))
        for p in calico.policies
    ]
    found += [_stand_in(it, "HostEndpoint", None, tuple(Direction)) for it in calico.host_endpoints]
    if not calico.policies:  # which Kubernetes' own policies may mean
        kinds = ((it, "GlobalNetworkSet" if it.namespace is None else "NetworkSet") for it in calico.groups)
        found += [_stand_in(it, kind, None, tuple(Direction)) for it, kind in kinds]
    return tuple(found)


def _stand_in(
    fact: CalicoPolicy | HostEndpoint | AddressGroup,
    kind: str,
    namespace: str | None,
    directions: tuple[Direction, ...],
) -> Unmodelled:
    isolates = isinstance(fact, CalicoPolicy)
    about = kind, "projectcalico.org/v3", namespace, fact.name
    return stand_in(fact, about, fact.source, STAND_IN, directions, isolates=isolates)


def calico_of(facts: Iterable[CalicoFact]) -> Calico:
    """All of them, each kind sorted by what identifies its objects, whatever the order of the files."""
    found: dict[type, list[CalicoFact]] = {}
    staged: list[CalicoPolicy] = []
    for fact in facts:
        if isinstance(fact, CalicoPolicy) and fact.kind.startswith("Staged"):
            staged.append(fact)
        else:
            found.setdefault(type(fact), []).append(fact)
    if not found and not staged:
        return NO_CALICO

    def those(kind: type[T]) -> tuple[T, ...]:
        return tuple(sorted((it for it in found.get(kind, ()) if isinstance(it, kind)), key=_identity))

    return Calico(
        policies=those(CalicoPolicy),
        tiers=those(CalicoTier),
        groups=those(AddressGroup),
        host_endpoints=those(HostEndpoint),
        profiles=those(CalicoProfile),
        accounts=those(ServiceAccount),
        pools=those(IPPool),
        felix=those(FelixSettings),
        controllers=those(ControllerSettings),
        staged=tuple(sorted(staged, key=_identity)),
        staged_kubernetes=those(StagedKubernetesPolicy),
    )


def _identity(fact: object) -> tuple[str, ...]:
    """Kind, namespace and name, as far as the fact has them."""
    return tuple(getattr(fact, key, "") or "" for key in ("kind", "namespace", "name", "node"))
