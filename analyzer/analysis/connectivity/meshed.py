"""What a mesh makes of a map; nothing of it is loaded where there is none."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.cluster import Cluster, Unmodelled
from analyzer.model.enforcing import still_enforced
from analyzer.model.memory import remembered
from analyzer.model.mesh import KINDS_OF_MESH, has_mesh
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet
from analyzer.verdicts.connectivity import ConnectivityMap


def without_policies_of_mesh(cluster: Cluster) -> Cluster:
    """The cluster in which these are no doubt about connections any more: what they refuse is worked out."""
    if not has_mesh(cluster.mesh):
        return cluster
    found = cluster.readings.get(without_policies_of_mesh)
    if not isinstance(found, Cluster):
        found = still_enforced(replace(cluster, unmodelled=_beside_policies_of_mesh(cluster)), cluster)
        cluster.readings[without_policies_of_mesh] = found
    return found


@remembered  # the very same things where they are: what is worked out of them holds then
def _beside_policies_of_mesh(cluster: Cluster) -> tuple[Unmodelled, ...]:
    return tuple(it for it in cluster.unmodelled if not (it.asks_requests and it.kind in KINDS_OF_MESH))


def told_by_mesh(cluster: Cluster, profile: Profile) -> tuple[AddressSet, ...]:
    """The sets of addresses that its proxies tell from others."""
    if not has_mesh(cluster.mesh):
        return ()
    from analyzer.analysis.connectivity.mesh_rows import told_apart

    return told_apart(cluster, profile.ext_authz)


def narrowed(
    found: ConnectivityMap, cluster: Cluster, profile: Profile, pods: AddressSet, *, asks_tokens: bool
) -> ConnectivityMap:
    """The map as the mesh narrows it."""
    if not has_mesh(cluster.mesh):
        return found
    from analyzer.analysis.connectivity.mesh_rows import MeshRows, narrowed_by_mesh

    return narrowed_by_mesh(found, MeshRows(cluster, profile, pods, asks_tokens=asks_tokens))
