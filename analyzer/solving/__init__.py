"""Obligation and budget to outcome.  Z3 is imported here only."""

from analyzer.solving.outcome import Budget, Outcome, Result
from analyzer.solving.session import Session

__all__ = ["Budget", "Outcome", "Result", "Session"]
