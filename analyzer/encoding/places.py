"""Where the policies of a slice stand in the tiers of a stage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from analyzer.encoding.scope import Scope
from analyzer.errors import InternalError
from analyzer.model.pipeline import Entry, Stage, Tier
from analyzer.model.policies import Policy


class Place(NamedTuple):
    """Which scale of its tier, which group of that, which of the group an entry is."""

    scale: int
    group: int
    number: int
    entry: Entry


_Placed = dict[int | None, list[Place]]
"""By a policy's identity; None for what no slice leaves out: what the engine does by itself, other kinds."""


class Places:
    """The places of the policies `kept`, and of what no slice leaves out."""

    def __init__(self, scope: Scope, stage: Stage, kept: Iterable[Policy]) -> None:
        """InternalError if a policy has none: it would say nothing, and nobody would know."""
        self._kept = (None, *map(id, kept))
        self._by_tier = dict(zip(map(id, stage.tiers), _placed(scope, stage), strict=True))
        for policy in kept if stage.tiers else ():
            if not any(id(policy) in placed for placed in self._by_tier.values()):
                raise InternalError(f"{policy.id} is in no tier of the stage {stage.name}")

    def of(self, tier: Tier) -> list[Place]:
        """In their order."""
        placed = self._by_tier[id(tier)]
        return sorted((it for policy in self._kept for it in placed.get(policy, ())), key=lambda it: it[:3])


def _placed(scope: Scope, stage: Stage) -> list[_Placed]:
    """For each tier; kept with the cluster, so that a question costs what it touches."""
    key = (_placed, scope.question.profile, stage.name)
    known = scope.cluster.readings.get(key)
    if isinstance(known, list):
        return known
    found: list[_Placed] = []
    for tier in stage.tiers:
        placed: _Placed = {}
        found.append(placed)
        for i, scale in enumerate(tier.scales):
            for j, group in enumerate(scale):
                for k, entry in enumerate(group):
                    policy = id(entry.policy) if isinstance(entry.policy, Policy) else None
                    placed.setdefault(policy, []).append(Place(i, j, k, entry))
    scope.cluster.readings[key] = found
    return found
