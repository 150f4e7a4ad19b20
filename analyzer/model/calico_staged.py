"""The cluster as it would be with Calico's staged policies enforced (calico-cilium.md 1.10)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.calico import STAND_IN, CalicoPolicy, stand_ins
from analyzer.model.cluster import Cluster


def with_staged(cluster: Cluster) -> Cluster:
    """Each staged policy takes the place of the one of its name, or takes it away where it says `Delete`; one that only
    watches (`Learn`, `Ignore`) stays as it is."""
    enforced = {_key(policy): policy for policy in cluster.calico.policies}
    for staged in cluster.calico.staged:
        policy = replace(staged, kind=staged.kind.removeprefix("Staged"), staged="")
        if staged.staged == "Delete":
            enforced.pop(_key(policy), None)
        elif staged.staged == "Set":
            enforced[_key(policy)] = policy
    calico = replace(cluster.calico, policies=tuple(policy for _, policy in sorted(enforced.items())), staged=())
    others = tuple(thing for thing in cluster.unmodelled if thing.why != STAND_IN)
    return replace(cluster, calico=calico, unmodelled=(*others, *stand_ins(calico)))


def _key(policy: CalicoPolicy) -> tuple[str, str, str]:
    return policy.kind, policy.namespace or "", policy.name
