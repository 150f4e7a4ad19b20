"""One query after the other, or in turn by several processes: what a run does for each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analyzer.analysis.cross_check import cross_check
from analyzer.model.claims import Assumption, Query
from analyzer.model.cluster import Cluster
from analyzer.verdicts import CrossCheck, Setting, Status, Verdict, judge


@dataclass(frozen=True, slots=True)
class Task:
    """A query, and what its pack assumes."""

    query: Query
    assumptions: tuple[Assumption, ...]


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

    def answer(self, task: Task) -> Answered:
        """The verdict on one query.  InternalError if a witness does not replay, or a second solver contradicts."""
        keeps = self.setting.keeps_steps
        asking = replace(self.setting, keeps_steps=keeps or self.second_solver is not None)
        verdict = judge(self.cluster, task.query, task.assumptions, asking)
        checked = None
        if self.second_solver is not None:
            checked = cross_check(verdict, self.second_solver, self.setting.budget)
        return Answered(verdict if keeps else replace(verdict, steps=()), checked)

    def lost(self, task: Task, why: str) -> Answered:
        """What is known of a query that could not be answered: nothing, and why."""
        universe = task.query.universe or self.setting.universe
        return Answered(Verdict(task.query, Status.UNKNOWN, universe, why))
