"""Whether both ends of a connection are on one node, as far as pods that run, and nodes themselves, tell."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import FALSE, Attribute, Formula, Name, Open, Role, Test, both, either, negated
from analyzer.model.memory import remembered
from analyzer.model.open_facts import OpenFact
from analyzer.model.placement import ADMITTED, names_of
from analyzer.records import dataclass

_ENDS = (Role.SRC, Role.DST)


@dataclass(frozen=True, slots=True)
class OneNode:
    """`is_sure`: both are on the same; `may_be`: nothing tells that they are on different ones."""

    is_sure: Formula
    may_be: Formula

    def unless(self, fact: OpenFact) -> Formula:
        """They are on one node, or may be, which is the open fact."""
        return either([self.is_sure, both([negated(self.is_sure), self.may_be, Open(fact)])])


def one_node(cluster: Cluster, *, are_all: bool) -> OneNode:
    """As the nodes tell by name that pods are bound to (`spec.nodeName`); where the declared nodes `are_all` there are,
    those too that pods to come may be bound to."""
    return _of_all(cluster) if are_all else _of_bound(cluster)


@remembered
def _of_all(cluster: Cluster) -> OneNode:
    return _one_node(cluster, lambda text: text.removeprefix(ADMITTED))


@remembered
def _of_bound(cluster: Cluster) -> OneNode:
    return _one_node(cluster, lambda text: "" if text.startswith(ADMITTED) else text)


def _one_node(cluster: Cluster, names_in: Callable[[str], str]) -> OneNode:
    told = {text for workload in cluster.workloads if (text := workload.host.nodes) and names_in(text)}
    sets = {text: tuple(names_in(text).split(",")[:-1]) for text in told}
    sets |= {names_of([node.name]): (node.name,) for node in cluster.nodes}
    on: dict[str, set[str]] = {}
    for text, names in sets.items():
        for name in names:
            on.setdefault(name, set()).add(text)
    alone = {name: {text for text in texts if sets[text] == (name,)} for name, texts in on.items()}
    sure = either(both(_is_on(alone[name], role) for role in _ENDS) for name in sorted(on))
    shared = [both(_is_on(texts, role) for role in _ENDS) for _, texts in sorted(on.items())]
    return OneNode(sure, either([*(negated(_is_on(set(sets), role)) for role in _ENDS), *shared]))


def _is_on(nodes: set[str], role: Role) -> Formula:
    return Test(Attribute(role, Name.NODES), frozenset(nodes)) if nodes else FALSE
