"""What becomes of a query where namespaces are others: the same claim of ends in each of them, asked by itself.

Of a namespace that was there the stage that judges it is looked at alone first: its own policies mostly tell.  One that
is new has none, and there the namespaces are left out that let in nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from analyzer.encoding import IN_SCOPE, VIOLATION, Question, encode
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.reach import ends_of
from analyzer.encoding.scope import judged_ends, table_of
from analyzer.encoding.shut import without_shut
from analyzer.judging.after_policies import narrowed
from analyzer.judging.bound import bound
from analyzer.judging.query_session import QuerySession
from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End, Pod
from analyzer.model.formulas import Formula, Role, in_namespaces
from analyzer.model.labels import Labels
from analyzer.model.policies import Direction, NamespaceNamed, RuleRef
from analyzer.records import dataclass
from analyzer.solving import Budget, OutOfTimeError
from analyzer.verdicts import Counterexample, Status, Verdict

_MOST_TRIED = 2  # namespaces of which it is asked whether a claim speaks of them


@dataclass(frozen=True, slots=True)
class SpacePart:
    """The claim of ends in one namespace, judged at that stage; `is_new`: nothing mentioned the namespace before."""

    claim: Claim
    direction: Direction
    namespace: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """What answers claims in a cluster: `ask` all of one, and one stage of it alone in the `budget`; `claim` is the
    query's."""

    cluster: Cluster
    question: Question
    budget: Budget
    ask: Callable[[Claim], Verdict]
    claim: Claim


def asked_in(parts: Sequence[SpacePart], asking: Asking) -> list[Verdict | tuple[RuleRef, ...]] | None:
    """The verdicts on the parts, or what a proof of them rests on; None where namespaces that were there are others and
    nothing shows that the claim speaks of something still."""
    found: list[Verdict | tuple[RuleRef, ...]] = []
    for part in parts:
        if is_empty(part, asking):
            continue
        claim = narrowed_far(part, asking)
        is_narrowed = claim != part.claim  # to so little that all of it is as quick
        alone = None if part.is_new or is_narrowed else _alone(part, asking)
        found.append(asking.ask(claim) if alone is None else alone)
    is_told = all(part.is_new for part in parts) or any(map(_speaks_of_something, found))
    return found if is_told or _speaks_elsewhere({part.namespace for part in parts}, asking) else None


def _speaks_of_something(found: Verdict | tuple[RuleRef, ...]) -> bool:
    return not isinstance(found, Verdict) or found.status in (Status.PROVED, Status.REFUTED)


def _speaks_elsewhere(touched: Collection[str], asking: Asking) -> bool:
    """The claim speaks of something whose source, or subject, is in a namespace that is what it was; few are tried."""
    claim, asked, cluster = asking.claim, asking.question, asking.cluster
    if claim.where is not None and claim.kind in (Kind.ONLY, Kind.REACHES_ONLY):
        return False  # which may hold because its condition never does
    question = replace(asked, claim=bound(claim, asked.pod_addresses, asked.profile, cluster))
    table = table_of(cluster, question)
    known = judged_ends(question, table)[0].namespaces & table.of(Standing.KNOWN)
    names = (name for code in sorted(known) if (name := table.entries[code].name) and name not in touched)
    direction = Direction.EGRESS if claim.kind.is_broken_by_requests else None  # policies do not matter here
    for name in islice(names, _MOST_TRIED):
        part = narrowed(question.claim, Direction.EGRESS, [in_namespaces(NamespaceNamed(name), Role.SELF)])
        if part is None:
            return False
        session = QuerySession(encode(cluster, replace(question, claim=part, judged_at=direction)), asking.budget)
        if session.is_possible(IN_SCOPE):
            return True
    return False


def is_empty(part: SpacePart, asking: Asking) -> bool:
    """The part forbids connections between ends of which it is plain that there are none."""
    if part.claim.kind is not Kind.NO:
        return False
    claim = bound(part.claim, asking.question.pod_addresses, asking.question.profile, asking.cluster)
    question = replace(asking.question, claim=claim)
    return not all(map(any, judged_ends(question, table_of(asking.cluster, question))))


def is_no_destination(end: Formula, asking: Asking) -> bool:
    """It is plain that the claim speaks of nothing that leads to such an end."""
    asked = asking.question
    claim = bound(asking.claim, asked.pod_addresses, asked.profile, asking.cluster)
    question = replace(asked, claim=claim)
    table = table_of(asking.cluster, question)
    return not judged_ends(question, table)[1].meets(ends_of(end, table))


def narrowed_far(part: SpacePart, asking: Asking) -> Claim:
    """The part without what it cannot be violated with; violated by the same connections."""
    if part.namespace not in asking.cluster.namespace_by_name:
        return part.claim
    return without_shut(part.claim, part.namespace, part.direction, asking.question, asking.cluster)


def may_violate(claim: Claim, asking: Asking) -> bool:
    """Something may violate the claim, which is asked quickly, without what is told of it and how."""
    asked = asking.question
    spoken = replace(asked, claim=bound(claim, asked.pod_addresses, asked.profile, asking.cluster))
    try:
        return not QuerySession(encode(asking.cluster, spoken), asking.budget).check(VIOLATION).is_unsat
    except OutOfTimeError:
        return True


def _alone(part: SpacePart, asking: Asking) -> tuple[RuleRef, ...] | None:
    """What a proof of the part rests on, if the stage at its namespace proves it of something."""
    if not part.claim.kind.is_broken_by_requests:
        return None
    claim = bound(part.claim, asking.question.pod_addresses, asking.question.profile, asking.cluster)
    alone = encode(asking.cluster, replace(asking.question, claim=claim, judged_at=part.direction))
    session = QuerySession(alone, asking.budget)
    try:
        found = session.check_rules([VIOLATION], tuple(alone.tracks))
        if not found.is_unsat or not session.is_possible(IN_SCOPE):
            return None
    except OutOfTimeError:
        return None
    return tuple(alone.tracks[name] for name in found.core if name in alone.tracks)


def relabelled(verdict: Verdict, labels: Mapping[str, Labels]) -> Verdict:
    """With the labels that the namespaces of its witnesses have now, where nothing asks of those that are others."""
    examples = tuple(_relabelled(example, labels) for example in verdict.counterexamples)
    return verdict if examples == verdict.counterexamples else replace(verdict, counterexamples=examples)


def _relabelled(example: Counterexample, labels: Mapping[str, Labels]) -> Counterexample:
    def now(pod: Pod) -> Pod:
        return replace(pod, namespace_labels=labels[pod.namespace]) if pod.namespace in labels else pod

    def end_now(end: End) -> End:
        return now(end) if isinstance(end, Pod) else end

    connection, subject = example.connection, example.subject
    if connection is not None:
        connection = replace(connection, src=end_now(connection.src), dst=end_now(connection.dst))
    return replace(example, connection=connection, subject=None if subject is None else now(subject))
