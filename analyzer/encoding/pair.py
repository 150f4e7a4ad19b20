"""The obligation of a comparison: a connection that one revision denies and the other allows.

Both revisions are stated over the same symbols.  Outside the namespaces where the ruling of a direction can differ it
is the same on both sides, and is stated once:

    allowed after, and either (its source is where egress changed, and egress before denies it)
                       or (its destination is where ingress changed, and ingress before denies it)
                       or (its destination is where the mesh changed, and the mesh before denies the request)
                or (its destination is where the mesh changed, and the mesh before denies the request)
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.changes import NOWHERE_CHANGED, Changed, Comparison, everything_changed
from analyzer.encoding.claims import ClaimTerms
from analyzer.encoding.classes import EndClass, end_classes
from analyzer.encoding.common_universe import align, changes_network, members_of
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.mediation import is_asked, names_in_identities
from analyzer.encoding.namespaces import NamespaceTable, Side, namespace_table
from analyzer.encoding.obligation import Obligation, obligation
from analyzer.encoding.pipeline import PipelineTerms
from analyzer.encoding.question import Question
from analyzer.encoding.reach import POD, Ends, ends_of, union_of
from analyzer.encoding.scope import scopes_of
from analyzer.encoding.slices import index_of, sliced, without_tiers
from analyzer.encoding.terms import FALSE, Script, Term, conj, disj, neg
from analyzer.encoding.variables import VariableBuilder
from analyzer.encoding.vocabulary import mentioned_names
from analyzer.model.cluster import Cluster
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import FALSE as NEVER
from analyzer.model.formulas import Role
from analyzer.model.pipeline import Stage
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.reading import is_decided_by_calico, is_decided_by_cilium
from analyzer.records import dataclass


def encode_pair(before: Cluster, after: Cluster, question: Question, *, is_live: bool = False) -> Obligation | None:
    """The script whose `violation` is satisfiable iff `after` allows a connection that the claim speaks of and that
    `before` denies; None if their policies show that there is none.

    Labels of namespaces that a condition asks for are those of `after`.  With `is_live` workloads and nodes are those
    of `after` only, else those of both.
    """
    before, after = align(before, after)
    questions = question.of_sides(2)
    mentioned = {name for side, its in zip((before, after), questions, strict=True) for name in _names(side, its)}
    sides = tuple(
        Side(side, namespace_table(side, question.universe, question.open_labels, mentioned))
        for side in (before, after)
    )
    changed = _changed(sides, question)
    ends = _ends(question, sides[1].table, changed)
    if ends is None:
        return None
    members = after if is_live else members_of(before, after, asks_proxies=question.with_requests)
    stages = _stages(sides[0], questions[0], ends, changed), _stages(sides[1], questions[1], ends, None)
    scopes = scopes_of(sides, stages, question, members, ends)
    script = Script()
    assertions = AssertionNames(script)
    classes = end_classes(scopes[1], before)
    variables = VariableBuilder(script, scopes[1], classes)
    were = tuple(map(_as_before, classes))
    is_other = question.denying_profile is not None and question.denying_profile.engine != question.profile.engine
    named = (assertions.of_engine(questions[0].profile.engine) if is_other else assertions), assertions
    policies = [
        PipelineTerms(
            scope,
            EndTerms(Role.SRC, scope, known, variables, script, names),
            EndTerms(Role.DST, scope, known, variables, script, names),
            variables,
            script,
            names,
            is_tracked=False,
        )
        for scope, known, names in zip(scopes, (were, classes), named, strict=True)
    ]
    terms = ClaimTerms(question.claim, policies[1].src, policies[1].dst, policies[1])
    are_nodes = any(_judges_nodes(its.profile, side) for side, its in zip((before, after), questions, strict=True))
    newly = _newly_allowed(terms, policies[0], changed)
    return obligation(terms, newly, policies[0].off_the_mesh(), judges_nodes=are_nodes)


def _as_before(it: EndClass) -> EndClass:
    return replace(it, host_network=it.was_on_host, annotations=it.was_annotated) if it.kind == POD else it


def _judges_nodes(profile: Profile, side: Cluster) -> bool:
    """Policies may select nodes."""
    if is_decided_by_calico(profile, side):
        return side.calico.has_hosts
    return profile.enable_host_firewall and is_decided_by_cilium(profile, side)


@dataclass(frozen=True, slots=True)
class _AllChanged:
    """Where each part of the ruling can differ."""

    egress: Changed
    ingress: Changed
    mesh: Changed


def _names(side: Cluster, question: Question) -> frozenset[str]:
    return mentioned_names(side, question) | names_in_identities(side, question)


def _newly_allowed(terms: ClaimTerms, old: PipelineTerms, changed: _AllChanged) -> Term:
    assert old.dst is not None
    denied: list[Term] = []
    for end, change, direction in (
        (old.src, changed.egress, Direction.EGRESS),
        (old.dst, changed.ingress, Direction.INGRESS),
    ):
        if any(change.near):
            denied.append(conj([_is_one_of(end, change.near), neg(old.side(direction))]))
    if any(changed.mesh.near):
        denied.append(conj([_is_one_of(old.dst, changed.mesh.near), neg(old.mediated())]))
    inside = old.inside()
    inside = inside if inside == FALSE else conj([inside, old.mediated()])
    return conj([terms.scope(), terms.policies.allowed(), disj(denied), neg(old.around()), neg(inside)])


def _is_one_of(end: EndTerms, ends: Ends) -> Term:
    return disj([end.in_namespaces(ends.namespaces), end.host if ends.nodes else FALSE])


def _changed(sides: tuple[Side, ...], question: Question) -> _AllChanged:
    before, after = sides
    clusters = before.cluster, after.cluster
    is_other_engine = question.denying_profile is not None
    is_whole = is_other_engine or not question.slice_first or changes_network(*clusters)
    if is_whole or any(_goes_either_way(it, question) for it in clusters):
        every = everything_changed(after.table)
        return _AllChanged(every, every, every if question.with_requests else NOWHERE_CHANGED)
    comparison = Comparison(before, after, question.profile, question.pod_addresses)
    mesh = comparison.mediated() if question.with_requests else NOWHERE_CHANGED
    return _AllChanged(comparison.changed(Direction.EGRESS), comparison.changed(Direction.INGRESS), mesh)


def _goes_either_way(cluster: Cluster, question: Question) -> bool:
    """What one way does not let through may come another, so that no part of the ruling stands by itself."""
    if not is_asked(cluster, question):
        return False
    from analyzer.model.mesh_stage import may_be_tunnelled

    return may_be_tunnelled(cluster) != NEVER


def _ends(question: Question, table: NamespaceTable, changed: _AllChanged) -> tuple[Ends, Ends] | None:
    """What can be the source and the destination of a connection that is judged differently."""
    claim = question.claim
    src = union_of((changed.egress.near, changed.ingress.far, changed.mesh.far)) & ends_of(claim.sources, table)
    dst = union_of((changed.egress.far, changed.ingress.near, changed.mesh.near))
    dst &= ends_of(claim.destinations or ANYTHING, table)
    return (src, dst) if any(src) and any(dst) else None


def _stages(side: Side, question: Question, ends: tuple[Ends, Ends], changed: _AllChanged | None) -> list[Stage]:
    """The slice of a side: only what bears on ends of which something `changed`, if that is given."""
    found = []
    for number, index in enumerate(index_of(side.cluster, question.profile)):
        near = None if changed is None else (changed.egress, changed.ingress)[number].near
        if near is not None and not any(near):
            found.append(without_tiers(index.stage))
        else:
            narrowed = None if near is None else ends[number] & near
            found.append(sliced(index, question.claim, side.table, ends[number], narrowed))
    return found


def changed_namespaces(before: Cluster, after: Cluster, question: Question) -> dict[Direction, frozenset[str]]:
    """The namespaces, of those that exist, whose pods' ruling can differ in each direction."""
    before, after = align(before, after)
    tables = (namespace_table(side, question.universe, question.open_labels, ()) for side in (before, after))
    sides = tuple(Side(side, table) for side, table in zip((before, after), tables, strict=True))
    changed = _changed(sides, question)
    entries = sides[1].table.entries
    at_destinations = union_of((changed.ingress.near, changed.mesh.near))
    parts = ((Direction.EGRESS, changed.egress.near), (Direction.INGRESS, at_destinations))
    return {
        direction: frozenset(name for code in near.namespaces if (name := entries[code].name) is not None)
        for direction, near in parts
    }
