"""Compare two revisions, for every pod that could be created."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.checking.assumptions import stated_assumptions
from analyzer.analysis.checking.check import not_modelled, tally
from analyzer.analysis.checking.premises import breaches_of, judge_on, on_premises, unbroken
from analyzer.analysis.revisions.engine_changes import engine_changes
from analyzer.analysis.revisions.group_changes import group_changes
from analyzer.encoding import align, members_of
from analyzer.judging import Setting, judge
from analyzer.judging.bound import bound
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.model.claims import Assumption, Kind, Pack, Query
from analyzer.model.cluster import Cluster, Unmodelled
from analyzer.model.enforcing import as_enforced
from analyzer.verdicts import StatedAssumption, Status, Verdict
from analyzer.verdicts.difference import Background, Difference, QueryDifference, Shift

Progress = Callable[[str, int, int], None]

_NAMED = 5


def difference(
    old: Cluster,
    new: Cluster,
    packs: Sequence[Pack] = (),
    *,
    setting: Setting,
    max_changes: int,
    progress: Progress | None = None,
) -> Difference:
    """All that only one of the revisions permits, in at most `max_changes` regions each way, and each query of the
    packs on both.

    `progress` is told what is compared, how much is done and how much there is.
    """
    sides = zip((old, new), setting.of_sides, strict=True)
    revisions = Revisions(*(as_enforced(side, its.profile) for side, its in sides))
    total = 2 + sum(len(pack.queries) for pack in packs)
    tell = progress or silent
    tell("new access", 0, total)
    more = gained(revisions, setting, max_changes)
    tell("lost access", 1, total)
    less = lost(revisions, setting, max_changes)
    queries = tuple(queries_of(revisions, packs, setting, max_changes, tell))
    tell("", total, total)
    return Difference(more, less, setting.universe, background(revisions, packs, setting), queries)


def silent(what: str, done: int, total: int) -> None:
    """For those who do not watch."""


# ------------------------------------------------------------------------------------------------ queries
def queries_of(
    revisions: Revisions, packs: Sequence[Pack], setting: Setting, max_changes: int, tell: Progress
) -> Iterator[QueryDifference]:
    """Each query's verdict before and after; what is new for those that ask for it."""
    done, total = 2, 2 + sum(len(pack.queries) for pack in packs)
    for pack in packs:
        for query in pack.queries:
            tell(query.id, done, total)
            done += 1
            if query.claim.kind is Kind.NO_NEW:
                yield _nothing_new(revisions, pack, query, setting, max_changes)
            else:
                sides = zip((revisions.old, revisions.new), setting.of_sides, strict=True)
                before, after = (judge_on(side, query, pack.assumptions, its) for side, its in sides)
                yield QueryDifference(pack.name, query, before, after)


def _nothing_new(revisions: Revisions, pack: Pack, query: Query, setting: Setting, max_changes: int) -> QueryDifference:
    setting = replace(setting, universe=query.universe or setting.universe)
    found: dict[tuple[Assumption, ...], Shift] = {}

    def ask(given: tuple[Assumption, ...]) -> Verdict:
        found[given] = gained(revisions, setting, max_changes, query.claim, given)
        return _verdict_on(found[given], revisions, query, given, setting)

    either = members_of(*align(revisions.old, revisions.new))
    breaches = breaches_of(either, pack.assumptions)
    verdict = on_premises(ask, pack.assumptions, breaches)
    shift = found[unbroken(either, pack.assumptions)]
    if verdict.status is Status.UNKNOWN and shift.changes:  # the changes hang on what is broken
        shift = Shift(reason=verdict.reason, blame=verdict.blame)
    return QueryDifference(pack.name, query, None, verdict, shift)


def _verdict_on(
    found: Shift, revisions: Revisions, query: Query, given: tuple[Assumption, ...], setting: Setting
) -> Verdict:
    """The verdict that what is newly allowed makes."""
    status, reason = Status.PROVED, "the new revision allows no such connection that the old one denies"
    if found.changes:
        status, reason = Status.REFUTED, "the new revision allows connections that the old one denies"
    elif found.reason:
        status, reason = Status.UNKNOWN, found.reason
    steps = found.steps
    if status is Status.PROVED:
        bare = _without_policies(revisions, query, given, setting)
        steps += bare.steps
        if bare.status is Status.VACUOUS:
            status, reason = Status.VACUOUS, bare.reason
    lives = [change.live for change in found.changes]
    live = None if not lives else True if True in lives else None if None in lives else False
    complete = not found.is_capped
    return Verdict(query, status, setting.universe, reason, live, blame=found.blame, is_complete=complete, steps=steps)


def _without_policies(revisions: Revisions, query: Query, given: tuple[Assumption, ...], setting: Setting) -> Verdict:
    """The verdict that `no` has without any policy: VACUOUS iff the claim speaks of nothing at all."""
    old, new = align(revisions.old, revisions.new)
    before = setting.old_profile
    claim = bound(
        query.claim, setting.pod_addresses, setting.profile, old, new, before=before
    )  # the ends alone have no Services
    return judge(members_of(old, new), replace(query, claim=replace(claim, kind=Kind.NO)), given, setting)


# ------------------------------------------------------------------------------------------------ background
def background(revisions: Revisions, packs: Sequence[Pack], setting: Setting) -> Background:
    """What the comparison stands on, and what was done about what only one side holds."""
    old, new = revisions.old, revisions.new
    members = members_of(*align(old, new))
    stated = dict.fromkeys(it for its in reversed(setting.of_sides) for it in stated_assumptions(members, packs, its))
    notices = dict.fromkeys(
        (
            *old.notices,
            *new.notices,
            *engine_changes(old, new, setting),
            *(n for pack in packs for n in pack.notices),
            *group_changes(old, new),
        )
    )
    return Background(
        setting.profile,
        tuple(_of_two(assumption) for assumption in stated),
        _unmodelled(old, new),
        tuple(notices),
        (tally(old), tally(new)),
        (*_namespaces(old, new), *_workloads(old, new)),
    )


_OF_TWO = {
    "protocols": "TCP, UDP and SCTP are compared; ICMP and other protocols without ports are not",
    "policies-complete": (
        "the policies of each revision are all it has; a namespace not created yet has none of its own"
    ),
}


def _of_two(stated: StatedAssumption) -> StatedAssumption:
    text = _OF_TWO.get(stated.name)
    return stated if text is None else replace(stated, text=text, override="")


def _unmodelled(old: Cluster, new: Cluster) -> tuple[Unmodelled, ...]:
    found = {(u.id, u.content): u for u in (*not_modelled(old), *not_modelled(new))}
    return tuple(found.values())


def _namespaces(old: Cluster, new: Cluster) -> Iterator[str]:
    for side, other, word in ((old, new, "old"), (new, old, "new")):
        names = [n.name for n in side.namespaces if n.is_declared and n.name not in other.namespace_by_name]
        if names:
            yield (
                f"{_named('namespace', names)} {_stand(names)} in the {word} revision only; taken as there in both, "
                "with the same labels, and without policies of its own in the other"
            )


def _workloads(old: Cluster, new: Cluster) -> Iterator[str]:
    ids = [{w.id for w in side.workloads} for side in (old, new)]
    for own, other, word in ((ids[0], ids[1], "old"), (ids[1], ids[0], "new")):
        names = sorted(own - other)
        if names:
            yield (
                f"{_named('workload', names)} {_stand(names)} in the {word} revision only; pods like these could be "
                "created under either, so what both permit them is compared"
            )


def _named(noun: str, names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{noun}{'s' if len(names) > 1 else ''} {shown}{more}"


def _stand(names: Sequence[str]) -> str:
    return "stand" if len(names) > 1 else "stands"
