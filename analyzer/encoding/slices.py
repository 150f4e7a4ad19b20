"""The slice of a pipeline: what of its stages can matter to the ends that a question speaks of.

A policy is kept if its subject can be the end that the stage judges.  The cost of a question follows what it touches:
policies that name their namespaces are looked up by these.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from analyzer.encoding.namespaces import NamespaceTable
from analyzer.encoding.reach import Ends, ends_of
from analyzer.encoding.seen_ways import SeenWays, seen_ways
from analyzer.encoding.walk import led_ports_of
from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.ends import LedPort
from analyzer.model.formulas import All, Attribute, Formula, Name, Role, Test, either
from analyzer.model.leading import NodeWay, Way
from analyzer.model.memory import PerObject, remembered
from analyzer.model.pipeline import Entry, Pipeline, Scales, Stage, Tier
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of


class _Place(NamedTuple):
    """Which tier of the stage, which scale of that and which group an entry is in."""

    tier: int
    scale: int
    group: int
    entry: Entry


class StageIndex:
    """The entries of a stage by the namespaces that their subjects name, and those that name none."""

    def __init__(self, stage: Stage, room: PerObject[Entry, tuple[str | None, ...]], seen: SeenWays) -> None:
        """`room` is for what entries name, `seen` for the ways that they see."""
        self.stage, self.seen = stage, seen
        self._entries: list[Entry] = []
        self._groups: list[tuple[int, int, int]] = []
        self._starts: list[int] = []
        for group, entries in _groups(stage.tiers):
            self._groups.append(group)
            self._starts.append(len(self._entries))
            self._entries += entries
        self._by_name: dict[str | None, list[int]] = {}
        for number, named in enumerate(room.of(self._entries, _names_of, are_all=False)):
            for name in named:
                self._by_name.setdefault(name, []).append(number)
        self._of_nodes: dict[int, bool] = {}

    def place(self, number: int) -> _Place:
        return _Place(*self._groups[bisect_right(self._starts, number) - 1], self._entries[number])

    def at(self, end: Ends, table: NamespaceTable) -> set[int]:
        """The numbers of the places whose entries can select the end."""
        subjects = ((number, self._entries[number].subject) for number in self._by_name.get(None, ()))
        found = {number for number, subject in subjects if end.meets(ends_of(subject, table))}
        for code in end.namespaces:
            if name := table.entries[code].name:
                found.update(self._by_name.get(name, ()))
        return found

    def tiers(self, kept: set[int]) -> tuple[Tier, ...]:
        """The tiers with the entries of these numbers alone."""
        by_tier: dict[int, list[_Place]] = {}
        for number in sorted(kept):
            place = self.place(number)
            by_tier.setdefault(place.tier, []).append(place)
        return tuple(replace(tier, scales=_scales(by_tier.get(i, ()))) for i, tier in enumerate(self.stage.tiers))

    def may_mean_nodes(self, entry: Entry, table: NamespaceTable) -> bool:
        """Some rule may match a node as the far end."""
        found = self._of_nodes.get(id(entry))
        if found is None:
            far = self.stage.far
            found = any(ends_of(rule.when, table, role=far).nodes for rule in entry.rules)
            self._of_nodes[id(entry)] = found
        return found


def index_of(cluster: Cluster, profile: Profile) -> tuple[StageIndex, ...]:
    """Of each stage; kept with the cluster."""
    pipeline = pipeline_of(profile, cluster)
    known = cluster.readings.get((index_of, profile))
    if isinstance(known, _Indexed) and known.pipeline is pipeline:
        return known.stages
    room = _names_of_entries(cluster)
    entries = pipeline.entries
    room.forget_others(entries)
    stages = []
    for stage in pipeline.stages:
        seen = seen_ways(cluster, stage.far)
        seen.forget_others(entries)
        stages.append(StageIndex(stage, room, seen))
    found = _Indexed(pipeline, tuple(stages))
    cluster.readings[index_of, profile] = found
    return found.stages


class _Indexed(NamedTuple):
    pipeline: Pipeline
    stages: tuple[StageIndex, ...]


@remembered
def _names_of_entries(cluster: Cluster) -> PerObject[Entry, tuple[str | None, ...]]:
    """Room for what single entries name, whatever the cluster."""
    return PerObject()


def _names_of(entry: Entry) -> tuple[str | None, ...]:
    """What an entry is looked up by: the namespaces that its subject names, or None; nothing if it says nothing."""
    if not entry.rules and not entry.closes:
        return ()
    names = named_by(entry.subject)
    return (None,) if names is None else tuple(names)


def named_by(subject: Formula) -> frozenset[str] | None:
    """The names of namespaces of which the subject's must be one; None if it names none."""
    for part in subject.parts if isinstance(subject, All) else (subject,):
        match part:
            case Test(Attribute(Role.SELF, Name.NAMESPACE), frozenset() as names):
                return names
            case _:
                pass
    return None


def sliced(index: StageIndex, claim: Claim, table: NamespaceTable, end: Ends, narrowed: Ends | None = None) -> Stage:
    """What of the stage can matter to the claim where the end that it judges is one of these.  `narrowed`: the ends of
    which tiers without an order matter; those in order are kept whole, so that ties stay what they are."""
    stage = index.stage
    near = judged_by(stage, table, end)
    kept = index.at(near, table)
    if narrowed is not None:
        inside = index.at(judged_by(stage, table, narrowed), table)
        kept = {it for it in kept if it in inside or not stage.tiers[index.place(it).tier].is_union}
    tiers = index.tiers(kept)
    return replace(
        stage,
        tiers=tiers,
        doubts=tuple(
            it for it in stage.doubts if near.meets(ends_of(either([it.denies, it.allows, it.isolates]), table))
        ),
        ways=_ways(index, tiers, claim),
        node_ways=_node_ways(index, tiers, table),
        disguises=tuple(it for it in stage.disguises if near.meets(ends_of(it.when, table, role=Role.DST))),
    )


def without_tiers(stage: Stage) -> Stage:
    """The stage where nothing that it decides can matter."""
    return replace(stage.without_entries, ways=(), node_ways=(), disguises=(), doubts=())


def judged_by(stage: Stage, table: NamespaceTable, end: Ends) -> Ends:
    """Those of the ends of which the stage says something."""
    return end & ends_of(stage.applies, table)


def _groups(tiers: Iterable[Tier]) -> Iterator[tuple[tuple[int, int, int], tuple[Entry, ...]]]:
    """The entries at each place of the order, and which tier, scale and group that is."""
    for t, tier in enumerate(tiers):
        for i, scale in enumerate(tier.scales):
            yield from (((t, i, j), group) for j, group in enumerate(scale) if group)


def _scales(places: Iterable[_Place]) -> Scales:
    return tuple(
        tuple(tuple(it.entry for it in group) for _, group in groupby(scale, key=lambda it: it.group))
        for _, scale in groupby(places, key=lambda it: it.scale)
    )


# ------------------------------------------------------------------------------------------------ ways
def _ways(index: StageIndex, tiers: tuple[Tier, ...], claim: Claim) -> tuple[Way, ...]:
    """The ways through Services' addresses on which a rule may see another destination than the one they lead to, and
    those that the claim asks for."""
    ways = index.stage.ways
    speaking = [tier for tier in tiers if tier.scales]
    if speaking and any(not tier.is_union for tier in speaking):
        return ways
    seen = set(index.seen.of([entry for tier in speaking for entry in tier.entries], ways))
    if speaking or claim.kind in (Kind.EVERY, Kind.SOME):  # those are about the way itself
        asked = {port for port in led_ports_of(claim) if port.addresses}
        seen.update(number for number, way in enumerate(ways) if any(is_way_of(way, port) for port in asked))
    return tuple(ways[number] for number in sorted(seen))


def is_way_of(way: Way, port: LedPort) -> bool:
    same = (way.port.service, way.port.number, way.port.protocol) == (port.service, port.number, port.protocol)
    return same and way.address in port.addresses


def _node_ways(index: StageIndex, tiers: tuple[Tier, ...], table: NamespaceTable) -> tuple[NodeWay, ...]:
    """The ways through ports of the nodes, where policies may rule otherwise on a node than on what stands behind: a
    rule opens a node and not that; or, where rules go in order, one denies that and not the node."""
    ways = index.stage.node_ways
    if not ways:
        return ()
    may_matter = any(
        not tier.is_union or any(index.may_mean_nodes(entry, table) for entry in tier.entries)
        for tier in tiers
        if tier.scales
    )
    return ways if may_matter else ()
