"""What the oracle says of one connection."""

from __future__ import annotations

from enum import Enum

from analyzer.model.policies import RuleRef, Tier
from analyzer.records import dataclass


class StageVerdict(Enum):
    """What a stage says; NONE: it does not apply, so that it denies nothing."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The word of one stage, called as in the pipeline: `egress` at the source, `ingress` at the destination.

    `tier` is the tier that decided, None when none did.  `rules`: when allowed by policy, the rules that allow it;
    when denied, the deny rule, or the policies that isolate the end (`rule is None`).  `reason` is one sentence
    without a full stop: `no policy selects it`.  `applies`: the end is one that policies can select.
    """

    stage: str
    verdict: StageVerdict
    tier: Tier | str | None
    rules: tuple[RuleRef, ...]
    reason: str
    applies: bool = True

    @property
    def allowed(self) -> bool:
        return self.verdict is not StageVerdict.DENIED


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed iff no stage denies it."""

    stages: tuple[Ruling, ...]

    @property
    def allowed(self) -> bool:
        return all(ruling.allowed for ruling in self.stages)

    def at(self, stage: str) -> Ruling:
        """The ruling of the stage of that name."""
        return next(ruling for ruling in self.stages if ruling.stage == stage)
