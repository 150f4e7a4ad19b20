"""Packs asked again and again of a cluster that changes: only what can have changed is answered anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.analysis.answering import Answered, Answerer, Task
from analyzer.analysis.check import answer_of, tasks_of
from analyzer.analysis.jobs import Progress, ample_jobs, answer_all
from analyzer.analysis.premises import Breach, breaches_of
from analyzer.encoding import Dependencies, dependencies_of
from analyzer.judging import Setting, question_of
from analyzer.judging.mediated import mediated
from analyzer.model.claims import Pack
from analyzer.model.cluster import Cluster
from analyzer.model.editing import Object, edited
from analyzer.model.enforcing import as_enforced
from analyzer.records import dataclass
from analyzer.verdicts import Answer, Status, Verdict


@dataclass(frozen=True, slots=True)
class _Dependencies:
    """What the answer to a task hangs on: where it is the same, so is the answer."""

    question: Dependencies
    breaches: tuple[Breach, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    dependencies: _Dependencies
    answered: Answered


@dataclass(frozen=True, slots=True)
class _Found:
    """The answer, what of it may be taken over next time by the task's number, and the queries that were asked."""

    answer: Answer
    kept: dict[int, _Kept]
    asked: tuple[str, ...]


class CheckSession:
    """The answer to packs, kept up to date.

        session = CheckSession(cluster, packs, setting=setting)
        print(session.answer.status)
        answer = session.change(put=[policy], removed=["NetworkPolicy shop/db"])
        answer = session.update(other_cluster)

    Each answer is the one that `check` would give of the cluster as it then is.  A verdict is taken over from the
    answer before if the policies, namespaces, workloads and addresses that its query can look at are the same;
    `asked` names the queries that were not spared in the last step.
    """

    def __init__(
        self,
        cluster: Cluster,
        packs: Sequence[Pack],
        *,
        setting: Setting,
        jobs: int | None = 1,
        progress: Progress | None = None,
    ) -> None:
        """Answer the packs for the first time.  `jobs` and `progress` as in `check`."""
        self._packs, self._setting, self._jobs = tuple(packs), setting, jobs
        self._tasks = tasks_of(packs)
        self._kept: dict[int, _Kept] = {}
        self.asked: tuple[str, ...] = ()
        self.cluster = cluster
        self.answer: Answer = self.update(cluster, progress=progress)

    def update(self, cluster: Cluster, *, progress: Progress | None = None) -> Answer:
        """The answer for another state of the cluster, whatever in it has changed.

        What is the same costs least where it is the same object, as it is in what `Rereader` gives.
        """
        found = self._found(cluster, progress)
        self.cluster, self.asked, self._kept, self.answer = cluster, found.asked, found.kept, found.answer
        return self.answer

    def what_if(self, cluster: Cluster, *, progress: Progress | None = None) -> Answer:
        """What `update` would give; the session stays as it is."""
        return self._found(cluster, progress).answer

    def _found(self, cluster: Cluster, progress: Progress | None) -> _Found:
        cluster = as_enforced(cluster, self._setting.profile)
        now = [self._dependencies(cluster, task) for task in self._tasks]
        stale = [i for i, found in enumerate(now) if i not in self._kept or self._kept[i].dependencies != found]
        jobs = ample_jobs(cluster, len(stale)) if self._jobs is None else self._jobs
        asked = [self._tasks[i] for i in stale]
        answered = dict(zip(stale, answer_all(Answerer(cluster, self._setting), asked, jobs, progress), strict=True))
        whole = [answered.get(i) or self._kept[i].answered for i in range(len(self._tasks))]
        if progress is not None:
            progress("", len(asked), len(asked))
        kept = {
            i: _Kept(now[i], found)
            for i, found in enumerate(whole)
            if i not in answered or _is_repeatable(self._tasks[i], found)
        }
        answer = answer_of(cluster, self._packs, whole, setting=self._setting)
        return _Found(answer, kept, tuple(task.query.id for task in asked))

    def _dependencies(self, cluster: Cluster, task: Task) -> _Dependencies:
        asked = question_of(cluster, task.query, task.assumptions, self._setting)
        cluster, question = mediated(cluster, asked)
        return _Dependencies(dependencies_of(cluster, question), breaches_of(cluster, task.assumptions))

    def change(
        self, *, put: Iterable[Object] = (), removed: Iterable[str] = (), progress: Progress | None = None
    ) -> Answer:
        """The answer once objects are added or changed (`put`) and others are gone (`removed`, by `object_name`)."""
        return self.update(edited(self.cluster, put, removed), progress=progress)


def _is_repeatable(task: Task, answered: Answered) -> bool:
    """An empty set under assumptions is explained by more than its dependencies; a lost answer, or one that a budget of
    wall clock may have ended, can come out better another time."""
    verdict = answered.verdict
    if verdict.status is Status.VACUOUS:
        return not task.assumptions
    return verdict.status is not Status.UNKNOWN


def changed_verdicts(before: Answer, after: Answer) -> tuple[tuple[Verdict, Verdict], ...]:
    """The verdicts on one query, before and after, that say different things; where rules stand in their files, and
    what a proof rests on, is no difference."""
    pairs = zip(before.verdicts, after.verdicts, strict=True)
    return tuple((was, now) for was, now in pairs if _said(was) != _said(now))


def _said(verdict: Verdict) -> tuple[object, ...]:
    return verdict.status, verdict.live, verdict.reason, tuple(example.region for example in verdict.counterexamples)
