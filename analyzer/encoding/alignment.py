"""Two revisions over one set of namespaces, so that a pod of the one is a pod of the other.

| a namespace | is taken |
|---|---|
| declared in both | with the labels that each side writes |
| declared in one, absent from or merely mentioned in the other | with the declared labels on both sides |
| mentioned only | with labels nobody knows, the same on both sides |

Its policies on each side are those of that side, hence none where it is absent.  A workload is an end of connections
by its labels, namespace, service account and ports, whichever side declares it; one that changed is two ends.  A pod's
address may lie wherever either side lets it; an address that is nobody's on one side is outside the cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from operator import attrgetter

from analyzer.model.cluster import Cluster, Namespace, Node, Workload
from analyzer.model.source import NOWHERE
from analyzer.records import dataclass


def align(before: Cluster, after: Cluster) -> tuple[Cluster, Cluster]:
    """The same two clusters, each with the namespaces of both, in one order; those that have them already, as they
    are, with all that was derived from them."""
    names = sorted({name for side in (before, after) for name in side.namespace_by_name})
    return _aligned(before, after, names), _aligned(after, before, names)


def _aligned(side: Cluster, other: Cluster, names: Sequence[str]) -> Cluster:
    namespaces = tuple(_namespace(name, side, other) for name in names)
    return side if namespaces == side.namespaces else replace(side, namespaces=namespaces)


def _namespace(name: str, side: Cluster, other: Cluster) -> Namespace:
    own, its = side.namespace_by_name.get(name), other.namespace_by_name.get(name)
    if own is not None and (own.is_declared or its is None or not its.is_declared):
        return own
    assert its is not None  # it is there on one side at least
    return its


def members_of(before: Cluster, after: Cluster) -> Cluster:
    """The workloads and nodes that are there on either side, those alike once."""
    known = after.derived.get(members_of)
    if isinstance(known, _Members) and known.before is before:
        return known.both
    workloads = {_likeness(w): w for w in (*before.workloads, *after.workloads)}
    nodes: dict[Node, Node] = {replace(n, source=NOWHERE): n for n in (*before.nodes, *after.nodes)}
    both = Cluster(after.namespaces, tuple(workloads.values()), tuple(nodes.values()))
    after.derived[members_of] = _Members(before, both)
    return both


@dataclass(frozen=True, slots=True, eq=False)
class _Members:
    before: Cluster
    both: Cluster


# Everything about a workload but where it is written.
_likeness = attrgetter(*(field.name for field in fields(Workload) if field.name != "source"))
