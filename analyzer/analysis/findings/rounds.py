"""Findings by rounds: all that is told is mended together in memory and the queries are asked again, until nothing new
comes up.

    causes of what is refuted  →  an edit for each, weighed beside the others'  →  the manifests as they are then
            ↑                                                                                     │
            └───────────────────────────────  asked again  ←──────────────────────────────────────┘

What comes up is a cause in the user's own text, which was hidden or not shown and gets a finding; or it lies in what an
edit wrote or cut, and then that edit gives way to the next one.  In the end an edit that the others make needless is
taken out, with its finding, and what they cut together is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from analyzer.analysis.findings.alike import together
from analyzer.analysis.findings.asking import Asker, Name, lines_after, proved
from analyzer.analysis.findings.causes import Cause, causes_of
from analyzer.analysis.findings.keeping import Kept
from analyzer.analysis.findings.settling import needed, with_effects
from analyzer.analysis.findings.telling import Teller, gravity
from analyzer.analysis.findings.text_edits import within_reach
from analyzer.analysis.findings.texts import Texts
from analyzer.analysis.findings.wanted import wanted
from analyzer.analysis.findings.weighing import Item, Owns, Weighing, edits_of
from analyzer.analysis.findings.written import Written
from analyzer.encoding.scope import pod_addresses
from analyzer.errors import InternalError
from analyzer.judging import Setting, question_of
from analyzer.model.claims import Claim, Kind, Pack
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.enforcing import as_enforced
from analyzer.model.policies import PolicyLike
from analyzer.records import dataclass
from analyzer.semantics import decide
from analyzer.verdicts import Answer, Counterexample, Status, Verdict
from analyzer.verdicts.findings import Edit, Fault, Finding

_MOST_ROUNDS = 10
_MOST_FINDINGS = 60
_UNCHECKED = "the two readings of the manifests disagree once they are edited, which is a defect: please report it"


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
    enforced = as_enforced(cluster, setting.profile)
    asker = Asker(answer, packs, enforced, setting, texts, jobs)
    rounds = _Rounds(answer, enforced, setting, texts, asker)
    last = rounds.found()
    items, mended = needed(rounds.items, last, asker, rounds.done)
    with_effects(items, mended, rounds.weighing, setting.profile)
    items.sort(key=lambda it: (it.is_hidden, *(() if it.is_hidden else gravity(it.cause))))
    teller, done = Teller(enforced, setting, texts, rounds.written), proved(last.answer)
    return tuple(_finding(item, teller, done) for item in items)


def _finding(item: Item, teller: Teller, done: frozenset[Name]) -> Finding:
    found = teller.finding(item.cause, item.way, item.base.cluster)
    left = tuple(it.query.id for it in found.breaks if (it.pack, it.query.id) not in done)
    fix = replace(found.fix, edit=within_reach(found.fix.edit, teller.texts))
    return replace(found, is_hidden=item.is_hidden, left=left, fix=fix)


@dataclass(frozen=True, slots=True)
class Stand:
    """The manifests with edits, as they are enforced, and what is answered of them."""

    cluster: Cluster
    texts: Texts
    edits: tuple[Edit, ...]
    answer: Answer


class _Rounds:
    def __init__(self, answer: Answer, cluster: Cluster, setting: Setting, texts: Texts, asker: Asker) -> None:
        self.cluster, self.setting, self.texts, self.asker = cluster, setting, texts, asker
        self.written = Written.of(cluster)
        self.stand, self.done = Stand(cluster, texts, (), answer), proved(answer)
        claims = [self._claim(cluster, verdict) for section in answer.sections for verdict in section.verdicts]
        kept = Kept(cluster, setting, self._bound(self.stand).values())
        self.weighing = Weighing(setting, texts, asker, kept, tuple(claims))
        self.items: list[Item] = []

    def found(self) -> Stand:
        """Fills the items; the manifests with all of their edits."""
        start = self.stand
        try:
            self._go_on()
            self._drop_useless()
        except InternalError:  # of manifests that nobody wrote: no edit is told, and what was asked stays answered
            self.stand = start
            for item in self.items:
                self.weighing.drop(item, why=_UNCHECKED)
        return self.stand

    def _drop_useless(self) -> None:
        """Takes out the edits that leave a hole of their own and prove nothing, and what only answers to an edit that
        is no longer made."""
        done = proved(self.stand.answer)
        names = {id(it): {(hit.broken.pack, hit.broken.query.id) for hit in it.cause.hits} for it in self.items}
        useless = [it for it in self.items if it.partial is not None and it.edit and not names[id(it)] & done]
        for item in useless:
            self.weighing.drop(item)
        count = len(self.items)
        while gone := {id(it) for it in self._orphans()}:
            self.items = [it for it in self.items if id(it) not in gone]
        if useless or len(self.items) < count:
            self.stand = self._with_edits() or self.stand

    def _orphans(self) -> list[Item]:
        """Those whose cause lies in a file that neither the user nor an edit writes."""
        there = {*self.cluster.files, *(edit.file for edit in edits_of(self.items))}
        refs = ((it, it.cause.ref) for it in self.items)
        return [it for it, ref in refs if ref is not None and ref.policy.source.file not in there]

    def _go_on(self) -> None:
        for _ in range(_MOST_ROUNDS):
            if not self._mend():
                break
            stand = self._with_edits()
            if stand is None:
                break
            self.stand = stand

    def _with_edits(self) -> Stand | None:
        """The manifests with the edits of all items; None if they cannot be made so."""
        edits = edits_of(self.items)
        files, after = lines_after(edits, self.texts), self.asker.after(edits)
        if files is None or after is None:
            return None
        return Stand(after, self.texts.with_files(files), edits, self.asker.answer(after))

    def _mend(self) -> bool:
        """Takes an edit for each cause that is new, and another one where an edit is not right; whether any was."""
        stand, added = self.stand, {edit.file for edit in self.stand.edits if edit.is_new}
        bound = self._bound(stand)

        def is_added(policy: PolicyLike) -> bool:
            return policy.source.file in added

        sections, profile = stand.answer.sections, self.setting.profile
        shown = partial(self._shown, stand.cluster)
        causes = together(causes_of(stand.cluster, profile, sections, bound, shown, is_added), stand.cluster, profile)
        is_changed, retried = False, set[int]()
        for cause in sorted(causes, key=gravity):
            owners, owns = self._owners(cause)
            fresh = [it for it in owners if it not in retried]
            retried |= set(fresh)
            turned = [self.weighing.retry(self.items[it], cause, owns, self.stand, self.items) for it in fresh]
            is_changed |= any(turned)
            if not owners or (owns is Owns.CHANGED and fresh and not any(turned)):
                is_own = not owners or self._is_written(cause)
                has_edit = is_own and self._add(cause)
                dropped = [it for it in owners if not has_edit and self.weighing.drop(self.items[it])]
                is_changed |= has_edit or bool(dropped)
        told = {(hit.broken.pack, hit.broken.query.id) for cause in causes for hit in cause.hits}
        return self._restore(self.done - proved(stand.answer) - told) or is_changed

    def _restore(self, lost: Iterable[Name]) -> bool:
        """Another edit in the place of one that takes a query its proof, where nothing else tells why."""
        is_changed = False
        for name in lost:
            edited = [(it, edit) for it in self.items if (edit := it.edit) is not None]
            for item, own in edited:
                rest = self.asker.after(edit for _, edit in edited if edit != own)
                if rest is not None and self.asker.is_proved(name, rest):
                    turned = self.weighing.retry(item, item.cause, Owns.CHANGED, self.stand, self.items)
                    is_changed |= turned or self.weighing.drop(item)
        return is_changed

    def _add(self, cause: Cause) -> bool:
        """One more item for the cause; whether there is an edit for it."""
        if len(self.items) >= _MOST_FINDINGS:
            return False
        self.items.append(self.weighing.item(cause, self.stand, self.items, is_hidden=self._is_hidden(cause)))
        return self.items[-1].edit is not None

    # -------------------------------------------------------------------------------------------- whose it is
    def _owners(self, cause: Cause) -> tuple[list[int], Owns]:
        """The items by whose edits there is the cause, or that are of the same one; none of a cause of its own."""
        edited = [(n, it, it.edit) for n, it in enumerate(self.items) if it.edit is not None]
        same = [n for n, it in enumerate(self.items) if it.cause.key == cause.key]
        if same or not edited:
            return same, Owns.SAME
        ref = cause.ref
        changed = [] if self._is_open_still(cause) else self._culprits(cause)
        if changed or ref is None:
            return changed, Owns.CHANGED
        wrote = [n for n, _, edit in edited if edit.is_new and edit.file == ref.policy.source.file]
        if not wrote and not self._is_written(cause):
            its = [n for n, it, _ in edited if it.cause.key.policy == ref.policy.id]
            wrote = [n for n in its if self.items[n].cause.key.direction is ref.direction] or its
        return wrote, Owns.CHANGED if cause.key.fault is Fault.MISSES else Owns.WROTE

    def _is_written(self, cause: Cause) -> bool:
        """Whether it lies in the user's own text."""
        ref, added = cause.ref, {edit.file for edit in self.stand.edits if edit.is_new}
        if ref is None:
            return True
        return ref.policy.source.file not in added and (cause.key.fault is Fault.OPEN or self.written.has(ref))

    def _is_open_still(self, cause: Cause) -> bool:
        """Whether it is a rule that is missed in the user's text, of a query that was refuted from the beginning."""
        names = {(hit.broken.pack, hit.broken.query.id) for hit in cause.hits}
        return cause.key.fault is Fault.MISSES and self._is_written(cause) and not names & self.done

    def _culprits(self, cause: Cause) -> list[int]:
        """The items whose edits let through, or deny, what shows the cause and was not so before any edit."""
        connections = [hit.example.connection for hit in cause.hits if hit.example.connection is not None]
        changed = [it for it in connections if self._allows(self.cluster, it) != self._allows(self.stand.cluster, it)]
        if not changed or not self.stand.edits:
            return []
        edited = [(number, edit) for number, it in enumerate(self.items) if (edit := it.edit) is not None]
        now, was = ([self._allows(it, one) for one in changed] for it in (self.stand.cluster, self.cluster))
        rests = ((n, self.asker.after(it for it in self.stand.edits if it != edit)) for n, edit in edited)
        found = [n for n, rest in rests if rest is not None and [self._allows(rest, it) for it in changed] != now]
        if found:
            return found
        single = ((n, self.asker.after([edit])) for n, edit in edited)  # each does it by itself
        return [n for n, one in single if one is not None and [self._allows(one, it) for it in changed] != was]

    def _allows(self, cluster: Cluster, connection: Connection) -> bool:
        return decide(cluster, self.setting.profile, connection).allowed

    def _is_hidden(self, cause: Cause) -> bool:
        """Whether no connection of the cause was due to it before any edit: counterexamples were of others."""
        if not self.stand.edits:
            return False
        for hit in cause.hits:
            connection, decision = hit.example.connection, hit.example.decision
            if connection is None or decision is None:
                continue
            before = decide(self.cluster, self.setting.profile, connection)
            if cause.key.direction is None:
                if before.allowed is decision.allowed:
                    return False
                continue
            ruling = before.at(cause.key.direction.value)
            names = {(ref.policy.id, ref.rule.index if ref.rule is not None else None) for ref in ruling.rules}
            is_its = (cause.key.policy, cause.key.rule) in names if cause.key.rule is not None else not names
            if before.allowed is decision.allowed and is_its:
                return False
        return True

    # -------------------------------------------------------------------------------------------- what shows it
    def _claim(self, cluster: Cluster, verdict: Verdict) -> Claim:
        return question_of(cluster, verdict.query, (), self.setting).claim

    def _bound(self, stand: Stand) -> dict[str, Claim]:
        return {
            f"{section.name}/{verdict.query.id}": self._claim(stand.cluster, verdict)
            for section in stand.answer.sections
            for verdict in section.verdicts
            if verdict.status is Status.REFUTED and not verdict.is_excused
        }

    def _shown(self, asked: Cluster, verdict: Verdict, claim: Claim) -> Sequence[Counterexample]:
        if claim.kind is not Kind.SOME:
            return *verdict.counterexamples, *verdict.further
        network = next(iter(pod_addresses(asked, self.setting.pod_addresses).networks()), None)
        found = wanted(claim, asked, self.setting.profile, network.network_address + 1) if network is not None else None
        return () if found is None else (found,)
