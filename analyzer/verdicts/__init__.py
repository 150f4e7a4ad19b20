"""Outcome to verdict: witness, replay in the oracle, generalisation, blame."""

from analyzer.verdicts.judge import Setting, judge, question_of
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
    "Setting",
    "StatedAssumption",
    "Statistics",
    "Status",
    "Step",
    "Verdict",
    "judge",
    "question_of",
]
