"""Edits tried before anybody reads of them: the manifests are read again as they would be, and the queries asked anew.

All edits are made together, for that is how they are taken over; those that do not do what they say are left out, and
the others tried again.  Right is an edit after which its cause is gone and every query that was proved still is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from analyzer.analysis.checking.answering import Answerer, Task
from analyzer.analysis.checking.check import tasks_of
from analyzer.analysis.checking.jobs import ample_jobs, answer_all
from analyzer.analysis.findings.causes import Cause, causes_of
from analyzer.analysis.findings.texts import Texts
from analyzer.encoding import dependencies_of
from analyzer.judging import Setting, question_of
from analyzer.judging.mediated import mediated
from analyzer.model.claims import Claim, Pack
from analyzer.model.cluster import Cluster
from analyzer.model.enforcing import as_enforced
from analyzer.model.policies import Direction, Policy
from analyzer.records import dataclass
from analyzer.verdicts import Answer, Counterexample, Section, Status, Verdict
from analyzer.verdicts.findings import Broken, Edit

_MOST_ROUNDS = 4

Shown = Callable[[Cluster, Verdict, Claim], Sequence[Counterexample]]


@dataclass(frozen=True, slots=True)
class Trial:
    """An edit for a cause."""

    cause: Cause
    edit: Edit


def lines_after(edits: Iterable[Edit], texts: Texts) -> dict[str, Sequence[str]] | None:
    """The files that the edits touch as they are then; None where two edits want the same lines."""
    found: dict[str, Sequence[str]] = {}
    for file, own in _by_file(edits).items():
        lines = [] if own[0].is_new else list(texts.lines(file))
        floor = len(lines) + 2
        for edit in sorted(own, key=lambda it: it.line, reverse=True):
            if edit.line + len(edit.removed) > floor or (edit.is_new and len(own) > 1):
                return None
            lines[edit.line - 1 : edit.line - 1 + len(edit.removed)] = edit.added
            floor = edit.line
        found[file] = [*lines, ""] if own[0].is_new else lines
    return found


def _by_file(edits: Iterable[Edit]) -> dict[str, list[Edit]]:
    found: dict[str, list[Edit]] = {}
    for edit in edits:
        found.setdefault(edit.file, []).append(edit)
    return found


class Verifier:
    """Tries edits of the manifests that an answer was given of."""

    def __init__(
        self,
        answer: Answer,
        packs: Sequence[Pack],
        cluster: Cluster,
        setting: Setting,
        texts: Texts,
        shown: Shown,
        jobs: int | None,
    ) -> None:
        """`cluster` as it is enforced; `shown`: what of a verdict on a cluster shows that it is refuted."""
        self._keys: frozenset[object] = frozenset()
        self._cluster, self._setting, self._texts, self._shown = cluster, setting, texts, shown
        self._tasks = {(task.pack, task.query.id): task for task in tasks_of(packs)}
        self._before = {
            (section.name, verdict.query.id): verdict for section in answer.sections for verdict in section.verdicts
        }
        self._jobs = ample_jobs(cluster, len(self._tasks)) if jobs is None else jobs

    def told(self, causes: Iterable[Cause]) -> None:
        """These are all causes that there are."""
        self._keys = frozenset(cause.key for cause in causes)

    def is_right(self, cause: Cause, edit: Edit) -> bool:
        """Whether the edit by itself mends the cause."""
        return not self._wrong({0: Trial(cause, edit)})

    def right(self, trials: Mapping[int, Trial]) -> frozenset[int]:
        """The trials whose edits are right together."""
        left = dict(trials)
        for number, trial in trials.items():  # of two that want the same lines the graver cause's goes first
            others = (it.edit for other, it in left.items() if other < number)
            if lines_after([*others, trial.edit], self._texts) is None:
                del left[number]
        for _ in range(_MOST_ROUNDS):
            wrong = self._wrong(left) if left else frozenset()
            if not wrong:
                return frozenset(left)
            left = {number: trial for number, trial in left.items() if number not in wrong}
        return frozenset()

    def after(self, edits: Iterable[Edit]) -> Cluster | None:
        """The cluster once the edits are made, as it is enforced; None if there is none."""
        files = lines_after(edits, self._texts)
        found = self._texts.changed(files) if files is not None else None
        return as_enforced(found, self._setting.profile) if found is not None else None

    def _wrong(self, trials: Mapping[int, Trial]) -> frozenset[int]:
        after = self.after(trial.edit for trial in trials.values())
        if after is None:
            single = {number for number, trial in trials.items() if self.after([trial.edit]) is None}
            return frozenset(single or trials)
        names = list(self._asked(trials.values(), after))
        tasks = [self._tasks[name] for name in names]
        answered = answer_all(Answerer(after, self._setting), tasks, self._jobs)
        wrong: set[int] = set()
        for name, found in zip(names, answered, strict=True):
            if found.verdict.status is not Status.PROVED:
                wrong |= self._at_fault(name, found.verdict, trials, after)
        return frozenset(wrong)

    def _asked(self, trials: Iterable[Trial], after: Cluster) -> Iterator[tuple[str, str]]:
        """The queries that the causes break, and the proved ones that the edits may touch."""
        broken = {_name(broken) for trial in trials for broken in _broken(trial.cause)}
        for name, task in self._tasks.items():
            before = self._before.get(name)
            was_proved = before is not None and before.status is Status.PROVED
            if name in broken or (was_proved and self._is_touched(task, after)):
                yield name

    def _is_touched(self, task: Task, after: Cluster) -> bool:
        return self._dependencies(self._cluster, task) != self._dependencies(after, task)

    def _dependencies(self, cluster: Cluster, task: Task) -> object:
        question = question_of(cluster, task.query, task.assumptions, self._setting)
        return dependencies_of(*mediated(cluster, question))

    def _at_fault(
        self,
        name: tuple[str, str],
        verdict: Verdict,
        trials: Mapping[int, Trial],
        after: Cluster,
    ) -> set[int]:
        """The trials that a query which is not proved afterwards tells against."""
        was, task = self._before[name].status, self._tasks[name]
        breaking = {
            number for number, it in trials.items() if any(_name(broken) == name for broken in _broken(it.cause))
        }
        if verdict.status is not Status.REFUTED:
            suspects = breaking or set(trials)
            alone = {number for number in suspects if len(trials) > 1 and self._wrong({number: trials[number]})}
            return set() if verdict.status is was else alone or suspects
        claim = question_of(after, verdict.query, task.assumptions, self._setting).claim
        section = Section(name[0], "", (verdict,))
        left = causes_of(
            after,
            self._setting.profile,
            [section],
            {f"{name[0]}/{verdict.query.id}": claim},
            lambda found, asked: self._shown(after, found, asked),
        )
        guilty = {
            number
            for number, it in trials.items()
            if any(
                cause.key == it.cause.key or (cause.key not in self._keys and _stands_in(cause, it)) for cause in left
            )
        }
        if was is Status.PROVED:
            return guilty or {number for number, it in trials.items() if it.edit.is_new} or set(trials)
        return guilty & breaking if left else breaking


def _stands_in(cause: Cause, trial: Trial) -> bool:
    """The cause lies in what the trial edits or adds; a rule that was there before, and another one, does not."""
    policy, own = cause.ref.policy if cause.ref is not None else None, trial.cause.ref
    if policy is None or policy.source.file != trial.edit.file:
        return False
    if trial.edit.is_new:
        return True
    if own is None or own.policy.id != policy.id:
        return False
    rule, direction = cause.key.rule, cause.key.direction
    if rule is None or direction is None or not isinstance(own.policy, Policy):
        return True
    unlisted = own.policy.unlisted_egress if direction is Direction.EGRESS else own.policy.unlisted_ingress
    before = own.policy.rules(direction) or unlisted
    return rule >= len(before) or (own.rule is not None and own.direction is direction and own.rule.index == rule)


def _broken(cause: Cause) -> list[Broken]:
    """What the cause refutes, or has a part in."""
    return [*dict.fromkeys((*(hit.broken for hit in cause.hits), *cause.also))]


def _name(broken: Broken) -> tuple[str, str]:
    return broken.pack, broken.query.id
