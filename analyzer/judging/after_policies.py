"""The verdict on a query once policies have changed, from the verdict before: only what they select is asked anew.

What a stage decides of an end hangs on the policies that select it, and on no others.  So where only policies changed,
a connection neither end of which a changed policy selects, as it was or as it is, is decided as before.  What is left
is the same claim of the ends that one selects: first as if nothing were denied at the other end, which a proof can do
without where the claim forbids, and which was shown not to deny where it asks for reach; else as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from analyzer.encoding import VIOLATION, Attribute, Dependencies, EntryChanges, Obligation, Question, encode
from analyzer.encoding.entry_changes import different, others
from analyzer.judging.bound import bound
from analyzer.judging.either_way import unknown_sets
from analyzer.judging.kept_witnesses import are_policies_alone, away_from, ends_as_before, standing
from analyzer.judging.query_session import QuerySession
from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End
from analyzer.model.formulas import EndKind, Formula, Member, Role, Word, both, either, in_namespaces, is_a, leaves
from analyzer.model.pipeline import Entry
from analyzer.model.policies import Direction, NamespaceChoice, NamespaceNamed, Policy, RuleRef
from analyzer.model.reading import pods_in
from analyzer.records import dataclass
from analyzer.solving import Budget, OutOfTimeError
from analyzer.verdicts import Status, Verdict
from analyzer.verdicts.verdict import Statistics

_MOST_CHANGED = 8  # policies: of more the whole question is as quick


class LaterError(Exception):
    """The answer takes longer."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The claim of the ends that changed policies select at one stage."""

    claim: Claim
    direction: Direction


@dataclass(frozen=True, slots=True)
class Change:
    """What of a change a question sees: the entries that are there before or after only; whether nothing more is asked
    about an end, given the namespaces of what those select; whether connections come by other ways than straight."""

    entries: dict[Direction, tuple[Entry, ...]]
    ends_as_before: Callable[[Collection[NamespaceChoice]], Callable[[End], bool]]
    is_led: Callable[[], bool]


def change_between(was: Dependencies, now: Dependencies, _: Question, cluster: Cluster) -> Change | None:
    """Of what the answer depended on, and depends on in this cluster; None if more than policies is different."""
    if not are_policies_alone(was, now):
        return None
    stages = ((was.egress, now.egress), (was.ingress, now.ingress))
    return Change(
        {new.direction: tuple(different(*others(old.entries, new.entries))) for old, new in stages},
        lambda choices: ends_as_before(was, now, cluster, choices),
        lambda: now.egress.is_led or now.ingress.is_led,
    )


def change_seen(changes: EntryChanges, question: Question, cluster: Cluster) -> Change | None:
    """The same, of a change of policies alone; None where the question may see more of it."""
    entries = changes.seen_by(question)
    if entries is None:
        return None
    return Change(entries, lambda choices: away_from(choices, cluster), lambda: changes.is_led)


def verdict_after(
    before: Verdict,
    change: Callable[[], Change | None],
    cluster: Cluster,
    question: Question,
    budget: Budget,
    ask: Callable[[Claim], Verdict],
    *,
    is_soon: bool = False,
) -> Verdict | None:
    """The verdict in this cluster; None if all of it has to be asked.  `ask` answers a narrower claim.  `is_soon`:
    LaterError where many policies would have to be looked at, and whether a new refutation is live is not sought."""
    claim = before.query.claim
    if question.with_requests or before.waivers or any(t.may_be or t.changes_pods for t in cluster.unmodelled):
        return None
    if before.status not in (Status.PROVED, Status.REFUTED) or claim.kind in (Kind.SOME, Kind.NEVER_TIE):
        return None
    if unknown_sets(bound(claim, question.pod_addresses, question.profile, cluster)):
        return None
    seen = change()
    if seen is None:
        return None
    if not any(seen.entries.values()):
        return before
    subjects = _subjects(entry for entries in seen.entries.values() for entry in entries)
    if subjects is None:
        return None
    kept = standing(before, cluster, question, seen.ends_as_before(list(subjects.values())))
    if before.status is Status.REFUTED and (kept is None or kept.live):
        return kept
    parts = _parts(claim, seen.entries)
    if parts is None:
        return None
    was = before.status
    found = [_answered(part, cluster, question, seen, budget, ask, was=was, is_soon=is_soon) for part in parts]
    gone = {entry.policy.id for entries in seen.entries.values() for entry in entries if entry.policy is not None}
    return joined(before if kept is None else kept, found, gone)


# ------------------------------------------------------------------------------------------------ what changed
def parts_of(claim: Claim, change: Change) -> tuple[Claim, ...] | None:
    """The claim of the ends that changed policies select, stage by stage; None if that cannot be said."""
    subjects = _subjects(entry for entries in change.entries.values() for entry in entries)
    parts = None if subjects is None else _parts(claim, change.entries)
    return None if parts is None else tuple(part.claim for part in parts)


def _parts(claim: Claim, changed: dict[Direction, tuple[Entry, ...]]) -> tuple[_Part, ...] | None:
    """What is to be asked anew; None if that cannot be said as narrower claims."""
    found: list[_Part] = []
    for direction, entries in changed.items():
        if claim.kind is Kind.ISOLATED and direction not in claim.directions:
            continue
        subjects = _subjects(entries)
        if subjects:
            part = narrowed(claim, direction, subjects)
            if part is None:
                return None
            found.append(_Part(part, direction))
    return tuple(found)


def _subjects(entries: Iterable[Entry]) -> dict[Formula, NamespaceChoice] | None:
    """What the entries select, with the namespaces; None if the policies name no namespaces, or there are many."""
    found: dict[Formula, NamespaceChoice] = {}
    for entry in entries:
        policy = entry.policy
        if not isinstance(policy, Policy) or entry.subject != pods_in(policy.subject, Role.SELF):
            return None
        found[entry.subject] = policy.subject.namespaces
    return found if len(found) <= _MOST_CHANGED else None


def narrowed(claim: Claim, direction: Direction, subjects: Iterable[Formula]) -> Claim | None:
    """The claim of connections whose end at this stage is one of the subjects; None if that cannot be said."""
    chosen = either(subjects)
    at_source = direction is Direction.EGRESS or claim.kind is Kind.ISOLATED
    if claim.kind is (Kind.ONLY if at_source else Kind.REACHES_ONLY):
        return None  # the set on that side is of those that may
    if at_source:
        return replace(claim, sources=both([claim.sources, chosen]))
    if claim.destinations is None or any(map(_is_word, leaves(claim.destinations))):
        return None  # the ports of what it stands for may be others than those of its ends
    return replace(claim, destinations=both([claim.destinations, chosen]))


def _is_word(leaf: Formula) -> bool:
    return isinstance(leaf, Member) and isinstance(leaf.ends, Word)


# ------------------------------------------------------------------------------------------------ asking
def _answered(
    part: _Part,
    cluster: Cluster,
    question: Question,
    change: Change,
    budget: Budget,
    ask: Callable[[Claim], Verdict],
    *,
    was: Status,
    is_soon: bool,
) -> Verdict | tuple[RuleRef, ...]:
    """The verdict on the part, or what a proof of it rests on.  LaterError as from `verdict_after`."""
    kind = question.claim.kind
    if kind is not Kind.ISOLATED and not (kind is Kind.EVERY and change.is_led()):
        claim = bound(part.claim, question.pod_addresses, question.profile, cluster)
        alone = encode(cluster, replace(question, claim=claim, judged_at=part.direction))
        session = QuerySession(alone, budget)
        try:
            found = session.check_rules([VIOLATION], tuple(alone.tracks))
        except OutOfTimeError:
            return ask(part.claim)
        if found.is_unsat:
            return tuple(alone.tracks[name] for name in found.core if name in alone.tracks)
        if found.is_sat and (near := _with_far_end(part, alone, found.values)) is not None:
            verdict = ask(near)
            is_enough = verdict.live or (is_soon and was is Status.PROVED)
            if verdict.status is Status.REFUTED and is_enough:
                return verdict
        if is_soon:
            raise LaterError
    return ask(part.claim)


def _with_far_end(part: _Part, alone: Obligation, values: Mapping[str, int]) -> Claim | None:
    """The claim of far ends like that of a connection which the stage lets be: pods of its namespace, nodes, or what
    is outside; few policies and workloads are looked at for those.  None where nobody can say which, or as of
    `narrowed`."""
    at_source = part.direction is Direction.EGRESS
    chosen = _ends_like(Role.DST if at_source else Role.SRC, alone, values)
    far = Direction.INGRESS if at_source else Direction.EGRESS
    return None if chosen is None else narrowed(part.claim, far, [chosen])


def _ends_like(role: Role, alone: Obligation, values: Mapping[str, int]) -> Formula | None:
    """What the end of the connection is: a pod of its namespace, unless that is one of many that are yet to come, a
    node, or outside."""
    namespace, table = alone.variables.find(role, Attribute.NAMESPACE), alone.scope.table
    code = values.get(namespace.symbol, table.none) if namespace is not None else table.none
    if code != table.none:
        name = table.entries[code].name
        return in_namespaces(NamespaceNamed(name), Role.SELF) if name else None
    node = alone.variables.find(role, Attribute.IS_NODE)
    is_node = values.get(node.symbol) == 1 if node is not None else not alone.scope.reach(role).outside
    return is_a(Role.SELF, frozenset({EndKind.NODE if is_node else EndKind.OUTSIDE}))


def joined(before: Verdict, found: list[Verdict | tuple[RuleRef, ...]], gone: set[str]) -> Verdict:
    """What was and what was found of the parts, as one verdict; `gone` are the policies that changed."""
    verdicts = [each for each in found if isinstance(each, Verdict)]
    refuted = [each for each in verdicts if each.status is Status.REFUTED]
    if before.status is Status.REFUTED:
        return more_alive(before, refuted)
    if refuted:
        first = max(refuted, key=lambda each: (each.live is True, each.live is None))
        return replace(first, query=before.query, is_complete=False)
    unknown = [each for each in verdicts if each.status is Status.UNKNOWN]
    if unknown:
        return replace(unknown[0], query=before.query)
    refs = [ref for ref in before.rests_on if ref.policy.id not in gone]
    for each in found:
        refs += each.rests_on if isinstance(each, Verdict) else each
    return replace(before, rests_on=tuple(dict.fromkeys(refs)), is_minimal=False, statistics=Statistics())


def more_alive(before: Verdict, refuted: list[Verdict]) -> Verdict:
    """A refutation that stands, with what is live of the others in front."""
    best = max(refuted, key=lambda each: (each.live is True, each.live is None), default=None)
    if best is None or best.live is False:
        return before
    return replace(
        before, live=best.live, counterexamples=(*best.counterexamples, *before.counterexamples), blame=best.blame
    )
