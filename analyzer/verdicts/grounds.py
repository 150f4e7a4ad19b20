"""Which rules decide what a connectivity map shows.  Frozen facts, by classes of ends as the map has them."""

from __future__ import annotations

from analyzer.model.policies import Action, Direction, RuleRef
from analyzer.records import dataclass
from analyzer.sets import ConnectionSet


@dataclass(frozen=True, slots=True)
class Deciding:
    """One rule and the connections that it decides, or may decide, where no rule before it did.

    `action` is what it comes to: a rule with a peer of an unknown kind denies, whatever it says (reference B3.2).
    """

    ref: RuleRef
    action: Action
    connections: ConnectionSet


@dataclass(frozen=True, slots=True)
class Ground:
    """What decides at each end of `near` on connections with each end of `far`.

    `near` are sources where `direction` is egress, destinations where it is ingress.  `rules` stand in order of
    evaluation.  `reason` is one phrase: why something is allowed where no rule allows it.
    """

    direction: Direction
    near: int
    far: int
    rules: tuple[Deciding, ...]
    reason: str
