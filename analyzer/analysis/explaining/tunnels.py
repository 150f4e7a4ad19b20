"""What is below the mesh sees of what ztunnel takes in mutual TLS: its own port, whichever the client asks for
(istio.md 9)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.analysis.explaining.pointwise import points
from analyzer.encoding import pod_addresses as pod_addresses_of
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.formulas import Role
from analyzer.model.mesh import TUNNEL_PORT, has_mesh
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.model.requests import MTLS, Request
from analyzer.records import dataclass
from analyzer.semantics.formulas import Situation, is_true
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.explanation import SideExplanation

_NOTE = f"ztunnel takes mutual TLS on TCP {TUNNEL_PORT}, which is what policies see of it"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Whether some of the TCP connections asked about may come inside, and whether all do."""

    may: bool = False
    must: bool = False

    def on_wire(self, asked: ConnectionSet) -> ConnectionSet:
        """What policies see of these."""
        return replace(asked, tcp=PortSet.of(TUNNEL_PORT)) if self.must and asked.tcp else asked

    def passing(
        self, asked: ConnectionSet, may: ConnectionSet, must: ConnectionSet
    ) -> tuple[ConnectionSet, ConnectionSet]:
        """What of these passes, given what policies let pass of all: what may, and what does for certain."""
        if not self.may:
            return may, must
        inside, surely = (self._inside(asked, found) for found in (may, must))
        if self.must:
            return replace(may, tcp=inside), replace(must, tcp=surely)
        return replace(may, tcp=may.tcp | inside), replace(must, tcp=must.tcp & surely)

    def told(self, side: SideExplanation, asked: ConnectionSet) -> SideExplanation:
        """What is said of the port of the tunnel as said of what is asked about."""
        if not self.must or not asked.tcp:
            return side
        allowed, certain = (replace(it, tcp=self._inside(asked, it)) for it in (side.allowed, side.certain))
        return replace(side, allowed=allowed, certain=certain, notes=(*side.notes, _NOTE))

    @staticmethod
    def _inside(asked: ConnectionSet, found: ConnectionSet) -> PortSet:
        return asked.tcp if TUNNEL_PORT in found.tcp else PortSet.EMPTY


def tunnel_to(
    cluster: Cluster,
    profile: Profile,
    src: PairEnd,
    dst: PairEnd,
    request: Request | None,
    pod_addresses: AddressSet | None,
) -> Tunnel:
    """That of the destination's pods; without a request the client chooses whether it takes it."""
    if not has_mesh(cluster.mesh) or not isinstance(dst, Workload) or dst.host_network:
        return Tunnel()
    has_identity = isinstance(src, Workload) or profile.foreign_identities
    if request.tls != MTLS if request is not None else not has_identity:
        return Tunnel()
    from analyzer.model.mesh_places import places

    pods = points(dst, cluster, profile, (), pod_addresses_of(cluster, pod_addresses))
    about = (Situation(Protocol.TCP, TUNNEL_PORT, {Role.SELF: pod, Role.DST: pod}, cluster.nodes) for pod in pods)
    found = [is_true(places(cluster).ztunnel, each) for each in about]
    return Tunnel(any(found), bool(found) and all(found) and request is not None)
