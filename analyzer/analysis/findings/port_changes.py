"""Ports of a rule: named where it has none, or fewer than it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.analysis.findings.guessed_ports import (
    is_of_every_port,
    meets_a_probe,
    port_text,
    ports_declared,
    ports_elsewhere,
    ports_spared,
)
from analyzer.analysis.findings.matter import Change, Matter
from analyzer.analysis.findings.operations import SetPorts
from analyzer.model.policies import NumberedPorts, Ports
from analyzer.sets import PortSet

_MOST_NAMED = 6  # entries of a rule's ports


def on_ports(matter: Matter) -> Iterator[Change]:
    """Ports for a rule without: those of the policy of the same name elsewhere, those that the claims spare, or those
    that the pods declare."""
    if matter.rule.ports is not None:
        return
    is_of_some = not any(is_of_every_port(probe) for probe in matter.probes)
    guessed = (ports_elsewhere(matter), ports_declared(matter)) if is_of_some else ()
    for ports in dict.fromkeys((*guessed, *ports_spared(matter))):
        if ports:
            policy = matter.with_rule(replace(matter.rule, ports=ports))
            said = f"name the ports: {', '.join(port_text(entry) for entry in ports)}"
            yield Change(policy, (SetPorts(matter.direction, matter.rule.index, ports),), (said,))


def on_fewer_ports(matter: Matter) -> Iterator[Change]:
    """A rule's ports without those that the claims forbid: of a range those that the pods declare, or what is left."""
    ports = matter.rule.ports
    if ports is None or any(is_of_every_port(probe) for probe in matter.probes):
        return
    declared = [it for it in ports_declared(matter) if isinstance(it, NumberedPorts)]
    for with_declared in (True, False):
        left = tuple(it for entry in ports for it in _left_of(entry, matter, declared if with_declared else []))
        if left and left != ports and len(left) <= _MOST_NAMED:
            policy = matter.with_rule(replace(matter.rule, ports=left))
            said = f"name the ports that are meant: {', '.join(port_text(entry) for entry in left)}"
            yield Change(policy, (SetPorts(matter.direction, matter.rule.index, left),), (said,))


def _left_of(entry: Ports, matter: Matter, declared: list[NumberedPorts]) -> Iterator[Ports]:
    """The entry where it lets nothing through that is forbidden, else what is left of it."""
    if not meets_a_probe(matter, (entry,)):
        yield entry
        return
    if not isinstance(entry, NumberedPorts) or entry.low is None or not entry.is_range:
        return
    singles = [it for it in declared if it.protocol is entry.protocol and it.ports <= entry.ports]
    if singles:
        yield from singles
        return
    asked = (it for probe in matter.probes for it in probe.hit.claim.ports if isinstance(it, NumberedPorts))
    forbidden = [it.ports for it in asked if it.low is not None and it.protocol is entry.protocol]
    rest = entry.ports
    for taken in forbidden or [PortSet.of(it.connection.port) for it in matter.probes if it.connection.port]:
        rest -= taken
    yield from (NumberedPorts(entry.protocol, low, high if high > low else None) for low, high in rest)
