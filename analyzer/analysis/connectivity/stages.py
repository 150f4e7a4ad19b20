"""The stages of a cluster's pipeline, with the shapes of their formulas and their entries in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Attribute, EndKind, Formula, Member, Name, OfKind, Role, Some, Test
from analyzer.model.past_policies import PAST_POLICIES
from analyzer.model.pipeline import Entry, Stage
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.semantics.asked import EVERY_KIND
from analyzer.semantics.fold import Selected
from analyzer.semantics.meaning import Shapes

Place = tuple[int, int, int]
"""Where an entry stands in a stage: its tier, its scale, its group."""


class StageRules:
    """A stage of a cluster's pipeline, with the shapes of its formulas and its entries in order."""

    def __init__(self, stage: Stage, cluster: Cluster, profile: Profile) -> None:
        self.stage, self.cluster, self.profile = stage, cluster, profile
        judged = kinds_of(stage)
        self.kinds = {Role.SELF: judged, stage.judges: judged}
        self.shapes = Shapes(stage.far, self.kinds)
        self.entries: list[tuple[Place, Entry]] = [
            ((t, s, g), entry)
            for t, tier in enumerate(stage.tiers)
            for s, scale in enumerate(tier.scales)
            for g, group in enumerate(scale)
            for entry in group
        ]

    def those(self, numbers: Sequence[int]) -> Selected:
        """As if these entries selected the end, and no others."""
        found: dict[int, dict[int, dict[int, list[Entry]]]] = {}
        for number in numbers:
            (t, s, g), entry = self.entries[number]
            found.setdefault(t, {}).setdefault(s, {}).setdefault(g, []).append(entry)
        tiers = self.stage.tiers
        return [(tiers[t], [list(groups.values()) for groups in scales.values()]) for t, scales in found.items()]


def stages_of(cluster: Cluster, profile: Profile, *, past_policies: bool = False) -> list[StageRules]:
    """`past_policies`: with what the engine lets through before it asks any: between all ends it is the same."""
    found = []
    for stage in pipeline_of(profile, cluster).stages:
        if not past_policies and any(tier.name == PAST_POLICIES for tier in stage.tiers):
            stage = replace(stage, tiers=tuple(tier for tier in stage.tiers if tier.name != PAST_POLICIES))
        found.append(StageRules(stage, cluster, profile))
    return found


def kinds_of(stage: Stage) -> frozenset[EndKind]:
    """The kinds of end that the stage applies to, or more."""
    return _kinds_in(stage.applies)


def _kinds_in(formula: Formula) -> frozenset[EndKind]:
    """Those of which it can be true, or more: what an engine runs itself is of none."""
    match formula:
        case All(parts):
            return EVERY_KIND.intersection(*map(_kinds_in, parts))
        case Some(parts):
            return frozenset().union(*map(_kinds_in, parts))
        case Member(_, OfKind(kinds)):
            return kinds
        case Test(Attribute(name=Name.ENTITY)):
            return frozenset()
        case _:
            return EVERY_KIND
