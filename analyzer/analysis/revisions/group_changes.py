"""Rules of security groups that one of two revisions alone has, a line for each peer of a rule (aws.md S5)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.aws import GroupRule
from analyzer.model.cluster import Cluster
from analyzer.model.policies import Direction
from analyzer.model.source import Notice

_MOST = 12


def group_changes(old: Cluster, new: Cluster) -> Iterator[Notice]:
    """What groups let through in one revision only; of groups that the other does not tell of, nothing: their pods'
    answers hang on them."""
    if old.aws.groups == new.aws.groups:
        return
    sides = [{group.id: group for group in side.aws.groups} for side in (old, new)]
    found: list[Notice] = []
    for id_ in sorted(sides[0].keys() & sides[1].keys()):
        was, now = sides[0][id_], sides[1][id_]
        for own, other, word in ((was, now, "old"), (now, was, "new")):
            for rule in own.rules:
                peers = [peer for peer in rule.each_peer if rule.meaning_for(peer) not in other.meaning]
                if peers:
                    names = ", ".join(map(str, peers))
                    text = f"the {word} revision alone has this rule of {id_}, which {_says(rule, names)}"
                    found.append(Notice(rule.source, text, is_kept=True))
    yield from found[:_MOST]
    if len(found) > _MOST:
        text = f"{len(found) - _MOST} more rules of security groups are in one revision only"
        yield Notice(found[_MOST].source, text, is_kept=True)


def _says(rule: GroupRule, names: str) -> str:
    verb = "lets in" if rule.direction is Direction.INGRESS else "lets out to"
    told = f" ({rule.name})" if rule.name.startswith("sgr-") else f" ({rule.address})" if rule.address else ""
    return f"{verb} {names} on {rule.on}{told}"
