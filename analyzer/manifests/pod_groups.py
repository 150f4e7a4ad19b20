"""Pods under their controllers (design 5): a pod is called after the last controller its ownerReferences lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from analyzer.manifests.pod_template import PodShape, PodSource
from analyzer.model.cluster import Node, Workload
from analyzer.sets.addresses import IPAddress

Root = tuple[str, str, str, str]  # namespace, kind, group, name


def workloads_of(sources: Sequence[PodSource], nodes: Mapping[str, Node]) -> tuple[list[Workload], frozenset[Root]]:
    """The workloads, and the controllers at the top, of all pods and controllers declared.

    Pods that live stand for their controllers, so that nothing is counted twice; a controller without pods stands for
    those it would make, unless another stands above it.
    """
    declared = {_identity(source): source for source in sources if not source.is_pod}
    groups: dict[Root, list[PodSource]] = {}
    with_pods: set[Root] = set()
    found: list[Workload] = []
    for source in sources:
        root = _root(source, declared)
        if source.is_pod and root == _identity(source):
            found.append(_workload(source.kind, source.name, source, [source], nodes))
            continue
        groups.setdefault(root, []).append(source)
        if source.is_pod:
            with_pods.add(root)
    for root, members in groups.items():
        found += _group(root, members, declared.get(root), nodes)
    return found, frozenset(with_pods)


def _identity(source: PodSource) -> Root:
    return source.namespace, source.kind, source.group, source.name


def _root(source: PodSource, declared: Mapping[Root, PodSource]) -> Root:
    """The controller at the top, as far up as objects are declared; a circle of owners ends where it began."""
    here = _identity(source)
    seen = {here}
    current: PodSource | None = source
    while current is not None and current.owner is not None:
        above = (source.namespace, current.owner.kind, current.owner.group, current.owner.name)
        if above in seen:
            break
        seen.add(above)
        here = above
        current = declared.get(above)
    return here


def _group(
    root: Root, members: list[PodSource], top: PodSource | None, nodes: Mapping[str, Node]
) -> Iterable[Workload]:
    alive = [member for member in members if member.is_pod]
    if not alive and top is not None:
        alive = [top]
    elif not alive:
        alive = [member for member in members if member.replicas != 0]
    if len(alive) > 1 and len({member.shape for member in alive}) > 1:
        return [_workload(m.kind, m.name, m, [m], nodes) for m in alive]
    if not alive:
        return []
    return [_workload(root[1], root[3], top or alive[0], alive, nodes)]


def _workload(kind: str, name: str, origin: PodSource, members: list[PodSource], nodes: Mapping[str, Node]) -> Workload:
    shape: PodShape = members[0].shape
    return Workload(
        kind=kind,
        namespace=origin.namespace,
        name=name,
        labels=shape.labels,
        service_account=shape.service_account,
        ports=shape.ports,
        host_network=shape.host_network,
        ips=tuple(sorted({ip for member in members for ip in _ips(member, nodes)}, key=_by_family)),
        nodes=tuple(sorted({member.node for member in members if member.node})),
        is_single=members[0].is_pod and kind == members[0].kind,
        source=origin.source,
    )


def _by_family(ip: IPAddress) -> tuple[int, int]:
    return ip.version, int(ip)


def _ips(pod: PodSource, nodes: Mapping[str, Node]) -> tuple[IPAddress, ...]:
    """The addresses of a pod; one on the host network has its node's."""
    if not pod.shape.host_network:
        return pod.ips
    node = nodes.get(pod.node)
    return pod.host_ips or (node.ips if node else ()) or pod.ips
