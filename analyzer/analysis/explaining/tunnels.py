"""What is below the mesh sees of mutual TLS that comes inside the mesh's tunnel: the tunnel's own port, whichever the
client asks for (istio.md 9); and what may come by a waypoint, of which it sees nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.analysis.explaining.pointwise import points
from analyzer.encoding import pod_addresses as pod_addresses_of
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import Pod, Through
from analyzer.model.formulas import FALSE, Attribute, Formula, Name, Role
from analyzer.model.mesh import TUNNEL_PORT, has_mesh
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.model.requests import MTLS, PLAINTEXT, Request
from analyzer.records import dataclass
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.settling import Settle, runs
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.explanation import SideExplanation

Bounds = tuple[ConnectionSet, ConnectionSet]
"""What may pass, and what does for certain."""

_MUTUAL = {Attribute(Role.REQUEST, Name.TLS): (MTLS,)}


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What the TCP connections asked about are on the wire where they are in mutual TLS.

    `may`: some may come inside; `must`: all do; `as_well`: they may come straight, too, as the client likes, and
    `is_sure`: that they may come inside is certain.  `tls`: the mode of the request, None where the client chooses.
    `around`, `refused`: they may come by a waypoint, from elsewhere, or be refused by one.  `facts`: what nobody knows.
    """

    may: bool = False
    must: bool = False
    as_well: bool = False
    is_sure: bool = False
    tls: str | None = None
    around: bool = False
    refused: bool = False
    facts: tuple[str, ...] = ()

    @property
    def modes(self) -> tuple[str | None, ...]:
        """The ways to ask that differ."""
        is_chosen = self.tls is None and (self.may or self.around)
        return (PLAINTEXT, MTLS) if is_chosen else (self.tls,)

    def on_wire(self, asked: ConnectionSet) -> ConnectionSet:
        """What policies see of these."""
        is_inside = self.must and self.tls == MTLS and asked.tcp
        return replace(asked, tcp=PortSet.of(TUNNEL_PORT)) if is_inside else asked

    def passing(self, asked: ConnectionSet, below: Bounds, mesh: Bounds, tls: str | None) -> Bounds:
        """What of these passes in this mode, given what policies let pass of all, and what the mesh does."""
        may, must = below
        if tls == MTLS and self.may:
            inside, surely = (self._inside(asked, found) for found in below)
            sure = must.tcp & surely
            if self.must:
                may, sure = replace(may, tcp=PortSet.EMPTY), surely
            elif self.as_well:
                sure = must.tcp | surely if self.is_sure else must.tcp
            may, must = replace(may, tcp=may.tcp | inside), replace(must, tcp=sure)
        may, must = may & mesh[0], must & mesh[1]
        if tls == MTLS and self.around:
            may = replace(may, tcp=may.tcp | asked.tcp)
            must = replace(must, tcp=PortSet.EMPTY) if self.refused else must
        return may & asked, must & asked

    def told(self, side: SideExplanation, asked: ConnectionSet) -> SideExplanation:
        """What is said of the port of the tunnel as said of what is asked about."""
        if self.tls != MTLS or not asked.tcp or not self.may:
            return side
        if not self.must:
            return replace(
                side, notes=(*side.notes, f"mutual TLS may come on TCP {TUNNEL_PORT} instead, in the mesh's tunnel")
            )
        allowed, certain = (replace(it, tcp=self._inside(asked, it)) for it in (side.allowed, side.certain))
        note = f"ztunnel takes mutual TLS on TCP {TUNNEL_PORT}, which is what policies see of it"
        return replace(side, allowed=allowed, certain=certain, notes=(*side.notes, note))

    def notes(self, may: ConnectionSet, must: ConnectionSet) -> tuple[str, ...]:
        """What nobody knows, where something hangs on it."""
        return self.facts if may != must else ()

    @staticmethod
    def _inside(asked: ConnectionSet, found: ConnectionSet) -> PortSet:
        return asked.tcp if TUNNEL_PORT in found.tcp else PortSet.EMPTY


NO_TUNNEL = Tunnel()


def through_mesh(
    tunnel: Tunnel,
    asked: ConnectionSet,
    below: Bounds,
    by_mesh: Callable[[str | None], SideExplanation | None],
) -> Bounds:
    """What passes in one of the modes that the client may choose, given what policies let pass and what the mesh says
    of each."""
    may, must = ConnectionSet.EMPTY, ConnectionSet.EMPTY
    for tls in tunnel.modes:
        mesh = by_mesh(tls if tunnel.tls is None else None)
        its = tunnel.passing(asked, below, (asked, asked) if mesh is None else (mesh.allowed, mesh.certain), tls)
        may, must = may | its[0], must | its[1]
    return may, must


def tunnel_to(
    cluster: Cluster,
    profile: Profile,
    src: PairEnd,
    dst: PairEnd,
    asked: ConnectionSet,
    request: Request | None,
    pod_addresses: AddressSet | None,
    through: Through | None = None,
) -> Tunnel:
    """That of the destination's pods.  What a waypoint makes of a request that is sent `through` a Service is judged
    where it stands (semantics/mesh.py)."""
    if not has_mesh(cluster.mesh) or not isinstance(dst, Workload) or dst.host_network or not asked.tcp:
        return NO_TUNNEL
    has_identity = isinstance(src, Workload) or profile.foreign_identities
    tls = None if request is None else MTLS if request.tls == MTLS else PLAINTEXT
    if tls == PLAINTEXT or (tls is None and not has_identity):
        return NO_TUNNEL
    from analyzer.model.mesh_stage import may_be_tunnelled, tunnelled
    from analyzer.model.mesh_waypoints import by_waypoint, refused_by_waypoint, waypoint_of

    found = points(dst, cluster, profile, (), pod_addresses_of(cluster, pod_addresses))
    pods = [pod for pod in found if isinstance(pod, Pod)]
    port = next(iter(asked.tcp))[0]
    facts: dict[str, None] = {}

    def ways(formula: Formula) -> set[bool]:
        return set() if formula == FALSE else {one for pod in pods for one in _ways(cluster, pod, port, formula, facts)}

    inside = ways(tunnelled(cluster))
    either = ways(may_be_tunnelled(cluster)) if inside <= {False} else set[bool]()
    is_one_port = asked.tcp == PortSet.of(port)
    is_modelled = through is not None and waypoint_of(cluster, through.service) is not None
    return Tunnel(
        may=True in inside | either,
        must=inside == {True},
        as_well=True in either,
        is_sure=either == {True} and is_one_port,
        tls=tls,
        around=not is_modelled and True in ways(by_waypoint(cluster, profile)),
        refused=not is_modelled and True in ways(refused_by_waypoint(cluster)),
        facts=tuple(facts),
    )


def _ways(cluster: Cluster, pod: Pod, port: int, formula: Formula, facts: dict[str, None]) -> Iterator[bool]:
    """What it comes to of a request in mutual TLS, in each way of settling what is open."""
    about = Situation(Protocol.TCP, port, {Role.SELF: pod, Role.DST: pod}, cluster.nodes, request=_MUTUAL)

    def told(settle: Settle) -> bool:
        return is_true(formula, replace(about, settle=settle))

    for is_so, answers in runs(told):
        yield is_so
        facts.update(dict.fromkeys(fact.text for fact in answers))
