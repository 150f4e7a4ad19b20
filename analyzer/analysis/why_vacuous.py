"""Why nothing is in the sets of a vacuous query: a label that no namespace has, and the one that may be meant."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.encoding.walk import claim_sets, leaves
from analyzer.model.claims import Pack, PodsIn, Query
from analyzer.model.cluster import Cluster
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Operator, Requirement
from analyzer.model.policies import NamespacesMatching

_MOST_TOLD = 5


def why_vacuous(cluster: Cluster, pack: Pack, query: Query) -> Iterator[str]:
    """One sentence without a full stop for each label that the query asks of namespaces and none of them has; where all
    labels are there, for each value."""
    asked = list(dict.fromkeys(_asked(query)))
    missing = [it.key for it in asked if not any(it.key in namespace.labels for namespace in cluster.namespaces)]
    for key in dict.fromkeys(missing):
        yield f"no namespace has the label `{key}`{_guess(cluster, pack, key)}"
    for requirement in () if missing else asked:
        having = [namespace for namespace in cluster.namespaces if requirement.key in namespace.labels]
        if requirement.values and not any(ns.labels[requirement.key] in requirement.values for ns in having):
            there = sorted({namespace.labels[requirement.key] for namespace in having})
            wanted = ", ".join(f"`{value}`" for value in sorted(requirement.values)[:_MOST_TOLD])
            yield (
                f"no namespace has {wanted} as its `{requirement.key}`; there are {_told(there)}"
                f"{_setting(pack, sorted(requirement.values))}"
            )


def _asked(query: Query) -> Iterator[Requirement]:
    for leaf in claim_sets(query.claim):
        for part in leaves(leaf):
            if isinstance(part, PodsIn) and isinstance(part.namespaces, NamespacesMatching):
                for requirement in part.namespaces.selector.requirements:
                    if requirement.operator in (Operator.IN, Operator.EXISTS):
                        yield requirement


def _guess(cluster: Cluster, pack: Pack, key: str) -> str:
    """The parameter that names the label, and what it should be: `; try --set tenant=team, which …`."""
    parameter = next((name for name, value in pack.parameters if value == key), None)
    from analyzer.analysis.telling_labels import tenancy

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
