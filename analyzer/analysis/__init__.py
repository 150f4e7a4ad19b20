"""The one use case: cluster, queries and budget to verdicts.  No files, no printing."""

from analyzer.analysis.check import check
from analyzer.solving import Budget
from analyzer.verdicts import Setting

__all__ = ["Budget", "Setting", "check"]
