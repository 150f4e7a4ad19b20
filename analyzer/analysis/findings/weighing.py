"""An edit for each cause, weighed beside those of the others: of two that are right the one that cuts less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from enum import Enum
from typing import Protocol

from analyzer.analysis.findings.alike import all_parts
from analyzer.analysis.findings.asking import Asker
from analyzer.analysis.findings.causes import MESH, Cause, Hit
from analyzer.analysis.findings.keeping import Effect, Kept
from analyzer.analysis.findings.making import Maker
from analyzer.analysis.findings.near_rules import direction_of
from analyzer.analysis.findings.permitting import FORBIDDING
from analyzer.analysis.findings.rebasing import rebased
from analyzer.analysis.findings.texts import Texts
from analyzer.analysis.findings.ways import Choice, Way
from analyzer.judging import Setting
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import decide
from analyzer.verdicts.findings import NONE_RIGHT, Edit, Fault

_MOST_FIXED = 40  # causes that an edit is looked for
_TOUCHES = "it changes lines that another fix writes: apply the patch, then ask again"
_NONE_KNOWN = "no edit is known for this"
_MOST_TRIED = 12  # edits for one cause


class Base(Protocol):
    """The manifests that the cause was found in: with the edits that were made by then."""

    @property
    def cluster(self) -> Cluster: ...
    @property
    def texts(self) -> Texts: ...
    @property
    def edits(self) -> tuple[Edit, ...]: ...


class Owns(Enum):
    """How an item comes to own a cause that is found once its edit is made."""

    SAME = "it is the one that the edit is for"
    WROTE = "it lies in what the edit wrote"
    CHANGED = "the edit lets through, or denies, what shows it"


@dataclass(slots=True)
class Item:
    """A cause with the edit that is taken for it.  `partial`: one that closes it and leaves a hole of its own, for
    where no other is right; it is told what stays open.  `is_settled`: no further one is tried."""

    cause: Cause
    base: Base
    choice: Choice
    way: Way
    is_hidden: bool = False
    tried: set[Edit] = field(default_factory=set)
    partial: Way | None = None
    is_settled: bool = False

    @property
    def edit(self) -> Edit | None:
        return self.way.fix.edit

    def take(self) -> None:
        """What the choice offers now; where that is nothing, the best that there was, or why there is none."""
        if self.choice.now is not None and len(self.tried) <= _MOST_TRIED:
            self.way = self.choice.now
            return
        self.is_settled = True
        first = self.choice.first
        why = NONE_RIGHT if self.tried else first.fix.why or _NONE_KNOWN
        self.way = self.partial or replace(first, fix=replace(first.fix, edit=None, why=why))


def edits_of(items: Iterable[Item]) -> tuple[Edit, ...]:
    """Those that are taken."""
    return tuple(edit for it in items if (edit := it.edit) is not None)


class Weighing:
    def __init__(self, setting: Setting, texts: Texts, asker: Asker, kept: Kept, claims: Sequence[Claim]) -> None:
        """`texts`: the user's; `claims`: of all that is asked."""
        self.setting, self.texts, self.asker, self.kept = setting, texts, asker, kept
        self.claims = tuple(claim for claim in claims if claim.kind in FORBIDDING)
        self._effects: dict[frozenset[Edit], Effect | None] = {}

    def item(self, cause: Cause, base: Base, others: Sequence[Item], *, is_hidden: bool) -> Item:
        """The cause with the best edit beside those of the others."""
        tried: set[Edit] = set()
        choice = self._choice(cause, base, others, tried, is_fixed=len(others) < _MOST_FIXED)
        item = Item(cause, base, choice, choice.first, is_hidden, tried)
        item.take()
        return item

    def retry(self, item: Item, found: Cause, owns: Owns, base: Base, items: Sequence[Item]) -> bool:
        """Another edit for the item, that mends what was found as well; whether there is a change.  One that could
        not be made beside the others' is looked for anew in `base`, what there is by now."""
        before, others = item.edit, [it for it in items if it is not item]
        if before is None and not item.tried and item.base is not base:
            item.base, item.is_settled = base, False
            item.choice = self._choice(item.cause, base, others, item.tried, is_fixed=len(items) <= _MOST_FIXED)
        elif before is None or item.is_settled:
            return False
        elif owns is Owns.CHANGED:
            item.choice.turn()
        else:
            if owns is Owns.WROTE:
                item.partial = item.partial or item.way
            new = [hit for hit in found.hits if hit not in item.cause.hits and _adds(hit, owns)]
            item.cause = replace(
                item.cause,
                hits=[*item.cause.hits, *new],
                also=list(dict.fromkeys((*item.cause.also, *found.also))),
                directions=item.cause.directions | (found.directions if owns is Owns.SAME else set()),
                parts=all_parts(item.cause.parts, found.parts if owns is Owns.SAME else ()),
            )
            item.choice = self._choice(item.cause, item.base, others, item.tried, is_fixed=True)
        item.take()
        return item.edit != before

    def drop(self, item: Item, why: str = "") -> bool:
        """No edit for the item, for what it cuts is not given up for it, or for that reason; whether there is a
        change."""
        before, item.partial, item.choice.now = item.edit, None, None
        item.take()
        if why and before is not None:
            item.way = replace(item.way, fix=replace(item.way.fix, why=why))
        return before is not None

    # -------------------------------------------------------------------------------------------- one choice
    def _choice(self, cause: Cause, base: Base, others: Sequence[Item], tried: set[Edit], *, is_fixed: bool) -> Choice:
        maker = Maker(base.cluster, self.setting, base.texts, self.claims, self.asker)
        matter = maker.matter(cause) if is_fixed else None
        beside = edits_of(others)

        def of_now(ways: Iterator[Way]) -> Iterator[Way]:
            return (self._of_now(way, base.edits, beside) for way in ways)

        return Choice(
            of_now(maker.ways(cause, matter, is_fixed=is_fixed)),
            lambda way: self._weighed(cause, way, beside),
            lambda way, effect: of_now(maker.joined(cause, matter, way, effect)),
            closes=cause.key.fault not in (Fault.MISSES, Fault.DENIES),
            tried=tried,
        )

    def _of_now(self, way: Way, earlier: Sequence[Edit], beside: Sequence[Edit]) -> Way:
        """The way with its edit as one of the user's texts, where it was made in texts with earlier ones; a file that
        it adds has a name that no other has."""
        edit = way.fix.edit
        if edit is None:
            return way
        there = _apart(edit, beside) if edit.is_new else rebased(edit, earlier, self.texts)
        return replace(way, fix=replace(way.fix, edit=there, why="" if there is not None else _TOUCHES))

    def _weighed(self, cause: Cause, way: Way, beside: tuple[Edit, ...]) -> tuple[Effect, Effect] | None:
        """What the edit does to the inventory that the others do not, and what it does by itself; None if it mends
        nothing there, or cannot be made beside them."""
        edit = way.fix.edit
        assert edit is not None
        after = self.asker.after([*beside, edit])
        if after is None or (way.change is None and not self._mends(cause, after)):
            return None
        alone = self.effect([edit])
        if alone is None or not beside:
            return (alone, alone) if alone is not None else None
        base, whole = self.effect(beside), self.kept.effect(after)
        told = {ends_of(it) for it in base.cuts} if base is not None else set()
        return replace(whole, cuts=tuple(it for it in whole.cuts if ends_of(it) not in told)), alone

    def effect(self, edits: Iterable[Edit]) -> Effect | None:
        """What the edits do together; None if they cannot be made so."""
        key = frozenset(edits)
        if not key:
            return Effect()
        if key not in self._effects:
            after = self.asker.after(key)
            self._effects[key] = self.kept.effect(after) if after is not None else None
        return self._effects[key]

    def _mends(self, cause: Cause, after: Cluster) -> bool:
        """Whether what shows the cause is no longer due to it: a rule that lets it through or denies it, or nothing
        that closes."""
        key, profile = cause.key, self.setting.profile
        if key.fault not in (Fault.ALLOWS, Fault.OPEN, Fault.DENIES) or key.direction is None or key.policy == MESH:
            return True
        if key.fault is Fault.DENIES:
            return all(_has_passed(cause, hit, after, profile) for hit in cause.hits)
        for hit in cause.hits:
            if hit.example.connection is None:
                continue
            decision = decide(after, profile, hit.example.connection)
            for ruling in decision.stages if decision.allowed else ():
                refs = [ref for ref in ruling.rules if ref.rule is not None]
                if direction_of(ruling) is not key.direction or not ruling.allowed:
                    continue
                is_its = any((ref.policy.id, ref.rule and ref.rule.index) == (key.policy, key.rule) for ref in refs)
                if is_its if key.fault is Fault.ALLOWS else not refs:
                    return False
        return True


def _has_passed(cause: Cause, hit: Hit, after: Cluster, profile: Profile) -> bool:
    """Whether the rule no longer denies what the hit asks for."""
    if hit.example.connection is None:
        return True
    rulings = [it for it in decide(after, profile, hit.example.connection).stages if not it.allowed]
    refs = [ref for it in rulings if direction_of(it) is cause.key.direction for ref in it.rules]
    return (cause.key.policy, cause.key.rule) not in [(it.policy.id, it.rule and it.rule.index) for it in refs]


def _apart(edit: Edit, beside: Sequence[Edit]) -> Edit:
    stem, taken = edit.file.removesuffix(".yaml"), {it.file for it in beside}
    names = (edit.file, *(f"{stem}-{number}.yaml" for number in range(2, len(taken) + 2)))
    return replace(edit, file=next(name for name in names if name not in taken))


def ends_of(connection: Connection) -> tuple[str, str]:
    """What the two ends are called, addresses outside alike."""
    src, dst = ((end.workload or str(end)) if isinstance(end, Pod) else "" for end in (connection.src, connection.dst))
    return src, dst


def _adds(hit: Hit, owns: Owns) -> bool:
    return owns is Owns.SAME or (hit.example.connection is not None and hit.claim.kind in FORBIDDING)
