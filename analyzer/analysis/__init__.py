"""The one use case: cluster, queries and budget to verdicts.  No files, no printing."""

from analyzer.analysis.check import check
from analyzer.analysis.connectivity import EndFilter, Focus, connectivity
from analyzer.analysis.cross_check import cross_check
from analyzer.analysis.difference import difference
from analyzer.analysis.excuses import Excuses
from analyzer.analysis.explanation import explain
from analyzer.analysis.exposure import exposure
from analyzer.analysis.hypothetical import representative
from analyzer.analysis.ingress import with_ingress
from analyzer.analysis.inventory_difference import inventory_difference
from analyzer.analysis.session import CheckSession
from analyzer.solving import Budget
from analyzer.verdicts import Setting

__all__ = [
    "Budget",
    "CheckSession",
    "EndFilter",
    "Excuses",
    "Focus",
    "Setting",
    "check",
    "connectivity",
    "cross_check",
    "difference",
    "explain",
    "exposure",
    "inventory_difference",
    "representative",
    "with_ingress",
]
