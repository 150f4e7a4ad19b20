"""The ends of a map in classes: ends that no policy of the cluster tells apart are computed once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from analyzer.analysis.connectivity.asked import Asked, OfKindAsked, Reduced
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.model.cluster import Cluster, ContainerPort, Node, Workload
from analyzer.model.formulas import EndKind
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.on_nodes import room_of
from analyzer.model.placement import names_of
from analyzer.records import dataclass
from analyzer.sets import AddressSet
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

    `labels` holds the values that some selector mentions; None stands for every other value, as for `account`.
    `node_groups`: the security groups of its node, where something asks for them and they are known.
    `nodes`: likewise those of which it is on one, or the node that it is.
    `ports`: those whose names some rule or Service mentions, and those to which a port of the node leads.  `ips` is
    empty when the addresses are unknown, or when no policy asks for them; `room` then is where pods on their nodes'
    network can be, if that is known.  `versions`: the address families it can have.  `workloads`: those that somebody
    asks for by name and that it is of.
    `focus` keeps apart what the user asked to see apart, and `guess` an end of which labels are not known.
    """

    sort: Sort
    namespace: str
    labels: Reduced = ()
    ports: tuple[ContainerPort, ...] = ()
    ips: tuple[IPAddress, ...] = ()
    is_address_known: bool = False
    versions: tuple[int, ...] = VERSIONS
    room: AddressSet | None = None
    account: str | None = None
    node_groups: str | None = None
    nodes: str | None = None
    workloads: tuple[tuple[str, str], ...] = ()
    focus: tuple[bool, ...] = ()
    guess: str = ""


class Classifier:
    """Puts workloads and nodes into classes, given what the policies of the cluster ask for."""

    def __init__(
        self,
        stages: Sequence[StageRules],
        pod_addresses: AddressSet,
        mentioned: Mapping[str, Collection[str]] = NOTHING_MORE,
    ) -> None:
        self._stages = stages
        self._pod_versions = tuple(v for v in VERSIONS if pod_addresses.family(v))
        self._asked = Asked(stages, mentioned).of

    def workload(self, workload: Workload, focus: tuple[bool, ...] = ()) -> EndClass:
        is_host = workload.host_network
        asked = self._asked[EndKind.HOST_POD if is_host else EndKind.POD]
        room = self._room(workload) if is_host and not workload.ips else None
        versions = VERSIONS if is_host else self._pod_versions
        if room is not None:
            versions = tuple(v for v in VERSIONS if room.family(v))
        asks = asked.asks_for_addresses
        return EndClass(
            Sort.HOST_POD if is_host else Sort.POD,
            workload.namespace,
            asked.reduced(workload.labels),
            _ports(workload, asked),
            workload.ips if asks else (),
            asks and bool(workload.ips),
            _versions(workload.ips) or versions,
            room if asks else None,
            asked.account(workload.service_account),
            workload.host.groups if asked.asks_for_node_groups else None,
            workload.host.nodes if asked.asks_for_nodes else None,
            asked.names_of(workload),
            focus,
        )

    def _room(self, workload: Workload) -> AddressSet | None:
        return next((room_of(workload, rules.cluster, rules.profile) for rules in self._stages), None)

    def node(self, node: Node, focus: tuple[bool, ...] = ()) -> EndClass:
        asked = self._asked[EndKind.NODE]
        asks = asked.asks_for_addresses
        return EndClass(
            Sort.NODE,
            "",
            asked.reduced(node.labels),
            ips=node.ips if asks else (),
            is_address_known=asks and bool(node.ips),
            versions=_versions(node.ips) or VERSIONS,
            nodes=names_of([node.name]) if asked.asks_for_nodes else None,
            focus=focus,
        )


def _ports(workload: Workload, asked: OfKindAsked) -> tuple[ContainerPort, ...]:
    """The ports that something asks for."""
    if not any(port.name in asked.port_names or port.host_port for port in workload.ports):
        return ()
    found = {port for port in workload.ports if port.name in asked.port_names}
    if not workload.host_network:
        others = (port for port in workload.ports if port.host_port and port not in found)
        found |= {ContainerPort("", port.number, port.protocol, host_port=port.host_port) for port in others}
    return tuple(sorted(found, key=_place))


def _place(port: ContainerPort) -> tuple[str, int, str, str, int]:
    return port.name, port.number, port.protocol.value, port.container.value, port.host_port or 0


def _versions(ips: tuple[IPAddress, ...]) -> tuple[int, ...]:
    return tuple(v for v in VERSIONS if any(ip.version == v for ip in ips)) if ips else ()


def namespace_labels(cluster: Cluster, name: str) -> Labels:
    """The namespace's labels; one that nobody mentions has its name for a label (reference A8.6)."""
    known = cluster.namespace_by_name.get(name)
    return known.labels if known else Labels({NAMESPACE_NAME_LABEL: name})
