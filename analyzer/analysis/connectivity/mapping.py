"""Cluster to connectivity map: classes, the ruling at each end, and both ends together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from analyzer.analysis.connectivity.both_ends import between
from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.classes import Classifier, EndClass
from analyzer.analysis.connectivity.focus import EVERYTHING_OF_INTEREST, Focus
from analyzer.analysis.connectivity.grounds import Grounds
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.judging import ByFamily, Judge
from analyzer.analysis.connectivity.merging import merged
from analyzer.analysis.connectivity.meshed import narrowed, told_by_mesh, without_policies_of_mesh
from analyzer.analysis.connectivity.ruling import Ruled
from analyzer.analysis.connectivity.stages import StageRules, stages_of
from analyzer.analysis.connectivity.subjects import Subject, Subjects
from analyzer.analysis.connectivity.variants import Folding, Mentioned, guesses, is_unlike, may_differ
from analyzer.analysis.notices.mesh_notices import admitted_by_mesh, mesh_notices
from analyzer.analysis.notices.switches import switch_notices
from analyzer.encoding import pod_addresses as pod_addresses_of
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.enforcing import as_pictured
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.source import Notice
from analyzer.records import dataclass
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, MapEnd, MapRow, bits_of
from analyzer.verdicts.grounds import Ground

_FROM_TO = (Direction.EGRESS, Direction.INGRESS)


def connectivity(
    cluster: Cluster,
    profile: Profile,
    *,
    pod_addresses: AddressSet | None = None,
    focus: Focus = EVERYTHING_OF_INTEREST,
    with_nodes: bool = False,
    with_grounds: bool = False,
    mentioned: Mentioned | None = None,
    asks_tokens: bool = False,
) -> ConnectivityMap:
    """Every connection allowed between the workloads of the manifests, and between them and addresses outside.

    Namespaces that no manifest declares have no labels but their name; a pod of unknown address has some address in
    `pod_addresses` (None: the nodes' podCIDRs, else the default ranges).  A connection from a pod's own node, which
    always reaches it, is ruled like one from another node.  `with_grounds`: with the rules that decide.  Pods of one
    controller that policies tell apart are ends of their own; all are where `mentioned` says which label values tell
    them apart, which may be more than this cluster's policies mention.
    `asks_tokens`: clients have tokens of other issuers too, which proxies may refuse.
    """
    cluster = without_policies_of_mesh(as_pictured(cluster, profile))
    addresses = pod_addresses_of(cluster, pod_addresses)
    nodes = sorted(cluster.nodes, key=lambda node: node.name) if with_nodes else []
    stages = stages_of(cluster, profile)
    classifier = Classifier(stages, addresses, mentioned or {})
    told = mentioned_labels(profile, cluster) if mentioned is None else mentioned
    ends, members, folding = _placed(cluster, nodes, classifier, focus, told, is_told=mentioned is not None)
    index = EndIndex(cluster, tuple(members), addresses)
    sides = _Sides(index, stages)
    outside = _Outside(sides, (*focus.addresses, *told_by_mesh(cluster, profile)), len(members))
    leaving, arriving = ([(side.ends, side.inside) for side in sides.by_direction[d]] for d in _FROM_TO)
    rows = merged([*between(leaving, arriving, index.nodes), *outside.rows(sides)])
    classes = [tuple(found) for found in members.values()]
    for ranges in outside.classes:
        classes.append(tuple(range(len(ends), len(ends) + len(ranges))))
        ends += ranges
    notices = (
        *cluster.notices,
        *switch_notices(cluster, profile),
        *mesh_notices(cluster),
        *_unlabelled(cluster),
        *sides.by_own_nodes(),
    )
    grounds = tuple(sides.grounds(Grounds(outside.addresses))) if with_grounds else ()
    found = ConnectivityMap(
        tuple(ends),
        tuple(classes),
        rows,
        profile,
        cluster.unmodelled,
        notices,
        grounds,
        admissions=admitted_by_mesh(cluster, profile, addresses),
    )
    between_ends = focus.narrowed(folding.fold(found))
    return focus.on_ports(narrowed(between_ends, cluster, profile, addresses, asks_tokens=asks_tokens))


def _placed(
    cluster: Cluster, nodes: Sequence[Node], classifier: Classifier, focus: Focus, told: Mentioned, *, is_told: bool
) -> tuple[list[MapEnd], dict[EndClass, list[int]], Folding]:
    """The ends, those of one owner that no policy tells apart as one; their classes; and which classes are one end.
    `is_told`: pods that `told` tells apart are ends of their own."""
    numbers: dict[EndClass, int] = {}  # a class is large: it is looked up once for each pod
    groups: dict[str, dict[tuple[str, tuple[int, ...]], list[Workload]]] = {}
    for workload in sorted(cluster.workloads, key=lambda workload: workload.id):
        for variant, guessed in _sorts(workload, told):
            classes = (classifier.workload(w, focus.flags(w)) for w in guessed)
            its = tuple(dict.fromkeys([numbers.setdefault(c, len(numbers)) for c in classes]))
            groups.setdefault(workload.owner, {}).setdefault((variant.group if is_told else "", its), []).append(
                variant
            )
    ends: list[MapEnd] = []
    found: dict[EndClass | int, list[int]] = {}
    together: list[tuple[list[EndClass | int], bool]] = []
    known = list(numbers)
    placed = [(_one(alike, len(by)), its) for by in groups.values() for (_, its), alike in by.items()]
    for workload, its in sorted(placed, key=lambda item: item[0].id):
        mine: list[EndClass | int] = [*its] if len(its) == 1 else [replace(known[n], guess=workload.id) for n in its]
        for c in mine:
            found.setdefault(c, []).append(len(ends))
            ends.append(workload)
        if len(mine) > 1:
            together.append((mine, is_unlike(workload, told)))
    for node in nodes:
        found.setdefault(classifier.node(node, focus.flags(node)), []).append(len(ends))
        ends.append(node)
    place = {c: i for i, c in enumerate(found)}
    folded = [(tuple(place[c] for c in mine), are_unlike) for mine, are_unlike in together]
    folding = Folding(tuple(it for it, _ in folded), frozenset(it for it, are_unlike in folded if are_unlike))
    return ends, {known[c] if isinstance(c, int) else c: members for c, members in found.items()}, folding


def _sorts(workload: Workload, told: Mentioned) -> Iterable[tuple[Workload, tuple[Workload, ...]]]:
    """Its pods in groups that `told` tells apart, each with what it may be."""
    if not may_differ(workload, told):
        return ((workload, (workload,)),)
    return [(variant, guesses(variant, told)) for variant in workload.variants(told)]


def _one(alike: Sequence[Workload], sorts: int) -> Workload:
    """One end for pods of one owner that no policy tells apart; it goes by the owner's name if there are no others."""
    first = min(alike, key=lambda workload: workload.group)
    group = "" if sorts == 1 else first.group
    if len(alike) == 1 and group == first.group:
        return first
    ips = dict.fromkeys(ip for workload in alike for ip in workload.ips)
    return replace(first, group=group, ips=tuple(ips), is_single=len(alike) == 1 and first.is_single)


def _unlabelled(cluster: Cluster) -> Iterable[Notice]:
    """Namespaces whose labels matter and are not known."""
    used = {workload.namespace for workload in cluster.workloads}
    for namespace in cluster.namespaces:
        if namespace.name in used and not namespace.is_declared and (cluster.policies or cluster.mesh.objects):
            text = f"namespace `{namespace.name}` is not declared; the map takes it to have no labels but its name"
            yield Notice(namespace.source, text)


# ------------------------------------------------------------------------------------------------ one end
@dataclass(frozen=True)
class _Side:
    """The ends of one subject, and the ruling at them: by class of far end, by address outside."""

    subject: Subject
    ends: int
    inside: dict[ByFamily, int]
    outside: dict[Ruled, AddressSet]


class _Sides:
    """The rulings of the two stages, at the source and at the destination."""

    def __init__(self, index: EndIndex, stages: Sequence[StageRules]) -> None:
        self.index, self._subjects = index, Subjects(index)
        self.by_direction = {Direction(rules.stage.name): self._judged(rules) for rules in stages}

    def _judged(self, rules: StageRules) -> list[_Side]:
        judge = Judge(self.index, rules)
        found = self._subjects.of(rules)
        return [_Side(subject, ends, judge.inside(subject), judge.outside(subject)) for subject, ends in found]

    def grounds(self, grounds: Grounds) -> Iterable[Ground]:
        for sides in self.by_direction.values():
            if sides:
                judge = Judge(self.index, sides[0].subject.rules, traces=True)
                for side in sides:
                    yield from grounds.of(judge, side.subject, side.ends)

    def by_own_nodes(self) -> Iterable[Notice]:
        """Services that may bring others to a pod by its own node, which no policy stops (reference A13.5, E3)."""
        arriving = self.by_direction[Direction.INGRESS]
        for disguise, led in self._subjects.fronted(arriving[0].subject.stage) if arriving else ():
            if disguise.source is None:
                continue
            brought = ConnectionSet.EMPTY
            for side in arriving:
                if side.ends & led:
                    within = (its for ruling in side.inside for its in ruling if its is not None)
                    for its in (*side.outside, *within):
                        brought |= side.subject.fronted - its.may
            if brought:
                but = f" ({tier} may)" if (tier := arriving[0].subject.stage.arrival.tier) else ""
                text = (
                    f"Service {disguise.id} may bring clients outside, and pods, to its pods on {brought} by way of "
                    f"the pods' own nodes, which policies do not stop{but}; the map leaves that out"
                )
                yield Notice(disguise.source, text)


# ------------------------------------------------------------------------------------------------ outside
class _Outside:
    """The addresses outside in classes: ranges that every end of the cluster rules alike, in both directions."""

    def __init__(self, sides: _Sides, borders: Sequence[AddressSet], first: int) -> None:
        everyone = [side for found in sides.by_direction.values() for side in found]
        distinct = {addresses: None for side in everyone for span, addresses in side.outside.items() if span.may}
        cuts = [*distinct, *(addresses for addresses in borders if addresses)]
        domain = ~sides.index.taken
        keys = sorted(cells(cuts, domain).items(), key=lambda item: _lowest(item[1]))
        self.classes = [[*_ranges(addresses)] for _, addresses in keys]
        self.addresses = {first + n: addresses for n, (_, addresses) in enumerate(keys)}
        self._bits = {
            addresses: bits_of(first + n for n, (key, _) in enumerate(keys) if key >> i & 1)
            for i, addresses in enumerate(distinct)
        }

    def rows(self, sides: _Sides) -> Iterable[MapRow]:
        nodes = sides.index.nodes
        for direction, found in sides.by_direction.items():
            for side in found:
                near = side.ends & ~nodes
                for span, addresses in side.outside.items() if near else ():
                    if span.may:
                        far = self._bits[addresses]
                        src, dst = (near, far) if direction is Direction.EGRESS else (far, near)
                        yield MapRow(src, dst, span.may, span.must)


def _lowest(addresses: AddressSet) -> tuple[int, int]:
    return (4, addresses.v4[0][0]) if addresses.v4 else (6, addresses.v6[0][0])


def _ranges(addresses: AddressSet) -> Iterable[AddressRange]:
    for low, high in addresses.v4:
        yield AddressRange(IPv4Address(low), IPv4Address(high))
    for low, high in addresses.v6:
        yield AddressRange(IPv6Address(low), IPv6Address(high))
