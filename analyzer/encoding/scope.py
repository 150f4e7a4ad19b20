"""What can matter to one question: namespaces, policies, label keys, port names.  Everything else is left out.

The cost of a query follows what it touches: a policy is kept only if its subject can be an end of the connections the
claim speaks of.  `slice_first=False` keeps everything, to compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_

from analyzer.encoding.domains import Attr, Domain
from analyzer.encoding.mediation import (
    Mediation,
    admits_tokens,
    issuers,
    mediation,
    names_in_identities,
    namespaces_with_policies,
)
from analyzer.encoding.namespaces import NamespaceTable, Side, namespace_table
from analyzer.encoding.question import Question
from analyzer.encoding.reach import NO_END, POD, Ends, ends_of, everywhere
from analyzer.encoding.request_rows import RequestDomains
from analyzer.encoding.slices import index_of, is_way_of, sliced, without_tiers
from analyzer.encoding.vocabulary import PortName, Vocabulary, mentioned_names, vocabulary
from analyzer.encoding.walk import asked_of_requests, formulas_of, led_ports_of
from analyzer.model.claims import Assumption, Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import Formula, Role
from analyzer.model.leading import NodeWay, Way
from analyzer.model.pipeline import Stage
from analyzer.model.policies import Direction
from analyzer.model.request_view import is_looked_at, proxy_config
from analyzer.records import dataclass
from analyzer.sets import DEFAULT_POD_ADDRESSES, AddressSet


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
    src: Ends
    dst: Ends
    egress: Stage
    ingress: Stage
    vocabulary: Vocabulary
    pod_addresses: AddressSet
    taken: AddressSet
    assumptions: tuple[Assumption, ...] = ()
    mesh: Mediation = Mediation()
    requests: RequestDomains = RequestDomains()

    def reach(self, role: Role) -> Ends:
        return self.src if role is Role.SRC else self.dst

    def stage(self, direction: Direction) -> Stage:
        return self.egress if direction is Direction.EGRESS else self.ingress

    @property
    def ways(self) -> tuple[Way, ...]:
        return self.egress.ways

    @property
    def node_ways(self) -> tuple[NodeWay, ...]:
        return self.egress.node_ways

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
    node's nor Service's."""
    return (pod_ranges(cluster, given) - cluster.taken_addresses) | cluster.known_pod_addresses


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
    side = Side(cluster, table_of(cluster, question))
    stages = tuple(
        sliced(index, claim, side.table, end)
        if question.judged_at in (None, index.stage.direction)
        else without_tiers(index.stage)
        for index, end in zip(index_of(cluster, question.profile), judged_ends(question, side.table), strict=True)
    )
    return scopes_of([side], [stages], question, cluster, _ends(claim, side.table, question.slice_first))[0]


def scopes_of(
    sides: Sequence[Side],
    stages: Sequence[Sequence[Stage]],
    question: Question,
    members: Cluster,
    ends: tuple[Ends, Ends],
) -> list[Scope]:
    """The scope of each side, of which these are the stages, egress first: over one vocabulary, so that a symbol has
    one meaning."""
    src, dst = ends
    clusters, questions = [side.cluster for side in sides], question.of_sides(len(sides))
    meshes = [
        mediation(side.cluster, its, side.table, dst.namespaces) for side, its in zip(sides, questions, strict=True)
    ]
    of_mesh = [formula for mesh in meshes for formula in mesh.formulas]
    every = [stage for its in stages for stage in its]
    accounts, requests = _of_requests(sides, question, src, [*(it for s in every for it in formulas_of(s)), *of_mesh])
    words = vocabulary(members, question, sides[-1].table, every, src.namespaces | dst.namespaces, of_mesh, accounts)
    pods = reduce(or_, (pod_addresses(cluster, question.pod_addresses) for cluster in clusters))
    taken = reduce(and_, (cluster.taken_addresses for cluster in clusters))
    return [
        Scope(
            cluster=side.cluster,
            members=members,
            question=its,
            table=side.table,
            src=src,
            dst=dst,
            egress=egress,
            ingress=ingress,
            vocabulary=words,
            pod_addresses=pods,
            taken=taken,
            assumptions=_assumptions_for(question, src, dst),
            mesh=mesh,
            requests=requests,
        )
        for side, its, (egress, ingress), mesh in zip(sides, questions, stages, meshes, strict=True)
    ]


def destinations_with_policies(cluster: Cluster, question: Question) -> list[str]:
    """The namespaces with policies of the mesh of their own that the claim's destinations can be in."""
    return namespaces_with_policies(cluster, question, _destinations(cluster, question))


def table_of(cluster: Cluster, question: Question) -> NamespaceTable:
    """The namespaces that there are, and can be, for the question."""
    inside = _destinations(cluster, question) if question.with_requests and question.slice_first else None
    names = mentioned_names(cluster, question) | names_in_identities(cluster, question, inside)
    return namespace_table(cluster, question.universe, question.open_labels, names)


def _destinations(cluster: Cluster, question: Question) -> frozenset[str]:
    """The namespaces that the claim's destinations can be in, of those that may have policies: none that is only named
    in identities has any."""
    names = mentioned_names(cluster, question)
    table = namespace_table(cluster, question.universe, question.open_labels, names)
    _, dst = _ends(question.claim, table, question.slice_first)
    return frozenset(name for code in dst.namespaces if (name := table.entries[code].name) is not None)


def judged_ends(question: Question, table: NamespaceTable) -> tuple[Ends, Ends]:
    """What the end can be that each stage judges, egress first."""
    src, dst = _ends(question.claim, table, question.slice_first)
    return src, src if question.claim.kind is Kind.ISOLATED else dst


def _of_requests(
    sides: Sequence[Side], question: Question, src: Ends, formulas: Sequence[Formula]
) -> tuple[frozenset[str], RequestDomains]:
    """The service accounts that identities are asked for, or that such questions tell apart, and the rows of requests:
    one table for all sides."""
    if not question.with_requests:
        return frozenset(), RequestDomains()
    from analyzer.encoding.identity_names import identity_patterns, named_accounts
    from analyzer.encoding.request_domains import request_domains

    asked, profile = [*formulas, *asked_of_requests(question.claim)], question.profile
    patterns, accounts = identity_patterns(asked), set[str]()
    for side in sides:
        names = (side.table.entries[code].name or "new-namespace" for code in src.namespaces)
        accounts.update(named_accounts(patterns, side.cluster.mesh.config, names))
    clusters = [side.cluster for side in sides]
    judged = [(its.profile, side) for its, side in zip(question.of_sides(len(sides)), clusters, strict=True)]
    judging = next((pair for pair in reversed(judged) if is_looked_at(*pair)), judged[-1])
    rows = request_domains(
        asked,
        proxy_config(*judging),
        issuers(*clusters),
        profile.most_atoms,
        with_identities=profile.foreign_identities,
    )
    return frozenset(accounts), rows


def _assumptions_for(question: Question, src: Ends, dst: Ends) -> tuple[Assumption, ...]:
    """Assumptions speak of pods only."""
    return question.assumptions if POD in src.kinds | dst.kinds else ()


# ------------------------------------------------------------------------------------------------ ends
def _ends(claim: Claim, table: NamespaceTable, slice_first: bool) -> tuple[Ends, Ends]:
    everything = everywhere(table)
    if claim.kind is Kind.ISOLATED:
        subjects = ends_of(claim.sources, table) if slice_first else everything
        return subjects._replace(nodes=False, outside=False), NO_END
    if not slice_first:
        return everything, everything
    src = everything if claim.kind is Kind.ONLY else ends_of(claim.sources, table)
    destinations = claim.destinations or ANYTHING
    dst = everything if claim.kind is Kind.REACHES_ONLY else ends_of(destinations, table)
    return src, dst
