"""Which connections a formula's ports mean, by number, and on a pod that declares some (reference A7, A13.2)."""

from __future__ import annotations

from analyzer.model.cluster import ContainerPort
from analyzer.model.formulas import OnHostPort, OnPorts
from analyzer.model.knobs import NamedPortScope
from analyzer.model.policies import PORT_PROTOCOLS, NumberedPorts, Ports, Protocol
from analyzer.semantics.formulas import SCOPE
from analyzer.sets import ConnectionSet, PortSet, other_protocols


def numbered(ports: OnPorts) -> ConnectionSet:
    """Those of the protocol with such a number; without a protocol, of every one."""
    others = ConnectionSet(others=ports.ports & other_protocols.EVERY)
    if ports.protocol is not None:
        is_other = ports.protocol is Protocol.OTHER
        return others if is_other else ConnectionSet.on(ports.protocol.value, ports.ports)
    found = others
    for protocol in PORT_PROTOCOLS:
        found |= ConnectionSet.on(protocol.value, ports.ports)
    return found


def declared(ports: tuple[ContainerPort, ...], asked: OnPorts | OnHostPort) -> ConnectionSet:
    """What a pod that declares these ports means by a name, or gives its node's ports (reference A7.1–A7.4)."""
    found = ConnectionSet.EMPTY
    for port in ports:
        if isinstance(asked, OnPorts):
            is_meant = port.name == asked.name and port.container in SCOPE[asked.scope]
            is_meant = is_meant and asked.protocol in (None, port.protocol)
        else:
            is_meant = bool(port.host_port)
        if is_meant:
            found |= ConnectionSet.on(port.protocol.value, PortSet.of(port.number))
    return found


def targeted(ports: tuple[ContainerPort, ...], target: Ports) -> ConnectionSet:
    """What a Service's target leads to on a pod that declares these ports (reference A13.2)."""
    if isinstance(target, NumberedPorts):
        return ConnectionSet.on(target.protocol.value, target.ports)
    return declared(ports, OnPorts(target.protocol, name=target.name, scope=NamedPortScope.SIDECARS))
