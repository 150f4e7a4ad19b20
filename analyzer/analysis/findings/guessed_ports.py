"""Ports that a rule without any may have been meant for."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.analysis.findings.matter import Matter
from analyzer.analysis.findings.probes import Probe
from analyzer.model.policies import (
    PORT_PROTOCOLS,
    Direction,
    NumberedPorts,
    Ports,
    Protocol,
)
from analyzer.semantics import matches, on_ports


def is_of_every_port(probe: Probe) -> bool:
    """The claim speaks of all ports of the connection's protocol: naming some does not help."""
    entries = (entry for entry in probe.hit.claim.ports if isinstance(entry, NumberedPorts))
    return any(entry.low is None and entry.protocol is probe.connection.protocol for entry in entries)


def ports_elsewhere(matter: Matter) -> tuple[Ports, ...]:
    """The ports of the policy of the same name in another namespace."""
    for other in matter.cluster.policies:
        if other.name != matter.policy.name or other.namespace == matter.policy.namespace:
            continue
        for rule in other.rules(matter.direction) or ():
            if rule.ports and not meets_a_probe(matter, rule.ports):
                return rule.ports
    return ()


def ports_declared(matter: Matter) -> tuple[Ports, ...]:
    """The ports that the pods to be reached declare, without those that the claims forbid."""
    if matter.direction is Direction.EGRESS:
        return ()
    workloads = matter.cluster.workloads_by_namespace.get(matter.policy.namespace or "", ())
    declared = {
        (port.protocol, port.number)
        for workload in workloads
        if matches(matter.policy.subject.pods, workload.labels)
        for port in workload.ports
    }
    found = tuple(NumberedPorts(protocol, number) for protocol, number in sorted(declared, key=_by_protocol))
    return tuple(entry for entry in found if not meets_a_probe(matter, (entry,)))


def ports_spared(matter: Matter) -> Iterator[tuple[Ports, ...]]:
    """The ports on which the claims excuse connections."""
    for probe in matter.probes:
        for excuse in probe.hit.claim.excuses:
            if excuse.ports is not None and all(
                isinstance(it, NumberedPorts) and it.protocol in PORT_PROTOCOLS for it in excuse.ports
            ):
                yield excuse.ports


def _by_protocol(port: tuple[Protocol, int]) -> tuple[int, int]:
    return list(Protocol).index(port[0]), port[1]


def meets_a_probe(matter: Matter, ports: tuple[Ports, ...]) -> bool:
    return any(on_ports(ports, probe.connection, matter.profile) for probe in matter.probes)


def port_text(entry: Ports) -> str:
    if isinstance(entry, NumberedPorts):
        low = "" if entry.low is None else f" {entry.low}"
        return f"{entry.protocol.value}{low}{'' if entry.high is None else f'–{entry.high}'}"
    return f"{entry.protocol.value if entry.protocol else 'TCP'} {entry.name}"
