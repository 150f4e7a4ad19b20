"""Outcome to verdict: witness, replay in the oracle, generalisation, disjoint regions, provenance."""

from analyzer.judging.judge import judge, question_of
from analyzer.judging.setting import Setting

__all__ = ["Setting", "judge", "question_of"]
