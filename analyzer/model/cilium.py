"""What Cilium's own objects say (calico-cilium.md 2.2), before the pipeline is made of it.

A selector here asks for labels by source and key, `any:app`, `k8s:io.kubernetes.pod.namespace`, `reserved:host`; what
Cilium adds to one is added when it is read (`model/cilium_rules`), for it hangs on the profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.formulas import Formula
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import Action, Direction, Protocol
from analyzer.model.source import NOWHERE, Source
from analyzer.model.unmodelled import Unmodelled, stand_in
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet

NAMESPACE = "io.kubernetes.pod.namespace"
"""The key of the label that tells a pod's namespace."""
CLUSTER = "io.cilium.k8s.policy.cluster"
"""The key of the label that tells a pod's cluster."""
SPECIALS = ("health", "ingress", "init", "unmanaged")
"""Ends that Cilium knows and no object declares (2.1)."""


# ------------------------------------------------------------------------------------------------ peers
@dataclass(frozen=True, slots=True)
class Endpoints:
    """fromEndpoints, toEndpoints: whoever has the labels."""

    selector: Selector


@dataclass(frozen=True, slots=True)
class OtherNodes:
    """fromNodes, toNodes: nodes with the labels, but the end's own (2.11)."""

    selector: Selector


@dataclass(frozen=True, slots=True)
class Entity:
    name: str


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses, already less their excepts; `is_all`: of the whole of a version of IP, which nodes never meet."""

    addresses: AddressSet
    text: str
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class InGroups:
    """Addresses of a CiliumCIDRGroup by name, or of those with the labels; `excepted` are none of them."""

    name: str
    selector: Selector | None
    excepted: AddressSet = AddressSet.EMPTY

    @property
    def is_everybody(self) -> bool:
        """`cidrGroupSelector: {}`, which is every identity to Cilium (calico-cilium.md 0.5)."""
        return self.selector is not None and not self.selector.requirements and not self.excepted


@dataclass(frozen=True, slots=True)
class Domain:
    """Addresses outside for which a name stands that is like the pattern (2.9)."""

    pattern: str


@dataclass(frozen=True, slots=True)
class BehindServices:
    """The Service of that name, or with a selector those with the labels; an empty namespace is every one (2.10)."""

    namespace: str
    name: str
    selector: Selector | None


@dataclass(frozen=True, slots=True)
class CloudGroup:
    """Addresses outside that a cloud's API tells (2.11)."""

    text: str


CiliumPeer = Endpoints | OtherNodes | Entity | Range | InGroups | Domain | BehindServices | CloudGroup


# ------------------------------------------------------------------------------------------------ rules
@dataclass(frozen=True, slots=True)
class Proxied:
    """What a proxy is asked to look at: two parsers on one port make the policy fail (0.5, K54h).  A name for ports may
    be any."""

    parser: str
    protocol: Protocol | None
    ports: PortSet

    def clashes_with(self, other: Proxied) -> bool:
        is_on_one = None in (self.protocol, other.protocol) or self.protocol is other.protocol
        return self.parser != other.parser and is_on_one and bool(self.ports & other.ports)


@dataclass(frozen=True, slots=True)
class CiliumRule:
    """One entry of a list.  `peers is None`: none is named; `()`: a list of them is there, and empty, so that nobody is
    meant.  `on is None`: neither ports nor ICMP messages are named; else what is: ports, and requests (2.5, 2.12).
    `named_range`: where a port for ingress is a name beside an endPort, the ports that it may come to.
    `filled_by_services`: lists that are there and empty, unless Services of the rule turn out to be what they hold.
    """

    action: Action
    index: int
    source: Source
    peers: tuple[CiliumPeer, ...] | None
    on: Formula | None
    proxied: tuple[Proxied, ...] = ()
    filled_by_services: frozenset[str] = frozenset()
    word: str = ""
    name: str = ""
    named_range: Formula | None = None

    def clashes_with(self, other: CiliumRule) -> bool:
        return any(mine.clashes_with(its) for mine in self.proxied for its in other.proxied)


@dataclass(frozen=True, slots=True)
class CiliumSpec:
    """`on_nodes`: the subject is chosen among the nodes.  `ingress`, `egress`: denials and permissions, empty where it
    does not speak of the direction.  `closes_ingress`, `closes_egress`: enableDefaultDeny, None where it says nothing.
    """

    subject: Selector
    on_nodes: bool
    ingress: tuple[CiliumRule, ...]
    egress: tuple[CiliumRule, ...]
    closes_ingress: bool | None = None
    closes_egress: bool | None = None

    def rules(self, direction: Direction) -> tuple[CiliumRule, ...]:
        return self.ingress if direction is Direction.INGRESS else self.egress

    def closes(self, direction: Direction) -> bool:
        said = self.closes_ingress if direction is Direction.INGRESS else self.closes_egress
        return said is not False

    @property
    def all_rules(self) -> tuple[CiliumRule, ...]:
        return (*self.ingress, *self.egress)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the agent takes nothing of a policy, and whom it would select, with the directions that it has rules for."""

    why: str
    subjects: tuple[tuple[Selector, frozenset[Direction]], ...]


@dataclass(frozen=True, slots=True)
class CiliumPolicy:
    """`refusal`: what is wrong with it, so that it has no effect and no specs."""

    kind: str
    namespace: str | None
    name: str
    specs: tuple[CiliumSpec, ...]
    source: Source
    refusal: Refusal | None = None

    @property
    def id(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def scale(self) -> str:
        return "cilium.io"

    @property
    def priority(self) -> str:
        return "none"

    @property
    def names_nodes(self) -> bool:
        """Some rule names nodes, which the agent takes with enable-node-selector-labels only (2.11)."""
        rules = (rule for spec in self.specs for rule in spec.all_rules)
        return any(isinstance(peer, OtherNodes) for rule in rules for peer in rule.peers or ())


@dataclass(frozen=True, slots=True)
class CidrGroup:
    name: str
    labels: Labels
    addresses: AddressSet
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class CiliumSettings:
    """The ConfigMap cilium-config: what it sets, by name; `odd`: what of it netproof does not follow."""

    namespace: str
    options: tuple[tuple[str, str], ...]
    odd: tuple[str, ...] = ()
    source: Source = NOWHERE


_SET = (
    "enable-policy",
    "policy-cidr-match-mode",
    "enable-host-firewall",
    "policy-default-local-cluster",
    "enable-node-selector-labels",
    "enable-non-default-deny-policies",
    "cluster-name",
)
"""Knobs that are called as the agent's options are."""
USUAL_OPTIONS = {
    "enable-k8s-networkpolicy": "true",
    "enable-cilium-network-policy": "true",
    "enable-cilium-clusterwide-network-policy": "true",
    "enable-icmp-rules": "true",
    "enable-l7-proxy": "true",
    "labels": "",
}
"""What else bears on policies, and what it must be for netproof to say what Cilium makes of them."""
ON_POLICIES = frozenset(
    {
        *(*_SET, *USUAL_OPTIONS, "allow-localhost", "allow-icmp-frag-needed"),
        *("enable-k8s-cluster-network-policy", "policy-audit-mode"),
    }
)
"""Every option that bears on policies."""


def knobs_of(settings: CiliumSettings) -> dict[str, str]:
    """What the settings come to, by knob.  Where policies are only audited nothing is enforced; tiers of
    ClusterNetworkPolicies have to be asked for."""
    said = dict(settings.options)
    found = {knob: said[knob] for knob in _SET if said.get(knob)}
    if mode := found.get("policy-cidr-match-mode"):
        found["policy-cidr-match-mode"] = ",".join(sorted(mode.replace(",", " ").split()))
    if said.get("allow-localhost"):
        found["allow-localhost"] = "policy" if said["allow-localhost"] == "policy" else "auto"
    tiers = "enable-k8s-cluster-network-policy"
    found[tiers] = said.get(tiers, "false").lower()
    if said.get("policy-audit-mode", "").lower() == "true":
        found["enable-policy"] = "never"
    return found


CiliumFact = CiliumPolicy | CidrGroup | CiliumSettings


@dataclass(frozen=True, slots=True)
class Cilium:
    """All of Cilium's objects."""

    policies: tuple[CiliumPolicy, ...] = ()
    groups: tuple[CidrGroup, ...] = ()
    settings: tuple[CiliumSettings, ...] = ()

    @property
    def peers(self) -> Iterator[CiliumPeer]:
        """Of all rules."""
        return (p for policy in self.policies for spec in policy.specs for r in spec.all_rules for p in r.peers or ())


NO_CILIUM = Cilium()
OF_CILIUM = "Cilium decides by it, where Cilium is what enforces"
"""Why a thing is not modelled that stands for one of these objects."""


def cilium_of(facts: Iterable[CiliumFact]) -> Cilium:
    """All of them, sorted by what identifies them, whatever the order of the files."""
    listed = list(facts)
    if not listed:
        return NO_CILIUM
    return Cilium(
        tuple(sorted((f for f in listed if isinstance(f, CiliumPolicy)), key=lambda p: p.id)),
        tuple(sorted((f for f in listed if isinstance(f, CidrGroup)), key=lambda g: g.name)),
        tuple(f for f in listed if isinstance(f, CiliumSettings)),
    )


def cilium_stand_ins(cilium: Cilium) -> tuple[Unmodelled, ...]:
    """What stands for the policies where nothing is known of what Cilium makes of them, and for settings under which
    nobody knows."""
    return (*_stand_ins(cilium), *map(_odd_settings, (it for it in cilium.settings if it.odd)))


def _odd_settings(settings: CiliumSettings) -> Unmodelled:
    said = ", ".join(settings.odd)
    return Unmodelled(
        "ConfigMap",
        "v1",
        None,
        "cilium-config",
        may_allow=True,
        may_deny=True,
        adds_pods=False,
        source=settings.source,
        why=f"what Cilium makes of policies with {said} is not modelled",
        digest=said,
        may_isolate=True,
    )


def _stand_ins(cilium: Cilium) -> tuple[Unmodelled, ...]:
    return tuple(
        stand_in(
            (policy, cilium.groups),
            (policy.kind, "cilium.io/v2", policy.namespace, policy.name),
            policy.source,
            OF_CILIUM,
            tuple(d for d in Direction if any(spec.rules(d) for spec in policy.specs)),
        )
        for policy in cilium.policies
    )


def with_requirement(selector: Selector, key: str, *values: str) -> Selector:
    """The selector with one more demand; without values, that the label is there."""
    more = Requirement(key, Operator.IN if values else Operator.EXISTS, frozenset(values))
    return Selector((*selector.requirements, more))


def is_positive(selector: Selector) -> bool:
    """Something in it says what an end is, and not only what it is not."""
    return any(r.operator in (Operator.IN, Operator.EXISTS) for r in selector.requirements)
