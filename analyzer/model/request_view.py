"""Whose eyes look at requests: a mesh's, or those of the engine that enforces, where its rules ask about them."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Formula, Role, Test, leaves_once
from analyzer.model.memory import Together, remembered
from analyzer.model.mesh import MeshConfig, Normalization, has_mesh
from analyzer.model.pipeline import Entry, Stage
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of


def looking_stages(profile: Profile, cluster: Cluster) -> tuple[Stage, ...]:
    """The engine's stages of which some rule asks about requests; kept with the cluster."""
    pipeline = pipeline_of(profile, cluster)
    key = looking_stages, profile
    known = cluster.readings.get(key)
    if isinstance(known, tuple) and known[0] is pipeline:
        kept: tuple[Stage, ...] = known[1]
        return kept
    found = tuple(it for it in pipeline.stages if True in _asking(cluster, it.name).of(it.entries))
    cluster.readings[key] = pipeline, found
    return found


@remembered
def _asking(cluster: Cluster, stage: str) -> Together[Entry, bool]:
    """Room for whether policies ask about requests at the stage of that name, whatever the cluster."""
    return Together(lambda entry: {any(_asks(rule.when) for rule in entry.rules)})


def _asks(formula: Formula) -> bool:
    return any(isinstance(leaf, Test) and leaf.attribute.role is Role.REQUEST for leaf in leaves_once([formula]))


def is_seen_by_engine(profile: Profile, cluster: Cluster) -> bool:
    """Questions about requests are answered by rules of Calico or Cilium, no mesh being there: with one, what both make
    of a request is not modelled."""
    reads_own = profile.reads_cilium or profile.reads_calico
    return reads_own and not has_mesh(cluster.mesh) and bool(looking_stages(profile, cluster))


def is_looked_at(profile: Profile, cluster: Cluster) -> bool:
    """Somebody does: a mesh, or rules of the engine that enforces."""
    return has_mesh(cluster.mesh) or is_seen_by_engine(profile, cluster)


def proxy_config(profile: Profile, cluster: Cluster) -> MeshConfig:
    """How who looks at requests makes paths normal: as the mesh is told, or as Calico's proxy or Cilium's does."""
    config = cluster.mesh.config
    if not is_seen_by_engine(profile, cluster):
        return config
    how = Normalization.CALICO if profile.reads_calico else Normalization.DECODE_AND_MERGE_SLASHES
    return replace(config, normalization=how)
