"""The verdict on a query once workloads, pods, namespaces or Services have changed, from the verdict before.

Where policies are what they were, and outside the inventory, who may reach whom is decided as before: a workload is a
pod like others that could be.  What is new of namespaces is asked about alone.  Whether declared workloads are a
witness hangs on those that there are: of a refutation that only pods to come showed, those that have come are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.encoding import Question, encode
from analyzer.encoding.end_changes import EndChanges, NamespaceChanges
from analyzer.judging.after_namespaces import (
    Asking,
    SpacePart,
    asked_in,
    is_empty,
    is_no_destination,
    narrowed_far,
    relabelled,
)
from analyzer.judging.after_policies import joined, more_alive, narrowed
from analyzer.judging.bound import bound
from analyzer.judging.either_way import unknown_sets
from analyzer.judging.kept_witnesses import standing
from analyzer.judging.nobody_there import may_be_there
from analyzer.judging.query_session import QuerySession
from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End, External, Pod
from analyzer.model.ends import pods_of_workload
from analyzer.model.formulas import Formula, Role, in_namespaces
from analyzer.model.policies import Direction, NamespaceNamed
from analyzer.solving import Budget, OutOfTimeError
from analyzer.verdicts import Status, Verdict

_MOST = 4  # namespaces and workloads that are asked about: of more the whole question is as quick


def verdict_after_ends(
    before: Verdict,
    changes: EndChanges,
    cluster: Cluster,
    question: Question,
    budget: Budget,
    ask: Callable[[Claim], Verdict],
) -> Verdict | None:
    """The verdict in this cluster; None if all of it has to be asked.  `ask` answers a narrower claim."""
    claim = before.query.claim
    if question.with_requests or before.waivers or before.status is Status.UNKNOWN:
        return None
    if claim.kind in (Kind.SOME, Kind.NEVER_TIE) or not changes.is_universe_alike(question):
        return None
    if unknown_sets(bound(claim, question.pod_addresses, question.profile, cluster)):
        return None
    spaces = changes.namespaces(question)
    if spaces is None:
        return None
    if before.status is not Status.REFUTED:
        if not spaces.touched:
            return before
        if before.status is Status.VACUOUS:
            return None  # a set may hold what it did not
        asking = Asking(cluster, question, budget, ask, claim)
        new = parts_in(spaces, asking)
        found = None if new is None else asked_in(new, asking)
        asked = None if found is None else joined(before, found, set())
        return None if asked is None or asked.status is Status.UNKNOWN else asked
    before = relabelled(before, spaces.relabelled)
    kept = standing(before, cluster, question, _is_as_before(changes, spaces.touched, cluster))
    if kept is None:
        return None
    is_same = not spaces.touched and changes.are_addresses_same(question)
    if is_same and len(kept.counterexamples) == len(before.counterexamples):
        kept = before
    if kept.live:
        return kept
    asking = Asking(cluster, question, budget, ask, claim)
    spaced = parts_in(spaces, asking)
    come = dict.fromkeys((w.namespace, w.name) for w in changes.come if w.namespace not in spaces.touched)
    parts = _parts(tuple(pods_of_workload(*name) for name in come), asking)
    if spaced is None or parts is None:
        return None
    inside = ((part, narrowed_far(part, asking)) for part in spaced if not is_empty(part, asking))
    # A claim that is narrowed speaks of so little that both stages are as quick as one.
    told = [(claim, part.direction if claim == part.claim else None) for part, claim in inside]
    more = [ask(claim) for claim, direction in (*told, *parts) if _may_be_live(claim, direction, asking)]
    return more_alive(kept, [each for each in more if each.status is Status.REFUTED])


def parts_in(spaces: NamespaceChanges, asking: Asking) -> tuple[SpacePart, ...] | None:
    """The claim of ends in each of the namespaces that are others; None where they are many, or it cannot be said."""
    if len(spaces.touched) > _MOST:
        return None
    found: list[SpacePart] = []
    for name in sorted(spaces.touched):
        parts = _parts((in_namespaces(NamespaceNamed(name), Role.SELF),), asking)
        if parts is None:
            return None
        found += (SpacePart(part, direction, name, name in spaces.new) for part, direction in parts)
    return tuple(found)


def _parts(ends: tuple[Formula, ...], asking: Asking) -> tuple[tuple[Claim, Direction], ...] | None:
    """With the stage at which the end is judged."""
    if len(ends) > _MOST:
        return None
    claim = asking.claim
    directions = (Direction.EGRESS,) if claim.kind is Kind.ISOLATED else tuple(Direction)
    found: list[tuple[Claim, Direction]] = []
    for end in ends:
        for direction in directions:
            part = narrowed(claim, direction, [end])
            if part is not None:
                found.append((part, direction))
            elif direction is Direction.EGRESS or not is_no_destination(end, asking):
                return None
    return tuple(found)


def _may_be_live(part: Claim, direction: Direction | None, asking: Asking) -> bool:
    """Declared workloads may break the part, as far as the stage at this end tells, for which few policies are looked
    at, or both stages; whatever these workloads are like."""
    if not part.kind.is_broken_by_requests:
        return True  # what is not let be breaks those
    claim = bound(part, asking.question.pod_addresses, asking.question.profile, asking.cluster)
    alone = encode(asking.cluster, replace(asking.question, claim=claim, judged_at=direction))
    try:
        return may_be_there(QuerySession(alone, asking.budget))
    except OutOfTimeError:
        return True


def _is_as_before(changes: EndChanges, namespaces: frozenset[str], cluster: Cluster) -> Callable[[End], bool]:
    """Of which ends of witnesses nothing is another: workloads are the same, addresses still theirs to have."""

    def is_as_before(end: End) -> bool:
        if isinstance(end, External):
            return end.ip not in cluster.taken_addresses
        if not isinstance(end, Pod):
            return True
        is_other = end.namespace in namespaces or end.workload in owners
        return not is_other and (end.workload is not None or end.ip not in lost)

    owners = frozenset(workload.owner for workload in (*changes.gone, *changes.come))
    lost = cluster.taken_addresses - cluster.known_pod_addresses
    return is_as_before
