"""What a change adds to a query that is refuted before it: violations that were none.

Of `no`, what is newly allowed of the connections that it forbids, which two states of policies are compared for.  Of
other claims, and where namespaces are others, what the change bears on is asked by itself: where that part held and is
violated now, the violation is a new one; where it was violated before, nobody says whether by more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.encoding import EntryChanges, Question
from analyzer.encoding.end_changes import EndChanges
from analyzer.judging.after_ends import parts_in
from analyzer.judging.after_namespaces import Asking, is_empty, may_violate, narrowed_far
from analyzer.judging.after_policies import Change, parts_of
from analyzer.judging.bound import bound
from analyzer.judging.compare import Revisions, gained
from analyzer.judging.either_way import unknown_sets
from analyzer.judging.setting import Setting
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.records import dataclass
from analyzer.verdicts import Counterexample, Status, Verdict
from analyzer.verdicts.difference import Change as Changed

Ask = Callable[[Claim], Verdict]


@dataclass(frozen=True, slots=True)
class Added:
    """`verdict`: the refutation by a violation that is new, if one is found; `is_told`: nobody doubts it otherwise."""

    verdict: Verdict | None
    is_told: bool


NOTHING, UNTOLD = Added(None, is_told=True), Added(None, is_told=False)


def added_by_policies(
    now: Verdict,
    change: Change | None,
    changes: EntryChanges,
    question: Question,
    setting: Setting,
    asks: tuple[Ask, Ask],
) -> Added:
    """Of a query that is refuted before and after policies changed; `asks` answer a claim before and after."""
    claim = now.query.claim
    if change is None or now.waivers or not _can_be_told(claim, changes, question):
        return UNTOLD
    parts = parts_of(claim, change)
    if parts is None:
        return UNTOLD
    if claim.kind is not Kind.NO:
        return _by_parts(now, parts, asks)
    revisions = Revisions(changes.before, changes.now)
    asked = replace(setting, universe=question.universe, max_counterexamples=1)
    is_told = True
    for part in parts:
        shift = gained(revisions, asked, 1, replace(part, kind=Kind.NO_NEW), question.assumptions)
        if shift.changes:
            return Added(_with(now, shift.changes[0]), is_told=True)
        is_told = is_told and not shift.reason and not shift.is_capped
    return NOTHING if is_told else UNTOLD


def added_by_ends(
    now: Verdict, changes: EndChanges, question: Question, setting: Setting, asks: tuple[Ask, Ask]
) -> Added:
    """The same, where ends changed: pods like those that have come could be created before."""
    claim, spaces = now.query.claim, changes.namespaces(question)
    if spaces is None or now.waivers or question.with_requests or not changes.is_universe_alike(question):
        return UNTOLD
    if unknown_sets(bound(claim, question.pod_addresses, question.profile, changes.now)):
        return UNTOLD
    was, asking = (
        Asking(cluster, question, setting.budget, ask, claim)
        for cluster, ask in zip((changes.before, changes.now), asks, strict=True)
    )
    parts = parts_in(spaces, asking)
    if parts is None:
        return UNTOLD
    is_told = True
    for part in parts:
        if is_empty(part, asking):
            continue
        claim = narrowed_far(part, asking)
        if not part.is_new and may_violate(narrowed_far(part, was), was) and may_violate(claim, asking):
            is_told = False
            continue
        found = asking.ask(claim)
        if found.status is Status.REFUTED and (part.is_new or _held(was.ask(narrowed_far(part, was)))):
            return Added(replace(found, query=now.query), is_told=True)
        is_told = is_told and _held(found)
    return NOTHING if is_told else UNTOLD


def _held(verdict: Verdict) -> bool:
    return verdict.status in (Status.PROVED, Status.VACUOUS)


def _can_be_told(claim: Claim, changes: EntryChanges, question: Question) -> bool:
    if question.with_requests or claim.kind in (Kind.SOME, Kind.NEVER_TIE) or question.universe is Universe.INVENTORY:
        return False
    return not unknown_sets(bound(claim, question.pod_addresses, question.profile, changes.now))


def _by_parts(now: Verdict, parts: tuple[Claim, ...], asks: tuple[Ask, Ask]) -> Added:
    ask_before, ask_now = asks
    is_told = True
    for part in parts:
        found = ask_now(part)
        if found.status is Status.REFUTED and _held(ask_before(part)):
            return Added(replace(found, query=now.query), is_told=True)
        is_told = is_told and _held(found)
    return NOTHING if is_told else UNTOLD


def _with(now: Verdict, change: Changed) -> Verdict:
    """The refutation by what is newly allowed alone."""
    example = Counterexample(
        change.connection,
        None,
        change.after,
        (),
        change.region,
        change.live,
        change.depends_on,
        change.new_namespaces,
    )
    return replace(now, live=change.live, counterexamples=(example,), further=(), is_complete=False)
