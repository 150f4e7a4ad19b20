"""What stands in the user's own text, and what an edit of ours put beside it: nobody is told of the latter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.model.cluster import Cluster
from analyzer.model.policies import Direction, PolicyLike, RuleLike, RuleRef
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """The policies of a cluster, by id, as its user wrote them."""

    policies: Mapping[str, PolicyLike]

    @classmethod
    def of(cls, cluster: Cluster) -> Written:
        found: Sequence[PolicyLike] = (*cluster.policies, *cluster.calico.policies, *cluster.cilium.policies)
        return cls({policy.id: policy for policy in found})

    def original(self, ref: RuleRef) -> RuleRef:
        """The same rule as the user wrote it; as it is where it is of no kind that edits change."""
        policy = self.policies.get(ref.policy.id)
        if policy is None:
            return ref
        if not callable(getattr(policy, "rules", None)):
            return RuleRef(policy, ref.direction, ref.rule)
        index = ref.rule.index if ref.rule is not None else None
        rule = next((it for it in _rules(policy, ref.direction) or () if it.index == index), None)
        return RuleRef(policy, ref.direction, rule)

    def has(self, ref: RuleRef) -> bool:
        """Whether the policy has that rule by the user's hand; without a rule, whether it closes that direction so."""
        policy = self.policies.get(ref.policy.id)
        rules = _rules(policy, ref.direction) if policy is not None else None
        if policy is None or (rules is None and not callable(getattr(policy, "rules", None))):
            return True  # of a kind whose rules edits narrow and do not add
        if ref.rule is None:
            return rules is not None
        return any(it.index == ref.rule.index for it in rules or ())


def _rules(policy: PolicyLike, direction: Direction) -> Sequence[RuleLike] | None:
    of_direction = getattr(policy, "rules", None)
    rules = of_direction(direction) if callable(of_direction) else None
    if rules is None and callable(of_direction):  # rules that its types do not count are there all the same
        rules = getattr(policy, f"unlisted_{direction.value}", None) or None
    return rules
