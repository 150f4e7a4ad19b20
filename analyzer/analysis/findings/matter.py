"""What there is to mend about one rule, and a change that may do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.operations import (
    Operation,
)
from analyzer.analysis.findings.probes import Probe, admits, alone, probes_of
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.labels import Selector
from analyzer.model.policies import (
    Direction,
    Policy,
    Rule,
)
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import matches
from analyzer.sets import AddressSet


@dataclass(frozen=True, slots=True)
class Change:
    """The policy as it would be, how its text becomes so, and what is done, in words: `name the ports`.  `meant`: the
    pods that the rule was written for, where that is plain; others it lets through by a slip."""

    policy: Policy
    operations: tuple[Operation, ...]
    said: tuple[str, ...]
    meant: Selector | None = None

    def then(self, other: Change) -> Change:
        return Change(other.policy, (*self.operations, *other.operations), (*self.said, *other.said), self.meant)

    def is_for(self, far: object) -> bool:
        """Whether the rule may have been written for this end."""
        return self.meant is None or (isinstance(far, Pod) and matches(self.meant, far.labels))


@dataclass(frozen=True, slots=True)
class Matter:
    """What there is to mend: one rule of a policy, with the connections that it should not let through."""

    cluster: Cluster
    profile: Profile
    pods: AddressSet
    claims: tuple[Claim, ...]
    direction: Direction
    policy: Policy
    rule: Rule
    probes: tuple[Probe, ...]

    def left(self, policy: Policy) -> tuple[Probe, ...]:
        """The probes that the policy would still let through."""
        by_itself = alone(policy, self.cluster)
        return tuple(it for it in self.probes if admits(by_itself, self.direction, it.connection, self.profile))

    def far(self, probe: Probe) -> object:
        return probe.connection.dst if self.direction is Direction.EGRESS else probe.connection.src

    def with_rule(self, rule: Rule) -> Policy:
        rules = tuple(rule if it is self.rule else it for it in self.policy.rules(self.direction) or ())
        return self.policy.with_rules(self.direction, rules)

    def after(self, policy: Policy) -> Matter:
        """What is left to mend once the policy is so."""
        rule = next(it for it in policy.rules(self.direction) or () if it.index == self.rule.index)
        return replace(self, policy=policy, rule=rule, probes=self.left(policy))


def matter_of(
    cause: Cause, cluster: Cluster, profile: Profile, pods: AddressSet, claims: Sequence[Claim]
) -> Matter | None:
    """`claims`: all that are refuted.  None where the cause is no rule that can be mended so."""
    ref, direction = cause.ref, cause.key.direction
    if ref is None or direction is None or not isinstance(ref.policy, Policy) or not isinstance(ref.rule, Rule):
        return None
    if ref.policy.kind != "NetworkPolicy":
        return None
    probes = tuple(probes_of(cause, cluster, profile))
    return Matter(cluster, profile, pods, tuple(claims), direction, ref.policy, ref.rule, probes)
