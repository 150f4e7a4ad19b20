"""What the oracle says of one connection."""

from __future__ import annotations

from analyzer.model.policies import Direction, RuleRef, Tier
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class Side:
    """The ruling at one end: egress at the source, ingress at the destination.

    `tier` is the tier that decided, None when none did.  `rules`: when allowed by policy, the rules that allow it;
    when denied, the deny rule, or the policies that isolate the end (`rule is None`).  `reason` is one sentence
    without a full stop: `no policy selects it`.  `applies`: the end is one that policies can select.
    """

    direction: Direction
    allowed: bool
    tier: Tier | None
    rules: tuple[RuleRef, ...]
    reason: str
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed iff both sides allow it."""

    egress: Side
    ingress: Side

    @property
    def allowed(self) -> bool:
        return self.egress.allowed and self.ingress.allowed
