"""Which destination ports a rule means (reference A6, A7, A11, B4, C3 and the engines of D)."""

from __future__ import annotations

from analyzer.model.cluster import ContainerKind
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Direction, NamedPort, NumberedPorts, Policy, Ports, Protocol
from analyzer.model.profile import NamedPorts, NamedPortScope, Profile
from analyzer.semantics.case import Case
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES

_SCOPE = {
    NamedPortScope.CONTAINERS: (ContainerKind.CONTAINER,),
    NamedPortScope.SIDECARS: (ContainerKind.CONTAINER, ContainerKind.SIDECAR),
    NamedPortScope.ALL: (ContainerKind.CONTAINER, ContainerKind.SIDECAR, ContainerKind.INIT),
}


def declares(pod: Pod, name: str, connection: Connection, scope: NamedPortScope) -> bool:
    """Whether a container of the pod gives that name to the connection's port and protocol (reference A7.1–A7.4)."""
    return any(
        declared.container in _SCOPE[scope]
        and declared.name == name
        and declared.number == connection.port
        and declared.protocol is connection.protocol
        for declared in pod.ports
    )


def is_on(ports: tuple[Ports, ...] | None, policy: Policy, direction: Direction, case: Case) -> bool:
    """Whether a rule's port entries cover the connection; no list means every port and protocol (reference A5, A6).

    A protocol without ports matches no list of ports (reference A11.2).
    """
    if ports is None:
        return True
    if case.connection.protocol is Protocol.OTHER:
        return False
    if case.profile.named_ports is NamedPorts.ZERO_PORT:
        ports = _with_names_as_zero(ports)
    return any(_covers(entry, policy, direction, case) for entry in ports)


def _with_names_as_zero(ports: tuple[Ports, ...]) -> tuple[Ports, ...]:
    """The list as an engine reads it to which a name is no number (reference D, OVN-K ports).

    Beside a number of their protocol, names and entries without a number are lost; otherwise they mean all of its
    ports.  Names without a protocol are those of ANP and CNP, of which that note does not speak.
    """
    numbered = {entry.protocol for entry in ports if isinstance(entry, NumberedPorts) and entry.low is not None}
    read: list[Ports] = []
    for entry in ports:
        has_number = isinstance(entry, NumberedPorts) and entry.low is not None
        if has_number or entry.protocol is None:
            read.append(entry)
        elif entry.protocol not in numbered:
            read.append(NumberedPorts(entry.protocol))
    return tuple(read)


def _covers(entry: Ports, policy: Policy, direction: Direction, case: Case) -> bool:
    connection = case.connection
    if entry.protocol not in (None, connection.protocol):
        return False
    if isinstance(entry, NamedPort):
        return _is_named(entry, policy, direction, case)
    if entry.is_range and not case.profile.enforce_endport:
        return connection.port == entry.low
    return connection.port is not None and connection.port in entry.ports


def _is_named(entry: NamedPort, policy: Policy, direction: Direction, case: Case) -> bool:
    """A name is looked up on the destination pod in both directions; elsewhere it never matches (reference A7.1, A7.5).

    Knob named_ports=union: on ingress the numbers of all subjects are opened on each (reference D, AWS), and which
    numbers those are is open, for a subject may come to exist.
    """
    destination = case.connection.dst
    if not isinstance(destination, Pod) or destination.host_network:
        return False
    if declares(destination, entry.name, case.connection, case.profile.named_port_scope):
        return True
    is_union = case.profile.named_ports is NamedPorts.UNION and entry.protocol is not None
    if not is_union or direction is Direction.EGRESS:
        return False
    number = f"{case.connection.protocol.value} {case.connection.port}"
    fact = OpenFact(
        "named-port-union",
        f"{policy.id} {entry.name} {number}",
        f"{policy.id} ({policy.source}) opens port name `{entry.name}` on all its subjects, and whether one of them "
        f"declares it as {number} is not known",
    )
    return case.settle(fact, (MATCHES, DOES_NOT_MATCH)) == MATCHES


def on_ports(ports: tuple[Ports, ...], connection: Connection, profile: Profile) -> bool:
    """Whether the connection is on one of a query's ports; names are looked up on the destination pod (reference A7).

    An entry of Protocol.OTHER stands for all protocols without ports.
    """
    return any(_is_asked(entry, connection, profile) for entry in ports)


def _is_asked(entry: Ports, connection: Connection, profile: Profile) -> bool:
    if entry.protocol not in (None, connection.protocol):
        return False
    if connection.port is None:
        return isinstance(entry, NumberedPorts)
    if isinstance(entry, NumberedPorts):
        return connection.port in entry.ports
    destination = connection.dst
    return isinstance(destination, Pod) and declares(destination, entry.name, connection, profile.named_port_scope)
