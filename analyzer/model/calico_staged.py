"""The cluster as it would be with Calico's staged policies enforced (calico-cilium.md 1.10)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.calico import STAND_IN, CalicoPolicy, stand_ins
from analyzer.model.cluster import Cluster
from analyzer.model.policies import Policy


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
    policies = tuple(policy for _, policy in sorted(enforced.items()))
    calico = replace(cluster.calico, policies=policies, staged=(), staged_kubernetes=())
    others = tuple(thing for thing in cluster.unmodelled if thing.why != STAND_IN)
    own = _kubernetes_own(cluster)
    return replace(cluster, calico=calico, policies=own, unmodelled=(*others, *stand_ins(calico)))


def _kubernetes_own(cluster: Cluster) -> tuple[Policy, ...]:
    found = {(policy.kind, policy.namespace or "", policy.name): policy for policy in cluster.policies}
    for staged in cluster.calico.staged_kubernetes:
        key = staged.policy.kind, staged.namespace, staged.name
        if staged.action == "Delete":
            found.pop(key, None)
        elif staged.action == "Set":
            found[key] = staged.policy
    return tuple(policy for _, policy in sorted(found.items()))


def _key(policy: CalicoPolicy) -> tuple[str, str, str]:
    return policy.kind, policy.namespace or "", policy.name
