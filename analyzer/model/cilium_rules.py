"""Rules of Cilium's policies as formulas over both ends, the ports and the request (calico-cilium.md 2.5 to 2.12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analyzer.model.cilium import (
    CLUSTER,
    NAMESPACE,
    SPECIALS,
    BehindServices,
    CiliumPeer,
    CiliumRule,
    CloudGroup,
    Domain,
    Endpoints,
    Entity,
    InGroups,
    OtherNodes,
    Range,
    is_positive,
    with_requirement,
)
from analyzer.model.cilium_places import api_server, api_server_addresses, has_both_families, own_node
from analyzer.model.cluster import Cluster, Service
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
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
    negated,
)
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.on_nodes import on_nodes
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Action, Direction
from analyzer.model.policies_as_read import FILTERED
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet

OF_NAMESPACE = "io.cilium.k8s.namespace.labels."
_ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
_OWNED = ("io.cilium.k8s", NAMESPACE)
_OF_IPCACHE = ("cidr", "cidrgroup", "fqdn")
_OUTSIDE = frozenset({EndKind.OUTSIDE})

Value = Attribute | Formula | str | None
"""What an end has for a label: an attribute, a text, the empty text where a formula holds, or nothing."""


def requirement(asked: Requirement, value: Value) -> Formula:
    """Reference A2.3: an absent label meets NotIn and DoesNotExist."""
    takes_any = asked.operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST)
    match value:
        case None:
            found: Formula = FALSE
        case str():
            found = TRUE if takes_any or value in asked.values else FALSE
        case Attribute():
            found = Test(value, None if takes_any else asked.values)
        case _:
            found = value if takes_any or "" in asked.values else FALSE
    return found if asked.operator in (Operator.IN, Operator.EXISTS) else negated(found)


def requirements(selector: Selector, value: Callable[[str, str], Value]) -> Formula:
    """What is asked of an end that has these values, by the source and the key of a label."""
    parts = []
    for asked in selector.requirements:
        source, _, key = asked.key.partition(":")
        parts.append(requirement(asked, value(source, key)))
    return both(parts)


class CiliumRules:
    """Reads the rules of one direction; `near` is the end that is judged."""

    def __init__(self, profile: Profile, cluster: Cluster, direction: Direction) -> None:
        self.profile, self.cluster, self.direction = profile, cluster, direction
        self.near = Role.SRC if direction is Direction.EGRESS else Role.DST
        self.far = Role.DST if direction is Direction.EGRESS else Role.SRC
        self.own_node = own_node(direction)
        self.has_both_families = has_both_families(cluster)
        known = api_server_addresses(profile, cluster)
        self.api_server = api_server(known, self.far)
        self.of_cluster = self.api_server if known else FALSE  # an assumption says that it is on a node
        mode = profile.policy_cidr_match_mode
        self.kinds_at_ranges = _OUTSIDE | (PODS if mode.means_pods else frozenset())
        self.nodes_at_ranges = ON_NODES if mode.means_nodes else frozenset()

    def when(self, rule: CiliumRule, namespace: str | None, subject: Selector) -> Formula:
        """What the rule matches (2.5): of services that lead nowhere nothing is left, as if it named no peers."""
        if rule.peers is None:
            return FALSE if rule.on is None else rule.on
        if not rule.peers:
            return FALSE
        services = [peer for peer in rule.peers if isinstance(peer, BehindServices)]
        if services:
            found = () if rule.action is Action.DENY else tuple(it for peer in services for it in self._services(peer))
            filled = {"Endpoints" if service.selector is not None else "CIDRSet" for service in found}
            if rule.filled_by_services - filled:
                return FALSE
            if not found:
                return FALSE if rule.on is None else rule.on
        is_init = any(r.key == "reserved:init" for r in subject.requirements)
        ends = either(self._peer(peer, rule, namespace, is_init=is_init) for peer in rule.peers)
        return both([ends, TRUE if rule.on is None else rule.on])

    def _peer(self, peer: CiliumPeer, rule: CiliumRule, namespace: str | None, *, is_init: bool) -> Formula:
        match peer:
            case Endpoints(selector):
                bound = self._bound(selector, namespace, is_init=is_init)
                return self._selected(bound, is_allow=rule.action is Action.ACCEPT)
            case OtherNodes(selector):
                asked = with_requirement(selector, "reserved:remote-node")
                return self._nodes(self._in_cluster(asked))
            case Entity(name):
                return self._entity(name)
            case Range(addresses, text, is_all):
                kinds = self.kinds_at_ranges | (frozenset() if is_all else self.nodes_at_ranges)
                return both([_of_kinds(self.far, kinds), Member(self.far, AtAddress(addresses, text))])
            case InGroups():
                return self._in_groups(peer, is_allow=rule.action is Action.ACCEPT)
            case Domain(pattern):
                return self._domain(pattern)
            case BehindServices():
                return either(map(self._behind, self._services(peer)))
            case CloudGroup(text):
                fact = OpenFact("cloud-group", text, f"which addresses the group {text} holds is not known")
                return both([is_a(self.far, _OUTSIDE), Open(fact)])

    # -------------------------------------------------------------------------------------------- labels
    def _bound(self, selector: Selector, namespace: str | None, *, is_init: bool) -> Selector:
        """With the namespace and the cluster that Cilium adds (2.6)."""
        keys = [r.key for r in selector.requirements]
        if any(key.startswith("reserved:") for key in keys):
            return selector
        if not {f"k8s:{NAMESPACE}", f"any:{NAMESPACE}"} & set(keys):
            if namespace is None:
                selector = selector if is_init else with_requirement(selector, f"k8s:{NAMESPACE}")
            elif not any(key.startswith((f"k8s:{OF_NAMESPACE}", f"any:{OF_NAMESPACE}")) for key in keys):
                selector = with_requirement(selector, f"k8s:{NAMESPACE}", namespace)
        return self._in_cluster(selector)

    def _in_cluster(self, selector: Selector) -> Selector:
        is_named = any(r.key in (f"k8s:{CLUSTER}", f"any:{CLUSTER}") for r in selector.requirements)
        if is_named or not self.profile.policy_default_local_cluster:
            return selector
        return with_requirement(selector, f"k8s:{CLUSTER}", self.profile.cilium_cluster)

    def _selected(self, selector: Selector, *, is_allow: bool) -> Formula:
        """Whoever has the labels; one that says only what an end is not selects the identities that stand for all pods,
        nodes and addresses together, and so lets them in (0.5, K80).  How far that goes for a denial is left open."""
        parts: list[Formula] = []
        if not is_positive(selector) and self.profile.cilium_version.has_aggregates:
            if is_allow:
                return either([_of_kinds(self.far, frozenset(EndKind)), self.specials(selector, self.far)])
            text = f"whether a denial of who has the labels {selector} is one of all who come, as in Cilium 1.20"
            parts.append(Open(OpenFact("engine", f"aggregate {selector}", f"{text}, is not known")))
        return either(
            [
                *parts,
                self.pods(selector, self.far),
                self._nodes(selector),
                both([is_a(self.far, _OUTSIDE), requirements(selector, self._of_outside)]),
                self.specials(selector, self.far),
            ]
        )

    def pods(self, selector: Selector, role: Role) -> Formula:
        return both([is_a(role, PODS), requirements(selector, lambda source, key: self._of_pod(source, key, role))])

    def _of_pod(self, source: str, key: str, role: Role) -> Value:
        if source not in ("any", "k8s"):
            return None
        if key == NAMESPACE:
            return Attribute(role, Name.NAMESPACE)
        if key.startswith(OF_NAMESPACE):
            return Attribute(role, Name.NAMESPACE_LABEL, key.removeprefix(OF_NAMESPACE))
        if key == _ACCOUNT:
            return Attribute(role, Name.SERVICE_ACCOUNT)
        if key == CLUSTER:
            return self.profile.cilium_cluster
        if key.startswith(_OWNED) or FILTERED.match(key):
            return None
        return Attribute(role, Name.LABEL, key)

    def specials(self, selector: Selector, role: Role, names: Iterable[str] = SPECIALS) -> Formula:
        def of(name: str) -> Callable[[str, str], Value]:
            return lambda source, key: "" if (source, key) in (("reserved", name), ("any", name)) else None

        found = frozenset(name for name in names if requirements(selector, of(name)) == TRUE)
        return Test(Attribute(role, Name.ENTITY), found) if found else FALSE

    def _nodes(self, selector: Selector) -> Formula:
        """Their own labels count with enable-node-selector-labels only (2.11)."""
        of_labels, others = [], []
        has_labels = self.profile.enable_node_selector_labels
        for asked in selector.requirements:
            source, _, key = asked.key.partition(":")
            if key == CLUSTER and source in ("any", "k8s"):
                others.append(self._of_cluster(asked) if has_labels else requirement(asked, None))
            elif source == "reserved" or (source == "any" and key in ("host", "remote-node", "kube-apiserver")):
                others.append(requirement(asked, self._of_node(key)))
            elif source in ("any", "node") and has_labels:
                of_labels.append(requirement(asked, Attribute(Role.SELF, Name.LABEL, key)))
            else:
                others.append(requirement(asked, None))
        return both([on_nodes(self.far, both(of_labels), self.far, self.cluster, self.profile), *others])

    def _of_cluster(self, asked: Requirement) -> Formula:
        """Other nodes have the label, the end's own has not."""
        here, there = requirement(asked, None), requirement(asked, self.profile.cilium_cluster)
        return either([both([self.own_node, here]), both([negated(self.own_node), there])])

    def _of_node(self, key: str) -> Value:
        match key:
            case "host":
                return self.own_node
            case "remote-node":
                return negated(self.own_node)
            case "kube-apiserver":
                return self.api_server
        return None

    def _of_outside(self, source: str, key: str) -> Value:
        if source in _OF_IPCACHE:
            text = f"which addresses have the label {source}:{key} is not known"
            return Open(OpenFact("ipcache", f"{source}:{key}", text))
        if source not in ("any", "reserved"):
            return None
        match key:
            case "world":
                return negated(self.has_both_families)
            case "world-ipv4":
                return both([OF_FAMILY[4], self.has_both_families])
            case "world-ipv6":
                return both([OF_FAMILY[6], self.has_both_families])
            case "kube-apiserver":
                return self.api_server
        return None

    # -------------------------------------------------------------------------------------------- other peers
    def _entity(self, name: str) -> Formula:
        match name:
            case "all":
                return TRUE
            case "world":
                return is_a(self.far, _OUTSIDE)
            case "host":
                return both([is_a(self.far, ON_NODES), self.own_node])
            case "remote-node":
                return both([is_a(self.far, ON_NODES), negated(self.own_node)])
            case "cluster" | "cluster-mesh":
                specials = Test(Attribute(self.far, Name.ENTITY), frozenset(SPECIALS))
                return either([is_a(self.far, PODS | ON_NODES), specials, self.of_cluster])
            case "kube-apiserver":
                return self.api_server
            case "none":
                return FALSE
        return Test(Attribute(self.far, Name.ENTITY), frozenset({name}))

    def _in_groups(self, peer: InGroups, *, is_allow: bool) -> Formula:
        """Each demand is met by some group that holds the address (2.8).  A selector that demands nothing is Cilium's
        for everybody, unless an except makes addresses of it; how far a denial goes is left open, as of others."""
        if peer.is_everybody:
            outside = is_a(self.far, _OUTSIDE)
            text = "whether a denial of groups without a label is one of all who come, as in Cilium 1.20, is not known"
            return TRUE if is_allow else either([outside, Open(OpenFact("engine", "aggregate groups", text))])
        groups = self.cluster.cilium.groups
        if peer.selector is None:
            held = self._at(group.addresses for group in groups if group.name == peer.name)
        else:
            held = both(self._of_groups(asked) for asked in peer.selector.requirements)
        kinds = _of_kinds(self.far, self.kinds_at_ranges | self.nodes_at_ranges)
        return both([kinds, held, negated(self._at([peer.excepted]))])

    def _of_groups(self, asked: Requirement) -> Formula:
        takes_any = asked.operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST)
        values = {g.name: g.labels.get(asked.key) for g in self.cluster.cilium.groups if asked.key in g.labels}
        meeting = [
            g.addresses
            for g in self.cluster.cilium.groups
            if g.name in values and (takes_any or values[g.name] in asked.values)
        ]
        found = self._at(meeting)
        return found if asked.operator in (Operator.IN, Operator.EXISTS) else negated(found)

    def _at(self, addresses: Iterable[AddressSet]) -> Formula:
        every = AddressSet.EMPTY
        for each in addresses:
            every |= each
        return Member(self.far, AtAddress(every)) if every else FALSE

    def _domain(self, pattern: str) -> Formula:
        """Addresses outside, never pods: those that the knob `dns` tells, or which nobody knows (2.9)."""
        outside = is_a(self.far, _OUTSIDE)
        if not self.profile.dns:
            text = f"which addresses the domain name `{pattern}` stands for is not known"
            return both([outside, Open(OpenFact("domain", pattern, text))])
        from analyzer.sets.strings import dns_pattern

        asked = dns_pattern(pattern)
        met = [AddressSet.single(ip) for name, ip in self.profile.domain_addresses if asked.matches(name)]
        return both([outside, self._at(met)])

    # -------------------------------------------------------------------------------------------- Services
    def _services(self, peer: BehindServices) -> tuple[Service, ...]:
        """Those that it chooses, and that lead somewhere."""
        return tuple(
            service
            for service in self.cluster.services
            if peer.namespace in ("", service.namespace) and _is_chosen(peer, service) and self._leads(service)
        )

    def _leads(self, service: Service) -> bool:
        return service.selector is not None or bool(self._addresses_of(service))

    def _addresses_of(self, service: Service) -> AddressSet:
        entries = self.cluster.written_endpoints(service)
        return AddressSet.singles(ip for entry in entries for ip in entry.addresses)

    def _behind(self, service: Service) -> Formula:
        """The pods that it selects, on any port; where it selects none, the addresses written for it, outside."""
        if service.selector is not None:
            asked = (Requirement(f"k8s:{r.key}", r.operator, r.values) for r in service.selector.requirements)
            there = with_requirement(Selector(tuple(asked)), f"k8s:{NAMESPACE}", service.namespace)
            return self.pods(there, self.far)
        kinds = self.kinds_at_ranges | self.nodes_at_ranges
        return both([_of_kinds(self.far, kinds), self._at([self._addresses_of(service)])])


def _of_kinds(role: Role, kinds: frozenset[EndKind]) -> Formula:
    """As `is_a`; what the engine runs itself is of none."""
    return is_a(role, kinds) if len(kinds) < len(EndKind) else negated(Test(Attribute(role, Name.ENTITY)))


def _is_chosen(peer: BehindServices, service: Service) -> bool:
    if peer.selector is None:
        return service.name == peer.name
    return requirements(peer.selector, lambda _, key: service.labels.get(key)) == TRUE
