"""The obligation of a comparison: a connection that one revision denies and the other allows.

Both revisions are stated over the same symbols.  Outside the namespaces where the ruling of a direction can differ it
is the same on both sides, and is stated once:

    allowed after, and either (its source is where egress changed, and egress before denies it)
                       or (its destination is where ingress changed, and ingress before denies it)
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.changes import Changed, Comparison, Side, everything_changed, union_of
from analyzer.encoding.claims import ClaimTerms
from analyzer.encoding.classes import end_classes
from analyzer.encoding.common_universe import align, changes_network, members_of
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.namespaces import NamespaceTable
from analyzer.encoding.obligation import Obligation, obligation
from analyzer.encoding.pipeline import PipelineTerms
from analyzer.encoding.question import Question
from analyzer.encoding.scope import (
    POD,
    Reach,
    Role,
    Scope,
    assumptions_for,
    fronts_of,
    node_ways_between,
    pod_addresses,
    policies_at,
    reach,
    unmodelled_at,
    ways_between,
)
from analyzer.encoding.terms import Script, Term, conj, disj, neg
from analyzer.encoding.variables import VariableBuilder
from analyzer.encoding.vocabulary import mentioned_names, own_formulas, vocabulary
from analyzer.model.claims import Anything
from analyzer.model.cluster import Cluster
from analyzer.model.leading import NodeWay, Way
from analyzer.model.policies import Direction, Policy, Tier
from analyzer.model.reading import is_decided_by_own


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
    if egress.near:
        denied.append(conj([old.src.in_namespaces(egress.near), neg(old.side(Direction.EGRESS))]))
    if ingress.near:
        denied.append(conj([old.dst.in_namespaces(ingress.near), neg(old.side(Direction.INGRESS))]))
    return conj([terms.scope(), terms.policies.allowed(), disj(denied)])


def _changed(sides: tuple[Side, ...], question: Question) -> tuple[Changed, Changed]:
    before, after = sides
    is_anywhere = changes_network(before.cluster, after.cluster) or _may_change_in_own(sides, question)
    if not question.slice_first or is_anywhere:
        return everything_changed(after.table), everything_changed(after.table)
    comparison = Comparison(before, after, question.profile, question.pod_addresses)
    return comparison.changed(Direction.EGRESS), comparison.changed(Direction.INGRESS)


_READ_WITH_OWN = ("calico", "cilium", "policies", "namespaces", "nodes", "services", "endpoints")


def _may_change_in_own(sides: tuple[Side, ...], question: Question) -> bool:
    """An engine's own policies decide, and something that they are read with is another: any of them may say another
    thing."""
    if not any(is_decided_by_own(question.profile, side.cluster) for side in sides):
        return False
    before, after = sides
    return any(getattr(before.cluster, part) != getattr(after.cluster, part) for part in _READ_WITH_OWN)


def _ends(question: Question, table: NamespaceTable, egress: Changed, ingress: Changed) -> tuple[Reach, Reach] | None:
    """What can be the source and the destination of a connection that is judged differently."""
    claim = question.claim
    near = [Reach(frozenset({POD} if c.near else ()), c.near) for c in (egress, ingress)]
    src = _meet(union_of((near[0], ingress.far)), reach(claim.sources, table))
    dst = _meet(union_of((egress.far, near[1])), reach(claim.destinations or Anything(), table))
    return (src, dst) if src.kinds and dst.kinds else None


def _meet(left: Reach, right: Reach) -> Reach:
    kinds, namespaces = left.kinds & right.kinds, left.namespaces & right.namespaces
    return Reach(kinds if namespaces else kinds - {POD}, namespaces)


def _scopes(
    sides: tuple[Side, ...],
    question: Question,
    members: Cluster,
    ends: tuple[Reach, Reach],
    changed: tuple[Changed, ...],
) -> tuple[Scope, Scope]:
    """The slice of each side: of the first only what bears on namespaces that changed."""
    before, after = sides
    src, dst = ends
    touched = src.namespaces | dst.namespaces
    kept = [
        (_still(before, src, Direction.EGRESS, changed[0]), _still(before, dst, Direction.INGRESS, changed[1])),
        tuple(tuple(policies_at(after.cluster, after.table, *at)) for at in _directions(src, dst)),
    ]
    fronts = [fronts_of(side.cluster, side.table, dst) for side in sides]
    either = [front for found in fronts for front in found]
    relevant = [policy for egress, ingress in kept for policy in (*egress, *ingress)]
    through = [ways_between(side.cluster, question, egress) for side, (egress, _) in zip(sides, kept, strict=True)]
    by_nodes = [
        node_ways_between(side.cluster, question, egress) for side, (egress, _) in zip(sides, kept, strict=True)
    ]
    ways: list[Way | NodeWay] = [way for found in through for way in found]
    ways += [way for found in by_nodes for way in found]
    words = vocabulary(
        members,
        question,
        after.table,
        relevant,
        [front.service for front in either],
        touched,
        has_endpoints=any(front.endpoints for front in either),
        formulas=[formula for side in sides for formula in own_formulas(side.cluster, question.profile)],
        ways=ways,
    )
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
            unmodelled=unmodelled_at(side.cluster, side.table, touched),
            fronts=seen_through,
            assumptions=assumptions_for(question, src, dst),
            ways=by_way_of,
            node_ways=at_nodes,
        )
        for side, (egress, ingress), seen_through, by_way_of, at_nodes in zip(
            sides, kept, fronts, through, by_nodes, strict=True
        )
    )
    return first, second


def _directions(src: Reach, dst: Reach) -> tuple[tuple[Reach, Direction], tuple[Reach, Direction]]:
    return (src, Direction.EGRESS), (dst, Direction.INGRESS)


def _still(side: Side, end: Reach, direction: Direction, changed: Changed) -> tuple[Policy, ...]:
    """The policies of the first side that count: cluster-wide ones all together, so that ties stay what they are."""
    if not changed.near:
        return ()
    near = replace(end, namespaces=end.namespaces & changed.near)
    every = policies_at(side.cluster, side.table, end, direction)
    inside = {id(p) for p in policies_at(side.cluster, side.table, near, direction)}
    return tuple(p for p in every if p.tier is not Tier.NETWORK_POLICY or id(p) in inside)


def changed_namespaces(before: Cluster, after: Cluster, question: Question) -> dict[Direction, frozenset[str]]:
    """The namespaces, of those that exist, whose pods' ruling can differ in each direction."""
    before, after = align(before, after)
    tables = (NamespaceTable(side, question.universe, question.open_labels, ()) for side in (before, after))
    sides = tuple(Side(side, table) for side, table in zip((before, after), tables, strict=True))
    changed = _changed(sides, question)
    entries = sides[1].table.entries
    return {
        direction: frozenset(name for code in change.near if (name := entries[code].name) is not None)
        for direction, change in zip((Direction.EGRESS, Direction.INGRESS), changed, strict=True)
    }
