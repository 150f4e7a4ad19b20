"""What can matter to one question: namespaces, policies, label keys, port names.  Everything else is left out.

The cost of a query follows what it touches: a policy is kept only if its subject can be an end of the connections the
claim speaks of.  `slice_first=False` keeps everything, to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from analyzer.encoding.domains import Attr, Domain, DomainBuilder
from analyzer.encoding.namespaces import NamespaceTable, Standing
from analyzer.encoding.walk import claim_ports, claim_sets, comparisons, leaves
from analyzer.model.claims import (
    Addresses,
    Anything,
    Assumption,
    Attribute,
    Both,
    Claim,
    Condition,
    Either,
    Kind,
    Minus,
    Nodes,
    PodsIn,
    SetExpr,
    Term,
    Universe,
    WorkloadNamed,
)
from analyzer.model.cluster import Cluster, Service, Unmodelled
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Operator, Selector
from analyzer.model.policies import (
    PORT_PROTOCOLS,
    AddressPeer,
    Direction,
    NamedPort,
    NamespaceChoice,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Tier,
)
from analyzer.model.profile import Profile
from analyzer.sets import DEFAULT_POD_ADDRESSES, AddressSet


@dataclass(frozen=True, slots=True)
class Question:
    """One claim in its setting.  `pod_addresses is None`: from the nodes' podCIDRs, else the default ranges.

    `open_labels` keeps unknown namespace labels unknown in the inventory; `slice_first` is for tests.
    """

    claim: Claim
    assumptions: tuple[Assumption, ...]
    universe: Universe
    profile: Profile
    pod_addresses: AddressSet | None = None
    open_labels: bool = False
    slice_first: bool = True


POD, EXTERNAL, HOST = "pod", "external", "host"


@dataclass(frozen=True)
class Reach:
    """What one end of the connections can be: kinds of end, and for pods the codes of namespaces."""

    kinds: frozenset[str]
    namespaces: frozenset[int]


@dataclass(frozen=True)
class Scope:
    """The slice: all that the encoder needs to know besides the claim itself."""

    cluster: Cluster
    question: Question
    table: NamespaceTable
    src: Reach
    dst: Reach
    egress: tuple[Policy, ...]
    ingress: tuple[Policy, ...]
    domains: dict[Attr, Domain]
    port_names: tuple[tuple[str, Protocol], ...]
    needs_addresses: bool
    pod_addresses: AddressSet
    unmodelled: tuple[Unmodelled, ...]
    services: tuple[Service, ...]
    assumptions: tuple[Assumption, ...] = field(default=())


def pod_addresses(cluster: Cluster, given: AddressSet | None) -> AddressSet:
    """Where pods' addresses lie: as given, else in the nodes' podCIDRs, else private ranges; known ones always."""
    known = AddressSet.singles(ip for w in cluster.workloads if not w.host_network for ip in w.ips)
    if given is not None:
        return given | known
    declared = AddressSet.EMPTY
    for node in cluster.nodes:
        declared |= node.pod_addresses
    return (declared or DEFAULT_POD_ADDRESSES) | known


def scope_of(cluster: Cluster, question: Question) -> Scope:
    """Slice the cluster to what can matter to the question."""
    claim = question.claim
    conditions = tuple(_conditions(question))
    names = set(_mentioned_names(cluster, question, conditions))
    table = NamespaceTable(cluster, question.universe, question.open_labels, names)
    src, dst = _ends(claim, table, question.slice_first)
    egress = tuple(_policies(cluster, table, src, Direction.EGRESS))
    ingress = tuple(_policies(cluster, table, dst, Direction.INGRESS))
    if claim.kind is Kind.ISOLATED:
        ingress = tuple(_policies(cluster, table, src, Direction.INGRESS))
    relevant = tuple(dict.fromkeys((*egress, *ingress)))
    touched = src.namespaces | dst.namespaces
    assumptions = tuple(a for a in question.assumptions if POD in src.kinds | dst.kinds)
    peers = [peer for p in relevant for d in Direction for rule in p.rules(d) or () for peer in rule.peers or ()]
    needs_addresses = any(isinstance(p, AddressPeer | NodePeer) for p in peers) or any(
        isinstance(s, Addresses) for s in claim_sets(claim)
    )
    services = tuple(
        s
        for s in cluster.services
        if s.selector is not None
        and s.reached_from_outside
        and not s.preserves_client
        and EXTERNAL in src.kinds
        and table.code(s.namespace) in dst.namespaces
    )
    return Scope(
        cluster=cluster,
        question=question,
        table=table,
        src=src,
        dst=dst,
        egress=egress,
        ingress=ingress,
        domains=_domains(cluster, question, table, relevant, peers, conditions, services, touched),
        port_names=_port_names(relevant, claim, services),
        needs_addresses=needs_addresses,
        pod_addresses=pod_addresses(cluster, question.pod_addresses),
        unmodelled=tuple(
            u
            for u in cluster.unmodelled
            if (u.may_allow or u.may_deny) and (u.namespace is None or table.code(u.namespace) in touched)
        ),
        services=services,
        assumptions=assumptions,
    )


# ------------------------------------------------------------------------------------------------ ends
def _ends(claim: Claim, table: NamespaceTable, slice_first: bool) -> tuple[Reach, Reach]:
    everything = Reach(frozenset({POD, EXTERNAL, HOST}), table.every)
    if claim.kind is Kind.ISOLATED:
        return reach(claim.sources, table) if slice_first else Reach(frozenset({POD}), table.every), Reach(
            frozenset(), frozenset()
        )
    if not slice_first:
        return everything, everything
    src = everything if claim.kind is Kind.ONLY else reach(claim.sources, table)
    destinations = claim.destinations or Anything()
    dst = everything if claim.kind is Kind.REACHES_ONLY else reach(destinations, table)
    return src, dst


def reach(members: SetExpr, table: NamespaceTable) -> Reach:
    """An over-approximation of what a set can hold."""
    match members:
        case PodsIn(namespaces, _):
            return Reach(frozenset({POD}), possible(namespaces, table))
        case WorkloadNamed(namespace, _):
            code = table.code(namespace)
            return Reach(frozenset({POD}), frozenset() if code is None else frozenset({code}))
        case Addresses():
            return Reach(frozenset({EXTERNAL}), frozenset())
        case Nodes():
            return Reach(frozenset({HOST}), frozenset())
        case Anything():
            return Reach(frozenset({POD, EXTERNAL, HOST}), table.every)
        case Either(parts):
            found = [reach(part, table) for part in parts]
            return Reach(
                frozenset().union(*(r.kinds for r in found)), frozenset().union(*(r.namespaces for r in found))
            )
        case Both(parts):
            found = [reach(part, table) for part in parts]
            kinds = frozenset.intersection(*(r.kinds for r in found))
            shared = frozenset.intersection(*(r.namespaces for r in found))
            return Reach(kinds, shared if POD in kinds else frozenset())
        case Minus(base, _):
            return reach(base, table)


def possible(choice: NamespaceChoice, table: NamespaceTable) -> frozenset[int]:
    """The namespaces that meet a choice, or may."""
    if isinstance(choice, NamespaceNamed):
        code = table.code(choice.name)
        return frozenset() if code is None else frozenset({code})
    unknown = table.of(Standing.MENTIONED) | table.of(Standing.FUTURE)
    return table.known_matching(choice.selector) | {c for c in unknown if table.name_allows(c, choice.selector)}


def _policies(cluster: Cluster, table: NamespaceTable, end: Reach, direction: Direction) -> Iterator[Policy]:
    """The policies with rules for `direction` that can select a pod at that end, in the order of their tiers."""
    if POD not in end.kinds:
        return
    for tier in Tier:
        if tier is Tier.NETWORK_POLICY:
            by_namespace = cluster.network_policies_by_namespace
            for code in sorted(end.namespaces):
                name = table.entries[code].name
                for policy in by_namespace.get(name, ()) if name is not None else ():
                    if policy.rules(direction) is not None:
                        yield policy
        else:
            for policy in cluster.policies_by_tier[tier]:
                if policy.rules(direction) and possible(policy.subject.namespaces, table) & end.namespaces:
                    yield policy


# ------------------------------------------------------------------------------------------------ mentions
def _conditions(question: Question) -> Iterator[Condition]:
    if question.claim.where is not None:
        yield question.claim.where
    for assumption in question.assumptions:
        yield assumption.condition


def _set_leaves(question: Question) -> Iterator[SetExpr]:
    yield from claim_sets(question.claim)
    for assumption in question.assumptions:
        yield from leaves(assumption.members)


def _mentioned_names(cluster: Cluster, question: Question, conditions: Iterable[Condition]) -> Iterator[str]:
    """Names of namespaces that the query or a cluster-wide selector mentions: those that may be created later."""
    for leaf in _set_leaves(question):
        match leaf:
            case PodsIn(NamespaceNamed(name), _) | WorkloadNamed(name, _):
                yield name
            case PodsIn(NamespacesMatching(selector), _):
                yield from _name_values(selector)
            case _:
                pass
    for condition in conditions:
        for term, other in comparisons(condition):
            if _attr(term) == Attr("name") and isinstance(other, frozenset):
                yield from other
    for selector in _namespace_selectors(cluster.policies):
        yield from _name_values(selector)


def _namespace_selectors(policies: Iterable[Policy]) -> Iterator[Selector]:
    for policy in policies:
        choices = [policy.subject.namespaces]
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                choices += [peer.namespaces for peer in rule.peers or () if isinstance(peer, PodPeer)]
        for choice in choices:
            if isinstance(choice, NamespacesMatching):
                yield choice.selector


def _name_values(selector: Selector) -> Iterator[str]:
    for requirement in selector.requirements:
        if requirement.key == NAMESPACE_NAME_LABEL:
            yield from requirement.values


def _attr(term: Term) -> Attr:
    match term.attribute:
        case Attribute.LABEL:
            return Attr("pod", term.key)
        case Attribute.SERVICE_ACCOUNT:
            return Attr("sa")
        case Attribute.NAMESPACE_LABEL if term.key != NAMESPACE_NAME_LABEL:
            return Attr("ns", term.key)
        case _:  # the name, or the label that always holds it
            return Attr("name")


def attr_of(term: Term) -> Attr:
    """The attribute whose domain a term's values come from."""
    return _attr(term)


def _port_names(
    policies: Iterable[Policy], claim: Claim, services: Iterable[Service]
) -> tuple[tuple[str, Protocol], ...]:
    found: dict[tuple[str, Protocol], None] = {}

    def add(ports: Iterable[Ports]) -> None:
        for entry in ports:
            if isinstance(entry, NamedPort):
                for protocol in PORT_PROTOCOLS if entry.protocol is None else (entry.protocol,):
                    found[entry.name, protocol] = None

    add(claim_ports(claim))
    for policy in policies:
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                add(rule.ports or ())
    for service in services:
        add(NamedPort(p.target, p.protocol) for p in service.ports if isinstance(p.target, str))
    return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].value)))


# ------------------------------------------------------------------------------------------------ domains
def _domains(
    cluster: Cluster,
    question: Question,
    table: NamespaceTable,
    policies: Iterable[Policy],
    peers: Iterable[object],
    conditions: Iterable[Condition],
    services: Iterable[Service],
    touched: frozenset[int],
) -> dict[Attr, Domain]:
    builder = DomainBuilder()
    is_open = any(table.entries[c].standing is not Standing.KNOWN for c in touched)

    def mention(kind: str, selector: Selector) -> None:
        for r in selector.requirements:
            if kind == "ns" and r.key == NAMESPACE_NAME_LABEL:
                continue  # decided by the name alone
            builder.mention(Attr(kind, r.key), r.values if r.operator in (Operator.IN, Operator.NOT_IN) else ())

    def mention_choice(choice: NamespaceChoice) -> None:
        if isinstance(choice, NamespacesMatching) and is_open:
            mention("ns", choice.selector)

    for policy in policies:
        mention_choice(policy.subject.namespaces)
        mention("pod", policy.subject.pods)
    for peer in peers:
        if isinstance(peer, PodPeer):
            mention_choice(peer.namespaces)
            mention("pod", peer.pods)
        elif isinstance(peer, NodePeer):
            mention("pod", peer.selector)
    for service in services:
        mention("pod", service.selector or Selector.EVERYTHING)
    for leaf in _set_leaves(question):
        if isinstance(leaf, PodsIn):
            mention_choice(leaf.namespaces)
            mention("pod", leaf.pods)
    for condition in conditions:
        for term, other in comparisons(condition):
            attr = _attr(term)
            match other:
                case Term() as right:
                    if attr != _attr(right) or attr != Attr("name"):
                        builder.compare(attr, _attr(right))
                case frozenset() as values if attr != Attr("name"):
                    builder.mention(attr, values)
                case _ if attr != Attr("name"):
                    builder.mention(attr)
                case _:
                    pass
    if Attr("sa") in builder:
        builder.mention(Attr("sa"), ("default",))
    for attr in builder.compared:
        builder.mention(attr, _actual_values(cluster, table, attr, touched))
    return builder.freeze()


def _actual_values(cluster: Cluster, table: NamespaceTable, attr: Attr, touched: frozenset[int]) -> Iterator[str]:
    if attr.kind == "ns":
        for code in touched:
            if (value := table.entries[code].labels.get(attr.key)) is not None:
                yield value
    elif attr.kind == "name":
        for code in touched:
            if (name := table.entries[code].name) is not None:
                yield name
    else:
        names = {table.entries[code].name for code in touched}
        for workload in cluster.workloads:
            if workload.namespace in names:
                value = workload.service_account if attr.kind == "sa" else workload.labels.get(attr.key)
                if value is not None:
                    yield value
        for node in cluster.nodes:
            if attr.kind == "pod" and attr.key in node.labels:
                yield node.labels[attr.key]
