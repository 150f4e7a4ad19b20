"""The use cases: cluster, queries and budget to verdicts.  No files, no printing."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.analysis.cases import explain_cases
    from analyzer.analysis.check import check
    from analyzer.analysis.comparing import compare
    from analyzer.analysis.connectivity import EndFilter, Focus, connectivity
    from analyzer.analysis.cross_check import cross_check
    from analyzer.analysis.difference import difference
    from analyzer.analysis.excuses import Excuses
    from analyzer.analysis.explanation import explain
    from analyzer.analysis.exposure import exposure
    from analyzer.analysis.hypothetical import representative
    from analyzer.analysis.ingress import with_ingress
    from analyzer.analysis.inventory_difference import inventory_difference
    from analyzer.analysis.session import CheckSession, Weighed, changed_verdicts
    from analyzer.judging import Setting
    from analyzer.solving import Budget

__all__ = [
    "Budget",
    "CheckSession",
    "EndFilter",
    "Excuses",
    "Focus",
    "Setting",
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
        """Loading a module that is called like its use case must not put it in the use case's place."""
        if not isinstance(value, ModuleType):
            vars(here)[name] = value

    return property(found, keep)


class _UseCases(ModuleType):
    """This module: no use case waits for the others to be loaded."""

    Budget = _later("", "Budget", "analyzer.solving")
    Excuses = _later("excuses", "Excuses")
    Setting = _later("", "Setting", "analyzer.judging")
    check = _later("check", "check")
    cross_check = _later("cross_check", "cross_check")
    CheckSession = _later("session", "CheckSession")
    Weighed = _later("session", "Weighed")
    EndFilter = _later("connectivity", "EndFilter")
    Focus = _later("connectivity", "Focus")
    changed_verdicts = _later("session", "changed_verdicts")
    compare = _later("comparing", "compare")
    connectivity = _later("connectivity", "connectivity")
    difference = _later("difference", "difference")
    explain = _later("explanation", "explain")
    explain_cases = _later("cases", "explain_cases")
    exposure = _later("exposure", "exposure")
    inventory_difference = _later("inventory_difference", "inventory_difference")
    representative = _later("hypothetical", "representative")
    with_ingress = _later("ingress", "with_ingress")


sys.modules[__name__].__class__ = _UseCases
