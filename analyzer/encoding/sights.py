"""What a rule can be told to mean without a solver: single addresses and ports (reference A9.6, A13.7, D)."""

from __future__ import annotations

from analyzer.model.leading import Way
from analyzer.model.policies import PORT_PROTOCOLS, AddressPeer, NumberedPorts, Ports, Protocol, Rule
from analyzer.model.profile import NamedPorts, Profile


def sees_service(rule: Rule, way: Way, profile: Profile) -> bool:
    """Whether the rule's blocks and ports mean the Service's address and port themselves."""
    peers = rule.peers
    if peers is not None and not any(isinstance(p, AddressPeer) and way.address in p.addresses for p in peers):
        return False
    return sees_port(rule, way.port.protocol, way.port.number, profile)


def sees_port(rule: Rule, protocol: Protocol, number: int, profile: Profile) -> bool:
    """Whether the rule's ports mean this number where no pod is that could give it a name."""
    if rule.ports is None:
        return True
    ports = zero_port(rule.ports) if profile.named_ports is NamedPorts.ZERO_PORT else rule.ports
    return any(
        isinstance(entry, NumberedPorts)
        and entry.protocol is protocol
        and (number in entry.ports if profile.enforce_endport or not entry.is_range else number == entry.low)
        for entry in ports
    )


def zero_port(ports: tuple[Ports, ...]) -> tuple[Ports, ...]:
    """An engine that programs a name as port 0 (reference D): beside a number of its protocol it is lost, alone it
    opens the whole protocol.  That is said of NetworkPolicy; names without a protocol (ANP, CNP) stay as they are."""
    found: list[Ports] = [p for p in ports if p.protocol is None]
    for protocol in PORT_PROTOCOLS:
        mine = [p for p in ports if p.protocol is protocol]
        numbered = [p for p in mine if isinstance(p, NumberedPorts) and p.low is not None]
        if numbered:
            found += numbered
        elif mine:
            found.append(NumberedPorts(protocol))
    return tuple(found)
