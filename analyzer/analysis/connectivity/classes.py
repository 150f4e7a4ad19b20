"""The ends of a map in classes: ends that no policy of the cluster tells apart are computed once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from enum import Enum

from analyzer.model.cluster import Cluster, ContainerPort, Node, Service, Workload
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Selector
from analyzer.model.leading import node_ways, ways
from analyzer.model.policies import AddressPeer, Direction, NamedPort, NodePeer, Peer, PodPeer
from analyzer.model.profile import Profile, ServiceEval
from analyzer.records import dataclass
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.sets.addresses import IPAddress

VERSIONS = (4, 6)
NOTHING_MORE: Mapping[str, Collection[str]] = {}


class Sort(Enum):
    POD = "pod"
    HOST_POD = "pod on its node's network"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class EndClass:
    """What policies can know of an end.

    `labels` holds the values that some selector mentions; None stands for every other value.  `ports`: those whose
    names some rule or Service mentions.  `ips` is empty when the addresses are unknown, or when no policy asks for
    them.  `versions`: the address families it can have.  `host_ports`: those of its ports to which a port of its node
    leads: protocol, number, and the node's.
    `focus` keeps apart what the user asked to see apart, and `guess` an end of which labels are not known.
    """

    sort: Sort
    namespace: str
    labels: tuple[tuple[str, str | None], ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    ips: tuple[IPAddress, ...] = ()
    is_address_known: bool = False
    versions: tuple[int, ...] = VERSIONS
    focus: tuple[bool, ...] = ()
    host_ports: tuple[tuple[str, int, int], ...] = ()
    guess: str = ""

    @property
    def at_host(self) -> ConnectionSet:
        """The connections to which a port of its node leads."""
        found = ConnectionSet.EMPTY
        for protocol, number, _ in self.host_ports:
            found |= ConnectionSet.on(protocol, PortSet.of(number))
        return found


@dataclass
class Mentions:
    """The label keys and values that selectors of pods, or of nodes, mention."""

    values: dict[str, set[str]] = field(default_factory=dict)

    def add(self, selector: Selector) -> None:
        for requirement in selector.requirements:
            known = self.values.setdefault(requirement.key, set())
            if requirement.operator in (Operator.IN, Operator.NOT_IN):
                known |= requirement.values

    def reduced(self, labels: Labels) -> tuple[tuple[str, str | None], ...]:
        """The labels as far as the selectors can tell them apart."""
        if len(labels) < len(self.values):
            keys = [key for key in labels if key in self.values]
        else:
            keys = [key for key in self.values if key in labels]
        return tuple(sorted((key, labels[key] if labels[key] in self.values[key] else None) for key in keys))


class Classifier:
    """Puts workloads and nodes into classes, given what the policies of the cluster ask for."""

    def __init__(
        self,
        cluster: Cluster,
        profile: Profile,
        pod_addresses: AddressSet,
        mentioned: Mapping[str, Collection[str]] = NOTHING_MORE,
    ) -> None:
        self.profile = profile
        self._pod_versions = tuple(v for v in VERSIONS if pod_addresses.family(v))
        self._pods, self._nodes = Mentions({key: set(values) for key, values in mentioned.items()}), Mentions()
        self._port_names = frozenset(_port_names(cluster))
        for service in cluster.services:
            if service.selector is not None:
                self._pods.add(service.selector)
        asks = [False, False]  # for the addresses of pods; of nodes and of pods on their network
        asks[0] = any(cluster.written_endpoints(service) for service in cluster.services if replaces_sources(service))
        for policy in cluster.policies:
            self._pods.add(policy.subject.pods)
        for peer in peers_of(cluster):
            match peer:
                case PodPeer():
                    self._pods.add(peer.pods)
                case NodePeer():
                    self._nodes.add(peer.selector)
                    asks[1] = True
                case AddressPeer():
                    asks[0] |= reaches_pods(peer, profile)
                    asks[1] |= reaches_nodes(peer, profile)
                case _:
                    pass
        self._leads = profile.enforces and (
            bool(node_ways(cluster)) or (profile.service_eval is not ServiceEval.POST_DNAT and bool(ways(cluster)))
        )
        if self._leads and cluster.endpoints:
            asks = [True, True]
        self._asks_for_pods, self._asks_for_nodes = asks

    def workload(self, workload: Workload, focus: tuple[bool, ...] = ()) -> EndClass:
        if workload.host_network:
            labels, ports = ((), ()) if not self._leads else self._told(workload)
            what = EndClass(Sort.HOST_POD, workload.namespace, labels, ports, focus=focus)
            return _at(what, workload.ips, VERSIONS, self._asks_for_nodes)
        labels, listed = self._told(workload)
        what = EndClass(Sort.POD, workload.namespace, labels, listed, focus=focus, host_ports=_host_ports(workload))
        return _at(what, workload.ips, self._pod_versions, self._asks_for_pods)

    def _told(self, workload: Workload) -> tuple[tuple[tuple[str, str | None], ...], tuple[ContainerPort, ...]]:
        """The labels and ports that something asks for."""
        ports = {port for port in workload.ports if port.name in self._port_names}
        listed = tuple(sorted(ports, key=lambda p: (p.name, p.number, p.protocol.value, p.container.value)))
        return self._pods.reduced(workload.labels), listed

    def node(self, node: Node, focus: tuple[bool, ...] = ()) -> EndClass:
        what = EndClass(Sort.NODE, "", self._nodes.reduced(node.labels), focus=focus)
        return _at(what, node.ips, VERSIONS, self._asks_for_nodes)


def _host_ports(workload: Workload) -> tuple[tuple[str, int, int], ...]:
    return tuple(sorted({(p.protocol.value, p.number, p.host_port) for p in workload.ports if p.host_port}))


def replaces_sources(service: Service) -> bool:
    """Whether a node's address may take the place of the source's on the way through the Service (reference A13.5)."""
    return service.reached_from_outside and not service.preserves_client


def _at(what: EndClass, ips: tuple[IPAddress, ...], versions: tuple[int, ...], asks: bool) -> EndClass:
    known = tuple(v for v in VERSIONS if any(ip.version == v for ip in ips)) if ips else versions
    return replace(what, ips=ips if asks else (), is_address_known=asks and bool(ips), versions=known)


def _port_names(cluster: Cluster) -> Iterator[str]:
    for policy in cluster.policies:
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                yield from (entry.name for entry in rule.ports or () if isinstance(entry, NamedPort))
    for service in cluster.services:
        yield from (port.target for port in service.ports if isinstance(port.target, str))


def peers_of(cluster: Cluster) -> Iterator[Peer]:
    for policy in cluster.policies:
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                yield from rule.peers or ()


def reaches_pods(peer: AddressPeer, profile: Profile) -> bool:
    """Whether the range means addresses of pods too (reference A9.4, B3)."""
    return profile.ipblock_matches_pods if peer.matches_cluster is None else peer.matches_cluster


def reaches_nodes(peer: AddressPeer, profile: Profile) -> bool:
    """Whether the range means addresses of nodes and of pods on their network too (reference A9.9, B3)."""
    return profile.ipblock_matches_nodes if peer.matches_cluster is None else peer.matches_cluster


class LabelIndex:
    """Bit sets of the items that meet a selector, by the operators of reference A2.3."""

    def __init__(self, items: Iterable[tuple[int, Labels | dict[str, str | None]]]) -> None:
        """`items`: bits, and the labels of all that they stand for."""
        self._with_value: dict[tuple[str, str | None], int] = {}
        self._with_key: dict[str, int] = {}
        self.everything = 0
        for bits, labels in items:
            self.everything |= bits
            for key, value in labels.items():
                self._with_value[key, value] = self._with_value.get((key, value), 0) | bits
                self._with_key[key] = self._with_key.get(key, 0) | bits
        self._found: dict[Selector, int] = {}

    def matching(self, selector: Selector) -> int:
        found = self._found.get(selector)
        if found is None:
            found = self.everything
            for requirement in selector.requirements:
                here = self._with_key.get(requirement.key, 0)
                meant = 0
                for value in requirement.values:
                    meant |= self._with_value.get((requirement.key, value), 0)
                match requirement.operator:
                    case Operator.IN:
                        found &= meant
                    case Operator.NOT_IN:
                        found &= ~meant
                    case Operator.EXISTS:
                        found &= here
                    case Operator.DOES_NOT_EXIST:
                        found &= ~here
            self._found[selector] = found
        return found


def namespace_labels(cluster: Cluster, name: str) -> Labels:
    """The namespace's labels; one that nobody mentions has its name for a label (reference A8.6)."""
    known = cluster.namespace_by_name.get(name)
    return known.labels if known else Labels({NAMESPACE_NAME_LABEL: name})
