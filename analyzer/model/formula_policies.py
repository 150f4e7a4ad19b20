"""Policies that say by formulas whom they select and what they match: of kinds that nothing of an engine's knobs, or
of the cluster, gives another meaning.

Such a kind is a file of `manifests/kinds` that makes them, and a line of `reading.FORMULA_TIERS` for their tier.
"""

from __future__ import annotations

from analyzer.model.formulas import Formula
from analyzer.model.policies import Action, Direction
from analyzer.model.source import Source
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class FormulaRule:
    """`when` is over SRC, DST and ports; `index` counts from 0 in the file's list."""

    action: Action
    when: Formula
    index: int
    source: Source
    name: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class FormulaPolicy:
    """`tier` names the tier that it is in; `subject` is over SELF; rules are None for a direction that it does not
    speak of.  Of equal `priority` nobody knows which goes first."""

    kind: str
    namespace: str | None
    name: str
    tier: str
    subject: Formula
    ingress: tuple[FormulaRule, ...] | None
    egress: tuple[FormulaRule, ...] | None
    source: Source
    priority: int = 0

    def rules(self, direction: Direction) -> tuple[FormulaRule, ...] | None:
        return self.ingress if direction is Direction.INGRESS else self.egress

    @property
    def scale(self) -> str:
        return self.tier

    @property
    def id(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
