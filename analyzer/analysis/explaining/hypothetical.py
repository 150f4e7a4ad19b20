"""One end that stands for a set of the query language: a pod that is not there yet, a workload, a node, addresses."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.ends import NODES, OUTSIDE, Spelt, as_pods
from analyzer.model.formulas import All, AtAddress, Formula, Member, OfWorkload
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import NamespaceChoice, NamespaceNamed
from analyzer.semantics import matches

NEW_POD = "a-new-pod"


def representative(members: Formula, cluster: Cluster) -> tuple[PairEnd, str, tuple[str, ...]] | None:
    """An end in the set, its name in words, and what was chosen where the set left a choice.

    A selector makes a pod that is not there yet, with the labels it asks for and no others.  None if the set has no
    such end, or is not a plain one: a union, an intersection, a difference.
    """
    if (chosen := as_pods(members)) is not None:
        return _new_pod(*chosen, cluster)
    match members:
        case Member(_, OfWorkload(namespace, name)):
            found = [w for w in cluster.workloads if (w.namespace, w.name) == (namespace, name)]
            return (found[0], found[0].id, _kinds(found)) if found else None
        case Member(_, Spelt(addresses, text)):
            return addresses, text.removeprefix("ips "), ()
        case All((kind, Member(_, AtAddress(addresses, text)))) if kind == OUTSIDE:
            return addresses, text, ()
        case _ if members == NODES and cluster.nodes:
            node = cluster.nodes[0]
            return node, f"node {node.name}", (f"took node {node.name} for the nodes",)
        case _:
            return None


def _kinds(found: Sequence[Workload]) -> tuple[str, ...]:
    return (f"took {found[0].id}; there are others of that name",) if len(found) > 1 else ()


def _new_pod(
    namespaces: NamespaceChoice, selector: Selector, cluster: Cluster
) -> tuple[PairEnd, str, tuple[str, ...]] | None:
    name = _namespace(namespaces, cluster)
    labels = _labels(selector)
    if name is None or labels is None:
        return None
    notes: list[str] = []
    if not isinstance(namespaces, NamespaceNamed):
        notes.append(f"took namespace {name} for those that match")
    elif name not in cluster.namespace_by_name:
        notes.append(f"no manifest mentions namespace {name}; it is taken to have no labels but its name")
    fixed = all(r.operator is Operator.IN and len(r.values) == 1 for r in selector.requirements)
    if not fixed:
        shown = ", ".join(f"{key}={value}" for key, value in labels.items()) or "no labels"
        notes.append(f"took {shown} for `{selector}`")
    pod = Workload("Pod", name, NEW_POD, labels, is_single=True)
    described = f"a new pod in namespace {name}"
    described += f" with {', '.join(f'{k}={v}' for k, v in sorted(labels.items()))}" if labels else " without labels"
    return pod, described, tuple(notes)


def _namespace(choice: NamespaceChoice, cluster: Cluster) -> str | None:
    """The one named, else the first that matches by name."""
    if isinstance(choice, NamespaceNamed):
        return choice.name
    known = sorted(cluster.namespaces, key=lambda namespace: namespace.name)
    return next((namespace.name for namespace in known if matches(choice.selector, namespace.labels)), None)


def _labels(selector: Selector) -> Labels | None:
    """The fewest labels that match, with the first value in alphabetical order; None if none do."""
    found: dict[str, str] = {}
    for key in dict.fromkeys(requirement.key for requirement in selector.requirements):
        here = [requirement for requirement in selector.requirements if requirement.key == key]
        wanted = [r for r in here if r.operator in (Operator.IN, Operator.EXISTS)]
        if wanted:
            found[key] = _value(here)
    labels = Labels(found)
    return labels if matches(selector, labels) else None


def _value(requirements: Sequence[Requirement]) -> str:
    """A value that all requirements on one key admit, if there is one."""
    listed = [r.values for r in requirements if r.operator is Operator.IN]
    refused = frozenset().union(*(r.values for r in requirements if r.operator is Operator.NOT_IN))
    if listed:
        return min(frozenset.intersection(*listed) - refused, default="")
    value = "x"
    while value in refused:
        value += "x"
    return value
