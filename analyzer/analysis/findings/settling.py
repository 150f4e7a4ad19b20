"""What is told in the end: no edit that the others make needless, and what all of them cut together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from analyzer.analysis.findings.asking import Asker, Name, proved
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


def needed(items: Sequence[Item], last: Last, asker: Asker) -> tuple[list[Item], Cluster]:
    """The items without those that are needless beside the others, the lightest first, and the cluster with their
    edits.  What they break is broken by others too."""
    left, cluster, done = list(items), last.cluster, proved(last.answer)
    for item in reversed(items):
        others = [it for it in left if it is not item]
        own = [_name(it) for it in _broken(item)]
        after = asker.after(edits_of(others)) if item.edit is not None else cluster
        if after is None or not done.issuperset(own):
            continue
        names = [*own, *(it for it in sorted(done) if it not in own)]
        if asker.are_proved(names, after, cluster) and _is_inherited(item, others, asker):
            left, cluster = others, after
    return left, cluster


def _is_inherited(item: Item, others: Sequence[Item], asker: Asker) -> bool:
    """Tells what the item breaks and no other one does with those whose edits mend it; False where none does."""
    covered = {_name(it) for one in others for it in _broken(one)}
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


def with_cuts(items: Sequence[Item], cluster: Cluster, weighing: Weighing, profile: Profile) -> None:
    """Each item told what its edit cuts by itself, and what it cuts beside the others and none does alone."""
    edits = edits_of(items)
    cuts: dict[int, list[Connection]] = {}
    for number, item in enumerate(items):
        alone = weighing.effect([item.edit]) if item.edit is not None else None
        cuts[number] = list(alone.cuts) if alone is not None else []
    told = {ends_of(it) for found in cuts.values() for it in found}
    whole = weighing.effect(edits)
    for connection in whole.cuts if whole is not None else ():
        if ends_of(connection) not in told:
            cuts[_cutting(connection, items, cluster, profile)].append(connection)
    for number, item in enumerate(items):
        if item.edit is not None:
            item.way = replace(item.way, fix=replace(item.way.fix, cuts=tuple(cuts[number])))


def _cutting(connection: Connection, items: Sequence[Item], cluster: Cluster, profile: Profile) -> int:
    """The last of the items by whose policies the connection is denied."""
    with_edit = [number for number, item in enumerate(items) if item.edit is not None]
    decision = decide(cluster, profile, connection)
    refs = [ref for ruling in decision.stages if not ruling.allowed for ref in ruling.rules]
    ids, files = {ref.policy.id for ref in refs}, {ref.policy.source.file for ref in refs}
    its = [n for n in with_edit if items[n].cause.key.policy in ids]
    new = [n for n in with_edit if (edit := items[n].edit) is not None and edit.is_new and edit.file in files]
    return (its or new or with_edit)[-1]


def _broken(item: Item) -> list[Broken]:
    """What the cause refutes, or has a part in."""
    return [*dict.fromkeys((*(hit.broken for hit in item.cause.hits), *item.cause.also))]


def _name(broken: Broken) -> Name:
    return broken.pack, broken.query.id
