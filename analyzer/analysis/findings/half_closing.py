"""Policies that close pods one way only: where the other one is open, a type more in them is what is missing."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from analyzer.model.calico import CalicoPolicy
from analyzer.model.cilium import CiliumPolicy
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Pod
from analyzer.model.policies import Direction, Policy, PolicyLike, Protocol
from analyzer.model.profile import Profile
from analyzer.semantics import decide, matches

IsAdded = Callable[[PolicyLike], bool]
"""Whether an edit made the policy."""


def half_closing(cluster: Cluster, pod: Pod, direction: Direction, is_added: IsAdded) -> Policy | None:
    """A NetworkPolicy that isolates the pod the other way only: the widest, and of those one without rules."""
    other = Direction.INGRESS if direction is Direction.EGRESS else Direction.EGRESS
    found = [
        policy
        for policy in cluster.network_policies_by_namespace.get(pod.namespace, ())
        if policy.rules(direction) is None
        and policy.rules(other) is not None
        and not is_added(policy)
        and matches(policy.subject.pods, pod.labels)
    ]
    return min(found, key=lambda p: (len(p.subject.pods.requirements), len(p.rules(other) or ()), p.name), default=None)


def half_closing_of_engine(
    cluster: Cluster, profile: Profile, pod: Pod, direction: Direction, is_added: IsAdded
) -> CalicoPolicy | CiliumPolicy | None:
    """One of Calico's or Cilium's that closes the pod the other way only, to whoever no rule names: the one with
    fewest rules, which is there to close."""
    if not cluster.calico.policies and not cluster.cilium.policies:
        return None
    other = Direction.INGRESS if direction is Direction.EGRESS else Direction.EGRESS
    ends: tuple[End, End] = (pod, _NOBODY) if other is Direction.EGRESS else (_NOBODY, pod)
    ruling = decide(cluster, profile, Connection(ends[0], ends[1], Protocol.TCP, 1)).at(other.value)
    found: list[CalicoPolicy | CiliumPolicy] = []
    for policy in (ref.policy for ref in ruling.rules if ref.rule is None and not is_added(ref.policy)):
        is_half = isinstance(policy, CalicoPolicy) and policy.rules(direction) is None
        if is_half or (isinstance(policy, CiliumPolicy) and not any(spec.on_nodes for spec in policy.specs)):
            assert isinstance(policy, CalicoPolicy | CiliumPolicy)
            found.append(policy)
    return min(found, key=lambda it: _count(it, other), default=None)


def _count(policy: CalicoPolicy | CiliumPolicy, direction: Direction) -> int:
    """The rules that it has for the direction."""
    if isinstance(policy, CalicoPolicy):
        return len(policy.rules(direction) or ())
    return sum(len(spec.rules(direction)) for spec in policy.specs)


_NOBODY = External(ip_address("203.0.113.1"))  # an address of no pod (RFC 5737)
