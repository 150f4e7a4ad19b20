"""Declared workloads and nodes that can be an end, grouped: those that nothing in the question tells apart are one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from functools import cache, partial

from analyzer.encoding.common_universe import annotated_in, is_on_host
from analyzer.encoding.domains import Attr, is_like
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.reach import HOST, POD
from analyzer.encoding.scope import Scope
from analyzer.encoding.vocabulary import PortName
from analyzer.encoding.walk import claim_sets, tests_of
from analyzer.model.added_labels import Added, Unwritten, Varying, unknown_under
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Node, Unmodelled, Workload
from analyzer.model.ends import leaves_of
from analyzer.model.formulas import Member, OfWorkload
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NO_LABELS, Labels
from analyzer.model.on_nodes import every_node_address, room_of
from analyzer.model.placement import names_of
from analyzer.model.policies import Protocol
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet

ANYWHERE = -1
POD_SECURITY_ENFORCE = "pod-security.kubernetes.io/enforce"
NamedPorts = tuple[tuple[PortName, PortSet], ...]


@dataclass(frozen=True, slots=True)
class EndClass:
    """Workloads (or one node) alike in everything the question looks at.

    `namespace` is a code, `labels` are (attribute, value) of every domain the class has a value in, `named` the sets
    `workload NS/NAME` it belongs to.  `is_single`: it stands for exactly one pod.  `addresses` is None if unknown.
    `on_node`: the only node that it is on, or is, where a pod's own node may be the source.  `host_ports`: those of its
    ports to which a port of its node leads, with that one, while it is not on its node's network.  `unknown`: labels
    that it has besides, the same that every class of its `owner` has; `values` leaves their attributes out.
    `annotations`: those that a mesh reads, where one is asked; `was_annotated`: of two revisions, those of the older.
    `room`: of pods on their nodes' network, where they can be if `addresses` is None; None there: anywhere.
    `was_on_host`: of two revisions, whether the older one has it on its node's network.  `maker`: an object that is not
    modelled and may make such pods, of which nothing else is known; `namespace` is then ANYWHERE if they may be in any.
    `node_groups`: the security groups of its node, where those of nodes differ.  `nodes`: those of which it is on one,
    or the node that it is, where something asks.
    """

    kind: str
    namespace: int
    host_network: bool
    values: tuple[tuple[Attr, int], ...]
    ports: NamedPorts
    addresses: AddressSet | None
    named: frozenset[OfWorkload]
    is_single: bool
    members: tuple[Workload, ...]
    node: Node | None = None
    on_node: str | None = None
    host_ports: tuple[tuple[Protocol, int, int], ...] = ()
    owner: str = ""
    unknown: tuple[Varying, ...] = ()
    was_on_host: bool = False
    room: AddressSet | None = None
    maker: Unmodelled | None = None
    annotations: Labels = NO_LABELS
    was_annotated: Labels = NO_LABELS
    node_groups: str | None = None
    nodes: str | None = None

    @property
    def uses_node(self) -> bool:
        """Its connections come from its node's address."""
        return self.kind == HOST or self.host_network

    @property
    def may_share_address(self) -> bool:
        """It stands for more pods than addresses are known, in some family."""
        if self.addresses is None or self.is_single:
            return False
        return any(len(spans) == 1 and spans[0][0] == spans[0][1] for spans in (self.addresses.v4, self.addresses.v6))


def end_classes(scope: Scope, before: Cluster | None = None) -> tuple[EndClass, ...]:
    """The classes in the order of their first member; a symbol of value i + 1 stands for class i.

    Outside the inventory a pod that is not there yet can be like any declared one, so only those are listed that it
    cannot be: workloads with hostNetwork or a hostPort or on nodes that are known, and workloads that the query names.
    `before`: the older of two revisions, whose workloads may be on another network.
    """
    named = tuple(dict.fromkeys(_named(scope)))
    groups: dict[EndClass, list[Workload]] = {}
    is_inventory = scope.question.universe is Universe.INVENTORY
    asks_node_groups, asks_nodes = _asks_node_groups(scope), scope.vocabulary.asks_nodes
    name_ports = cache(partial(_named_ports, scope))  # many workloads declare the same
    if POD in scope.src.kinds | scope.dst.kinds:
        pods = _Pods(scope)
        asks_proxies = bool(scope.mesh.stages) or (before is not None and scope.question.with_requests)
        may_all_differ = is_inventory or bool(scope.mesh.stages) or before is not None or asks_node_groups or asks_nodes
        homes = None if may_all_differ else frozenset(it.namespace for it in named)
        for workload in _touched(scope, homes):
            names = frozenset(n for n in named if (n.namespace, n.name) == (workload.namespace, workload.name))
            was_on_host = workload.host_network if before is None else is_on_host(workload, before)
            is_other = (
                workload.host_network
                or was_on_host
                or _host_ports(workload)
                or (asks_node_groups and workload.host.groups is not None)
                or (asks_nodes and workload.host.nodes is not None)
                or _is_off_the_mesh(scope, workload)
            )
            were = (workload.annotations,) if before is None else annotated_in(workload, before)
            is_other = is_other or (asks_proxies and any(were))
            if is_inventory or is_other or names:
                ports = name_ports(workload.ports)
                for variant in pods.variants(workload):
                    alike = pods.class_of(variant, names, ports, was_on_host)
                    for had in were if asks_proxies else (NO_LABELS,):
                        groups.setdefault(replace(alike, was_annotated=had), []).append(variant)
    found = [
        replace(likeness, members=tuple(members), is_single=len(members) == 1 and members[0].is_single)
        for likeness, members in groups.items()
    ]
    if POD in scope.src.kinds | scope.dst.kinds:
        found += _supposed(scope, named, is_inventory)
    if HOST in scope.src.kinds | scope.dst.kinds:
        found += [_node_class(scope, node) for node in scope.members.nodes]
    return tuple(found)


def _asks_node_groups(scope: Scope) -> bool:
    """Pods may have the security groups of their nodes, and of some it is known which."""
    if not (any(it.reads_groups for it in scope.question.profiles) and scope.members.aws.interfaces):
        return False
    from analyzer.model.aws_nodes import tells_node_groups

    return tells_node_groups(scope.members)


def _is_off_the_mesh(scope: Scope, workload: Workload) -> bool:
    """It has annotations that a mesh reads, or labels that keep proxies off, or nobody knows whether it has those: no
    pod that is created later has any."""
    if not scope.mesh.stages:
        return False
    asked = tuple(tests_of(scope.mesh.keeps_off))
    keys = {leaf.attribute.key for leaf in asked}
    hidden = unknown_under(keys, workload.unknown_labels)
    may_have = any(key in keys for varying in hidden for key in varying.all_keys)
    return (
        may_have
        or bool(workload.annotations)
        or any(
            is_like(value, leaf.meets)
            for leaf in asked
            if (value := workload.labels.get(leaf.attribute.key)) is not None
        )
    )


def _supposed(scope: Scope, named: tuple[OfWorkload, ...], is_inventory: bool) -> Iterator[EndClass]:
    """The pods that objects may make of which the model knows nothing else: outside the inventory a pod that is not
    there yet is like any of them, but for those on their node's network."""
    for thing in scope.members.unmodelled:
        if not thing.adds_pods:
            continue
        code = ANYWHERE if thing.namespace is None else scope.table.code(thing.namespace)
        if code is None:
            continue
        names = frozenset(n for n in named if (n.namespace, n.name) == (thing.namespace, thing.name))
        plain = EndClass(POD, code, False, (), (), None, names, False, (), maker=thing)
        if is_inventory or names or scope.mesh.stages:
            yield plain
        if code == ANYWHERE or not keeps_off_nodes(scope, code):
            room = every_node_address(scope.members, scope.question.profile) if scope.needs_addresses else None
            yield replace(plain, host_network=True, was_on_host=True, room=room)


def keeps_off_nodes(scope: Scope, code: int) -> bool:
    """Pod Security refuses pods on their node's network in the namespace."""
    entry = scope.table.entries[code]
    return entry.standing is Standing.KNOWN and entry.labels.get(POD_SECURITY_ENFORCE) in ("baseline", "restricted")


def mentioned_values(scope: Scope) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """The values of pods' labels that the question can tell apart, by key, and the keys that it compares."""
    pods = {attr.key: domain for attr, domain in scope.domains.items() if attr.kind == "pod"}
    return {key: d.values for key, d in pods.items()}, frozenset(key for key, d in pods.items() if d.is_compared)


def _touched(scope: Scope, homes: frozenset[str] | None) -> Iterator[Workload]:
    """The workloads in the namespaces of the slice, namespace by namespace; where there are `homes`, in
    other ones those alone that use ports of their nodes.

    Where a pod must be there, and not merely could be, guesses at its labels are none."""
    members = scope.members
    every = members.workloads_by_namespace if scope.admits_guesses else members.known_by_namespace
    for code in sorted(scope.src.namespaces | scope.dst.namespaces):
        name = scope.table.entries[code].name or ""
        if homes is None or name in homes:
            yield from every.get(name, ())
        else:
            using = members.with_ports_of_nodes.get(name, ())
            yield from using if scope.admits_guesses else (workload.without_guesses for workload in using)


def _named(scope: Scope) -> Iterator[OfWorkload]:
    """The workloads that the question names, that something leads to, or at which nothing may be enforced."""
    if (
        any(it.reads_aws for it in scope.question.profiles)
        or scope.members.aws.group_policies
        or scope.members.has_fargate
    ):
        from analyzer.model.without_agent import of_workloads

        are_all = scope.question.universe is Universe.INVENTORY
        yield from of_workloads(scope.question.profile, scope.members, are_all=are_all)
    ports = (*(way.port for way in scope.ways), *(way.port for way in scope.node_ways))
    others = (*(it.members for it in scope.assumptions), *(port.members for port in ports))
    for leaf in (*claim_sets(scope.question.claim), *(leaf for members in others for leaf in leaves_of(members))):
        if isinstance(leaf, Member) and isinstance(leaf.ends, OfWorkload):
            yield leaf.ends


def declares(ports: tuple[ContainerPort, ...], wanted: PortName) -> PortSet:
    """The numbers a pod gives to a port name, in the containers that are asked (reference A7.4)."""
    name, protocol, scope = wanted
    kinds = {ContainerKind.CONTAINER}
    if scope is not NamedPortScope.CONTAINERS:
        kinds.add(ContainerKind.SIDECAR)
    if scope is NamedPortScope.ALL:
        kinds.add(ContainerKind.INIT)
    return PortSet.of(*(p.number for p in ports if p.name == name and p.protocol is protocol and p.container in kinds))


def _named_ports(scope: Scope, ports: tuple[ContainerPort, ...]) -> NamedPorts:
    """What the port names of the question stand for among these ports, where they stand for any."""
    offered = {port.name for port in ports}
    return tuple(
        (wanted, numbers)
        for wanted in scope.port_names
        if wanted.name in offered and (numbers := declares(ports, wanted))
    )


class _Pods:
    """The classes of declared pods; what labels of pods come to is worked out once for all that have the same."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._mentioned, self._compared = mentioned_values(scope)
        self._attributes = [(attr, domain) for attr, domain in scope.domains.items() if attr.kind in ("pod", "sa")]
        self._asks_accounts = any(attr.kind == "sa" for attr, _ in self._attributes)
        self._numbers: dict[tuple[int, ...], tuple[tuple[Added, ...], int]] = {}
        self._are_told_apart: dict[int, bool] = {}
        self._values: dict[Hashable, tuple[tuple[tuple[Attr, int], ...], tuple[Varying, ...]]] = {}
        self._asks_node_groups, self._asks_nodes = _asks_node_groups(scope), scope.vocabulary.asks_nodes
        self._may_come_from_nodes = HOST in scope.src.kinds or scope.members.has_host_network

    def variants(self, workload: Workload) -> tuple[Workload, ...]:
        added = self._number(workload)
        found = self._are_told_apart.get(added)
        if found is None:
            keys = (it.all_keys for it in workload.added if not isinstance(it, Unwritten) and not it.is_open)
            found = self._are_told_apart[added] = any(key in self._mentioned for under in keys for key in under)
        return workload.variants(self._mentioned, self._compared) if found else (workload,)

    def _number(self, workload: Workload) -> int:
        """The same for all pods to which the same is added; mostly it is one object, which is found sooner."""
        added = workload.added
        known = self._numbers.get(tuple(map(id, added)))
        if known is None:
            known = self._numbers[tuple(map(id, added))] = (
                added,
                len(self._numbers),
            )  # held, so that no id is given anew
        return known[1]

    def class_of(
        self, workload: Workload, named: frozenset[OfWorkload], ports: NamedPorts, was_on_host: bool
    ) -> EndClass:
        """The workload's class, without members: equal for workloads that the question cannot tell apart."""
        scope = self._scope
        values, unknown = self._labelled(workload)
        is_loose = scope.needs_addresses and workload.host_network and not workload.ips
        return EndClass(
            kind=POD,
            namespace=scope.table.code(workload.namespace) or 0,
            host_network=workload.host_network,
            values=values,
            ports=ports,
            addresses=AddressSet.singles(workload.ips) if scope.needs_addresses and workload.ips else None,
            named=named,
            is_single=False,
            members=(),
            on_node=workload.nodes[0] if len(workload.nodes) == 1 and self._may_come_from_nodes else None,
            host_ports=_host_ports(workload),
            owner=workload.owner if unknown else "",
            unknown=unknown,
            was_on_host=was_on_host,
            annotations=workload.annotations if scope.question.with_requests else NO_LABELS,
            node_groups=workload.host.groups if self._asks_node_groups else None,
            nodes=workload.host.nodes if self._asks_nodes else None,
            room=room_of(workload, scope.members, scope.question.profile) if is_loose else None,
        )

    def _labelled(self, workload: Workload) -> tuple[tuple[tuple[Attr, int], ...], tuple[Varying, ...]]:
        """What its labels, and its account, come to; and what nobody knows of them."""
        account = workload.service_account if self._asks_accounts else ""
        likeness = workload.labels, self._number(workload), account
        found = self._values.get(likeness)
        if found is None:
            asked = unknown_under(self._mentioned, workload.unknown_labels)
            unknown = tuple(varying for varying in asked if any(key in self._mentioned for key in varying.all_keys))
            hidden = {Attr("pod", key) for varying in unknown for key in varying.all_keys}
            values = tuple(
                (attr, domain.code(workload.service_account if attr.kind == "sa" else workload.labels.get(attr.key)))
                for attr, domain in self._attributes
                if attr not in hidden
            )
            found = self._values[likeness] = values, unknown
        return found


def _host_ports(workload: Workload) -> tuple[tuple[Protocol, int, int], ...]:
    found = {(port.protocol, port.number, port.host_port): None for port in workload.ports if port.host_port}
    return tuple(found)


def _node_class(scope: Scope, node: Node) -> EndClass:
    values = tuple(
        (attr, domain.code(node.labels.get(attr.key))) for attr, domain in scope.domains.items() if attr.kind == "pod"
    )
    return EndClass(
        kind=HOST,
        namespace=scope.table.none,
        host_network=False,
        values=values,
        ports=(),
        addresses=AddressSet.singles(node.ips) if scope.needs_addresses and node.ips else None,
        named=frozenset(),
        is_single=True,
        members=(),
        node=node,
        on_node=node.name,
        nodes=names_of([node.name]) if scope.vocabulary.asks_nodes else None,
    )
