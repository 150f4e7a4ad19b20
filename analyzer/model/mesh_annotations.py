"""What annotations, and containers, of pods say of the proxies before them."""

from __future__ import annotations

from analyzer.model.cluster import Cluster
from analyzer.model.labels import GO_TRUE, Labels
from analyzer.model.memory import remembered
from analyzer.model.mesh import ENABLE_HBONE, OWN_CONFIG, TAKES_TUNNEL


@remembered
def known_annotations(cluster: Cluster) -> tuple[Labels, ...]:
    """Those of declared pods, each set once, where there are any; and of those that another revision has, for they may
    be there under this one."""
    found = {workload.annotations for workload in cluster.workloads if workload.annotations}
    return tuple(sorted(found | cluster.mesh.annotated, key=lambda it: sorted(it.items())))


def is_told_of_tunnel(annotations: Labels) -> bool:
    """The pod's own proxy takes it, or may: its variables or its configuration say something of it."""
    return annotations.get(TAKES_TUNNEL) in GO_TRUE or ENABLE_HBONE in annotations.get(OWN_CONFIG, "")
