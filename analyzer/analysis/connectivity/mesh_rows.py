"""The rows of a map narrowed by the mesh: on which ports proxies before a destination let in some request of a source,
and which requests these are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, reduce

from analyzer.analysis.connectivity.merging import merged
from analyzer.analysis.connectivity.request_regions import Client, region_of, together
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
    with_leaves,
)
from analyzer.model.knobs import ExtAuthz
from analyzer.model.labels import NO_LABELS
from analyzer.model.memory import remembered
from analyzer.model.mesh import TUNNEL_PORT, MeshConfig
from analyzer.model.mesh_places import places
from analyzer.model.mesh_rules import HAS_MTLS
from analyzer.model.mesh_stage import by_waypoint, mesh_stages
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
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
from analyzer.verdicts.regions import Constraints


@dataclass(frozen=True, slots=True)
class _LetIn:
    """What a proxy lets in on these ports, whoever sends it; None: more than can be listed.  `in_tunnel`: what comes in
    mutual TLS has come by the mesh's tunnel (istio.md 9)."""

    ports: PortSet
    alternatives: tuple[Alternative, ...] | None
    in_tunnel: bool = False


Admitted = tuple[_LetIn, ...]
"""Of a destination; ports that no proxy sees are not among them."""


@dataclass(frozen=True, slots=True)
class Passing:
    """What of a source gets in: on some ports for sure, on some perhaps, elsewhere nothing; other ports are open.

    `tunnelled`: on these something may get in by the mesh's tunnel, for which policies need not open them; on those of
    `by_tunnel` nothing is sure to get in otherwise.
    """

    may: PortSet
    must: PortSet
    shut: PortSet
    requests: tuple[PortRequests, ...]
    tunnelled: tuple[PortRequests, ...] = ()
    by_tunnel: PortSet = PortSet.EMPTY

    def narrowed(self, row: MapRow) -> MapRow:
        closed, unsure = ConnectionSet(tcp=self.shut), ConnectionSet(tcp=self.shut | (self.may - self.must))
        if TUNNEL_PORT not in row.certain.tcp:
            unsure |= ConnectionSet(tcp=self.by_tunnel)
        allowed = row.allowed - closed
        told = [replace(it, ports=it.ports & allowed.tcp) for it in self.requests]
        if TUNNEL_PORT in row.allowed.tcp:
            inside = [replace(it, ports=it.ports - allowed.tcp) for it in self.tunnelled]
            told += inside
            allowed |= ConnectionSet(tcp=reduce(PortSet.__or__, (it.ports for it in inside), PortSet.EMPTY))
        return replace(
            row, allowed=allowed, certain=row.certain - unsure, requests=tuple(it for it in told if it.ports)
        )


OPEN = Passing(PortSet.EMPTY, PortSet.EMPTY, PortSet.EMPTY, ())


@remembered
def told_apart(cluster: Cluster, authorizers: ExtAuthz) -> tuple[AddressSet, ...]:
    """The sets of addresses that proxies tell from others."""
    stages = mesh_stages(cluster, authorizers)
    asked = leaves_once(rule.when for stage in stages for entry in stage.entries for rule in entry.rules)
    return tuple(dict.fromkeys(it for leaf in asked if (it := _addresses(leaf)) is not None))


class MeshRows:
    """What the mesh of a cluster lets pass between ends of its map; `pods`: where addresses of pods lie."""

    def __init__(self, cluster: Cluster, profile: Profile, pods: AddressSet) -> None:
        self.cluster, self.profile, self.pods = cluster, profile, pods
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
        if self._is_unsettled(workload, asked):
            yield _LetIn(PortSet.FULL, None, in_tunnel=True)
            return
        told = dict.fromkeys(leaf.ports for leaf in asked if isinstance(leaf, OnPorts))
        together: dict[tuple[Alternative, ...] | None, PortSet] = {}
        for ports in pieces(PortSet.FULL, told):
            found = self._alternatives(pod, ports)
            if found is not _NO_PROXY:
                together[found] = together.get(found, PortSet.EMPTY) | ports
        about = Situation(Protocol.TCP, TUNNEL_PORT, {Role.SELF: pod, Role.DST: pod}, cluster.nodes)
        in_tunnel = is_true(places(cluster).ztunnel, about)
        for alternatives, ports in together.items():
            yield _LetIn(ports, alternatives, in_tunnel)

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
        stage = next((it for it in stages if is_true(it.applies, about)), None)
        if stage is None:
            return _NO_PROXY
        try:
            found = admitted(stage, selected(stage, cluster, about), about, self.config)
        except TooManyRequestsError:
            return None
        others = [_known(doubt.allows, about) for doubt in stage.doubts]
        perhaps: list[Alternative] = [frozenset({(_SOMETHING, True)})] if any(it != FALSE for it in others) else []
        if by_waypoint(cluster.mesh) != FALSE:
            perhaps.append(frozenset({(HAS_MTLS, True), (_SOMETHING, True)}))
        return (*found, *perhaps)

    # -------------------------------------------------------------------------------------------- pairs
    def passing(self, let_in: Admitted, client: Client) -> Passing:
        if not let_in:
            return OPEN
        found = self._passing.get((let_in, client))
        if found is None:
            found = self._passing[let_in, client] = self._found(let_in, client)
        return found

    def _found(self, let_in: Admitted, client: Client) -> Passing:
        may = must = shut = by_tunnel = PortSet.EMPTY
        requests: list[PortRequests] = []
        tunnelled: list[PortRequests] = []
        for each in let_in:
            if each.in_tunnel and (inside := _in_mutual_tls(each, client)):
                tunnelled += (PortRequests(each.ports, *it) for it in inside)
                if not _is_sure_in_plaintext(each, client):
                    by_tunnel |= each.ports
            if each.alternatives is None:
                may |= each.ports
                continue
            regions = [it for it in (region_of(one, client) for one in each.alternatives) if it is not None]
            if not regions:
                shut |= each.ports
                continue
            may |= each.ports
            if any(is_certain for _, is_certain in regions):
                must |= each.ports
            told = together(regions)
            if ((), True) not in told:
                requests += (PortRequests(each.ports, *it) for it in told)
        return Passing(may, must, shut, tuple(requests), tuple(tunnelled), by_tunnel)


def _in_mutual_tls(let_in: _LetIn, client: Client) -> tuple[tuple[Constraints, bool], ...]:
    """What may get in that way, as regions; whether the tunnel is open is for policies to say, so that none is sure."""
    alternatives = let_in.alternatives if let_in.alternatives is not None else (frozenset(),)
    perhaps = ((HAS_MTLS, True), (_SOMETHING, True))
    return together([it for one in alternatives if (it := region_of(one | {*perhaps}, client)) is not None])


def _is_sure_in_plaintext(let_in: _LetIn, client: Client) -> bool:
    found = (region_of(one | {(HAS_MTLS, False)}, client) for one in let_in.alternatives or ())
    return any(it is not None and it[1] for it in found)


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
        rows=merged([one for row in found.rows for one in narrow(row)]),
        grounds=tuple(replace(it, near=bits_of(split(it.near)), far=bits_of(split(it.far))) for it in found.grounds),
    )


_NO_PROXY: tuple[Alternative, ...] = (frozenset(),)
_SOMETHING = Open(OpenFact("mesh", "another way", "what else may let it in is not modelled"))
