"""Why nothing is in the sets of a vacuous query: a label that no namespace has, and the one that may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.analysis.notices.telling_labels import tenancy
from analyzer.model.claims import Pack, Query
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Attribute, Formula, Name, Not, Some, Test
from analyzer.model.labels import NAMESPACE_NAME_LABEL

_MOST_TOLD = 5
_SAY_NOTHING = frozenset({"", "label", "name", "io", "com", "k8s", "kubernetes", "level", "type", "kind", "class"})


def why_vacuous(cluster: Cluster, pack: Pack, query: Query) -> Iterator[str]:
    """One sentence without a full stop for each label that the query asks of namespaces and none of them has; where all
    labels are there, for each value."""
    asked = list(dict.fromkeys(pair for members in query.claim.sets for pair in _asked(members)))
    missing = [key for key, _ in asked if not any(key in namespace.labels for namespace in cluster.namespaces)]
    for key in dict.fromkeys(missing):
        wanted = frozenset(value for each, values in asked if each == key for value in values)
        yield f"no namespace has the label `{key}`{_guess(cluster, pack, key, wanted)}"
    for key, values in () if missing else asked:
        having = [namespace for namespace in cluster.namespaces if key in namespace.labels]
        if values and not any(ns.labels[key] in values for ns in having):
            there = sorted({namespace.labels[key] for namespace in having})
            named = ", ".join(f"`{value}`" for value in sorted(values)[:_MOST_TOLD])
            yield f"no namespace has {named} as its `{key}`; there are {_told(there)}{_setting(pack, sorted(values))}"


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


def _guess(cluster: Cluster, pack: Pack, key: str, wanted: frozenset[str]) -> str:
    """The parameter that names the label, and what it should be: `; --set tenant=team takes …`.

    Of a label that is asked for with values (`wanted`), only one that has such a value, or is called alike, is guessed.
    """
    parameter = next((name for name, value in pack.parameters if value == key), None)
    if wanted:
        return _elsewhere(cluster, pack, key, wanted, parameter)
    found = tenancy(cluster)
    if found is not None and found.key != key:
        parts = f"`{found.key}`, which is {_told(list(found.values))} there"
        return f"; --set {parameter}={found.key} takes {parts}" if parameter else f"; there is {parts}"
    return _others(cluster, parameter)


def _elsewhere(cluster: Cluster, pack: Pack, key: str, wanted: frozenset[str], parameter: str | None) -> str:
    """Where else such a value stands, or which label is called alike; what namespaces have, where nothing is."""
    values: dict[str, set[str]] = {}
    for namespace in cluster.namespaces:
        for name, value in namespace.labels.items():
            if name != NAMESPACE_NAME_LABEL:
                values.setdefault(name, set()).add(value)
    having = [name for name, there in values.items() if {it.lower() for it in there} & {it.lower() for it in wanted}]
    alike = [name for name in values if _words(name) & _words(key)]
    for name in (*sorted(having), *sorted(alike)):
        told = f"`{name}`, which is {_told(sorted(values[name]))} there"
        if parameter is None:
            return f"; there is {told}"
        return f"; --set {parameter}={name} takes {told}{_values_set(pack, wanted, values[name])}"
    if owner := next((workload for workload in cluster.workloads if key in workload.labels), None):
        return f"; workloads have it, as {owner.namespace}/{owner.name}, and this asks of their namespaces"
    return _others(cluster, parameter)


def _words(key: str) -> frozenset[str]:
    """The words of a label's key that say what it is about."""
    return frozenset(re.split(r"[-./_]", key.rpartition("/")[2].lower())) - _SAY_NOTHING


def _values_set(pack: Pack, wanted: frozenset[str], there: set[str]) -> str:
    """`, and --set cde=… names its values`, where it has none of those that are asked for."""
    if wanted & there:
        return ""
    names = [name for name, text in pack.parameters if text in wanted]
    return f", and --set {names[0]}=… names its values" if names else ""


def _others(cluster: Cluster, parameter: str | None) -> str:
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
