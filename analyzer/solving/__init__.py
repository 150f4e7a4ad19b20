"""Obligation and budget to outcome.  Solvers are imported here only."""

from analyzer.solving.outcome import Budget, Outcome, OutOfTimeError, Result
from analyzer.solving.scripts import CVC5, Z3, fault_of, is_installed, solve_script, solver_version
from analyzer.solving.session import Session

__all__ = [
    "CVC5",
    "Z3",
    "Budget",
    "OutOfTimeError",
    "Outcome",
    "Result",
    "Session",
    "fault_of",
    "is_installed",
    "solve_script",
    "solver_version",
]
