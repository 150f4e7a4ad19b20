"""Two revisions over one set of namespaces, so that a pod of the one is a pod of the other.

| a namespace | is taken |
|---|---|
| declared in both | with the labels that each side writes |
| declared in one, absent from or merely mentioned in the other | with the declared labels on both sides |
| mentioned only | with labels nobody knows, the same on both sides |

Its policies on each side are those of that side, hence none where it is absent.  A workload is an end of connections
by its labels, namespace, service account and ports, whichever side declares it; one that changed is two ends.  But one
that joins its node's network, or leaves it, is one end: no policy selects it on the one side, and some may on the
other; its address is taken to be the same.  So is one before which a proxy of the mesh stands on one side only, or
another one, as its annotations and containers say.  A pod's
address may lie wherever either side lets it; an address that is nobody's on one side is outside the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from operator import attrgetter

from analyzer.model.calico import NO_CALICO, Calico
from analyzer.model.cluster import Cluster, Namespace, Node, Workload
from analyzer.model.enforcing import still_enforced
from analyzer.model.labels import Labels
from analyzer.model.memory import remembered
from analyzer.model.mesh_annotations import known_annotations
from analyzer.model.source import NOWHERE
from analyzer.records import dataclass


def align(before: Cluster, after: Cluster) -> tuple[Cluster, Cluster]:
    """The same two clusters, each with the namespaces of both, in one order; those that have them already, as they
    are, with all that was derived from them."""
    names = sorted({name for side in (before, after) for name in side.namespace_by_name})
    return _aligned(before, after, names), _aligned(after, before, names)


def _aligned(side: Cluster, other: Cluster, names: Sequence[str]) -> Cluster:
    namespaces = tuple(_namespace(name, side, other) for name in names)
    annotated = frozenset(known_annotations(other)) - frozenset(known_annotations(side)) | side.mesh.annotated
    if namespaces == side.namespaces and annotated == side.mesh.annotated:
        return side
    mesh = replace(side.mesh, annotated=annotated)
    return still_enforced(replace(side, namespaces=namespaces, mesh=mesh), side)


def _namespace(name: str, side: Cluster, other: Cluster) -> Namespace:
    own, its = side.namespace_by_name.get(name), other.namespace_by_name.get(name)
    if own is not None and (own.is_declared or its is None or not its.is_declared):
        return own
    assert its is not None  # it is there on one side at least
    return its


def is_on_host(workload: Workload, side: Cluster) -> bool:
    """Whether the workload is on its node's network on that side: as it is written there, if its pods are all so or
    all not so, else as it is here."""
    found = _networks(side).get(workload.id, ())
    return next(iter(found)) if len(found) == 1 else workload.host_network


@remembered
def _networks(side: Cluster) -> dict[str, set[bool]]:
    """By a workload's name and namespace: whether its pods are on their nodes' network."""
    found: dict[str, set[bool]] = {}
    for workload in side.workloads:
        found.setdefault(workload.id, set()).add(workload.host_network)
    return found


def annotated_in(workload: Workload, side: Cluster) -> tuple[Labels, ...]:
    """What says which proxy stands before the workload's pods on that side, as it is written of them there; of all
    pods of their owner, where they have other names.  More than one, where they are not alike and none is as here."""
    by_id, by_owner = _annotated(side)
    found = by_id.get(workload.id) or by_owner.get(workload.owner) or ()
    return (workload.annotations,) if not found or workload.annotations in found else tuple(found)


@remembered
def _annotated(side: Cluster) -> tuple[dict[str, dict[Labels, None]], dict[str, dict[Labels, None]]]:
    """By a workload's id, and by its owner."""
    by_id: dict[str, dict[Labels, None]] = {}
    by_owner: dict[str, dict[Labels, None]] = {}
    for workload in side.workloads:
        by_id.setdefault(workload.id, {})[workload.annotations] = None
        by_owner.setdefault(workload.owner, {})[workload.annotations] = None
    return by_id, by_owner


def changes_proxies(before: Cluster, after: Cluster) -> frozenset[str]:
    """The namespaces of workloads of both sides before which another proxy stands, or none."""
    sides = ((before, after), (after, before)) if before.workloads is not after.workloads else ()
    return frozenset(w.namespace for side, other in sides for w in side.workloads if _changes_proxy(w, other))


def _changes_proxy(workload: Workload, other: Cluster) -> bool:
    return workload.annotations not in annotated_in(workload, other)


def changes_network(before: Cluster, after: Cluster) -> bool:
    """Whether a workload of both sides joins its node's network or leaves it."""
    sides = ((before, after), (after, before)) if before.workloads is not after.workloads else ()
    return any(w.host_network != is_on_host(w, other) for side, other in sides for w in side.workloads)


def members_of(before: Cluster, after: Cluster, *, asks_proxies: bool = False) -> Cluster:
    """The workloads and nodes that are there on either side, those alike once; a workload that joins its node's network
    or leaves it as `after` has it, and one that gets another proxy, or loses it, if `asks_proxies`."""
    known = after.readings.get((members_of, asks_proxies))
    if isinstance(known, _Members) and known.before is before:
        return known.both
    still = (w for w in before.workloads if w.host_network == is_on_host(w, after))
    if asks_proxies:
        still = (it for w in still for it in _with_its_proxy(w, after))
    workloads = {_likeness(w): w for w in (*still, *after.workloads)}
    nodes: dict[Node, Node] = {replace(n, source=NOWHERE): n for n in (*before.nodes, *after.nodes)}
    makers = {(u.namespace, u.id, u.content): u for u in (*before.unmodelled, *after.unmodelled) if u.adds_pods}
    pools = dict.fromkeys((*before.calico.pools, *after.calico.pools))
    both = Cluster(
        after.namespaces,
        tuple(workloads.values()),
        tuple(nodes.values()),
        unmodelled=tuple(makers.values()),
        calico=Calico(pools=tuple(pools)) if pools else NO_CALICO,
    )
    after.readings[members_of, asks_proxies] = _Members(before, both)
    return both


def _with_its_proxy(workload: Workload, after: Cluster) -> Iterator[Workload]:
    """The workload with what stands before it afterwards; nothing where `after` has the very workload, with another."""
    if not _changes_proxy(workload, after):
        yield workload
    elif workload.id not in _annotated(after)[0]:
        yield from (replace(workload, annotations=found) for found in annotated_in(workload, after))


@dataclass(frozen=True, slots=True, eq=False)
class _Members:
    before: Cluster
    both: Cluster


# Everything about a workload but where it is written.
_likeness = attrgetter(*(field.name for field in fields(Workload) if field.name != "source"))
