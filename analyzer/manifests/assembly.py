"""All facts of all files into one cluster: namespaces completed, pods gathered under their controllers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from analyzer.manifests.kinds.endpoints import EndpointsObject
from analyzer.manifests.kinds.engines import notices as engine_notices
from analyzer.manifests.kinds.engines import signs
from analyzer.manifests.kinds.mesh import at_root
from analyzer.manifests.kinds.pod_template import PodSource
from analyzer.manifests.kinds.route_sources import Gateway, Grant, RouteSource, routes_of
from analyzer.manifests.pod_groups import Root, workloads_of
from analyzer.manifests.sources.no_objects import lines_of
from analyzer.model.aws import Aws, AwsFact
from analyzer.model.aws_stand_ins import aws_stand_ins
from analyzer.model.aws_told import aws_of
from analyzer.model.calico import Calico, CalicoFact, calico_of, stand_ins
from analyzer.model.cilium import CiliumFact, cilium_of, cilium_stand_ins
from analyzer.model.cluster import Cluster, Endpoints, Namespace, Node, Service, Unmodelled, Workload
from analyzer.model.formula_policies import FormulaPolicy
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.mesh import (
    AMBIENT,
    DATAPLANE_MODE,
    DEFAULT_REVISION,
    GATEWAY_NAME,
    MadeGateway,
    Mesh,
    MeshConfig,
    MeshObject,
    Waypoint,
)
from analyzer.model.mesh_annotations import is_told_of_tunnel
from analyzer.model.mesh_cni import PASSED_OVER, MeshCni
from analyzer.model.needs import Need
from analyzer.model.policies import Policy
from analyzer.model.source import LeftOut, Notice, Source
from analyzer.sets.addresses import IPAddress

Fact = (
    MeshObject
    | Policy
    | FormulaPolicy
    | Namespace
    | Node
    | Service
    | EndpointsObject
    | PodSource
    | RouteSource
    | Gateway
    | Grant
    | CalicoFact
    | CiliumFact
    | AwsFact
)


@dataclass
class Facts:
    """What the files said, in the order read."""

    namespaces: list[Namespace] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    formula_policies: list[FormulaPolicy] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    endpoints: list[Endpoints] = field(default_factory=list)
    pods: list[PodSource] = field(default_factory=list)
    routes: list[RouteSource] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    calico: list[CalicoFact] = field(default_factory=list)
    cilium: list[CiliumFact] = field(default_factory=list)
    aws: list[AwsFact] = field(default_factory=list)
    mesh: list[MeshObject] = field(default_factory=list)
    mesh_configs: dict[str, MeshConfig] = field(default_factory=dict)  # by revision
    mesh_cni: list[MeshCni] = field(default_factory=list)
    unmodelled: list[Unmodelled] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    irrelevant: dict[str, int] = field(default_factory=dict)
    mentioned: dict[str, Source] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    root_namespaces: set[str] = field(default_factory=set)  # of the mesh, as its configuration tells
    dns_domains: set[str] = field(default_factory=set)
    config_maps: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # of the system, by place
    needs: list[Need] = field(default_factory=list)

    def mention(self, namespace: str, source: Source) -> None:
        first = self.mentioned.setdefault(namespace, source)
        if source < first:
            self.mentioned[namespace] = source

    def replace(self, old: Fact | None, new: Fact | None) -> None:
        """Put a fact in the place of one that says the same, as far as a server's filling in makes a difference."""
        if new is None:
            return
        if old is None:
            self.add(new)
        self.nodes = [new if node is old and isinstance(new, Node) else node for node in self.nodes]
        self.pods = [new if pod is old and isinstance(new, PodSource) else pod for pod in self.pods]
        self.services = [new if it is old and isinstance(new, Service) else it for it in self.services]

    def extend(self, other: Facts) -> None:
        """Add what another file said."""
        for part in fields(self):
            mine, others = getattr(self, part.name), getattr(other, part.name)
            if isinstance(mine, list):
                mine.extend(others)
            elif isinstance(mine, set):
                mine.update(others)
        self.mesh_configs |= other.mesh_configs
        self.config_maps |= other.config_maps
        for kind, count in other.irrelevant.items():
            self.irrelevant[kind] = self.irrelevant.get(kind, 0) + count
        for namespace, source in other.mentioned.items():
            self.mention(namespace, source)

    def add(self, fact: Fact) -> None:
        match fact:
            case Policy():
                self.policies.append(fact)
            case FormulaPolicy():
                self.formula_policies.append(fact)
            case Namespace():
                self.namespaces.append(fact)
            case Node():
                self.nodes.append(fact)
            case Service():
                self.services.append(fact)
            case EndpointsObject():
                self.endpoints += fact.parts
            case PodSource():
                self.pods.append(fact)
            case RouteSource():
                self.routes.append(fact)
            case Gateway():
                self.gateways.append(fact)
            case Grant():
                self.grants.append(fact)
            case _:
                if isinstance(fact, MeshObject):
                    self.mesh.append(fact)
                elif isinstance(fact, CiliumFact):
                    self.cilium.append(fact)
                elif isinstance(fact, AwsFact):
                    self.aws.append(fact)
                else:
                    self.calico.append(fact)


def assemble(facts: Facts, files: tuple[str, ...]) -> Cluster:
    """The cluster of the facts; its parts are sorted by what identifies them, whatever the order of the files."""
    return completed(gathered(facts, files))


def gathered(facts: Facts, files: tuple[str, ...]) -> Cluster:
    """The cluster of the facts, but for what is worked out of all of it (`completed`)."""
    living = [pod for pod in facts.pods if not pod.is_finished]
    nodes = tuple(sorted(facts.nodes, key=lambda n: n.name))
    rooted = at_root(facts.unmodelled, facts.root_namespaces)
    calico, cilium = calico_of(facts.calico), cilium_of(facts.cilium)
    aws = aws_of((*facts.aws, *_cni_settings(living, facts)), facts.policies)
    workloads, roots = workloads_of(living, {node.name: node for node in nodes}, node_groups(nodes, aws))
    own = (*stand_ins(calico), *cilium_stand_ins(cilium), *aws_stand_ins(aws))
    unmodelled = (*_without_known_pods(rooted, roots), *own)
    routes, refused = routes_of(facts.routes, facts.gateways, facts.grants)
    found = signs(living, facts.calico, facts.cilium, aws, unmodelled)
    notices = {*facts.notices, *refused, *_mutations(unmodelled), *engine_notices(found)}
    return Cluster(
        namespaces=tuple(sorted(_namespaces(facts), key=lambda n: n.name)),
        workloads=tuple(sorted(workloads, key=by_place)),
        nodes=nodes,
        services=tuple(sorted(facts.services, key=by_place)),
        policies=tuple(sorted(facts.policies, key=by_kind)),
        formula_policies=tuple(sorted(facts.formula_policies, key=by_kind)),
        unmodelled=unmodelled,
        irrelevant=tuple(sorted(_irrelevant(facts, calico).items())),
        notices=(*lines_of(facts.left_out), *sorted(notices)),
        files=files,
        routes=tuple(sorted(routes, key=lambda route: route.id)),
        needs=tuple(sorted(set(facts.needs), key=lambda n: (n.kind.name, n.namespace, n.name, n.by))),
        endpoints=tuple(sorted(facts.endpoints, key=lambda e: (e.namespace, e.service, e.source))),
        left_out=tuple(sorted(dict.fromkeys(facts.left_out), key=lambda entry: entry.source)),
        dns_domains=tuple(sorted(facts.dns_domains)),
        calico=calico,
        cilium=cilium,
        aws=aws,
        signs=found,
        finished=tuple(sorted(map(finished, (p for p in facts.pods if p.is_finished)), key=lambda pod: pod[0])),
        mesh=_mesh(facts),
    )


def completed(gathered: Cluster) -> Cluster:
    """The cluster with what is worked out of all of it: the addresses that processes on nodes take over, notices."""
    cluster = _with_node_local_dns(gathered)
    more = (*_astray(cluster), *_oddities(cluster))
    return replace(cluster, notices=(*cluster.notices, *more)) if more else cluster


def node_groups(nodes: Iterable[Node], aws: Aws) -> Mapping[str, str]:
    """The security groups of each node, where all are told and they differ."""
    if not aws.interfaces:
        return {}
    from analyzer.model.aws_nodes import differing_groups

    return differing_groups(nodes, aws.interfaces)


def _cni_settings(pods: Iterable[PodSource], facts: Facts) -> Iterable[AwsFact]:
    """What the DaemonSet aws-node tells, where there is one."""
    if not any(pod.options for pod in pods):
        return ()
    from analyzer.manifests.kinds.aws.settings import of_daemon_sets

    return of_daemon_sets(pods, facts.config_maps)


def _oddities(cluster: Cluster) -> Iterator[Notice]:
    """What is odd about policies of engines, whose rooms are loaded where there are some."""
    if cluster.cilium.policies:
        from analyzer.manifests.kinds.cilium.notes import notes

        yield from notes(cluster.cilium.policies, cluster.known_pod_addresses | cluster.pod_cidrs)
    if cluster.aws.group_policies or cluster.aws.endpoints or cluster.aws.groups or cluster.aws.settings:
        from analyzer.manifests.kinds.aws.notes import notes as notes_of_aws

        yield from sorted(set(notes_of_aws(cluster)))
    if cluster.calico.policies:
        from analyzer.manifests.kinds.calico.traps import traps

        yield from sorted(set(traps(cluster)))


def _mesh(facts: Facts) -> Mesh:
    """Of several revisions' configurations that of the usual one counts, else the first."""
    revisions = sorted(facts.mesh_configs, key=lambda name: (name != DEFAULT_REVISION, name))
    waypoints = (Waypoint(each.namespace, each.name, each.source) for each in facts.gateways if each.is_waypoint)
    objects = sorted(
        (*facts.mesh, *waypoints, *_of_gateway_api(facts)),
        key=lambda each: (type(each).__name__, each.namespace, each.name),
    )
    injectors = {pod.shape.labels.get("istio.io/rev", "") for pod in facts.pods if pod.name.startswith("istiod")}
    config = facts.mesh_configs[revisions[0]] if revisions else MeshConfig()
    asking = (*(namespace.labels for namespace in facts.namespaces), *(pod.shape.labels for pod in facts.pods))
    is_ambient = any(labels.get(DATAPLANE_MODE) == AMBIENT for labels in asking)
    named = frozenset(name for told in facts.mesh_cni for name in told.passed_over)
    has_cni = bool(facts.mesh_cni) or is_ambient or any(pod.name.startswith("istio-cni-node") for pod in facts.pods)
    return Mesh(
        tuple(objects),
        config,
        frozenset({*revisions, *injectors} - {""}),
        is_ambient,
        any(is_told_of_tunnel(pod.shape.annotations) for pod in facts.pods),
        tuple(_made(facts)),
        PASSED_OVER | named,
        tuple(sorted(facts.mesh_cni, key=lambda told: told.source)),
        has_cni,
    )


def _made(facts: Facts) -> Iterator[MadeGateway]:
    """What istiod makes for the Gateways of its classes that no pods of the manifests are of."""
    there = {(pod.namespace, pod.shape.labels.get(GATEWAY_NAME)) for pod in facts.pods}
    for gateway in facts.gateways:
        is_of_istio = gateway.is_waypoint or gateway.class_name == "istio"
        if is_of_istio and gateway.services is None and (gateway.namespace, gateway.name) not in there:
            name = gateway.name if gateway.is_waypoint else gateway.service
            labels = {
                GATEWAY_NAME: gateway.name,
                "gateway.networking.k8s.io/gateway-class-name": gateway.class_name,
                "gateway.istio.io/managed": f"istio.io-{'mesh' if gateway.is_waypoint else 'gateway'}-controller",
                "sidecar.istio.io/inject": "false",
            }
            yield MadeGateway(gateway.namespace, name, gateway.name, Labels(labels), gateway.source)


def _of_gateway_api(facts: Facts) -> Iterable[MeshObject]:
    """What Gateways of Istio's class are in its own words, whose room is loaded where there are some."""
    if all(each.is_waypoint or not each.class_name for each in facts.gateways):
        return ()
    from analyzer.manifests.kinds.istio.gateway_api import ingress_of

    return ingress_of(facts.gateways, facts.routes, facts.grants, facts.services, facts.namespaces)


def _with_node_local_dns(cluster: Cluster) -> Cluster:
    """The cluster whose Services have no address that a process on each node takes over."""
    taken = cluster.node_local_dns
    if not taken:
        return cluster
    services = (
        replace(s, addresses=tuple(ip for ip in s.addresses if ip not in taken)) if s.addresses else s
        for s in cluster.services
    )
    return replace(cluster, services=tuple(services))


def _astray(cluster: Cluster) -> tuple[Notice, ...]:
    """Known pods outside the nodes' podCIDRs, which then say nothing of where pods' addresses lie."""
    beyond = cluster.stray_addresses
    if not beyond:
        return ()
    pods = [(ip, w) for w in cluster.workloads if not w.host_network for ip in w.ips if ip in beyond]
    ip, first = min(pods, key=lambda pod: (pod[1].id, pod[0].version, pod[0]))
    others = f", and {len(pods) - 1} more," if len(pods) > 1 else ""
    text = (
        f"{first.id} at {ip}{others} is outside the nodes' podCIDRs, which are therefore no bound on pods' addresses; "
        "say where these lie with `--pod-cidr`"
    )
    return (Notice(first.source, text),)


def _irrelevant(facts: Facts, calico: Calico) -> dict[str, int]:
    """Nothing but a policy of Calico asks about service accounts."""
    accounts = 0 if calico.decides else len(calico.accounts)
    return {**facts.irrelevant, "ServiceAccount": accounts} if accounts else facts.irrelevant


def finished(pod: PodSource) -> tuple[str, tuple[IPAddress, ...]]:
    """What is kept of a pod that has ended."""
    return f"{pod.namespace}/{pod.name}", pod.ips


def by_kind(policy: Policy | FormulaPolicy) -> tuple[str, str, str]:
    return policy.kind, policy.namespace or "", policy.name


def by_place(thing: Workload | Service) -> tuple[str, str, str, str]:
    kind, group = (thing.kind, thing.group) if isinstance(thing, Workload) else ("", "")
    return thing.namespace, thing.name, kind, group


def _namespaces(facts: Facts) -> list[Namespace]:
    declared = {namespace.name for namespace in facts.namespaces}
    mentioned = [
        Namespace(name, Labels({NAMESPACE_NAME_LABEL: name}), False, source)
        for name, source in facts.mentioned.items()
        if name not in declared
    ]
    return facts.namespaces + mentioned


def _without_known_pods(unmodelled: Iterable[Unmodelled], roots: frozenset[Root]) -> Iterable[Unmodelled]:
    """An unmodelled controller whose pods the manifests show adds none (design 1)."""
    for entry in unmodelled:
        group = entry.api_version.rpartition("/")[0]
        if entry.adds_pods and (entry.namespace or "", entry.kind, group, entry.name) in roots:
            entry = replace(entry, adds_pods=False)
        may_bear = entry.may_allow or entry.may_deny or entry.may_isolate or entry.may_be
        if may_bear or entry.adds_pods or entry.changes_pods:
            yield entry


def _mutations(unmodelled: Iterable[Unmodelled]) -> Iterable[Notice]:
    """All that changes pods at admission, told once."""
    found = [entry for entry in unmodelled if entry.changes_pods]
    if found:
        names = ", ".join(entry.id for entry in found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        may = "may change pods at admission: their labels, ports, hostNetwork"
        yield Notice(found[0].source, f"{names} {may}; what is told of declared pods holds for pods as written")
