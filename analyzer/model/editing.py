"""A cluster with some of its objects put in, changed or taken out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from analyzer.model.cluster import Cluster, Namespace, Node, Service, Workload
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Policy

Object = Policy | Namespace | Workload | Node | Service
"""What can be put into a cluster."""

Part = TypeVar("Part", bound=Object)


def object_name(thing: Object) -> str:
    """`NetworkPolicy shop/db`, `Namespace shop`, `Deployment shop/web`, `Node n1`: what it is taken out by."""
    match thing:
        case Workload():
            return f"{thing.kind} {thing.namespace}/{thing.name}"
        case Namespace() | Node():
            return f"{type(thing).__name__} {thing.name}"
        case _:
            return thing.id


def edited(cluster: Cluster, put: Iterable[Object] = (), removed: Iterable[str] = ()) -> Cluster:
    """The cluster with the objects of `put` in the place of those of the same name, and without the `removed`.

    A namespace that an object names and nothing declares is mentioned from then on; one that nothing mentions any more
    stays, for what else mentioned it is not known.  KeyError for a name that no object has.
    """
    new, gone = list(put), set(removed)
    own = [thing for thing in new if isinstance(thing, Policy)]
    if len(own) == len(new) and gone <= {p.id for p in cluster.policies} and _are_home(own, cluster):
        return replace(cluster, policies=_by_order(cluster.policies, own, gone | {p.id for p in own}))
    if unknown := sorted(gone - {object_name(thing) for thing in _objects(cluster)}):
        raise KeyError(unknown[0])
    gone |= {object_name(thing) for thing in new}
    namespaces = {n.name: n for n in cluster.namespaces if object_name(n) not in gone}
    namespaces |= {n.name: n for n in new if isinstance(n, Namespace)}
    workloads = _kept(cluster.workloads, [w for w in new if isinstance(w, Workload)], gone)
    services = _kept(cluster.services, [s for s in new if isinstance(s, Service)], gone)
    policies = _by_order(cluster.policies, own, gone)
    placed: list[Policy | Workload | Service] = [*policies, *workloads, *services]
    for thing in placed:
        if thing.namespace and thing.namespace not in namespaces:
            labels = Labels({NAMESPACE_NAME_LABEL: thing.namespace})
            namespaces[thing.namespace] = Namespace(thing.namespace, labels, False, thing.source)
    return replace(
        cluster,
        namespaces=tuple(sorted(namespaces.values(), key=lambda n: n.name)),
        workloads=tuple(sorted(workloads, key=lambda w: (w.namespace, w.name, w.kind, w.group))),
        nodes=tuple(sorted(_kept(cluster.nodes, [n for n in new if isinstance(n, Node)], gone), key=lambda n: n.name)),
        services=tuple(sorted(services, key=lambda s: (s.namespace, s.name))),
        policies=policies,
    )


def _objects(cluster: Cluster) -> Iterable[Object]:
    yield from cluster.policies
    yield from cluster.namespaces
    yield from cluster.workloads
    yield from cluster.nodes
    yield from cluster.services


def _are_home(policies: Iterable[Policy], cluster: Cluster) -> bool:
    """Whether they mention no namespace that is not known."""
    return all(policy.namespace is None or policy.namespace in cluster.namespace_by_name for policy in policies)


def _kept(old: Iterable[Part], new: Iterable[Part], gone: set[str]) -> list[Part]:
    return [thing for thing in old if object_name(thing) not in gone] + list(new)


def _by_order(old: Iterable[Policy], new: Iterable[Policy], gone: set[str]) -> tuple[Policy, ...]:
    return tuple(sorted(_kept(old, new, gone), key=lambda p: (p.kind, p.namespace or "", p.name)))
