"""What was found, as frozen data: verdicts, regions, differences, explanations."""

from analyzer.verdicts.steps import Step
from analyzer.verdicts.verdict import (
    Answer,
    Counterexample,
    CrossCheck,
    EndRegion,
    Region,
    Section,
    StatedAssumption,
    Statistics,
    Status,
    Verdict,
)

__all__ = [
    "Answer",
    "Counterexample",
    "CrossCheck",
    "EndRegion",
    "Region",
    "Section",
    "StatedAssumption",
    "Statistics",
    "Status",
    "Step",
    "Verdict",
]
