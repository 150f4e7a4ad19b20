"""The obligation of a comparison: a connection that one revision denies and the other allows.

Both revisions are stated over the same symbols.  Outside the namespaces where the ruling of a direction can differ it
is the same on both sides, and is stated once:

    allowed after, and either (its source is where egress changed, and egress before denies it)
                       or (its destination is where ingress changed, and ingress before denies it)
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.changes import Changed, Comparison, Side, everything_changed
from analyzer.encoding.claims import ClaimTerms
from analyzer.encoding.classes import end_classes
from analyzer.encoding.common_universe import align, changes_network, members_of
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.namespaces import NamespaceTable
from analyzer.encoding.obligation import Obligation, obligation
from analyzer.encoding.pipeline import PipelineTerms
from analyzer.encoding.question import Question
from analyzer.encoding.reach import HOST, POD, Reach, reach, union_of
from analyzer.encoding.scope import Role, Scope, assumptions_for, pod_addresses
from analyzer.encoding.slices import index_of, sliced, without_tiers
from analyzer.encoding.terms import FALSE, Script, Term, conj, disj, neg
from analyzer.encoding.variables import VariableBuilder
from analyzer.encoding.vocabulary import mentioned_names, vocabulary
from analyzer.model.claims import Anything
from analyzer.model.cluster import Cluster
from analyzer.model.pipeline import Stage
from analyzer.model.policies import Direction


def encode_pair(before: Cluster, after: Cluster, question: Question, *, is_live: bool = False) -> Obligation | None:
    """The script whose `violation` is satisfiable iff `after` allows a connection that the claim speaks of and that
    `before` denies; None if their policies show that there is none.

    Labels of namespaces that a condition asks for are those of `after`.  With `is_live` workloads and nodes are those
    of `after` only, else those of both.
    """
    before, after = align(before, after)
    names = mentioned_names(before, question) | mentioned_names(after, question)
    sides = tuple(
        Side(side, NamespaceTable(side, question.universe, question.open_labels, names)) for side in (before, after)
    )
    egress, ingress = _changed(sides, question)
    ends = _ends(question, sides[1].table, egress, ingress)
    if ends is None:
        return None
    members = after if is_live else members_of(before, after)
    scopes = _scopes(sides, question, members, ends, (egress, ingress))
    script = Script()
    assertions = AssertionNames(script)
    classes = end_classes(scopes[1], before)
    variables = VariableBuilder(script, scopes[1], classes)
    were = tuple(replace(c, host_network=c.was_on_host) if c.kind == POD else c for c in classes)
    policies = [
        PipelineTerms(
            scope,
            EndTerms(Role.SRC, scope, known, variables, script, assertions),
            EndTerms(Role.DST, scope, known, variables, script, assertions),
            variables,
            script,
            assertions,
            is_tracked=False,
        )
        for scope, known in zip(scopes, (were, classes), strict=True)
    ]
    terms = ClaimTerms(question.claim, policies[1].src, policies[1].dst, policies[1])
    return obligation(terms, _newly_allowed(terms, policies[0], egress, ingress))


def _newly_allowed(terms: ClaimTerms, old: PipelineTerms, egress: Changed, ingress: Changed) -> Term:
    denied: list[Term] = []
    assert old.dst is not None
    for end, change, direction in ((old.src, egress, Direction.EGRESS), (old.dst, ingress, Direction.INGRESS)):
        if change.near.kinds:
            denied.append(conj([_is_one_of(end, change.near), neg(old.side(direction))]))
    return conj([terms.scope(), terms.policies.allowed(), disj(denied)])


def _is_one_of(end: EndTerms, reach: Reach) -> Term:
    return disj([end.in_namespaces(reach.namespaces), end.host if HOST in reach.kinds else FALSE])


def _changed(sides: tuple[Side, ...], question: Question) -> tuple[Changed, Changed]:
    before, after = sides
    if not question.slice_first or changes_network(before.cluster, after.cluster):
        return everything_changed(after.table), everything_changed(after.table)
    comparison = Comparison(before, after, question.profile, question.pod_addresses)
    return comparison.changed(Direction.EGRESS), comparison.changed(Direction.INGRESS)


def _ends(question: Question, table: NamespaceTable, egress: Changed, ingress: Changed) -> tuple[Reach, Reach] | None:
    """What can be the source and the destination of a connection that is judged differently."""
    claim = question.claim
    src = union_of((egress.near, ingress.far)) & reach(claim.sources, table)
    dst = union_of((egress.far, ingress.near)) & reach(claim.destinations or Anything(), table)
    return (src, dst) if src.kinds and dst.kinds else None


def _scopes(
    sides: tuple[Side, ...],
    question: Question,
    members: Cluster,
    ends: tuple[Reach, Reach],
    changed: tuple[Changed, ...],
) -> tuple[Scope, Scope]:
    """The slice of each side: of the first only what bears on ends of which something changed."""
    before, after = sides
    src, dst = ends
    still = _stages(before, question, ends, changed)
    now = _stages(after, question, ends, None)
    words = vocabulary(members, question, after.table, (*still, *now), src.namespaces | dst.namespaces)
    pods = pod_addresses(before.cluster, question.pod_addresses) | pod_addresses(after.cluster, question.pod_addresses)
    taken = before.cluster.taken_addresses & after.cluster.taken_addresses
    first, second = (
        Scope(
            cluster=side.cluster,
            members=members,
            question=question,
            table=side.table,
            src=src,
            dst=dst,
            egress=egress,
            ingress=ingress,
            vocabulary=words,
            pod_addresses=pods,
            taken=taken,
            assumptions=assumptions_for(question, src, dst),
        )
        for side, (egress, ingress) in zip(sides, (still, now), strict=True)
    )
    return first, second


def _stages(
    side: Side, question: Question, ends: tuple[Reach, Reach], changed: tuple[Changed, ...] | None
) -> list[Stage]:
    found = []
    for number, index in enumerate(index_of(side.cluster, question.profile)):
        near = None if changed is None else changed[number].near
        if near is not None and not near.kinds:
            found.append(without_tiers(index.stage))
        else:
            narrowed = None if near is None else ends[number] & near
            found.append(sliced(index, question.claim, side.table, ends[number], narrowed))
    return found


def changed_namespaces(before: Cluster, after: Cluster, question: Question) -> dict[Direction, frozenset[str]]:
    """The namespaces, of those that exist, whose pods' ruling can differ in each direction."""
    before, after = align(before, after)
    tables = (NamespaceTable(side, question.universe, question.open_labels, ()) for side in (before, after))
    sides = tuple(Side(side, table) for side, table in zip((before, after), tables, strict=True))
    changed = _changed(sides, question)
    entries = sides[1].table.entries
    return {
        direction: frozenset(name for code in change.near.namespaces if (name := entries[code].name) is not None)
        for direction, change in zip((Direction.EGRESS, Direction.INGRESS), changed, strict=True)
    }
