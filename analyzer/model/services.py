"""Services, where they lead, and the routes to them."""

from __future__ import annotations

from analyzer.model.labels import NO_LABELS, Labels, Selector
from analyzer.model.policies import Protocol
from analyzer.model.source import NOWHERE, Source
from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress


@dataclass(frozen=True, slots=True)
class ServicePort:
    """`target` is a number, or a container port name resolved per backend pod (reference A13.2).  `node_port`: the port
    of every node that leads there, None if none is written.  `app_protocol`: what it speaks, None where it does not
    say."""

    port: int
    target: int | str
    protocol: Protocol
    node_port: int | None = None
    name: str = ""
    app_protocol: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """`selector is None`: no selector, or ExternalName: no pods of its own (reference A13.4, E1.6).

    `reached_from_outside`: type LoadBalancer or NodePort, or externalIPs.  `preserves_client`: externalTrafficPolicy
    Local (reference A13.5).  `addresses` are its own, which stand for its backends (0.2, A9.5): clusterIPs,
    externalIPs, and those of the status but for `ipMode: Proxy`.  `external_name`: the name that an ExternalName
    stands for, empty for every other.  `allocates_node_ports`: the cluster gives each port that has none a `node_port`.
    `is_balanced`: type LoadBalancer.
    `created`: when, as the server writes it, empty if that is not known.  `waypoint`: which one its labels ask for,
    empty if they do not.
    """

    namespace: str
    name: str
    selector: Selector | None
    ports: tuple[ServicePort, ...]
    reached_from_outside: bool
    preserves_client: bool
    is_headless: bool = False
    addresses: tuple[IPAddress, ...] = ()
    external_name: str = ""
    source: Source = NOWHERE
    allocates_node_ports: bool = False
    is_balanced: bool = False
    created: str = ""
    waypoint: str = ""
    labels: Labels = NO_LABELS

    @property
    def id(self) -> str:
        return f"Service {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """`name` is that of the Service's port.  `number is None`: the object names none, and nothing leads there."""

    name: str
    number: int | None
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses that a Service leads to, as an EndpointSlice or a subset of an Endpoints object lists them.

    Whether they are ready does not matter (reference A13.6).  `is_derived`: the cluster wrote it from the pods that
    the Service selects, so that it says nothing the pods do not.
    """

    namespace: str
    service: str
    addresses: tuple[IPAddress, ...]
    ports: tuple[EndpointPort, ...]
    is_derived: bool = False
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service that a route leads to; `port` is one of its ports, by number or by name.

    `is_of_pods`: a number is that of the pods, not the Service's, and None is every port (reference E1.8).
    """

    namespace: str
    service: str
    port: int | str | None
    is_of_pods: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """An Ingress, a Gateway API route or one of OpenShift: which flows are wanted; it permits none (reference E1.1).

    `backends` holds those it may lead to.  `hosts` is empty if it is for every host.
    """

    kind: str
    namespace: str
    name: str
    protocol: Protocol
    backends: tuple[Backend, ...]
    hosts: tuple[str, ...] = ()
    source: Source = NOWHERE

    @property
    def id(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"
