"""Queries asked anew of manifests with edits: those that were refuted, and those proved that the edits touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from analyzer.analysis.checking.answering import Answerer, Task
from analyzer.analysis.checking.check import tasks_of
from analyzer.analysis.checking.jobs import ample_jobs, answer_all
from analyzer.analysis.findings.texts import Texts
from analyzer.encoding import dependencies_of
from analyzer.judging import Setting, question_of
from analyzer.judging.mediated import mediated
from analyzer.model.claims import Pack
from analyzer.model.cluster import Cluster
from analyzer.model.enforcing import as_enforced
from analyzer.verdicts import Answer, Status, Verdict
from analyzer.verdicts.findings import Edit

Name = tuple[str, str]
"""A query, by its pack and its id."""


class Asker:
    """Reads manifests as edits leave them, and asks of them."""

    def __init__(
        self,
        answer: Answer,
        packs: Sequence[Pack],
        cluster: Cluster,
        setting: Setting,
        texts: Texts,
        jobs: int | None,
    ) -> None:
        """`cluster` as it is enforced."""
        self._answer, self._cluster, self._setting, self._texts = answer, cluster, setting, texts
        self._briefly = replace(setting, max_counterexamples=1, lists_regions=False, looks_further=False)
        self._tasks = {(task.pack, task.query.id): task for task in tasks_of(packs)}
        self._jobs = ample_jobs(cluster, len(self._tasks)) if jobs is None else jobs

    def after(self, edits: Iterable[Edit]) -> Cluster | None:
        """The cluster once the edits are made, as it is enforced; None if there is none."""
        files = lines_after(edits, self._texts)
        found = self._texts.changed(files) if files is not None else None
        return as_enforced(found, self._setting.profile) if found is not None else None

    def answer(self, after: Cluster) -> Answer:
        """What was asked, as it is answered then.  A query of which a part is excused is left out: its
        counterexamples would be looked for without regard to that."""
        names = [name for name, verdict in self._verdicts() if self._is_asked(name, verdict, after)]
        tasks = [self._tasks[name] for name in names]
        found = answer_all(Answerer(after, self._setting), tasks, self._jobs) if tasks else ()
        now = {name: it.verdict for name, it in zip(names, found, strict=True)}
        sections = (
            replace(it, verdicts=tuple(now.get((it.name, one.query.id), one) for one in it.verdicts if _is_kept(one)))
            for it in self._answer.sections
        )
        return replace(self._answer, sections=tuple(sections))

    def is_proved(self, name: Name, after: Cluster) -> bool:
        """Whether the query is proved of the cluster."""
        return Answerer(after, self._briefly).answer(self._tasks[name]).verdict.status is Status.PROVED

    def verdict(self, name: Name, after: Cluster) -> Verdict:
        """What the query comes to of the cluster."""
        return Answerer(after, self._setting).answer(self._tasks[name]).verdict

    def are_proved(self, names: Iterable[Name], after: Cluster, before: Cluster) -> bool:
        """Whether what is proved of the cluster `before` is proved of the other one."""
        answerer = Answerer(after, self._briefly)
        tasks = (self._tasks[name] for name in names)
        touched = (it for it in tasks if self._dependencies(before, it) != self._dependencies(after, it))
        return all(answerer.answer(task).verdict.status is Status.PROVED for task in touched)

    def _verdicts(self) -> Iterable[tuple[Name, Verdict]]:
        return (((it.name, verdict.query.id), verdict) for it in self._answer.sections for verdict in it.verdicts)

    def _is_asked(self, name: Name, verdict: Verdict, after: Cluster) -> bool:
        task = self._tasks.get(name)
        if task is None or not _is_kept(verdict):
            return False
        if verdict.status is Status.REFUTED:
            return True
        is_proved = verdict.status is Status.PROVED
        return is_proved and self._dependencies(self._cluster, task) != self._dependencies(after, task)

    def _dependencies(self, cluster: Cluster, task: Task) -> object:
        question = question_of(cluster, task.query, task.assumptions, self._setting)
        return dependencies_of(*mediated(cluster, question))


def proved(answer: Answer) -> frozenset[Name]:
    """The queries that are proved."""
    return frozenset(
        (section.name, verdict.query.id)
        for section in answer.sections
        for verdict in section.verdicts
        if verdict.status is Status.PROVED
    )


def lines_after(edits: Iterable[Edit], texts: Texts) -> Mapping[str, Sequence[str]] | None:
    """The files that the edits touch as they are then; None where two edits want the same lines."""
    by_file: dict[str, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(edit.file, []).append(edit)
    found: dict[str, Sequence[str]] = {}
    for file, own in by_file.items():
        lines = [] if own[0].is_new else list(texts.lines(file))
        floor = len(lines) + 2
        for edit in sorted(own, key=lambda it: it.line, reverse=True):
            if edit.line + len(edit.removed) > floor or (edit.is_new and len(own) > 1):
                return None
            lines[edit.line - 1 : edit.line - 1 + len(edit.removed)] = edit.added
            floor = edit.line
        found[file] = [*lines, ""] if own[0].is_new else lines
    return found


def _is_kept(verdict: Verdict) -> bool:
    if verdict.status is not Status.REFUTED:
        return True
    return not verdict.waivers and verdict.baseline is None and not verdict.is_excused
