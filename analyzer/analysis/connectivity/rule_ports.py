"""Which connections the port entries of a rule mean (reference A6, A7, A11, B4, C3 and the engines of D)."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model.cluster import ContainerKind, ContainerPort
from analyzer.model.policies import NamedPort, NumberedPorts, Ports, Protocol
from analyzer.model.profile import NamedPorts, NamedPortScope, Profile
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.sets import ConnectionSet, PortSet

Names = dict[str, ConnectionSet]
"""What each port name means on one pod."""

_KINDS = {
    NamedPortScope.CONTAINERS: {ContainerKind.CONTAINER},
    NamedPortScope.SIDECARS: {ContainerKind.CONTAINER, ContainerKind.SIDECAR},
    NamedPortScope.ALL: set(ContainerKind),
}


EVERYTHING = Span.sure(ConnectionSet.FULL)
NOTHING = Span.sure(ConnectionSet.EMPTY)


def declared_names(ports: Iterable[ContainerPort], scope: NamedPortScope) -> Names:
    """What a pod with these container ports means by each name (reference A7.1–A7.4)."""
    found: Names = {}
    for port in ports:
        if port.name and port.container in _KINDS[scope]:
            one = ConnectionSet.on(port.protocol.value, PortSet.of(port.number))
            found[port.name] = found.get(port.name, ConnectionSet.EMPTY) | one
    return found


def names_used(
    ports: Iterable[ContainerPort], used: frozenset[str], profile: Profile
) -> tuple[tuple[str, ConnectionSet], ...]:
    """What a pod with these container ports means by the names that are used, sorted by name."""
    found = declared_names((port for port in ports if port.name in used), profile.named_port_scope)
    return tuple(sorted(found.items(), key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class RulePorts:
    """A rule's port entries as an engine reads them: those by number, and those by name."""

    numbered: ConnectionSet
    named: tuple[NamedPort, ...]

    def on(self, names: Names) -> ConnectionSet:
        """The connections meant on a destination that gives its ports these names."""
        found = self.numbered
        for entry in self.named:
            meant = names.get(entry.name)
            if meant is not None:
                found |= meant if entry.protocol is None else meant & _all_of(entry.protocol)
        return found

    def opened_by_union(self) -> ConnectionSet:
        """What knob named_ports=union may open besides, on ingress: any number of an entry's protocol (reference D)."""
        found = ConnectionSet.EMPTY
        for entry in self.named:
            if entry.protocol is not None:
                found |= _all_of(entry.protocol)
        return found


def rule_ports(ports: tuple[Ports, ...] | None, profile: Profile) -> RulePorts:
    """The entries of a rule; without a list it means every port and every protocol (reference A5, A6)."""
    if ports is None:
        return RulePorts(ConnectionSet.FULL, ())
    if profile.named_ports is NamedPorts.ZERO_PORT:
        ports = _names_as_port_zero(ports)
    numbered, named = ConnectionSet.EMPTY, []
    for entry in ports:
        if isinstance(entry, NamedPort):
            named.append(entry)
        else:
            numbered |= ConnectionSet.on(entry.protocol.value, _numbers(entry, profile))
    return RulePorts(numbered, tuple(named))


def _numbers(entry: NumberedPorts, profile: Profile) -> PortSet:
    if entry.is_range and entry.low is not None and not profile.enforce_endport:
        return PortSet.of(entry.low)
    return entry.ports


def _names_as_port_zero(ports: tuple[Ports, ...]) -> tuple[Ports, ...]:
    """Beside a number of their protocol, entries without one are lost; else they mean all its ports (reference D)."""
    found: list[Ports] = []
    with_number = {e.protocol for e in ports if isinstance(e, NumberedPorts) and e.low is not None}
    for entry in ports:
        if (isinstance(entry, NumberedPorts) and entry.low is not None) or entry.protocol is None:
            found.append(entry)
        elif entry.protocol not in with_number:
            found.append(NumberedPorts(entry.protocol))
    return tuple(found)


def _all_of(protocol: Protocol) -> ConnectionSet:
    return ConnectionSet.on(protocol.value, PortSet.FULL)
