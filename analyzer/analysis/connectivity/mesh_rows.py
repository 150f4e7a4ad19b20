"""The rows of a map narrowed by the mesh: on which ports proxies before a destination let in some request of a source,
and which requests these are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import Enum
from functools import cached_property, reduce

from analyzer.analysis.connectivity.merging import merged
from analyzer.analysis.connectivity.request_regions import Client, Told, region_of, together
from analyzer.model.added_labels import Varying
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.endpoints import Pod, pod_of
from analyzer.model.formulas import (
    FALSE,
    TRUE,
    AtAddress,
    Formula,
    Leaf,
    Member,
    Name,
    OnPorts,
    Open,
    Role,
    Test,
    leaves_once,
    negated,
    with_leaves,
)
from analyzer.model.knobs import ExtAuthz
from analyzer.model.labels import NO_LABELS
from analyzer.model.memory import remembered
from analyzer.model.mesh import TUNNEL_PORT, MeshConfig
from analyzer.model.mesh_places import places
from analyzer.model.mesh_rules import HAS_MTLS
from analyzer.model.mesh_stage import mesh_stages
from analyzer.model.mesh_waypoints import behind_waypoint
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.model.shut_off import shut_off
from analyzer.records import dataclass
from analyzer.semantics.admitted import Alternative, admitted
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.mesh import asked_of
from analyzer.semantics.selecting import selected
from analyzer.semantics.some_request import TooManyRequestsError
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.sets.pieces import pieces
from analyzer.verdicts.connectivity import (
    AddressRange,
    ConnectivityMap,
    MapEnd,
    MapRow,
    PortRequests,
    bit_indices,
    bits_of,
)


class _Wire(Enum):
    """How mutual TLS comes to a proxy: on the port asked for, inside the mesh's tunnel, or either way; or nobody knows
    which of the first two (istio.md 9)."""

    STRAIGHT = "straight"
    INSIDE = "inside"
    EITHER = "either"
    PERHAPS_INSIDE = "perhaps inside"


@dataclass(frozen=True, slots=True)
class _LetIn:
    """What a proxy lets in on these ports, whoever sends it; None: more than can be listed.  `by_waypoint`: what comes
    in mutual TLS may come by a waypoint, which may refuse it; `around`: which may lead it past policies."""

    ports: PortSet
    alternatives: tuple[Alternative, ...] | None
    wire: _Wire = _Wire.STRAIGHT
    by_waypoint: bool = False
    around: bool = False


Admitted = tuple[_LetIn, ...]
"""Of a destination; ports that no proxy sees are not among them."""


@dataclass(frozen=True, slots=True)
class _Passing:
    """What of a source gets in on these ports, as regions: `whole` where policies open both the port and the tunnel,
    `straight` where they open the port alone, `inside` where they open the tunnel alone.  `is_listed`: else nobody can
    tell which requests these are.  `around`: those that may come by a waypoint, whatever policies open."""

    ports: PortSet
    whole: tuple[Told, ...]
    straight: tuple[Told, ...]
    inside: tuple[Told, ...]
    is_listed: bool = True
    around: tuple[Told, ...] = ()

    def told(self, row: MapRow) -> Iterator[tuple[PortSet, tuple[Told, ...]]]:
        """What gets in, given what policies let pass: on which ports, and which requests."""
        opened, inside = self.ports & row.allowed.tcp, tuple[Told, ...]()
        if TUNNEL_PORT in row.allowed.tcp:
            is_sure = TUNNEL_PORT in row.certain.tcp
            inside = tuple((asked, is_certain and is_sure) for asked, is_certain in self.inside)
        straight = self.whole if TUNNEL_PORT in row.certain.tcp else (*self.straight, *inside)
        for ports, regions in ((opened, straight), (self.ports - opened, inside)):
            found = together((*regions, *self.around))
            if ports and found:
                yield ports, found

    def is_sure(self, row: MapRow) -> PortSet:
        """Where something gets in for certain."""
        surely = row.certain.tcp & self.ports if _is_some_certain(self.straight) else PortSet.EMPTY
        is_inside = TUNNEL_PORT in row.certain.tcp and _is_some_certain(self.inside)
        return self.ports if is_inside else surely


def _is_some_certain(told: Iterable[Told]) -> bool:
    return any(is_certain for _, is_certain in told)


@dataclass(frozen=True, slots=True)
class Passing:
    """What of a source gets in, port by port; other ports are open."""

    parts: tuple[_Passing, ...]

    def narrowed(self, row: MapRow) -> MapRow:
        seen = reduce(PortSet.__or__, (it.ports for it in self.parts), PortSet.EMPTY)
        may, must, requests = row.allowed.tcp - seen, row.certain.tcp - seen, list[PortRequests]()
        for part in self.parts:
            must |= part.is_sure(row)
            for ports, told in part.told(row):
                may |= ports
                if part.is_listed and ((), True) not in told:
                    requests += (PortRequests(ports, *it) for it in told)
        allowed, certain = replace(row.allowed, tcp=may), replace(row.certain, tcp=must)
        return replace(row, allowed=allowed, certain=certain, requests=tuple(requests))


OPEN = Passing(())


@remembered
def told_apart(cluster: Cluster, authorizers: ExtAuthz) -> tuple[AddressSet, ...]:
    """The sets of addresses that proxies tell from others."""
    stages = mesh_stages(cluster, authorizers)
    asked = leaves_once(rule.when for stage in stages for entry in stage.entries for rule in entry.rules)
    return tuple(dict.fromkeys(it for leaf in asked if (it := _addresses(leaf)) is not None))


class MeshRows:
    """What the mesh of a cluster lets pass between ends of its map; `pods`: where addresses of pods lie.
    `asks_tokens`: clients have tokens of other issuers too, which a proxy may refuse."""

    def __init__(self, cluster: Cluster, profile: Profile, pods: AddressSet, *, asks_tokens: bool = False) -> None:
        self.cluster, self.profile, self.pods, self.asks_tokens = cluster, profile, pods, asks_tokens
        self.config: MeshConfig = cluster.mesh.config
        self._passing: dict[tuple[Admitted, Client], Passing] = {}
        self._admitted: dict[Admitted, Admitted] = {}

    # -------------------------------------------------------------------------------------------- ends
    def client(self, end: MapEnd) -> Client:
        match end:
            case Workload():
                anywhere = AddressSet.FULL if end.host_network else self.pods
                addresses = AddressSet.singles(end.ips) if end.ips else anywhere
                return Client(self.config.identity(end.namespace, end.service_account), addresses)
            case Node():
                addresses = AddressSet.singles(end.ips) if end.ips else AddressSet.FULL
                return Client(None, addresses, self.profile.foreign_identities)
            case AddressRange():
                return Client(None, _range(end), self.profile.foreign_identities)

    def admitted(self, end: MapEnd) -> Admitted:
        """What proxies before it let in; nothing said of what has none."""
        if not isinstance(end, Workload) or end.host_network:
            return ()
        found = tuple(self._let_in(end))
        return self._admitted.setdefault(found, found)

    def _let_in(self, workload: Workload) -> Iterator[_LetIn]:
        cluster, profile = self.cluster, self.profile
        namespace = cluster.namespace_by_name.get(workload.namespace)
        of_namespace = namespace.labels if namespace is not None else NO_LABELS
        pod = pod_of(workload, of_namespace, workload.ips[0] if workload.ips else self.pods.some())
        asked = list(asked_of(cluster, profile, pod))
        about = Situation(Protocol.TCP, TUNNEL_PORT, {Role.SELF: pod, Role.DST: pod}, cluster.nodes)
        wire, by_waypoint = self._wire(about), is_true(behind_waypoint(cluster), about)
        is_shut = not workload.unknown_labels and is_true(shut_off(profile, cluster), about)
        around = by_waypoint and not is_shut
        if self._is_unsettled(workload, asked):
            yield _LetIn(PortSet.FULL, None, _Wire.PERHAPS_INSIDE, by_waypoint, around)
            return
        told = dict.fromkeys(leaf.ports for leaf in asked if isinstance(leaf, OnPorts))
        together: dict[tuple[Alternative, ...] | None, PortSet] = {}
        for ports in pieces(PortSet.FULL, told):
            found = self._alternatives(pod, ports)
            if found is not _NO_PROXY or wire is not _Wire.STRAIGHT or by_waypoint:
                together[found] = together.get(found, PortSet.EMPTY) | ports
        for alternatives, ports in together.items():
            yield _LetIn(ports, alternatives, wire, by_waypoint, around)

    def _wire(self, about: Situation) -> _Wire:
        its = places(self.cluster)
        if (inside := _known(its.ztunnel, about)) != FALSE:
            return _Wire.INSIDE if inside == TRUE else _Wire.PERHAPS_INSIDE
        return _Wire.STRAIGHT if _known(its.tunnel_to_sidecar, about) == FALSE else _Wire.EITHER

    def _is_unsettled(self, workload: Workload, asked: Sequence[Leaf]) -> bool:
        """Proxies may judge its pods in several ways: by labels that nobody knows, or by which address a pod has."""
        unknown = {key for one in workload.unknown_labels if isinstance(one, Varying) for key in one.all_keys}
        if any(not isinstance(one, Varying) for one in workload.unknown_labels):
            return True
        by_address = any(isinstance(it, Member) and it.role is not Role.SRC for it in asked)
        return bool(unknown & self._label_keys) or (by_address and len(workload.ips) != 1)

    @cached_property
    def _label_keys(self) -> frozenset[str]:
        """Of the labels of pods that decide which proxy there is and which policies are for it."""
        formulas = [
            it
            for stage in mesh_stages(self.cluster, self.profile.ext_authz)
            for it in (stage.applies, *(entry.subject for entry in stage.entries))
        ]
        tests = (leaf for leaf in leaves_once(formulas) if isinstance(leaf, Test))
        return frozenset(test.attribute.key for test in tests if test.attribute.name is Name.LABEL)

    def _alternatives(self, pod: Pod, ports: PortSet) -> tuple[Alternative, ...] | None:
        cluster = self.cluster
        about = Situation(Protocol.TCP, next(iter(ports))[0], {Role.SELF: pod, Role.DST: pod}, cluster.nodes)
        stages = mesh_stages(cluster, self.profile.ext_authz)
        applying = {it: known for it in stages if (known := _known(it.applies, about)) != FALSE}
        stage = next(iter(applying), None)
        if stage is None:
            return _NO_PROXY
        if len(applying) > 1:
            return None
        try:
            selecting = selected(stage, cluster, about)
            found = admitted(stage, selecting, about, self.config, asks_tokens=self.asks_tokens)
        except TooManyRequestsError:
            return None
        others = [negated(applying[stage]), *(_known(doubt.allows, about) for doubt in stage.doubts)]
        perhaps: list[Alternative] = [frozenset({(_SOMETHING, True)})] if any(it != FALSE for it in others) else []
        return (*found, *perhaps)

    # -------------------------------------------------------------------------------------------- pairs
    def passing(self, let_in: Admitted, client: Client) -> Passing:
        if not let_in:
            return OPEN
        found = self._passing.get((let_in, client))
        if found is None:
            found = self._passing[let_in, client] = Passing(tuple(_passing(it, client) for it in let_in))
        return found


def _passing(let_in: _LetIn, client: Client) -> _Passing:
    """Plaintext always comes straight."""
    alternatives = let_in.alternatives if let_in.alternatives is not None else (frozenset({(_SOMETHING, True)}),)

    def told(*more: tuple[Leaf, bool]) -> tuple[Told, ...]:
        return together([it for one in alternatives if (it := region_of(one | {*more}, client)) is not None])

    perhaps = [(_SOMETHING, True)] if let_in.by_waypoint or let_in.wire is _Wire.PERHAPS_INSIDE else []
    plain, mutual = told((HAS_MTLS, False)), told((HAS_MTLS, True), *perhaps)
    whole = together((*plain, *mutual)) if perhaps else told()
    straight = plain if let_in.wire is _Wire.INSIDE else whole
    inside = () if let_in.wire is _Wire.STRAIGHT else mutual
    if let_in.wire is _Wire.EITHER:  # what a sidecar makes of the tunnel is not modelled on every port
        inside = told((HAS_MTLS, True), (_SOMETHING, True))
    by_waypoint = region_of(frozenset({(HAS_MTLS, True), (_SOMETHING, True)}), client) if let_in.around else None
    around = () if by_waypoint is None else (by_waypoint,)
    return _Passing(let_in.ports, whole, straight, inside, let_in.alternatives is not None, around)


def _range(end: AddressRange) -> AddressSet:
    span = ((int(end.low), int(end.high)),)
    return AddressSet(span, ()) if end.low.version == 4 else AddressSet((), span)


def _addresses(leaf: Leaf) -> AddressSet | None:
    """Those that the leaf asks of the source's own address."""
    match leaf:
        case Member(Role.SRC, AtAddress(addresses)):
            return addresses
        case Test(attribute, AddressSet() as addresses) if attribute.key == "0":
            return addresses
        case _:
            return None


def _known(formula: Formula, about: Situation) -> Formula:
    """What is left of it where the destination is known."""

    def known(leaf: Leaf) -> Formula:
        return leaf if isinstance(leaf, Open) else TRUE if is_true(leaf, about) else FALSE

    return with_leaves(formula, known)


def narrowed_by_mesh(found: ConnectivityMap, rows: MeshRows) -> ConnectivityMap:
    """The map with classes of which the mesh tells no member from another, and its rows as the mesh narrows them."""
    let_in = [rows.admitted(end) for end in found.ends]
    clients = [rows.client(end) for end in found.ends]
    every = list(dict.fromkeys(it for it in let_in if it))
    effects: dict[Client, tuple[Passing, ...]] = {}
    for client in dict.fromkeys(clients):
        effects[client] = tuple(rows.passing(it, client) for it in every)
    number = {it: place for place, it in enumerate(every)}
    parts: dict[tuple[int, Admitted, tuple[Passing, ...]], list[int]] = {}
    for place, members in enumerate(found.classes):
        for end in members:
            parts.setdefault((place, let_in[end], effects[clients[end]]), []).append(end)
    of_class: dict[int, list[int]] = {}
    for new, (place, _, _) in enumerate(parts):
        of_class.setdefault(place, []).append(new)
    keys = list(parts)

    def split(bits: int) -> list[int]:
        return [new for place in bit_indices(bits) for new in of_class[place]]

    def narrow(row: MapRow) -> Iterator[MapRow]:
        by_destination: dict[Admitted, list[int]] = {}
        for dst in split(row.dst):
            by_destination.setdefault(keys[dst][1], []).append(dst)
        sources = split(row.src)
        for admitted_, destinations in by_destination.items():
            by_effect: dict[Passing, list[int]] = {}
            for src in sources:
                effect = keys[src][2][number[admitted_]] if admitted_ else OPEN
                by_effect.setdefault(effect, []).append(src)
            for effect, these in by_effect.items():
                told = effect.narrowed(replace(row, src=bits_of(these), dst=bits_of(destinations)))
                if told.allowed:
                    yield told

    return replace(
        found,
        classes=tuple(tuple(members) for members in parts.values()),
        rows=merged([one for row in (*found.rows, *_by_waypoints(found, let_in, clients)) for one in narrow(row)]),
        grounds=tuple(replace(it, near=bits_of(split(it.near)), far=bits_of(split(it.far))) for it in found.grounds),
    )


def _by_waypoints(found: ConnectivityMap, let_in: Sequence[Admitted], clients: Sequence[Client]) -> Iterator[MapRow]:
    """Empty rows between ends that policies keep apart, where something may come by a waypoint all the same."""

    def classes(ends: Iterable[int]) -> int:
        chosen = set(ends)
        return bits_of(place for place, members in enumerate(found.classes) if not chosen.isdisjoint(members))

    behind = classes(end for end, admitted_ in enumerate(let_in) if any(it.around for it in admitted_))
    mutual = classes(end for end, it in enumerate(clients) if it.identity is not None or it.is_anybody)
    for dst in bit_indices(behind):
        reached = reduce(int.__or__, (row.src for row in found.rows if row.dst >> dst & 1), 0)
        if missing := mutual & ~reached:
            yield MapRow(missing, 1 << dst, ConnectionSet.EMPTY, ConnectionSet.EMPTY)


_NO_PROXY: tuple[Alternative, ...] = (frozenset(),)
_SOMETHING = Open(OpenFact("mesh", "another way", "what else may let it in is not modelled"))
