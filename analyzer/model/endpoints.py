"""Concrete ends and concrete connections: what the oracle decides and what a witness is made of."""

from __future__ import annotations

from analyzer.model.added_labels import Unknown
from analyzer.model.cluster import ContainerPort, Workload
from analyzer.model.labels import NO_LABELS, Labels
from analyzer.model.policies import Protocol
from analyzer.model.requests import Request
from analyzer.records import dataclass
from analyzer.sets import other_protocols
from analyzer.sets.addresses import IPAddress


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod.  `ip` is its address in the connection's family; for a hostNetwork pod the address of its node.

    `workload` is the owner of the workload it belongs to, `ns/name[Kind]`, None for a pod that is not there yet.
    `namespace_labels` always holds kubernetes.io/metadata.name.  `unknown`: labels that it has besides, with values
    that nobody knows.
    `maker` names an object that is not modelled and may make such a pod, or none.  `annotations`: those that the mesh
    reads.  `node`: the name of its node, `nodes` those of the nodes of which it is on one, `node_groups` the security
    groups of its node (model/placement.py), None where that is not known.
    """

    namespace: str
    namespace_labels: Labels
    labels: Labels
    ip: IPAddress
    service_account: str = "default"
    ports: tuple[ContainerPort, ...] = ()
    host_network: bool = False
    workload: str | None = None
    unknown: tuple[Unknown, ...] = ()
    maker: str = ""
    annotations: Labels = NO_LABELS
    node: str | None = None
    node_groups: str | None = None
    nodes: str | None = None


def pod_of(workload: Workload, namespace_labels: Labels, ip: IPAddress) -> Pod:
    """A pod of the workload, at the address."""
    return Pod(
        namespace=workload.namespace,
        namespace_labels=namespace_labels,
        labels=workload.labels,
        ip=ip,
        service_account=workload.service_account,
        ports=workload.ports,
        host_network=workload.host_network,
        workload=workload.owner,
        unknown=workload.unknown_labels,
        annotations=workload.annotations,
        node_groups=workload.host.groups,
        nodes=workload.host.nodes,
    )


@dataclass(frozen=True, slots=True)
class External:
    """An address outside the cluster: neither a known pod's nor a known node's.

    `entity`: the name of an end that the engine runs itself and no object declares, as Cilium its health endpoints
    (calico-cilium.md 2.1); of no kind to a formula, and of its address nothing counts but the version of IP.
    """

    ip: IPAddress
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A node as an end of a connection; `name` is None for a node that is not there yet."""

    name: str | None
    labels: Labels
    ip: IPAddress


End = Pod | External | Host


@dataclass(frozen=True, slots=True)
class Through:
    """The Service's own address and port that a client asks for; `service` is the Service's id."""

    service: str
    address: IPAddress
    number: int


@dataclass(frozen=True, slots=True)
class Connection:
    """The opening of one connection: both ends of one address family, at least one of them a pod
    (between revisions whose policies select nodes: or a node).

    `port` is the destination port on the pod, after Service translation; None iff the protocol is OTHER.  `number`
    tells which of those it is (`sets/other_protocols`), where something asks.  The source
    is never the destination pod's own node, which always reaches it.  `through` is the Service that the client asks
    for; None: the destination itself, or whichever Service leads there.  `request`: what the client asks for over it.
    """

    src: End
    dst: End
    protocol: Protocol
    port: int | None
    through: Through | None = None
    request: Request | None = None
    number: int | None = None

    @property
    def service(self) -> str:
        """`TCP 443`, `ICMP type 8`, `a protocol without ports`."""
        if self.protocol is not Protocol.OTHER:
            return f"{self.protocol.value} {self.port}"
        return "a protocol without ports" if self.number is None else other_protocols.message(self.number)


__all__ = ["NO_LABELS", "Connection", "End", "External", "Host", "Pod", "Through", "pod_of"]
