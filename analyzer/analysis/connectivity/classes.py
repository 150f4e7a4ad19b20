"""The ends of a map in classes: ends that no policy of the cluster tells apart are computed once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import Enum

from analyzer.analysis.connectivity.asked import Asked, OfKindAsked, Reduced
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.model.cluster import Cluster, ContainerPort, Node, Workload
from analyzer.model.formulas import EndKind
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.on_nodes import room_of
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
        sort, kind = (Sort.HOST_POD, EndKind.HOST_POD) if workload.host_network else (Sort.POD, EndKind.POD)
        asked = self._asked[kind]
        what = EndClass(
            sort,
            workload.namespace,
            asked.reduced(workload.labels),
            _ports(workload, asked),
            account=asked.account(workload.service_account),
            workloads=tuple(
                sorted((ns, name) for ns, name in asked.workloads if workload.owner.startswith(f"{ns}/{name}["))
            ),
            focus=focus,
        )
        if not workload.host_network:
            return _at(what, workload.ips, self._pod_versions, asked)
        room = None if workload.ips else self._room(workload)
        versions = VERSIONS if room is None else tuple(v for v in VERSIONS if room.family(v))
        return _at(replace(what, room=room), workload.ips, versions, asked)

    def _room(self, workload: Workload) -> AddressSet | None:
        return next((room_of(workload, rules.cluster, rules.profile) for rules in self._stages), None)

    def node(self, node: Node, focus: tuple[bool, ...] = ()) -> EndClass:
        asked = self._asked[EndKind.NODE]
        return _at(EndClass(Sort.NODE, "", asked.reduced(node.labels), focus=focus), node.ips, VERSIONS, asked)


def _ports(workload: Workload, asked: OfKindAsked) -> tuple[ContainerPort, ...]:
    """The ports that something asks for."""
    found = {port for port in workload.ports if port.name in asked.port_names}
    if not workload.host_network:
        others = (port for port in workload.ports if port.host_port and port not in found)
        found |= {ContainerPort("", port.number, port.protocol, host_port=port.host_port) for port in others}
    return tuple(sorted(found, key=_place)) if found else ()


def _place(port: ContainerPort) -> tuple[str, int, str, str, int]:
    return port.name, port.number, port.protocol.value, port.container.value, port.host_port or 0


def _at(what: EndClass, ips: tuple[IPAddress, ...], versions: tuple[int, ...], asked: OfKindAsked) -> EndClass:
    asks = asked.asks_for_addresses
    known = tuple(v for v in VERSIONS if any(ip.version == v for ip in ips)) if ips else versions
    room = what.room if asks else None
    return replace(what, ips=ips if asks else (), is_address_known=asks and bool(ips), versions=known, room=room)


def namespace_labels(cluster: Cluster, name: str) -> Labels:
    """The namespace's labels; one that nobody mentions has its name for a label (reference A8.6)."""
    known = cluster.namespace_by_name.get(name)
    return known.labels if known else Labels({NAMESPACE_NAME_LABEL: name})
