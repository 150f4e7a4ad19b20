"""Packs asked again and again of a cluster that changes: only what can have changed is answered anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from threading import Lock

from analyzer.analysis.checking.answering import Answered, Answerer, Task
from analyzer.analysis.checking.check import answer_of, tasks_of
from analyzer.analysis.checking.jobs import Progress, ample_jobs, answer_all
from analyzer.analysis.checking.premises import Breach, breaches_of
from analyzer.analysis.checking.step import Step
from analyzer.encoding import Dependencies, Question, dependencies_of
from analyzer.judging import Setting, judge, question_of
from analyzer.judging.added_violations import UNTOLD, Added, added_by_ends, added_by_policies
from analyzer.judging.after_ends import verdict_after_ends
from analyzer.judging.after_policies import Change, LaterError, change_between, change_seen, verdict_after
from analyzer.judging.mediated import mediated
from analyzer.model.claims import Claim, Pack
from analyzer.model.cluster import Cluster
from analyzer.model.editing import Object, edited
from analyzer.model.enforcing import as_enforced
from analyzer.records import dataclass
from analyzer.verdicts import Answer, Counterexample, Status, Verdict
from analyzer.verdicts.verdict import Statistics


@dataclass(frozen=True, slots=True)
class _Dependencies:
    """What the answer to a task hangs on: where it is the same, so is the answer."""

    question: Dependencies
    breaches: tuple[Breach, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The verdicts before a change and after it.  Of queries that are refuted before and after, by workloads that are
    there or by pods to come both times: `added` are refutations by violations that the change adds, and of `untold`
    nobody can tell whether it adds any."""

    before: tuple[Verdict, ...]
    after: tuple[Verdict, ...]
    added: tuple[Verdict, ...]
    untold: tuple[Verdict, ...]

    @property
    def worse(self) -> tuple[Verdict, ...]:
        """Those of the verdicts afterwards that are worse than before; a refutation by workloads that are there is
        worse than one by pods that could come."""
        pairs = zip(self.before, self.after, strict=True)
        return tuple(now for was, now in pairs if _badness(now) > _badness(was))


def _badness(verdict: Verdict) -> tuple[int, bool]:
    return list(Status).index(verdict.status), verdict.status is Status.REFUTED and verdict.live is not False


def _is_broken(before: Iterable[Verdict], after: Iterable[Verdict]) -> bool:
    """Something is refuted that was not, or is so by workloads that are there and was not."""
    pairs = zip(before, after, strict=True)
    return any(now.status is Status.REFUTED and _badness(now) > _badness(was) for was, now in pairs)


def _is_refuted_alike(was: Verdict, now: Verdict) -> bool:
    return was.status is now.status is Status.REFUTED and _badness(now) <= _badness(was)


class Standing:
    """How a cluster stands: the answer, what of it may be taken over next time by the task's number, and the queries
    that were asked."""

    def __init__(
        self,
        cluster: Cluster,
        enforced: Cluster,
        verdicts: tuple[Verdict, ...],
        tell: Callable[[], Answer],
        kept: Mapping[int, Answered],
        asked: tuple[str, ...],
        depends: Callable[[Cluster, int], _Dependencies],
        dependencies: dict[int, _Dependencies],
    ) -> None:
        """`tell` makes the answer of the `verdicts`; `depends` works out the `dependencies` that are not there yet."""
        self.cluster, self.enforced, self.verdicts, self.kept, self.asked = cluster, enforced, verdicts, kept, asked
        self._tell, self._depends, self._dependencies = tell, depends, dependencies

    @cached_property
    def answer(self) -> Answer:
        """With all notices, which look at every policy and workload."""
        return self._tell()

    def dependencies(self, number: int) -> _Dependencies:
        """Of the answer to that task; worked out when something is held against them."""
        found = self._dependencies.get(number)
        if found is None:
            found = self._dependencies[number] = self._depends(self.enforced, number)
        return found


class CheckSession:
    """The answer to packs, kept up to date.

        session = CheckSession(cluster, packs, setting=setting)
        print(session.answer.status)
        proposed = session.propose(edited(session.cluster, put=[policy]))
        answer = session.change(put=[policy], removed=["NetworkPolicy shop/db"])
        answer = session.update(other_cluster)

    Each answer is the one that `check` would give of the cluster as it then is.  A verdict is taken over from the
    answer before if the policies, namespaces, workloads and addresses that its query can look at are the same;
    `asked` names the queries that were not spared in the last step.

    Threads may share it: proposals run beside one another and beside an update, each from the last state there was
    when it began; updates wait for one another.
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
        self._lock = Lock()
        self._state = self._found(cluster, None, progress)

    @property
    def cluster(self) -> Cluster:
        """The last one there was."""
        return self._state.cluster

    @property
    def answer(self) -> Answer:
        return self._state.answer

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Those of the answer, in order, without notices about what queries name."""
        return self._state.verdicts

    @property
    def asked(self) -> tuple[str, ...]:
        return self._state.asked

    def update(self, cluster: Cluster, *, progress: Progress | None = None, is_brief: bool = False) -> Answer:
        """The answer for another state of the cluster, whatever in it has changed.

        What is the same costs least where it is the same object, as it is in what `Rereader` gives.  `is_brief`: told
        as `propose` tells it.
        """
        return self._advanced(cluster, progress, is_brief=is_brief).answer

    def advance(self, cluster: Cluster) -> Standing:
        """`update`, brief, where the answer is not asked for yet; the state on that cluster, for `weighed`, whatever
        other threads go on to."""
        state = self._state
        return state if state.cluster is cluster else self._advanced(cluster, None, is_brief=True)

    def _advanced(self, cluster: Cluster, progress: Progress | None, *, is_brief: bool) -> Standing:
        with self._lock:
            step = self._step(self._state, cluster) if is_brief else None
            self._state = found = self._found(cluster, self._state, progress, step)
        return found

    def propose(self, cluster: Cluster, *, progress: Progress | None = None) -> Answer:
        """The verdicts that `update` would give; the session stays as it is.

        It tells less than `check` would: where policies alone change, only what they select is asked anew.  A query
        that is refuted keeps the witnesses that the change leaves standing, each alone in its region, and no search is
        made for others; what a proof rests on is not made small.
        """
        state = self._state
        return self._found(cluster, state, progress, self._step(state, cluster)).answer

    def proposed(self, cluster: Cluster) -> tuple[Verdict, ...]:
        """The `verdicts` there would be; as `propose`."""
        state = self._state
        return self._found(cluster, state, None, self._step(state, cluster)).verdicts

    def weighed(self, cluster: Cluster, state: Standing | None = None) -> Weighed:
        """The verdicts there are, or were in that state, and would be.  Where a query is seen to be refuted that was
        not, no more is asked: of those that take long the verdict is the one before.  Where none is, what the change
        adds to those that are refuted anyway."""
        state = state or self._state
        step = self._step(state, cluster)
        soon = self._soon(step, state)
        early = tuple(soon[n].verdict if n in soon else was for n, was in enumerate(state.verdicts))
        if _is_broken(state.verdicts, early):
            return Weighed(state.verdicts, early, (), ())
        found = self._found(cluster, state, None, step, soon)
        if _is_broken(state.verdicts, found.verdicts):
            return Weighed(state.verdicts, found.verdicts, (), ())
        pairs = enumerate(zip(state.verdicts, found.verdicts, strict=True))
        already = [number for number, (was, now) in pairs if now is not was and _is_refuted_alike(was, now)]
        added = {number: self._added(step, found.verdicts[number], number) for number in already}
        more = tuple(each.verdict for each in added.values() if each.verdict is not None)
        untold = tuple(found.verdicts[number] for number, each in added.items() if not each.is_told)
        return Weighed(state.verdicts, found.verdicts, more, untold)

    def _step(self, known: Standing, cluster: Cluster) -> Step:
        """From that state to this cluster."""
        now = as_enforced(cluster, self._setting.profile)
        return Step(known.enforced, now, self._setting.profile, self._answer)

    def _answer(self, cluster: Cluster, number: int, claim: Claim) -> Verdict:
        """The verdict on another claim in the place of the task's."""
        task = self._tasks[number]
        return judge(cluster, replace(task.query, claim=claim), task.assumptions, self._setting)

    def _soon(self, step: Step, known: Standing) -> dict[int, Answered]:
        """The answers that follow from those before by looking at few policies, where policies alone changed."""
        found: dict[int, Answered] = {}
        if step.policies is None:
            return found
        change = partial(change_seen, step.policies)
        for number, kept in known.kept.items():
            if self._is_asked_alike(step, number):
                with suppress(LaterError):
                    answered = self._after_policies(step, number, kept, change, is_soon=True)
                    found |= {} if answered is None else {number: answered}
        return found

    def change(
        self, *, put: Iterable[Object] = (), removed: Iterable[str] = (), progress: Progress | None = None
    ) -> Answer:
        """The answer once objects are added or changed (`put`) and others are gone (`removed`, by `object_name`)."""
        return self.update(edited(self.cluster, put, removed), progress=progress)

    def _found(
        self,
        given: Cluster,
        known: Standing | None,
        progress: Progress | None,
        step: Step | None = None,
        soon: Mapping[int, Answered] | None = None,
    ) -> Standing:
        """`step`: the one to this cluster, where it is told as `propose` tells it; `soon`: what is answered already."""
        cluster = as_enforced(given, self._setting.profile) if step is None else step.now
        dependencies: dict[int, _Dependencies] = {}
        whole = dict(soon or {})
        whole |= self._spared(cluster, known, dependencies, whole.keys(), step)
        stale = [number for number in range(len(self._tasks)) if number not in whole]
        jobs = ample_jobs(cluster, len(stale)) if self._jobs is None else self._jobs
        asked = [self._tasks[i] for i in stale]
        answered = dict(zip(stale, answer_all(Answerer(cluster, self._setting), asked, jobs, progress), strict=True))
        if progress is not None:
            progress("", len(asked), len(asked))
        every = {**whole, **answered}
        kept = {i: it for i, it in every.items() if i in whole or _is_repeatable(self._tasks[i], it)}
        found = [every[number] for number in range(len(self._tasks))]
        names = tuple(task.query.id for task in asked)
        verdicts = tuple(it.verdict for it in found)
        tell = partial(answer_of, cluster, self._packs, found, setting=self._setting)
        return Standing(given, cluster, verdicts, tell, kept, names, self._dependencies, dependencies)

    def _spared(
        self,
        cluster: Cluster,
        known: Standing | None,
        dependencies: dict[int, _Dependencies],
        done: Collection[int],
        step: Step | None,
    ) -> dict[int, Answered]:
        """The answers that follow from those before, by their task's number, but for those that are done;
        `dependencies` takes in what is worked out for it."""
        if known is None:
            return {}
        found: dict[int, Answered] = {}
        for number, kept in known.kept.items():
            if number in done:
                continue
            answered = None if step is None else self._after(step, number, kept)
            if answered is None:
                was, now = known.dependencies(number), self._dependencies(cluster, number)
                dependencies[number] = now
                if was == now:
                    answered = kept
                elif step is not None and not was.breaches and not now.breaches:
                    change = partial(change_between, was.question, now.question)
                    answered = self._after_policies(step, number, kept, change)
            if answered is not None:
                found[number] = answered
        return found

    def _after(self, step: Step, number: int, kept: Answered) -> Answered | None:
        """The answer that follows from the one before, where policies alone changed, or ends alone; None if all of it
        has to be asked again, or more changed."""
        if (step.policies is None and step.ends is None) or not self._is_asked_alike(step, number):
            return None
        if step.policies is not None:
            return self._after_policies(step, number, kept, partial(change_seen, step.policies))
        assert step.ends is not None
        seen, question = self._question(step.now, self._tasks[number])
        budget, ask = self._setting.budget, step.asking(number)
        verdict = verdict_after_ends(kept.verdict, step.ends, seen, question, budget, ask)
        return None if verdict is None else replace(kept, verdict=verdict)

    def _is_asked_alike(self, step: Step, number: int) -> bool:
        """The question is the same of both, and its assumptions hold in both."""
        assumptions, both = self._tasks[number].assumptions, (step.before, step.now)
        questions = [self._question(cluster, self._tasks[number])[1] for cluster in both]
        return questions[0] == questions[1] and not any(breaches_of(it, assumptions) for it in both)

    def _dependencies(self, cluster: Cluster, number: int) -> _Dependencies:
        task = self._tasks[number]
        cluster, question = self._question(cluster, task)
        return _Dependencies(dependencies_of(cluster, question), breaches_of(cluster, task.assumptions))

    def _question(self, cluster: Cluster, task: Task) -> tuple[Cluster, Question]:
        return mediated(cluster, question_of(cluster, task.query, task.assumptions, self._setting))

    def _after_policies(
        self,
        step: Step,
        number: int,
        kept: Answered,
        change: Callable[[Question, Cluster], Change | None],
        *,
        is_soon: bool = False,
    ) -> Answered | None:
        """The answer, where it follows from the one before; None if all of it has to be asked again.  `is_soon` as for
        `verdict_after`."""
        seen, question = self._question(step.now, self._tasks[number])
        verdict = verdict_after(
            kept.verdict,
            lambda: change(question, seen),
            seen,
            question,
            self._setting.budget,
            step.asking(number),
            is_soon=is_soon,
        )
        return None if verdict is None else replace(kept, verdict=verdict)

    def _added(self, step: Step, verdict: Verdict, number: int) -> Added:
        """What a change adds to the query of that number, which is refuted before it and after it."""
        if not self._is_asked_alike(step, number):
            return UNTOLD
        asks = step.asking(number, is_now=False), step.asking(number)
        seen, question = self._question(step.now, self._tasks[number])
        if step.policies is not None:
            change = change_seen(step.policies, question, seen)
            return added_by_policies(verdict, change, step.policies, question, self._setting, asks)
        return UNTOLD if step.ends is None else added_by_ends(verdict, step.ends, question, self._setting, asks)


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
    return tuple((was, now) for was, now in pairs if not _is_said_again(was, now))


def _is_said_again(was: Verdict, now: Verdict) -> bool:
    if (was.status, was.live, was.reason) != (now.status, now.live, now.reason):
        return False
    shown, known = now.counterexamples, was.counterexamples
    if [example.region for example in shown] == [example.region for example in known]:
        return True
    # Witnesses that were kept without a search stand alone in their regions: of what lies around them nothing is said.
    is_kept = now.status is Status.REFUTED and now.statistics == Statistics()
    return is_kept and all(any(_is_same_witness(example, old) for old in known) for example in shown)


def _is_same_witness(one: Counterexample, other: Counterexample) -> bool:
    return (one.connection, one.subject) == (other.connection, other.subject)
