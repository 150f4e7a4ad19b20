"""Where two revisions can differ, told from their pipelines without a solver.

Policies are compared by what they say, not by name, order or place in a file: two formulas mean the same where they are
equal and what they ask of namespaces and nodes means the same on both sides.  Policies of a tier without an order that
select the same ends are the union of their rules: what both revisions say of an end cancels out, and only connections
that some rule of the rest matches can differ.  This over-approximates; the solver does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from itertools import chain

from analyzer.encoding.common_universe import changes_proxies
from analyzer.encoding.entry_changes import others
from analyzer.encoding.namespaces import NamespaceTable, Side
from analyzer.encoding.reach import NO_END, Ends, ends_of, everywhere, union_of
from analyzer.encoding.scope import pod_addresses
from analyzer.encoding.slices import named_by
from analyzer.model.cluster import Cluster
from analyzer.model.ends import LedPort
from analyzer.model.formulas import (
    FALSE,
    All,
    AtAddress,
    Formula,
    Leaf,
    Member,
    Name,
    Not,
    OnHostPort,
    OnNodes,
    Role,
    Some,
    Test,
    either,
    leaves_once,
)
from analyzer.model.leading import node_ways
from analyzer.model.memory import PerObject, remembered
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier, Unmatched
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.records import dataclass
from analyzer.sets import AddressSet


@dataclass(frozen=True, slots=True)
class Changed:
    """The ends whose ruling can differ in one direction, and the ends they differ towards."""

    near: Ends
    far: Ends


NOWHERE_CHANGED = Changed(NO_END, NO_END)


def everything_changed(table: NamespaceTable) -> Changed:
    return Changed(everywhere(table), everywhere(table))


class Comparison:
    """Two revisions side by side, under one profile; `given` is where pods' addresses lie."""

    def __init__(self, before: Side, after: Side, profile: Profile, given: AddressSet | None) -> None:
        self.sides, self.profile = (before, after), profile
        self.every = everywhere(after.table)
        self._pods = pod_addresses(before.cluster, given) | pod_addresses(after.cluster, given)
        self._have_nodes_changed = len({frozenset(_nodes(side.cluster)) for side in self.sides}) == 2
        self._have_labels_changed = before.table.entries != after.table.entries
        self._shifted: dict[Leaf, bool] = {}
        self._on_nodes = self._namespaces_on_nodes(after.table)
        clusters = [side.cluster for side in self.sides]
        told = (w for cluster in clusters for these in cluster.with_ports_of_nodes.values() for w in these)
        ports = (port for w in told for port in w.ports)
        self._leads_from_nodes = any(map(node_ways, clusters)) or any(port.host_port for port in ports)

    def _namespaces_on_nodes(self, table: NamespaceTable) -> frozenset[int]:
        """Those that can have pods on their node's network."""
        names = {w.namespace for side in self.sides for w in side.cluster.on_host_network}
        makers = [thing for side in self.sides for thing in side.cluster.unmodelled if thing.adds_pods]
        if any(thing.namespace is None for thing in makers):
            return table.every
        names |= {thing.namespace for thing in makers if thing.namespace is not None}
        return frozenset(code for name in names if (code := table.code(name)) is not None)

    def changed(self, direction: Direction) -> Changed:
        """Where the ruling for one direction can differ."""
        before, after = (
            next(stage for stage in pipeline_of(self.profile, side.cluster).stages if stage.name == direction.value)
            for side in self.sides
        )
        return self._together(self._parts(before, after))

    def mediated(self) -> Changed:
        """Where what the mesh says of requests can differ."""
        from analyzer.model.mesh_pods import keeps_off
        from analyzer.model.mesh_stage import may_be_tunnelled, mesh_stages, tunnelled
        from analyzer.model.mesh_waypoints import by_waypoint, refused_by_waypoint

        before, after = (side.cluster for side in self.sides)
        stages = [mesh_stages(side, self.profile.ext_authz) for side in (before, after)]
        ways = [
            (
                by_waypoint(side, self.profile),
                refused_by_waypoint(side),
                tunnelled(side),
                may_be_tunnelled(side),
                keeps_off(side.mesh, side),
            )
            for side in (before, after)
        ]
        if before.mesh.config != after.mesh.config or ways[0] != ways[1] or len(stages[0]) != len(stages[1]):
            return Changed(self.every, self.every)
        if any(self._is_shifted(leaf) for leaf in leaves_once(ways[0])):
            return Changed(self.every, self.every)
        names = changes_proxies(before, after)
        codes = frozenset(code for name in names if (code := self.sides[1].table.code(name)) is not None)
        others = Changed(Ends(codes, codes & self._on_nodes, nodes=False, outside=False), self.every)
        return self._together([others, *(part for pair in zip(*stages, strict=True) for part in self._parts(*pair))])

    @staticmethod
    def _together(parts: Iterable[Changed]) -> Changed:
        found = [part for part in parts if any(part.near)]
        return Changed(union_of(part.near for part in found), union_of(part.far for part in found))

    def _parts(self, before: Stage, after: Stage) -> Iterator[Changed]:
        if before.applies != after.applies or before.without_entries.tiers != after.without_entries.tiers:
            yield Changed(self.every, self.every)
            return
        if any(self._is_shifted(leaf) for leaf in leaves_once([before.applies])):  # other namespaces have a proxy now
            yield Changed(self.every, self.every)
            return
        both = (before, after)
        for tiers in zip(before.tiers, after.tiers, strict=True):
            yield from self._unordered(both, tiers) if tiers[0].is_union else self._ordered(both, tiers)
        yield from self._other_objects(both)

    # -------------------------------------------------------------------------------------------- tiers
    def _unordered(self, stages: tuple[Stage, Stage], tiers: tuple[Tier, Tier]) -> Iterator[Changed]:
        is_shifting = self._have_labels_changed or self._have_nodes_changed
        different = None if is_shifting else list(chain(*others(tiers[0].entries, tiers[1].entries)))
        by_name = [_by_name(tier, side.cluster, different) for tier, side in zip(tiers, self.sides, strict=True)]
        for names in dict.fromkeys((*by_name[0], *by_name[1])):
            entries = [found.get(names, []) for found in by_name]
            if self._are_alike(*entries):
                continue
            said = [self._by_subject(number, entries[number]) for number in (0, 1)]
            for subject in said[0].keys() ^ said[1].keys():
                yield Changed(self._near((said[0].get(subject) or said[1][subject])[0]), self.every)
            for subject in said[0].keys() & said[1].keys():
                formula, rules = said[0][subject]
                others_say = said[1][subject][1]
                apart = [rules.get(key) or others_say[key] for key in rules.keys() ^ others_say.keys()]
                if apart:
                    yield Changed(self._near(formula), union_of(self._far(stages[0], rule) for rule in apart))

    def _are_alike(self, before: list[Entry], after: list[Entry]) -> bool:
        """Whether the policies are the same one by one: most are, and this is told fastest."""
        if self._have_labels_changed or self._have_nodes_changed or len(before) != len(after):
            return False
        return all(one is other or _say_the_same(one, other) for one, other in zip(before, after, strict=True))

    def _by_subject(
        self, number: int, entries: Iterable[Entry]
    ) -> dict[Hashable, tuple[Formula, dict[Hashable, StagedRule]]]:
        """For each subject what the rules say, with the rules."""
        found: dict[Hashable, tuple[Formula, dict[Hashable, StagedRule]]] = {}
        for entry in entries:
            key = self._meaning(number, entry.subject), entry.closes
            said = found.setdefault(key, (entry.subject, {}))[1]
            said.update((self._rule(number, rule), rule) for rule in _speaking(entry))
        return found

    def _ordered(self, stages: tuple[Stage, Stage], tiers: tuple[Tier, Tier]) -> Iterator[Changed]:
        """What both sides say in the same order cancels out."""
        placed = [
            [
                [[(self._entry(n, e), e) for e in group if e.closes or _speaking(e)] for group in scale]
                for scale in tiers[n].scales
            ]
            for n in (0, 1)
        ]
        counts = [Counter(key for scale in it for group in scale for key, _ in group) for it in placed]
        common = counts[0] & counts[1]
        if _order(placed[0], common) != _order(placed[1], common):
            common = Counter()
        for number in (0, 1):
            for key, entry in (one for scale in placed[number] for group in scale for one in group):
                if counts[number][key] > common[key]:
                    closes = entry.closes and tiers[number].unmatched is Unmatched.DENY
                    far = self.every if closes else union_of(self._far(stages[number], it) for it in entry.rules)
                    yield Changed(self._near(entry.subject), far)

    # -------------------------------------------------------------------------------------------- other objects
    def _other_objects(self, stages: tuple[Stage, Stage]) -> Iterator[Changed]:
        """Objects that are not modelled; Services, which decide which source a pod sees, and may decide which
        destination rules see."""
        before, after = stages
        said = [{(doubt.denies, doubt.allows) for doubt in stage.doubts} for stage in stages]
        for formulas in said[0] ^ said[1]:
            yield Changed(self._near(either(formulas)), self.every)
        fronts = [{(it.id, self._meaning(n, it.when)): it.when for it in stages[n].disguises} for n in (0, 1)]
        for key in fronts[0].keys() ^ fronts[1].keys():
            when = fronts[0][key] if key in fronts[0] else fronts[1][key]
            yield Changed(self._ends(when, Role.DST), self.every)
        is_led_elsewhere = before.ways is not after.ways and _led(before) != _led(after)
        is_led_elsewhere |= before.node_ways is not after.node_ways and _led_by_nodes(before) != _led_by_nodes(after)
        is_seen = bool(stages[0].tiers) and stages[0].judges is Role.SRC
        are_nodes_other = is_seen and self._leads_from_nodes and self._have_nodes_changed
        is_arrival_other = stages[0].arrival != stages[1].arrival and any(stage.is_fronted for stage in stages)
        if is_led_elsewhere or are_nodes_other or is_arrival_other:
            yield Changed(self.every, self.every)

    # -------------------------------------------------------------------------------------------- what they say
    def _entry(self, number: int, entry: Entry) -> Hashable:
        """A policy of a tier in order; its name and its priority count, because these tell one tie from another."""
        policy = entry.policy
        name = entry.why if policy is None else (policy.id, policy.priority)
        rules = tuple(self._rule(number, rule) for rule in _speaking(entry))
        return name, entry.closes, self._meaning(number, entry.subject), rules

    def _rule(self, number: int, rule: StagedRule) -> Hashable:
        return rule.action, self._meaning(number, rule.when), self._meaning(number, rule.by_address)

    def _meaning(self, number: int, formula: Formula) -> Hashable:
        """Equal on both sides only where it means the same on both."""
        match formula:
            case All(parts):
                return All, frozenset(self._meaning(number, part) for part in parts)
            case Some(parts):
                return Some, frozenset(self._meaning(number, part) for part in parts)
            case Not(part):
                return Not, self._meaning(number, part)
            case Member(role, AtAddress(addresses)):
                return role, addresses
            case leaf:
                return (leaf, number) if self._is_shifted(leaf) else leaf

    def _is_shifted(self, leaf: Leaf) -> bool:
        """Whether labels of namespaces, or the nodes, make it mean others than before."""
        match leaf:
            case Test(attribute) if attribute.name is Name.NAMESPACE_LABEL and self._have_labels_changed:
                found = self._shifted.get(leaf)
                if found is None:
                    before, after = (side.table.known_where(leaf) for side in self.sides)
                    found = self._shifted[leaf] = before != after
                return found
            case Member(_, OnNodes()):
                return self._have_nodes_changed
            case _:
                return False

    # -------------------------------------------------------------------------------------------- whom they mean
    def _near(self, subject: Formula) -> Ends:
        return self._ends(subject, Role.SELF)

    def _ends(self, formula: Formula, role: Role) -> Ends:
        found = union_of(ends_of(formula, side.table, self._pods, role=role) for side in self.sides)
        return found._replace(on_nodes=found.on_nodes & self._on_nodes)

    def _far(self, stage: Stage, rule: StagedRule) -> Ends:
        """An over-approximation of whom a rule means: a node stands for whatever a port of it leads to and, of the
        source, for whoever comes through it; a Service's address for what stands behind it."""
        if stage.ways and rule.by_address != FALSE:
            return self.every
        hides = self._leads_from_nodes or any(it.when != OnHostPort() for it in stage.disguises)
        seen = [ends_of(rule.when, side.table, role=stage.far) for side in self.sides]
        if (hides and any(it.nodes for it in seen)) or (
            stage.arrival.balanced != FALSE and any(it.outside for it in seen)
        ):
            return self.every
        return self._ends(rule.when, stage.far)


def _speaking(entry: Entry) -> list[StagedRule]:
    """The rules that may match something."""
    return [rule for rule in entry.rules if rule.when != FALSE]


def _by_name(tier: Tier, cluster: Cluster, different: Iterable[Entry] | None) -> dict[Hashable, list[Entry]]:
    """The policies by the namespaces that their subjects name; of those alone that some of the `different` ones name,
    if these are given."""
    found: dict[Hashable, list[Entry]] = {}
    entries, room = tier.entries, _named(cluster)
    room.forget_others(entries)
    asked = None if different is None else {_names_of(entry) for entry in different}
    for entry, names in zip(entries, room.of(entries, _names_of, are_all=False), strict=True):
        if asked is None or names in asked:
            found.setdefault(names, []).append(entry)
    return found


def _names_of(entry: Entry) -> frozenset[str] | None:
    return named_by(entry.subject)


@remembered
def _named(cluster: Cluster) -> PerObject[Entry, frozenset[str] | None]:
    """Room for what single policies name, whatever the cluster."""
    return PerObject()


def _say_the_same(one: Entry, other: Entry) -> bool:
    return (
        one.closes == other.closes
        and one.subject == other.subject
        and [(r.action, r.when, r.by_address) for r in one.rules]
        == [(r.action, r.when, r.by_address) for r in other.rules]
    )


_Placed = list[list[list[tuple[Hashable, Entry]]]]


def _order(placed: _Placed, kept: Counter[Hashable]) -> list[list[Counter[Hashable]]]:
    """The order of those that are kept."""
    scales = ([Counter(key for key, _ in group if key in kept) for group in scale] for scale in placed)
    return [found for scale in scales if (found := [group for group in scale if group])]


def _led(stage: Stage) -> set[Hashable]:
    return {(way.address, _unnamed(way.port)) for way in stage.ways}


def _led_by_nodes(stage: Stage) -> set[Hashable]:
    return {(way.low, way.high, _unnamed(way.port)) for way in stage.node_ways}


def _unnamed(port: LedPort) -> Hashable:
    """Where a Service's port leads, whatever both are called."""
    return port.number, port.protocol, port.target, port.members


def _nodes(cluster: Cluster) -> Iterator[Hashable]:
    for node in cluster.nodes:
        yield node.labels, node.ips
