"""Pods under their controllers (design 1, 5): a pod is called after the last controller its ownerReferences lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from analyzer.manifests.kinds.added_labels import Places
from analyzer.manifests.kinds.pod_template import PodShape, PodSource
from analyzer.model.cluster import Node, Workload
from analyzer.model.placement import Host, host_of_node, names_of, one_host
from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress

Root = tuple[str, str, str, str]  # namespace, kind, group, name


def workloads_of(
    sources: Sequence[PodSource], nodes: Mapping[str, Node], node_groups: Mapping[str, str]
) -> tuple[list[Workload], frozenset[Root]]:
    """The workloads, and the controllers at the top, of all pods and controllers declared; `node_groups`: the security
    groups of each node, where they differ.

    A controller stands for its live pods as they are, and for the pods that its template would make now.
    """
    declared = {_identity(source): source for source in sources if not source.is_pod}
    places = Places(nodes.values(), node_groups)
    groups: dict[Root, list[PodSource]] = {}
    with_pods: set[Root] = set()
    found: list[Workload] = []
    for source in sources:
        root = _root(source, declared)
        if source.is_pod and root == _identity(source):
            found.append(_Group(source.kind, source.name, [source]).workload(nodes, places, is_single=True))
            continue
        groups.setdefault(root, []).append(source)
        if source.is_pod:
            with_pods.add(root)
    for root, members in groups.items():
        found += _workloads(root, members, declared.get(root), nodes, places)
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


def _workloads(
    root: Root, members: list[PodSource], top: PodSource | None, nodes: Mapping[str, Node], places: Places
) -> Iterable[Workload]:
    """The pods of one controller in groups of one shape: those of its template first, then the live ones."""
    makers = _makers(members, top)
    alive: dict[tuple[PodShape, bool, str | None], list[PodSource]] = {}
    for member in members:
        if member.is_pod:
            alive.setdefault((member.shape, member.is_bound, places.groups(member.node)), []).append(member)
    groups = [_Group(root[1], root[3], [maker]) for maker in makers] + [
        _Group(root[1], root[3], pods) for pods in alive.values()
    ]
    for number, group in enumerate(groups):
        is_told_apart = number > 0 or (len(groups) > 1 and not makers)
        is_single = is_told_apart and group.members[0].is_pod and len(group.members) == 1
        yield group.workload(nodes, places, is_single=is_single, is_told_apart=is_told_apart)


def _makers(members: list[PodSource], top: PodSource | None) -> list[PodSource]:
    """What makes pods now: the controller at the top, and those under it that have replicas of an older template."""
    templates = [member for member in members if not member.is_pod and member is not top]
    running = [template for template in templates if template.replicas != 0]
    if top is None:
        return running or (templates if not any(member.is_pod for member in members) else [])
    is_there = any(t.revision and t.revision == top.revision for t in running)
    return running if is_there else [top, *running]


@dataclass(frozen=True, slots=True)
class _Group:
    """Pods of one shape, or the template of some; `kind` and `name` are of the controller at the top."""

    kind: str
    name: str
    members: list[PodSource]

    def workload(
        self, nodes: Mapping[str, Node], places: Places, *, is_single: bool, is_told_apart: bool = False
    ) -> Workload:
        first = self.members[0]
        shape = first.shape
        on = {member.node for member in self.members if member.node}
        is_bound = all(member.is_bound for member in self.members)
        placements = {member.placement for member in self.members}
        placement = first.placement if len(placements) == 1 else None
        place = next(iter(on)) if len(on) == 1 else ""
        return Workload(
            kind=self.kind,
            namespace=first.namespace,
            name=self.name,
            labels=shape.labels,
            service_account=shape.service_account,
            ports=shape.ports,
            host_network=shape.host_network,
            dns_at=shape.dns_at,
            annotations=shape.annotations,
            ips=tuple(sorted({ip for member in self.members for ip in _ips(member, nodes)}, key=_by_family)),
            nodes=tuple(sorted(on)),
            room=places.room(placement) if shape.host_network and not on else (),
            is_single=is_single,
            source=first.source,
            added=(*first.added, *(() if is_bound else places.on(place, placement))),
            group=first.name if is_told_apart else "",
            host=replace(
                one_host(_host(member, nodes, places) for member in self.members),
                nodes=self._nodes(on, places.admitted(placement)),
            ),
        )

    def _nodes(self, on: set[str], admitted: str | None) -> str | None:
        """Those that all of its pods are bound to, else those that they may be, where none is yet."""
        return names_of(on) if all(member.node for member in self.members) else None if on else admitted


def _host(pod: PodSource, nodes: Mapping[str, Node], places: Places) -> Host:
    """What its node is, where that is known; else what every declared node is that it may be bound to."""
    node, groups = nodes.get(pod.node), places.groups(pod.node, pod.placement)
    if node is not None:
        return replace(host_of_node(node.labels), eni=pod.host.eni, groups=groups)
    if pod.node or pod.host.windows is not None:
        return replace(pod.host, groups=groups)
    return replace(pod.host, windows=places.are_windows(pod.placement), groups=groups)


def _by_family(ip: IPAddress) -> tuple[int, int]:
    return ip.version, int(ip)


def _ips(pod: PodSource, nodes: Mapping[str, Node]) -> tuple[IPAddress, ...]:
    """The addresses of a pod; one on the host network has its node's."""
    if not pod.shape.host_network:
        return pod.ips
    node = nodes.get(pod.node)
    return pod.host_ips or (node.ips if node else ()) or pod.ips
