"""Verdicts on the inventory beside Gateways whose controller makes pods that the manifests do not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.verdicts.verdict import Status, Verdict

_REASON = "the manifests lack pods that a Gateway's controller makes, and the answer is another with them"


def beside_gateways(verdict: Verdict, cluster: Cluster, judged: Callable[[Cluster], Verdict]) -> Verdict:
    """The verdict where it is the same with those pods as istiod makes them; else unknown, naming the Gateways."""
    made = cluster.mesh.made
    if verdict.universe is not Universe.INVENTORY or not made or verdict.status is Status.UNKNOWN:
        return verdict
    workloads = (
        Workload("Deployment", it.namespace, it.name, it.labels, service_account=it.name, source=it.source)
        for it in made
    )
    there = replace(cluster, workloads=(*cluster.workloads, *workloads), mesh=replace(cluster.mesh, made=()))
    if judged(there).status is verdict.status:
        return verdict
    blame = tuple(f"Gateway {it.namespace}/{it.gateway} ({it.source}) makes pods, called {it.name}" for it in made)
    return Verdict(verdict.query, Status.UNKNOWN, verdict.universe, _REASON, blame=blame)
