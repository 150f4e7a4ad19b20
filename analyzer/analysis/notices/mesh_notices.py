"""What is said of a mesh beside answers, where there is one; nothing of it is loaded where there is none."""

from __future__ import annotations

from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.model.source import Notice
from analyzer.sets import AddressSet
from analyzer.verdicts.admissions import Admission


def mesh_notices(cluster: Cluster) -> tuple[Notice, ...]:
    """What is odd about them (analysis/mesh_oddities.py)."""
    if not cluster.mesh.objects:
        return ()
    from analyzer.analysis.notices.mesh_oddities import mesh_oddities

    return mesh_oddities(cluster)


def admitted_by_mesh(
    cluster: Cluster, profile: Profile, pod_addresses: AddressSet, namespaces: frozenset[str] | None = None
) -> tuple[Admission, ...]:
    """Which requests its proxies let in, of workloads in these namespaces (None: in all)."""
    if not cluster.mesh.objects:
        return ()
    from analyzer.analysis.notices.admissions import admissions

    workloads = [it for it in cluster.workloads if namespaces is None or it.namespace in namespaces]
    return tuple(admissions(cluster, profile, workloads, pod_addresses.some()))
