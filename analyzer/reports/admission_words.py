"""Which requests a proxy lets in, in words and in JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analyzer.verdicts.admissions import Admission, RequestClass, RequestCondition

_NO_SORT = "no request"


def by_line(admissions: Iterable[Admission]) -> dict[str, list[str]]:
    """The workloads of which each line is true."""
    found: dict[str, list[str]] = {}
    for admission in admissions:
        for line in lines(admission):
            found.setdefault(line, []).append(admission.workload)
    return found


def lines(admission: Admission) -> list[str]:
    """`TCP 8080: method GET; path /health or /ready`, one for each class."""
    ports = f"TCP {admission.ports}"
    if not admission.is_complete:
        return [f"{ports}: more sorts of requests than can be listed"]
    return [f"{ports}: {it}" for it in map(_of_class, admission.classes)] or [f"{ports}: {_NO_SORT}"]


def _of_class(one: RequestClass) -> str:
    what = "; ".join(map(_of_condition, one.conditions)) or "every request"
    return what if one.is_certain else f"{what}; perhaps, for not all is known"


def _of_condition(one: RequestCondition) -> str:
    if one.attribute == "request.method" and not one.values:
        return "HTTP" if one.is_met else "no HTTP"
    name = one.attribute.removeprefix("request.").replace("src.address", "from")
    said = f"{name} {' or '.join(one.values)}" if one.values else f"{name} present"
    return said if one.is_met else f"not {said}"


def admission_json(admission: Admission) -> dict[str, Any]:
    return {
        "workload": admission.workload,
        "ports": [list(pair) for pair in admission.ports],
        "complete": admission.is_complete,
        "classes": [
            {
                "certain": it.is_certain,
                "conditions": [
                    {"attribute": each.attribute, "met": each.is_met, "values": list(each.values)}
                    for each in it.conditions
                ],
            }
            for it in admission.classes
        ],
    }
