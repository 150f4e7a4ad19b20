"""Denials that never get a say, for a policy that comes before them lets through."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.calico import CalicoPolicy
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.policies import RuleRef
from analyzer.model.profile import Profile
from analyzer.semantics import decide

RANKED = ("AdminNetworkPolicy", "ClusterNetworkPolicy")
"""Kinds beside Calico's whose policies are asked one after the other."""


def shadows_a_denial(cluster: Cluster, profile: Profile, ref: RuleRef, connection: Connection) -> bool:
    """Whether some rule would deny the connection at this end, were the policy of the rule not there."""
    policy = ref.policy
    if isinstance(policy, CalicoPolicy):
        rest = tuple(it for it in cluster.calico.policies if it.id != policy.id)
        without = replace(cluster, calico=replace(cluster.calico, policies=rest))
    elif policy.kind in RANKED:
        without = replace(cluster, policies=tuple(it for it in cluster.policies if it.id != policy.id))
    else:
        return False
    ruling = decide(without, profile, connection).at(ref.direction.value)
    return not ruling.allowed and any(it.rule is not None for it in ruling.rules)
