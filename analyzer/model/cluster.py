"""The immutable snapshot analysed: namespaces, workloads, nodes, services, policies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from enum import Enum
from functools import cached_property
from typing import TypeVar

from analyzer.model.added_labels import Added, Listed, Option, Unknown, Unwritten, Varying, opened
from analyzer.model.aws import NO_AWS, Aws
from analyzer.model.calico import NO_CALICO, Calico
from analyzer.model.cilium import NO_CILIUM, Cilium
from analyzer.model.domains import USUAL_DOMAIN, ClusterName, cluster_name
from analyzer.model.formula_policies import FormulaPolicy
from analyzer.model.host_network import host_network_labels
from analyzer.model.labels import NO_LABELS, Labels
from analyzer.model.memory import Memory, remembered_property
from analyzer.model.mesh import NO_MESH, Mesh
from analyzer.model.needs import Need
from analyzer.model.placement import ANY_HOST, Host, host_of_node
from analyzer.model.policies import DomainPeer, Policy, Protocol, Tier
from analyzer.model.services import Backend, EndpointPort, Endpoints, Route, Service, ServicePort
from analyzer.model.signs import Sign
from analyzer.model.source import NOWHERE, LeftOut, Notice, Source
from analyzer.model.unmodelled import MayBe, Unmodelled
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace; `labels` always holds kubernetes.io/metadata.name (reference A8.6).

    `is_declared` is False for one merely mentioned in some metadata.namespace: its other labels are unknown.
    """

    name: str
    labels: Labels
    is_declared: bool
    source: Source = NOWHERE


class ContainerKind(Enum):
    """Which container declares a port; matters to knob named_port_scope (reference A7.4)."""

    CONTAINER = "container"
    SIDECAR = "sidecar"  # init container with restartPolicy: Always
    INIT = "init"


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """`host_port`: the port of its node that leads to it, None if none does."""

    name: str  # "" when unnamed
    number: int
    protocol: Protocol
    container: ContainerKind = ContainerKind.CONTAINER
    host_port: int | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Pods that share a template: a Deployment, …, or a bare Pod.

    `is_single`: it stands for exactly one pod, as a bare Pod does; else for two or more.  `ips`: the addresses known
    from status, empty if unknown.  `nodes`: names of the nodes its pods are known to run on; `room`: of pods on their
    nodes' network of which none is known, those of the declared ones that they may be bound to, where these are some
    and not all.  `added`: what the
    controller adds to `labels`, pod by pod.  `group` tells apart the pods of one controller that differ: live ones, and
    those its template makes now.  `dns_at`: the addresses of
    its nodes at which it answers for DNS (NodeLocal DNSCache).  `annotations`: those that the mesh reads.  `host`:
    what kind of node all of its pods are on.
    """

    kind: str
    namespace: str
    name: str
    labels: Labels
    service_account: str = "default"
    ports: tuple[ContainerPort, ...] = ()
    host_network: bool = False
    ips: tuple[IPAddress, ...] = ()
    nodes: tuple[str, ...] = ()
    is_single: bool = False
    dns_at: AddressSet | None = None
    source: Source = NOWHERE
    added: tuple[Added, ...] = ()
    group: str = ""
    annotations: Labels = NO_LABELS
    room: tuple[str, ...] = ()
    host: Host = ANY_HOST

    @property
    def owner(self) -> str:
        """`ns/name[Kind]`: the same for all pods of a controller."""
        return f"{self.namespace}/{self.name}[{self.kind}]"

    @property
    def id(self) -> str:
        """`ns/name[Kind]`, and behind it `/group` where there is one."""
        return f"{self.owner}/{self.group}" if self.group else self.owner

    def variants(
        self, mentioned: Mapping[str, Collection[str]], compared: Collection[str] = ()
    ) -> tuple[Workload, ...]:
        """Its pods in groups that the label values mentioned tell apart, the labels of each settled but for open ones.

        Keys that are `compared` have no values but those mentioned; of others one stands for all that are not.
        """
        found = [self]
        for added in self.added:
            if isinstance(added, Unwritten) or added.is_open or not any(key in mentioned for key in added.all_keys):
                continue
            fresh = 0 if any(key in compared for key in added.all_keys) else 1
            options = added.options(mentioned, fresh)
            found = [w._with(added, option) for w in found for option in options]
        return tuple(found)

    def _with(self, added: Varying | Listed, option: Option) -> Workload:
        own = {key: value for key, value in self.labels.items() if key not in added.all_keys}
        return replace(
            self,
            labels=Labels(own | dict(option.labels)),
            added=tuple(a for a in self.added if a is not added),
            group="/".join(part for part in (self.group, option.name) if part),
            is_single=self.is_single or (added.is_unique and bool(option.name)),
        )

    @property
    def unknown_labels(self) -> tuple[Unknown, ...]:
        """What it adds that nobody can know."""
        return tuple(added for added in self.added if not isinstance(added, Listed) and added.is_open)

    @property
    def without_guesses(self) -> Workload:
        """The same, where what there merely could be is not known."""
        added = tuple(map(opened, self.added))
        return self if added == self.added else replace(self, added=added)

    @property
    def guessed_keys(self) -> frozenset[str]:
        """The keys of labels whose values are a guess."""
        guesses = (a for a in self.added if isinstance(a, Varying) and a.is_guess)
        return frozenset(key for guess in guesses for key in guess.all_keys)


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    labels: Labels
    ips: tuple[IPAddress, ...]
    pod_addresses: AddressSet
    source: Source = NOWHERE


@dataclass(frozen=True)
class Cluster:
    """All that the manifests say.  `namespaces` holds declared and mentioned ones, each once.

    `irrelevant` counts the documents read that cannot affect traffic, by kind.  `left_out` is what lies among the files
    and was not read.  `dns_domains`: those that the cluster's DNS is told to answer for, beside cluster.local.
    `calico`, `cilium`, `aws`: what their own objects say, whoever enforces.  `finished`: `namespace/name` of each pod
    that has ended, and its addresses, which are nobody's by now.  `signs`: what says which engine enforces.
    """

    namespaces: tuple[Namespace, ...] = ()
    workloads: tuple[Workload, ...] = ()
    nodes: tuple[Node, ...] = ()
    services: tuple[Service, ...] = ()
    policies: tuple[Policy, ...] = ()
    unmodelled: tuple[Unmodelled, ...] = ()
    irrelevant: tuple[tuple[str, int], ...] = ()
    notices: tuple[Notice, ...] = ()
    files: tuple[str, ...] = field(default=(), compare=False)
    routes: tuple[Route, ...] = ()
    endpoints: tuple[Endpoints, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    dns_domains: tuple[str, ...] = ()
    calico: Calico = NO_CALICO
    cilium: Cilium = NO_CILIUM
    aws: Aws = NO_AWS
    signs: tuple[Sign, ...] = ()
    finished: tuple[tuple[str, tuple[IPAddress, ...]], ...] = ()
    mesh: Mesh = NO_MESH
    formula_policies: tuple[FormulaPolicy, ...] = ()
    needs: tuple[Need, ...] = ()
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)

    def recall(self, key: object, make: Callable[[Cluster], T]) -> T:
        """What `make` gives of this cluster: worked out once for all clusters, made of this one or it of them, that
        share what is read for it (model/memory.py)."""
        value: T = self.memory.kept(self, key, make).value
        return value

    @remembered_property
    def has_fargate(self) -> bool:
        """Something shows pods or nodes of EKS on Fargate."""
        on_it = any(host_of_node(node.labels).fargate for node in self.nodes)
        return on_it or bool(self.aws.fargate) or any(workload.host.fargate for workload in self.workloads)

    @remembered_property
    def namespace_by_name(self) -> dict[str, Namespace]:
        return {namespace.name: namespace for namespace in self.namespaces}

    @remembered_property
    def workloads_by_namespace(self) -> dict[str, tuple[Workload, ...]]:
        found: dict[str, list[Workload]] = {}
        for workload in self.workloads:
            found.setdefault(workload.namespace, []).append(workload)
        return {name: tuple(workloads) for name, workloads in found.items()}

    @remembered_property
    def known_by_namespace(self) -> dict[str, tuple[Workload, ...]]:
        """The same workloads without guesses."""
        return {name: tuple(w.without_guesses for w in these) for name, these in self.workloads_by_namespace.items()}

    @remembered_property
    def service_by_name(self) -> dict[tuple[str, str], Service]:
        """By namespace and name."""
        return {(service.namespace, service.name): service for service in self.services}

    @remembered_property
    def endpoints_by_service(self) -> dict[tuple[str, str], tuple[Endpoints, ...]]:
        """By namespace and name of the Service, whether it is declared or not; see `written_endpoints`."""
        found: dict[tuple[str, str], list[Endpoints]] = {}
        for entry in self.endpoints:
            found.setdefault((entry.namespace, entry.service), []).append(entry)
        return {name: tuple(entries) for name, entries in found.items()}

    def written_endpoints(self, service: Service) -> tuple[Endpoints, ...]:
        """The addresses that the Service leads to besides the pods that it selects."""
        entries = self.endpoints_by_service.get((service.namespace, service.name), ())
        return tuple(entry for entry in entries if service.selector is None or not entry.is_derived)

    @remembered_property
    def known_pod_addresses(self) -> AddressSet:
        """The addresses known of pods that have one of their own."""
        return AddressSet.singles(ip for w in self.workloads if not w.host_network for ip in w.ips)

    @remembered_property
    def service_addresses(self) -> AddressSet:
        """The addresses that are some Service's and nobody else's: a node may have lent it one (A9.5)."""
        others = self.known_pod_addresses | AddressSet.singles(ip for n in self.nodes for ip in n.ips)
        return AddressSet.singles(ip for s in self.services for ip in s.addresses) - others

    @remembered_property
    def inner_addresses(self) -> AddressSet:
        """Those of Services that nothing outside reaches: clusterIPs, which no node has.  Others may be a node's."""
        inner = AddressSet.singles(ip for s in self.services if not s.reached_from_outside for ip in s.addresses)
        return inner & self.service_addresses

    @remembered_property
    def taken_addresses(self) -> AddressSet:
        """The addresses known to be some pod's, some node's or some Service's."""
        others = [ip for w in self.on_host_network for ip in w.ips] + [ip for n in self.nodes for ip in n.ips]
        return self.known_pod_addresses | AddressSet.singles(others) | self.service_addresses

    @remembered_property
    def pod_cidrs(self) -> AddressSet:
        """The podCIDRs of the nodes and the pools of Calico, together."""
        found = AddressSet.EMPTY
        for pool in self.calico.pools:
            found |= pool.addresses
        for node in self.nodes:
            found |= node.pod_addresses
        return found

    @remembered_property
    def stray_addresses(self) -> AddressSet:
        """Known addresses of pods outside the nodes' podCIDRs, which then bound nothing: some engines give out
        addresses of their own.  Empty where no node has a podCIDR."""
        return self.known_pod_addresses - self.pod_cidrs if self.pod_cidrs else AddressSet.EMPTY

    @remembered_property
    def has_disjoint_families(self) -> bool:
        """Some workloads or nodes are known to have no address family in common, so that they cannot connect."""
        known = (*(w.ips for w in self.workloads if w.ips), *(n.ips for n in self.nodes))
        families = set(map(frozenset, {tuple(ip.version for ip in ips) for ips in known}))
        return {frozenset({4}), frozenset({6})} <= families

    @remembered_property
    def added_keys(self) -> frozenset[str]:
        """The keys of labels that controllers and nodes add."""
        added = {id(it): it for w in self.workloads for it in w.added}.values()  # most share a few objects
        return frozenset(key for it in added if isinstance(it, Varying | Listed) for key in it.all_keys)

    @remembered_property
    def workload_names(self) -> frozenset[tuple[str, str]]:
        """Namespace and name of each workload."""
        return frozenset((workload.namespace, workload.name) for workload in self.workloads)

    @remembered_property
    def owners(self) -> frozenset[str]:
        """What owns the workloads, which are sorts of pods."""
        return frozenset(workload.owner for workload in self.workloads)

    @remembered_property
    def on_host_network(self) -> tuple[Workload, ...]:
        return tuple(workload for workload in self.workloads if workload.host_network)

    @remembered_property
    def with_ports_of_nodes(self) -> dict[str, tuple[Workload, ...]]:
        """By namespace, the workloads on their nodes' network and those that ask for ports of it: what a pod that is
        not there yet cannot be like."""
        found: dict[str, list[Workload]] = {}
        for workload in self.workloads:
            if workload.host_network or any(port.host_port for port in workload.ports):
                found.setdefault(workload.namespace, []).append(workload)
        return {name: tuple(workloads) for name, workloads in found.items()}

    @remembered_property
    def has_host_network(self) -> bool:
        """Some workload is on its nodes' network."""
        return any(workload.host_network for workload in self.workloads)

    @remembered_property
    def host_network_labels(self) -> tuple[Labels, ...]:
        """What the labels of the namespace are, or may be, that stands for the nodes in OVN-Kubernetes."""
        return host_network_labels(n.labels for n in self.namespaces if n.is_declared)

    @remembered_property
    def node_local_dns(self) -> AddressSet:
        """The addresses at which a process on every node answers for DNS."""
        found = AddressSet.EMPTY
        for addresses in dict.fromkeys(w.dns_at for w in self.workloads if w.dns_at is not None):
            found |= addresses
        return found

    @remembered_property
    def domain_names(self) -> tuple[str, ...]:
        """Each domain name that some policy names, once."""
        peers = (p for policy in self.policies for rule in policy.egress or () for p in rule.peers or ())
        return tuple(dict.fromkeys(name for peer in peers if isinstance(peer, DomainPeer) for name in peer.names))

    def domain_of_cluster(self, name: str) -> ClusterName | None:
        """What the domain name can be in the cluster.  A Service that selects no pods of its own leads anywhere: to
        the addresses written for it, or to another name."""
        found = cluster_name(name, (USUAL_DOMAIN, *self.dns_domains))
        if found is None or found.namespace is None:
            return found
        leads_on = any(s.namespace == found.namespace and s.selector is None for s in self.services)
        return ClusterName(None) if leads_on else found

    @cached_property
    def readings(self) -> dict[object, object]:
        """Room for what other rooms work out of this cluster as a whole."""
        return {}

    @remembered_property
    def node_by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @remembered_property
    def policies_by_tier(self) -> dict[Tier, tuple[Policy, ...]]:
        """Each tier's policies; first-match tiers by ascending priority, then by name."""
        found: dict[Tier, list[Policy]] = {tier: [] for tier in Tier}
        for policy in self.policies:
            found[policy.tier].append(policy)
        return {
            tier: tuple(sorted(policies, key=lambda p: (*p.position, p.kind, p.name)))
            if tier is not Tier.NETWORK_POLICY
            else tuple(policies)
            for tier, policies in found.items()
        }

    @remembered_property
    def network_policies_by_namespace(self) -> dict[str, tuple[Policy, ...]]:
        found: dict[str, list[Policy]] = {}
        for policy in self.policies_by_tier[Tier.NETWORK_POLICY]:
            found.setdefault(policy.namespace or "", []).append(policy)
        return {name: tuple(policies) for name, policies in found.items()}


__all__ = [
    "NO_LABELS",
    "Backend",
    "Cluster",
    "ContainerKind",
    "ContainerPort",
    "EndpointPort",
    "Endpoints",
    "MayBe",
    "Namespace",
    "Node",
    "Route",
    "Service",
    "ServicePort",
    "Unmodelled",
    "Workload",
]
