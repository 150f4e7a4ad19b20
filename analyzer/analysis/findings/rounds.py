"""Findings by rounds: what is told is mended in memory and the queries are asked again, until nothing new comes up.

A cause that the counterexamples did not show, or that hid behind another, is found so, and one patch holds the fixes
of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from analyzer.analysis.checking.answering import Answerer
from analyzer.analysis.checking.check import tasks_of
from analyzer.analysis.checking.jobs import ample_jobs, answer_all
from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.keeping import Effect, Kept
from analyzer.analysis.findings.making import Told, gravity, told_of
from analyzer.analysis.findings.rebasing import original, originals, rebased
from analyzer.analysis.findings.texts import Texts
from analyzer.analysis.findings.verifying import lines_after
from analyzer.judging import Setting
from analyzer.model.claims import Pack
from analyzer.model.cluster import Cluster
from analyzer.model.enforcing import as_enforced
from analyzer.semantics import decide
from analyzer.verdicts import Answer, Status, Verdict
from analyzer.verdicts.findings import Edit, Finding, Spot

_MOST_ROUNDS = 4
_MOST_FINDINGS = 60
_TOUCHES = "it changes lines that another fix writes: apply the patch, then ask again"


def findings_of(
    answer: Answer,
    cluster: Cluster,
    setting: Setting,
    texts: Texts,
    packs: Sequence[Pack] = (),
    *,
    jobs: int | None = 1,
) -> tuple[Finding, ...]:
    """The causes of what the answer refutes, worst first; `cluster` is the one that was asked about, `packs` what.

    Edits are told that were tried: the packs are asked again of the manifests as they are then, by `jobs` processes as
    of `check`.  Where the texts cannot be read so, there are none.
    """
    rounds = _Rounds(answer, as_enforced(cluster, setting.profile), setting, texts, packs, jobs)
    found = rounds.found()
    shown = [it for it in found if not it.finding.is_hidden]
    shown.sort(key=lambda it: gravity(it.cause))
    return tuple(it.finding for it in (*shown, *(it for it in found if it.finding.is_hidden)))


class _Rounds:
    def __init__(
        self,
        answer: Answer,
        cluster: Cluster,
        setting: Setting,
        texts: Texts,
        packs: Sequence[Pack],
        jobs: int | None,
    ) -> None:
        self.answer, self.cluster, self.setting, self.texts = answer, cluster, setting, texts
        self.packs, self.jobs = packs, jobs
        self.tasks = {(task.pack, task.query.id): task for task in tasks_of(packs)}

    def found(self) -> list[Told]:
        """All findings, each with the queries of it that all fixes together leave open."""
        told, kept = told_of(self.answer, self.cluster, self.setting, self.texts, self.packs, frozenset(), self.jobs)
        found, answer = list(told), self.answer
        edits = [edit for it in told if (edit := it.finding.fix.edit) is not None]
        is_new = bool(edits)
        for number in range(_MOST_ROUNDS):
            files = lines_after(edits, self.texts) if is_new else None
            after = self.texts.changed(files) if files is not None else None
            if files is None or after is None:
                break
            after = as_enforced(after, self.setting.profile)
            answer = self._again(answer, after)
            if number + 1 == _MOST_ROUNDS or len(found) > _MOST_FINDINGS:
                break
            known: frozenset[object] = frozenset(it.cause.key for it in found)
            weigh = partial(self._alone, edits=tuple(edits), kept=kept)
            texts = self.texts.with_files(files)
            told, _ = told_of(answer, after, self.setting, texts, self.packs, known, self.jobs, weigh)
            now = [self._as_of_now(it, edits) for it in told]
            found += now
            fresh = [edit for it in now if (edit := it.finding.fix.edit) is not None]
            is_new, edits = bool(fresh), [*edits, *fresh]
        return [self._with_left(it, answer) for it in found]

    def _with_left(self, told: Told, answer: Answer) -> Told:
        """The finding, with those of its queries that are not proved once all edits are made."""
        proved = {
            (section.name, verdict.query.id)
            for section in answer.sections
            for verdict in section.verdicts
            if verdict.status is Status.PROVED
        }
        left = tuple(it.query.id for it in told.finding.breaks if (it.pack, it.query.id) not in proved)
        return replace(told, finding=replace(told.finding, left=left))

    def _again(self, answer: Answer, after: Cluster) -> Answer:
        """What was refuted, asked of the cluster once the edits are made."""
        names = [
            (section.name, verdict.query.id)
            for section in answer.sections
            for verdict in section.verdicts
            if _is_asked_again(verdict) and (section.name, verdict.query.id) in self.tasks
        ]
        tasks = [self.tasks[name] for name in names]
        jobs = ample_jobs(after, len(tasks)) if self.jobs is None else self.jobs
        found = answer_all(Answerer(after, self.setting), tasks, jobs) if tasks else ()
        now = {name: it.verdict for name, it in zip(names, found, strict=True)}
        sections = (
            replace(it, verdicts=tuple(now.get((it.name, one.query.id), one) for one in it.verdicts if _is_kept(one)))
            for it in answer.sections
        )
        return replace(answer, sections=tuple(sections))

    def _as_of_now(self, told: Told, edits: Sequence[Edit]) -> Told:
        """The finding in the texts that there are."""
        finding, policies = told.finding, originals(self.cluster)
        is_hidden = not self._was_there(told.cause)
        ref = original(finding.ref, policies) if finding.ref is not None else None
        other = original(finding.other, policies) if finding.other is not None else None
        fix = finding.fix
        if fix.edit is not None:
            edit = rebased(fix.edit, edits, self.texts)
            fix = replace(fix, edit=edit) if edit is not None else replace(fix, edit=None, cuts=(), why=_TOUCHES)
        spot = self._spot(finding, edits)
        return Told(told.cause, replace(finding, ref=ref, other=other, fix=fix, spot=spot, is_hidden=is_hidden))

    def _alone(self, edit: Edit, edits: Sequence[Edit], kept: Kept) -> Effect | None:
        """What an edit by itself does to what there is now: earlier ones may keep what it cuts."""
        one = rebased(edit, edits, self.texts)
        files = lines_after([one], self.texts) if one is not None else None
        after = self.texts.changed(files) if files is not None else None
        return kept.effect(as_enforced(after, self.setting.profile)) if after is not None else None

    def _spot(self, finding: Finding, edits: Sequence[Edit]) -> Spot:
        """Where the same line stands now."""
        spot = finding.spot
        line, file = spot.source.line, spot.source.file
        if not line or not file:
            return spot
        there = rebased(Edit(file, line, (spot.text,), ()), edits, self.texts) if spot.text else None
        if there is None:
            return spot if spot.text == self.texts.line(file, line) else replace(spot, column=0, length=0, text="")
        return replace(spot, source=replace(spot.source, line=there.line))

    def _was_there(self, cause: Cause) -> bool:
        """Whether a connection of the cause was due to it before any edit, and counterexamples were of others."""
        for hit in cause.hits:
            connection, decision = hit.example.connection, hit.example.decision
            if connection is None or decision is None or cause.key.direction is None:
                continue
            before = decide(self.cluster, self.setting.profile, connection)
            ruling = before.at(cause.key.direction.value)
            names = {(ref.policy.id, ref.rule.index if ref.rule is not None else None) for ref in ruling.rules}
            is_its = (cause.key.policy, cause.key.rule) in names if cause.key.rule is not None else not names
            if before.allowed is decision.allowed and is_its:
                return True
        return False


def _is_asked_again(verdict: Verdict) -> bool:
    is_whole = not verdict.waivers and verdict.baseline is None and not verdict.is_excused
    return verdict.status is Status.REFUTED and is_whole


def _is_kept(verdict: Verdict) -> bool:
    """Not one of which a part is excused: its counterexamples would be looked for without regard to that."""
    return verdict.status is not Status.REFUTED or _is_asked_again(verdict)
