"""What stands for Amazon's objects where nothing is known of what an engine makes of them."""

from __future__ import annotations

from analyzer.model.aws import API, OF_AWS, OF_GROUPS, Aws, ClusterEndpoint, GroupPolicy
from analyzer.model.policies import Direction, Policy
from analyzer.model.unmodelled import Unmodelled, digest_of, stand_in


def aws_stand_ins(aws: Aws) -> tuple[Unmodelled, ...]:
    """What stands for these objects where nothing is known of what an engine makes of them."""
    return (
        *(_of_policy(policy) for policy in aws.policies),
        *(_of_groups(policy, aws) for policy in aws.group_policies),
        *(_of_orphan(it) for it in aws.orphans),
    )


def _of_orphan(made: ClusterEndpoint) -> Unmodelled:
    about = "ClusterPolicyEndpoint", f"{API}/v1alpha1", None, made.name
    why = f"ClusterNetworkPolicy {made.of}, of which it was made, is not among the objects"
    return stand_in(made, about, made.source, why, tuple(Direction))


def _of_policy(policy: Policy) -> Unmodelled:
    return stand_in(
        policy,
        (policy.kind, f"{API}/v1alpha1", policy.namespace, policy.name),
        policy.source,
        OF_AWS,
        tuple(direction for direction in Direction if policy.rules(direction) is not None),
    )


def _of_groups(policy: GroupPolicy, aws: Aws) -> Unmodelled:
    groups = [group for group in aws.groups if group.id in policy.groups]
    return Unmodelled(
        policy.kind,
        "vpcresources.k8s.aws/v1beta1",
        policy.namespace,
        policy.name,
        may_allow=False,
        may_deny=True,
        adds_pods=False,
        source=policy.source,
        why=OF_GROUPS,
        digest=digest_of((policy, groups)),
    )
