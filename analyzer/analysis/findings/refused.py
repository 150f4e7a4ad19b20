"""A policy that closes nothing, where people take it for one that does: the engine refuses it, or it says so."""

from __future__ import annotations

from analyzer.model.cilium import CiliumPolicy, CiliumSpec
from analyzer.model.cilium_rules import CiliumRules
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.formulas import Role
from analyzer.model.policies import Action, Direction, PolicyLike, Protocol
from analyzer.model.profile import Profile
from analyzer.semantics.formulas import Situation, is_true
from analyzer.verdicts.findings import Fix


def refused_at(cluster: Cluster, profile: Profile, pod: Pod, direction: Direction) -> CiliumPolicy | None:
    """One that has rules for the direction and would select the pod, if Cilium's agent took it."""
    if not profile.reads_cilium:
        return None
    rules, about = CiliumRules(profile, cluster, direction), Situation(Protocol.OTHER, None, {Role.SELF: pod})
    for policy in cluster.cilium.policies:
        subjects = policy.refusal.subjects if policy.refusal is not None else ()
        meant = (subject for subject, directions in subjects if direction in directions)
        if any(is_true(rules.pods(subject, Role.SELF), about) for subject in meant):
            return policy
    return None


def unclosed_at(cluster: Cluster, profile: Profile, pod: Pod, direction: Direction) -> CiliumPolicy | None:
    """One that selects the pod, has rules for the direction and says that they do not close it."""
    if not profile.reads_cilium:
        return None
    rules, about = CiliumRules(profile, cluster, direction), Situation(Protocol.OTHER, None, {Role.SELF: pod})
    for policy in cluster.cilium.policies:
        if policy.namespace not in (None, pod.namespace):
            continue
        specs = (it for it in policy.specs if not it.on_nodes and not it.closes(direction) and _allows(it, direction))
        if any(is_true(rules.pods(spec.subject, Role.SELF), about) for spec in specs):
            return policy
    return None


def _allows(spec: CiliumSpec, direction: Direction) -> bool:
    """Whether it names who may: one that denies alone is not there to close."""
    return any(rule.action is not Action.DENY for rule in spec.rules(direction))


def told_of_refused(policy: PolicyLike) -> tuple[str, Fix] | None:
    """What is wrong with it, and what to do; None where it is not refused."""
    if not isinstance(policy, CiliumPolicy) or policy.refusal is None:
        return None
    return (
        f"has no effect, for Cilium's agent refuses it: {policy.refusal.why}",
        Fix("mend what is refused, so that the policy counts"),
    )
