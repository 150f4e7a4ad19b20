"""One query after the other, or in turn by several processes: what a run does for each of them."""

from __future__ import annotations

from dataclasses import field, replace

from analyzer.analysis.checking.cross_check import cross_check, together
from analyzer.analysis.checking.excuses import Excuses, Excusing
from analyzer.analysis.checking.premises import judge_on
from analyzer.judging import Setting
from analyzer.model.claims import Assumption, Query
from analyzer.model.cluster import Cluster
from analyzer.records import dataclass
from analyzer.verdicts import CrossCheck, Status, Verdict


@dataclass(frozen=True, slots=True)
class Task:
    """A query, and its pack's assumptions and name."""

    query: Query
    assumptions: tuple[Assumption, ...]
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """`cross_check` is None unless a second solver was asked."""

    verdict: Verdict
    cross_check: CrossCheck | None = None


@dataclass(frozen=True, slots=True)
class Answerer:
    """What the queries of a run have in common."""

    cluster: Cluster
    setting: Setting
    second_solver: str | None = None
    excuses: Excuses = field(default_factory=Excuses)

    def answer(self, task: Task) -> Answered:
        """The verdict on one query.  InternalError if a witness does not replay, or a second solver contradicts."""
        checked: list[CrossCheck] = []

        def ask(query: Query, most: int | None = None) -> Verdict:
            verdict, check = self._judged(query, task.assumptions, most)
            checked.extend([check] if check else [])
            return verdict

        verdict = Excusing(self.excuses, self.cluster, self.setting.profile).weighed(task.pack, ask(task.query), ask)
        return Answered(verdict, together(self.second_solver, checked) if self.second_solver is not None else None)

    def _judged(
        self, query: Query, assumptions: tuple[Assumption, ...], most: int | None
    ) -> tuple[Verdict, CrossCheck | None]:
        keeps, checks = self.setting.keeps_steps, self.second_solver is not None
        shown = most or self.setting.max_counterexamples
        lists = self.setting.lists_regions and most is None
        asking = replace(self.setting, keeps_steps=keeps or checks, max_counterexamples=shown, lists_regions=lists)
        verdict = judge_on(self.cluster, query, assumptions, asking)
        checked = None
        if self.second_solver is not None:
            checked = cross_check(query.id, verdict.steps, self.second_solver, self.setting.budget)
        return verdict if keeps else replace(verdict, steps=()), checked

    def lost(self, task: Task, why: str) -> Answered:
        """What is known of a query that could not be answered: nothing, and why."""
        universe = task.query.universe or self.setting.universe
        return Answered(Verdict(task.query, Status.UNKNOWN, universe, why))
