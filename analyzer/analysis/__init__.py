"""The use cases: cluster, queries and budget to verdicts.  No files, no printing."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.analysis.checking.check import check
    from analyzer.analysis.checking.cross_check import cross_check
    from analyzer.analysis.checking.excuses import Excuses
    from analyzer.analysis.checking.session import CheckSession, Standing, Weighed, changed_verdicts
    from analyzer.analysis.connectivity import EndFilter, Focus, connectivity
    from analyzer.analysis.connectivity.exposure import exposure
    from analyzer.analysis.connectivity.ingress import with_ingress
    from analyzer.analysis.explaining.cases import explain_cases
    from analyzer.analysis.explaining.explanation import explain
    from analyzer.analysis.explaining.hypothetical import representative
    from analyzer.analysis.revisions.comparing import compare
    from analyzer.analysis.revisions.difference import difference
    from analyzer.analysis.revisions.inventory_difference import inventory_difference
    from analyzer.judging import Setting
    from analyzer.solving import Budget

__all__ = [
    "Budget",
    "CheckSession",
    "EndFilter",
    "Excuses",
    "Focus",
    "Setting",
    "Standing",
    "Weighed",
    "changed_verdicts",
    "check",
    "compare",
    "connectivity",
    "cross_check",
    "difference",
    "explain",
    "explain_cases",
    "exposure",
    "inventory_difference",
    "representative",
    "with_ingress",
]


def _later(home: str, name: str, room: str = __name__) -> property:
    """The name, from its home module, which is loaded when it is first asked for."""

    def found(here: ModuleType) -> object:
        return vars(here).get(name) or getattr(import_module(f"{room}.{home}" if home else room), name)

    def keep(here: ModuleType, value: object) -> None:
        """Loading the room `connectivity` must not put it in the place of the use case of that name."""
        if not isinstance(value, ModuleType):
            vars(here)[name] = value

    return property(found, keep)


class _UseCases(ModuleType):
    """This module: no use case waits for the others to be loaded."""

    Budget = _later("", "Budget", "analyzer.solving")
    Excuses = _later("checking.excuses", "Excuses")
    Setting = _later("", "Setting", "analyzer.judging")
    check = _later("checking.check", "check")
    cross_check = _later("checking.cross_check", "cross_check")
    CheckSession = _later("checking.session", "CheckSession")
    Standing = _later("checking.session", "Standing")
    Weighed = _later("checking.session", "Weighed")
    EndFilter = _later("connectivity", "EndFilter")
    Focus = _later("connectivity", "Focus")
    changed_verdicts = _later("checking.session", "changed_verdicts")
    compare = _later("revisions.comparing", "compare")
    connectivity = _later("connectivity", "connectivity")
    difference = _later("revisions.difference", "difference")
    explain = _later("explaining.explanation", "explain")
    explain_cases = _later("explaining.cases", "explain_cases")
    exposure = _later("connectivity.exposure", "exposure")
    inventory_difference = _later("revisions.inventory_difference", "inventory_difference")
    representative = _later("explaining.hypothetical", "representative")
    with_ingress = _later("connectivity.ingress", "with_ingress")


sys.modules[__name__].__class__ = _UseCases
