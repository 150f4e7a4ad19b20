"""Why nothing is in the sets of a vacuous query: a label that no namespace has, and the one that may be meant."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.analysis.notices.telling_labels import tenancy
from analyzer.model.claims import Pack, Query
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Attribute, Formula, Name, Not, Some, Test
from analyzer.model.labels import NAMESPACE_NAME_LABEL

_MOST_TOLD = 5


def why_vacuous(cluster: Cluster, pack: Pack, query: Query) -> Iterator[str]:
    """One sentence without a full stop for each label that the query asks of namespaces and none of them has; where all
    labels are there, for each value."""
    asked = list(dict.fromkeys(pair for members in query.claim.sets for pair in _asked(members)))
    missing = [key for key, _ in asked if not any(key in namespace.labels for namespace in cluster.namespaces)]
    for key in dict.fromkeys(missing):
        yield f"no namespace has the label `{key}`{_guess(cluster, pack, key)}"
    for key, values in () if missing else asked:
        having = [namespace for namespace in cluster.namespaces if key in namespace.labels]
        if values and not any(ns.labels[key] in values for ns in having):
            there = sorted({namespace.labels[key] for namespace in having})
            wanted = ", ".join(f"`{value}`" for value in sorted(values)[:_MOST_TOLD])
            yield f"no namespace has {wanted} as its `{key}`; there are {_told(there)}{_setting(pack, sorted(values))}"


def _asked(members: Formula) -> Iterator[tuple[str, frozenset[str]]]:
    """The labels that are asked for, with the values if some are."""
    match members:
        case All(parts) | Some(parts):
            for part in parts:
                yield from _asked(part)
        case Not(part) if not isinstance(part, Test):
            yield from _asked(part)
        case Test(Attribute(_, Name.NAMESPACE_LABEL, key), meets):
            yield key, meets if isinstance(meets, frozenset) else frozenset()
        case _:
            pass


def _guess(cluster: Cluster, pack: Pack, key: str) -> str:
    """The parameter that names the label, and what it should be: `; try --set tenant=team, which …`."""
    parameter = next((name for name, value in pack.parameters if value == key), None)

    found = tenancy(cluster)
    if found is not None and found.key != key:
        parts = f"`{found.key}`, which is {_told(list(found.values))} there"
        return f"; --set {parameter}={found.key} takes {parts}" if parameter else f"; there is {parts}"
    others = sorted({k for namespace in cluster.namespaces for k in namespace.labels if k != NAMESPACE_NAME_LABEL})
    if not others:
        return "; they have no labels but their names"
    said = f"; they have {_told(others)}"
    return f"{said}, and --set {parameter}=KEY takes another" if parameter else said


def _setting(pack: Pack, values: list[str]) -> str:
    """`; --set NAME=… takes others`, where a parameter of the pack says them."""
    for name, text in pack.parameters:
        if set(values) <= {part.strip() for part in text.split(",")}:
            return f", and --set {name}=… takes others"
    return ""


def _told(values: list[str]) -> str:
    shown = ", ".join(f"`{value}`" for value in values[:_MOST_TOLD])
    return f"{shown} and {len(values) - _MOST_TOLD} more" if len(values) > _MOST_TOLD else shown
