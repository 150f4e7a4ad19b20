"""What can matter to one question: namespaces, policies, label keys, port names.  Everything else is left out.

The cost of a query follows what it touches: a policy is kept only if its subject can be an end of the connections the
claim speaks of.  `slice_first=False` keeps everything, to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from analyzer.encoding.domains import Attr, Domain
from analyzer.encoding.identity_names import identity_patterns, named_accounts
from analyzer.encoding.mediation import (
    Mediation,
    admits_tokens,
    issuers,
    mediation,
    names_in_identities,
)
from analyzer.encoding.namespaces import NamespaceTable, Standing, namespace_table
from analyzer.encoding.question import Question
from analyzer.encoding.request_domains import RequestDomains, request_domains
from analyzer.encoding.sights import sees_service
from analyzer.encoding.vocabulary import PortName, Vocabulary, mentioned_names, own_formulas, vocabulary
from analyzer.encoding.walk import led_ports_of, requests_in
from analyzer.errors import InternalError
from analyzer.model.claims import (
    Addresses,
    Anything,
    ApiServer,
    Assumption,
    At,
    Behind,
    Both,
    Claim,
    Domains,
    Either,
    Kind,
    LedPort,
    Minus,
    Nodes,
    NodesThat,
    PodsIn,
    PodsOf,
    ServiceNamed,
    SetExpr,
    Unknown,
    WorkloadNamed,
)
from analyzer.model.cluster import Cluster, Endpoints, Service, Unmodelled
from analyzer.model.formulas import Formula
from analyzer.model.leading import NodeWay, Way, node_ways, ways
from analyzer.model.policies import Direction, NamespaceChoice, NamespaceNamed, PodPeer, Policy, Tier
from analyzer.model.profile import ServiceEval
from analyzer.records import dataclass
from analyzer.sets import DEFAULT_POD_ADDRESSES, AddressSet

POD, EXTERNAL, HOST = "pod", "external", "host"


class Role(Enum):
    """What a variable describes: an end, the connection between the two, or what is asked for over it."""

    SRC = "src"
    DST = "dst"
    CONNECTION = "connection"
    REQUEST = "request"


@dataclass(frozen=True)
class Reach:
    """What one end of the connections can be: kinds of end, and for pods the codes of namespaces."""

    kinds: frozenset[str]
    namespaces: frozenset[int]


@dataclass(frozen=True, slots=True)
class Front:
    """A Service that may put a node's address in place of the source's, with the endpoints written for it."""

    service: Service
    endpoints: tuple[Endpoints, ...]


@dataclass(frozen=True)
class Scope:
    """The slice: all that the encoder needs to know besides the claim itself.

    `members` holds the workloads and nodes that can be an end; it is another cluster than `cluster`, whose policies
    count, where two revisions are compared.  Addresses outside the cluster are those that are not `taken`.
    """

    cluster: Cluster
    members: Cluster
    question: Question
    table: NamespaceTable
    src: Reach
    dst: Reach
    egress: tuple[Policy, ...]
    ingress: tuple[Policy, ...]
    vocabulary: Vocabulary
    pod_addresses: AddressSet
    taken: AddressSet
    unmodelled: tuple[Unmodelled, ...]
    fronts: tuple[Front, ...]
    assumptions: tuple[Assumption, ...] = ()
    ways: tuple[Way, ...] = ()
    node_ways: tuple[NodeWay, ...] = ()
    mesh: Mediation = Mediation()
    requests: RequestDomains = RequestDomains()

    def reach(self, role: Role) -> Reach:
        return self.src if role is Role.SRC else self.dst

    @property
    def through(self) -> tuple[int, ...]:
        """The numbers of the ways, counted from 1, that the claim asks for by name; for claims of reach, of which
        another way is no proof."""
        claim = self.question.claim
        if claim.kind not in (Kind.EVERY, Kind.SOME) or not self.ways:
            return ()
        asked = set(led_ports_of(claim))
        return tuple(number for number, way in enumerate(self.ways, 1) if any(is_way_of(way, port) for port in asked))

    @property
    def domains(self) -> dict[Attr, Domain]:
        return self.vocabulary.domains

    @property
    def port_names(self) -> tuple[PortName, ...]:
        return self.vocabulary.port_names

    @property
    def admits_guesses(self) -> bool:
        """What it speaks of need not be there: it could be."""
        return not self.question.open_labels and self.question.claim.kind is not Kind.SOME

    @property
    def are_nodes_known(self) -> bool:
        """The declared nodes are all the nodes."""
        return bool(self.members.nodes) and self.question.profile.nodes_complete

    @property
    def admits_tokens(self) -> bool:
        """Clients with a valid token are spoken of."""
        return admits_tokens(self.question)

    @property
    def needs_addresses(self) -> bool:
        return self.vocabulary.needs_addresses


def pod_addresses(cluster: Cluster, given: AddressSet | None) -> AddressSet:
    """Where pods' addresses lie: as given, else in the nodes' podCIDRs, else private ranges; known ones always, and no
    Service's."""
    return (pod_ranges(cluster, given) - cluster.service_addresses) | cluster.known_pod_addresses


def pod_ranges(cluster: Cluster, given: AddressSet | None) -> AddressSet:
    """The ranges that pods' addresses are taken to lie in; the podCIDRs of a family are no bound where a pod is known
    to have an address of that family elsewhere."""
    if given is not None:
        return given
    declared = cluster.pod_cidrs
    if not declared:
        return DEFAULT_POD_ADDRESSES
    lifted = (DEFAULT_POD_ADDRESSES.family(v) if cluster.stray_addresses.family(v) else () for v in (4, 6))
    return declared | AddressSet(*lifted)


def scope_of(cluster: Cluster, question: Question) -> Scope:
    """Slice the cluster to what can matter to the question."""
    claim = question.claim
    names = mentioned_names(cluster, question) | names_in_identities(cluster, question)
    table = namespace_table(cluster, question.universe, question.open_labels, names)
    src, dst = _ends(claim, table, question.slice_first)
    egress = tuple(policies_at(cluster, table, src, Direction.EGRESS))
    ingress = tuple(policies_at(cluster, table, src if claim.kind is Kind.ISOLATED else dst, Direction.INGRESS))
    fronts = fronts_of(cluster, table, dst)
    through, by_nodes = ways_between(cluster, question, egress), node_ways_between(cluster, question, egress)
    mesh = mediation(cluster, question, table, dst.namespaces)
    asked = [*own_formulas(cluster, question.profile), *mesh.formulas, *requests_in(claim.where)]
    accounts = accounts_in_identities(cluster, table, src, asked) if question.with_requests else ()
    words = vocabulary(
        cluster,
        question,
        table,
        (*egress, *ingress),
        [front.service for front in fronts],
        src.namespaces | dst.namespaces,
        has_endpoints=any(front.endpoints for front in fronts),
        formulas=asked,
        ways=(*through, *by_nodes),
        accounts=accounts,
    )
    return Scope(
        cluster=cluster,
        members=cluster,
        question=question,
        table=table,
        src=src,
        dst=dst,
        egress=egress,
        ingress=ingress,
        vocabulary=words,
        pod_addresses=pod_addresses(cluster, question.pod_addresses),
        taken=cluster.taken_addresses,
        unmodelled=unmodelled_at(cluster, table, src.namespaces | dst.namespaces),
        fronts=fronts,
        assumptions=assumptions_for(question, src, dst),
        ways=through,
        node_ways=by_nodes,
        mesh=mesh,
        requests=request_domains(asked, cluster.mesh.config, issuers(cluster)) if question.with_requests else _NO_ROWS,
    )


_NO_ROWS = RequestDomains()


def accounts_in_identities(
    cluster: Cluster, table: NamespaceTable, src: Reach, formulas: Iterable[Formula]
) -> frozenset[str]:
    """The service accounts that identities are asked for, or that such questions tell apart."""
    names = (table.entries[code].name or "new-namespace" for code in src.namespaces)
    return frozenset(named_accounts(identity_patterns(formulas), cluster.mesh.config, names))


def node_ways_between(cluster: Cluster, question: Question, egress: Iterable[Policy]) -> tuple[NodeWay, ...]:
    """The ways through ports of the nodes, where policies may rule otherwise on a node than on what stands behind."""
    policies = tuple(egress)
    if not question.profile.enforces or not any(may_mean_nodes(policy) for policy in policies):
        return ()
    return node_ways(cluster)


def may_mean_nodes(policy: Policy) -> bool:
    """Whether egress rules may open a node and not the pod behind a port of it.  One that selects pods only does not;
    but where rules go in order, one may deny the pod."""
    if policy.tier is not Tier.NETWORK_POLICY:
        return True
    return any(
        rule.peers is None or any(not isinstance(peer, PodPeer) or peer.is_bare for peer in rule.peers)
        for rule in policy.egress or ()
    )


def ways_between(cluster: Cluster, question: Question, egress: Iterable[Policy]) -> tuple[Way, ...]:
    """The ways through Services' addresses on which a rule may see another destination than the one they lead to, and
    those that the claim asks for.  None where the engine looks after the translation."""
    profile = question.profile
    if profile.service_eval is ServiceEval.POST_DNAT or not profile.enforces:
        return ()
    policies = tuple(egress)
    is_ordered = any(policy.tier is not Tier.NETWORK_POLICY for policy in policies)
    asked = {port for port in led_ports_of(question.claim) if port.addresses}
    rules = [rule for policy in policies for rule in policy.rules(Direction.EGRESS) or ()]
    is_told = bool(policies) or question.claim.kind in (Kind.EVERY, Kind.SOME)  # those are about the way itself
    return tuple(
        way
        for way in ways(cluster)
        if (is_told and any(is_way_of(way, port) for port in asked))
        or (policies and (is_ordered or any(sees_service(rule, way, profile) for rule in rules)))
    )


def is_way_of(way: Way, port: LedPort) -> bool:
    same = (way.port.service, way.port.number, way.port.protocol) == (port.service, port.number, port.protocol)
    return same and way.address in port.addresses


def fronts_of(cluster: Cluster, table: NamespaceTable, dst: Reach) -> tuple[Front, ...]:
    """The Services that may hide a source from a destination: by a selector those of its namespace, by endpoints that
    are written any (reference A13.4, A13.5, E3)."""
    if POD not in dst.kinds:
        return ()
    hiding = (s for s in cluster.services if s.reached_from_outside and not s.preserves_client)
    found = (Front(s, cluster.written_endpoints(s)) for s in hiding)
    return tuple(
        front
        for front in found
        if front.endpoints
        or (front.service.selector is not None and table.code(front.service.namespace) in dst.namespaces)
    )


def unmodelled_at(cluster: Cluster, table: NamespaceTable, touched: frozenset[int]) -> tuple[Unmodelled, ...]:
    """The unmodelled objects that may bear on pods of these namespaces."""
    bearing = (u for u in cluster.unmodelled if u.may_allow or u.may_deny or u.may_isolate)
    return tuple(u for u in bearing if any(u.reaches(table.entries[code].name) for code in touched))


def assumptions_for(question: Question, src: Reach, dst: Reach) -> tuple[Assumption, ...]:
    """Assumptions speak of pods only."""
    return question.assumptions if POD in src.kinds | dst.kinds else ()


# ------------------------------------------------------------------------------------------------ ends
def _ends(claim: Claim, table: NamespaceTable, slice_first: bool) -> tuple[Reach, Reach]:
    everything = Reach(frozenset({POD, EXTERNAL, HOST}), table.every)
    if claim.kind is Kind.ISOLATED:
        subjects = reach(claim.sources, table) if slice_first else everything
        return Reach(subjects.kinds & {POD}, subjects.namespaces), Reach(frozenset(), frozenset())
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
        case At():
            return Reach(frozenset({POD, EXTERNAL, HOST}), table.every)
        case Behind(_, ports):
            return reach(Either(tuple(port.members for port in ports)), table)
        case PodsOf():
            return Reach(frozenset({POD}), table.every)
        case Nodes() | NodesThat():
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
        case ServiceNamed() | ApiServer() | Domains() | Unknown():
            raise InternalError(f"nobody has looked up what `{members}` stands for")


def possible(choice: NamespaceChoice, table: NamespaceTable) -> frozenset[int]:
    """The namespaces that meet a choice, or may."""
    if isinstance(choice, NamespaceNamed):
        code = table.code(choice.name)
        return frozenset() if code is None else frozenset({code})
    unknown = table.of(Standing.MENTIONED) | table.of(Standing.FUTURE)
    return table.known_matching(choice.selector) | {c for c in unknown if table.name_allows(c, choice.selector)}


def policies_at(cluster: Cluster, table: NamespaceTable, end: Reach, direction: Direction) -> Iterator[Policy]:
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
