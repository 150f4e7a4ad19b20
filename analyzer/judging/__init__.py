"""Outcome to verdict: witness, replay in the oracle, generalisation, disjoint regions, provenance."""

from analyzer.judging.judge import Setting, judge, question_of

__all__ = ["Setting", "judge", "question_of"]
