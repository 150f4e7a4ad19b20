"""What is told in the end: no edit that the others make needless, and what all of them cut and open together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from analyzer.analysis.findings.asking import Asker, Name, proved
from analyzer.analysis.findings.keeping import Effect
from analyzer.analysis.findings.weighing import Item, Weighing, edits_of, ends_of
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.profile import Profile
from analyzer.semantics import decide
from analyzer.verdicts import Answer
from analyzer.verdicts.findings import Broken


class Last(Protocol):
    """The manifests with all edits, and what is answered of them."""

    @property
    def cluster(self) -> Cluster: ...
    @property
    def answer(self) -> Answer: ...


def needed(
    items: Sequence[Item], last: Last, asker: Asker, before: frozenset[Name] = frozenset()
) -> tuple[list[Item], Cluster]:
    """The items without those that are needless beside the others, the lightest first, and the cluster with their
    edits.  What they break is broken by others too, or was proved `before` any edit."""
    left, cluster, done = list(items), last.cluster, proved(last.answer)
    candidates, is_done = list(reversed(items)), False
    while not is_done:  # what answered to an edit that goes is needless by then
        is_done = True
        for item in [it for it in candidates if any(it is one for one in left)]:
            others = [it for it in left if it is not item]
            own = [_name(it) for it in _broken(item)]
            after = asker.after(edits_of(others)) if item.edit is not None else cluster
            if after is None or not done.issuperset(own):
                continue
            names = [*own, *(it for it in sorted(done) if it not in own)]
            if asker.are_proved(names, after, cluster) and _is_inherited(item, others, asker, before):
                left, cluster, is_done = others, after, False
    for item in left:
        _keep_what_it_breaks(item, left, done, asker)
    return left, cluster


def _keep_what_it_breaks(item: Item, items: Sequence[Item], done: frozenset[Name], asker: Asker) -> None:
    """Leaves the item those queries that it has a part in of which the others' edits alone prove none."""
    own = {hit.broken for hit in item.cause.hits}
    asked = [it for it in item.cause.also if it not in own and _name(it) in done]
    without = asker.after(edits_of([it for it in items if it is not item])) if asked and item.edit else None
    if without is not None:
        needless = [it for it in asked if asker.is_proved(_name(it), without)]
        item.cause.also = [it for it in item.cause.also if it not in needless]


def _is_inherited(item: Item, others: Sequence[Item], asker: Asker, before: frozenset[Name]) -> bool:
    """Tells what the item breaks and no other one does with those whose edits mend it; False where none does."""
    covered = before | {_name(it) for one in others for it in _broken(one)}
    heirs: list[tuple[Item, Broken]] = []
    for broken in (it for it in _broken(item) if _name(it) not in covered):
        for other in (it for it in others if it.edit is not None):
            without = asker.after(edits_of([it for it in others if it is not other]))
            if without is not None and not asker.is_proved(_name(broken), without):
                heirs.append((other, broken))
                break
        else:
            return False
    for other, broken in heirs:
        other.cause.also.append(broken)
    return True


def with_effects(items: Sequence[Item], cluster: Cluster, weighing: Weighing, profile: Profile) -> None:
    """Each item told what its edit cuts and opens by itself, and what they do together and none does alone."""
    alone = [weighing.effect([it.edit]) if it.edit is not None else None for it in items]
    whole = weighing.effect(edits_of(items))
    parts: tuple[Callable[[Effect | None], tuple[Connection, ...]], ...] = (_cut, _opened)
    cuts, opens = (_shared([of(it) for it in alone], of(whole), items, cluster, profile) for of in parts)
    for number, item in enumerate(items):
        if item.edit is not None:
            fix = replace(item.way.fix, cuts=tuple(cuts[number]), opens=tuple(opens[number]))
            item.way = replace(item.way, fix=fix)


def _cut(effect: Effect | None) -> tuple[Connection, ...]:
    return (*effect.cuts, *effect.slight) if effect is not None else ()


def _opened(effect: Effect | None) -> tuple[Connection, ...]:
    return effect.opens if effect is not None else ()


def _shared(
    alone: Sequence[tuple[Connection, ...]],
    whole: tuple[Connection, ...],
    items: Sequence[Item],
    cluster: Cluster,
    profile: Profile,
) -> list[list[Connection]]:
    """What each does alone, and of what all do the rest with the one that has the most part in it."""
    found = [list(it) for it in alone]
    told = {ends_of(it) for its in found for it in its}
    for connection in whole:
        if ends_of(connection) not in told:
            found[_deciding(connection, items, cluster, profile)].append(connection)
    return found


def _deciding(connection: Connection, items: Sequence[Item], cluster: Cluster, profile: Profile) -> int:
    """The last of the items whose policies decide of the connection now."""
    with_edit = [number for number, item in enumerate(items) if item.edit is not None]
    decision = decide(cluster, profile, connection)
    stages = [ruling for ruling in decision.stages if ruling.allowed is decision.allowed]
    refs = [ref for ruling in stages for ref in ruling.rules]
    ids, files = {ref.policy.id for ref in refs}, {ref.policy.source.file for ref in refs}
    its = [n for n in with_edit if items[n].cause.key.policy in ids]
    new = [n for n in with_edit if (edit := items[n].edit) is not None and edit.is_new and edit.file in files]
    return (its or new or with_edit)[-1]


def _broken(item: Item) -> list[Broken]:
    """What the cause refutes, or has a part in."""
    return [*dict.fromkeys((*(hit.broken for hit in item.cause.hits), *item.cause.also))]


def _name(broken: Broken) -> Name:
    return broken.pack, broken.query.id
