"""What Calico's objects refer to (calico-cilium.md 1.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.errors import Problem
from analyzer.manifests.text.section import nearest
from analyzer.model.calico import BUILT_IN_TIERS, CalicoPolicy, CalicoTier


def without_tier(facts: Iterable[object]) -> Iterator[tuple[Problem, CalicoPolicy]]:
    """Policies of a tier that nothing declares, which Calico's API refuses: its order would be anybody's guess."""
    facts = list(facts)
    known = {*BUILT_IN_TIERS, *(fact.name for fact in facts if isinstance(fact, CalicoTier))}
    for policy in facts:
        if isinstance(policy, CalicoPolicy) and policy.tier not in known:
            close = nearest(policy.tier, known)
            hint = f"did you mean `{close}`?" if close else f"add the Tier `{policy.tier}` to the manifests"
            name = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
            message = f"{policy.kind} {name}: its tier `{policy.tier}` is not declared, so that nobody knows its place"
            yield Problem(policy.source.file, policy.source.line, 0, message, hint), policy
