"""Why one end can or cannot open connections to another: what a report of `netproof explain` prints."""

from __future__ import annotations

from enum import Enum

from analyzer.model.policies import Direction, RuleRef
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.sets import ConnectionSet


class Effect(Enum):
    """What a rule, or with `rule is None` a policy as a whole, does to the connections asked about."""

    ALLOWS = "allows"
    DENIES = "denies"
    PASSES = "passes"
    ISOLATES = "isolates"  # a NetworkPolicy that selects the end
    SELECTS = "selects"  # a first-match policy that selects the end
    NO_MATCH = "does not match"
    NOT_REACHED = "is not reached"  # what comes before it decides everything asked about
    NOT_SELECTED = "does not select"
    END_DENIES = "denies at the end of the tier"  # of those that no rule of the tier matches
    END_PASSES = "passes at the end of the tier"


class Outcome(Enum):
    """Whether what is asked about is let through; `unknown` where that hangs on what is not known."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


def outcome_of(allowed: ConnectionSet, certain: ConnectionSet) -> Outcome:
    """Allowed if some passes for certain, denied if none may pass."""
    if certain:
        return Outcome.ALLOWED
    return Outcome.UNKNOWN if allowed else Outcome.DENIED


@dataclass(frozen=True, slots=True)
class Step:
    """One rule or policy, in order of evaluation, of the tier of that name; at its end the policy that the end of the
    tier is put down to.

    `connections`: those it decides; `is_certain` is False when whether it does hangs on what is not known.  `why` is a
    phrase without a full stop: why it does not match, does not select, or may match only.
    """

    tier: str
    ref: RuleRef
    effect: Effect
    connections: ConnectionSet = ConnectionSet.EMPTY
    is_certain: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class SideExplanation:
    """The ruling at one end, or with `stage` that of the mesh on requests.

    `rules`: those that decided, where the steps do not tell.  `reason` is one sentence without a full stop.  `applies`:
    policies can select the end.
    """

    direction: Direction
    allowed: ConnectionSet
    certain: ConnectionSet
    reason: str
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    applies: bool = True
    stage: str = ""
    rules: tuple[RuleRef, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What becomes of what is asked about at this end; as for the whole."""
        return outcome_of(self.allowed, self.certain)

    @property
    def deciding(self) -> tuple[RuleRef, ...]:
        """The rules that allow, deny or pass something asked about; where none allows, what isolates the end too."""
        wanted = {Effect.ALLOWS, Effect.DENIES, Effect.PASSES}
        if not self.allowed:
            wanted |= {Effect.ISOLATES, Effect.END_DENIES}
        return self.rules or tuple(step.ref for step in self.steps if step.effect in wanted)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Both ends in words, the connections asked about, and what is allowed of them: may be, and for certain.

    `cases`: where an end stands for pods that differ, each sort of them with what is allowed then.  `request`: what a
    mesh says of the request, None where there is no mesh.  `reason`: what settles it, where the rules shown do not.
    """

    src: str
    dst: str
    asked: ConnectionSet
    allowed: ConnectionSet
    certain: ConnectionSet
    egress: SideExplanation
    ingress: SideExplanation
    profile: Profile
    notes: tuple[str, ...] = ()
    cases: tuple[tuple[str, Explanation], ...] = ()
    request: SideExplanation | None = None
    reason: str = ""

    @property
    def why(self) -> str:
        """What settles it, or what each stage says, in one line."""
        stages = (f"{side.stage or side.direction.value}: {side.reason}" for side in self.sides if side.reason)
        return self.reason or "; ".join(stages)

    @property
    def sides(self) -> tuple[SideExplanation, ...]:
        """Every stage that there is."""
        return (self.egress, self.ingress, *((self.request,) if self.request is not None else ()))

    @property
    def outcome(self) -> Outcome:
        """Allowed if some of what is asked about passes for certain, denied if none of it may pass."""
        return outcome_of(self.allowed, self.certain)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question of a batch: its id, both ends in words, the ports as they were written, and why."""

    id: str | int
    src: str
    dst: str
    on: str
    outcome: Outcome
    reason: str
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(id_: str | int, on: str, found: Explanation) -> Answer:
        """The explanation cut to one line."""
        notes = (*found.notes, *(note for side in found.sides for note in side.notes))
        return Answer(id_, found.src, found.dst, on, found.outcome, found.why, notes)
