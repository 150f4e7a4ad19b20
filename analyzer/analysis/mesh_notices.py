"""Notices of the mesh's objects, where there are any; nothing of it is loaded where there are none."""

from __future__ import annotations

from analyzer.model.cluster import Cluster
from analyzer.model.source import Notice


def mesh_notices(cluster: Cluster) -> tuple[Notice, ...]:
    """What is odd about them (analysis/mesh_oddities.py)."""
    if not cluster.mesh.objects:
        return ()
    from analyzer.analysis.mesh_oddities import mesh_oddities

    return mesh_oddities(cluster)
