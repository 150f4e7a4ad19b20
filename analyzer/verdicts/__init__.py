"""What was found, as frozen data: verdicts, regions, differences, explanations."""

from analyzer.model.formulas import Role
from analyzer.verdicts.regions import Attribute, Constraint, EndRegion, Region
from analyzer.verdicts.steps import Step
from analyzer.verdicts.verdict import (
    Answer,
    Counterexample,
    CrossCheck,
    Section,
    StatedAssumption,
    Statistics,
    Status,
    Verdict,
)

__all__ = [
    "Answer",
    "Attribute",
    "Constraint",
    "Counterexample",
    "CrossCheck",
    "EndRegion",
    "Region",
    "Role",
    "Section",
    "StatedAssumption",
    "Statistics",
    "Status",
    "Step",
    "Verdict",
]
