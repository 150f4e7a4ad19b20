"""Objects of a mesh as findings speak of them."""

from __future__ import annotations

from analyzer.model.cluster import Cluster
from analyzer.model.mesh import PeerAuthentication
from analyzer.model.source import Source
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class MeshObject:
    """As a policy, so that texts look it up and reports name it."""

    kind: str
    namespace: str | None
    name: str
    source: Source
    priority: int = 0
    scale: str = ""

    @property
    def id(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


def peer_authentication(namespace: str, cluster: Cluster) -> MeshObject | None:
    """The PeerAuthentication of the whole namespace."""
    found = (it for it in cluster.mesh.of(PeerAuthentication) if it.namespace == namespace and not it.attached.labels)
    return next((MeshObject("PeerAuthentication", it.namespace, it.name, it.source) for it in found), None)
