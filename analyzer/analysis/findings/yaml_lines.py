"""Parts of policies as lines of YAML, in block style."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    NamedPort,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Ports,
    Protocol,
)

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/\d{1,2}")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"})


def indented(lines: Sequence[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def text(value: str) -> str:
    """A scalar that every YAML parser reads as this text."""
    if _PLAIN.fullmatch(value) and value.lower().lstrip(".") not in _WORDS:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def item(lines: Sequence[str]) -> list[str]:
    """The lines as one item of a list."""
    return [f"- {lines[0]}", *indented(lines[1:], 2)]


def selector(key: str, of: Selector) -> list[str]:
    """`podSelector: …`, by labels where it asks for single values."""
    if not of.requirements:
        return [f"{key}: {{}}"]
    single = [it for it in of.requirements if it.operator is Operator.IN and len(it.values) == 1]
    others = [it for it in of.requirements if it not in single]
    lines = [f"{key}:"]
    if single:
        lines.append("  matchLabels:")
        lines += [f"    {text(it.key)}: {text(min(it.values))}" for it in single]
    if others:
        lines.append("  matchExpressions:")
        for it in others:
            lines += indented(item(_requirement(it)), 4)
    return lines


def _requirement(it: Requirement) -> list[str]:
    lines = [f"key: {text(it.key)}", f"operator: {it.operator.value}"]
    if it.values:
        lines.append(f"values: [{', '.join(map(text, sorted(it.values)))}]")
    return lines


def peer(it: Peer) -> list[str]:
    """One entry of `from` or `to`, without its dash."""
    match it:
        case PodPeer():
            lines = []
            if isinstance(it.namespaces, NamespacesMatching):
                lines += selector("namespaceSelector", it.namespaces.selector)
            if it.pods.requirements or not lines:
                lines += selector("podSelector", it.pods)
            return lines
        case AddressPeer():
            cidr, _, taken = it.text.partition(" except ")
            excepts = ["  except:", *(f"    - {text(network)}" for network in taken.split(", "))] if taken else []
            return ["ipBlock:", f"  cidr: {text(cidr)}", *excepts]
        case _:
            raise ValueError(f"no peer of a NetworkPolicy: {it}")


def ports(entries: Sequence[Ports]) -> list[str]:
    """`ports:` with its items."""
    lines = ["ports:"]
    for entry in entries:
        lines += indented(item(_port(entry)), 2)
    return lines


def _port(entry: Ports) -> list[str]:
    if isinstance(entry, NamedPort):
        return [f"protocol: {(entry.protocol or Protocol.TCP).value}", f"port: {text(entry.name)}"]
    assert isinstance(entry, NumberedPorts)
    lines = [f"protocol: {entry.protocol.value}"]
    if entry.low is not None:
        lines.append(f"port: {entry.low}")
    if entry.is_range:
        lines.append(f"endPort: {entry.high}")
    return lines


def rule(direction: Direction, peers: Sequence[Peer] | None, of_ports: Sequence[Ports] | None) -> list[str]:
    """One entry of `ingress` or `egress`, without its dash."""
    lines = []
    if peers is not None:
        lines.append("from:" if direction is Direction.INGRESS else "to:")
        for each in peers:
            lines += indented(item(peer(each)), 2)
    if of_ports is not None:
        lines += ports(of_ports)
    return lines or ["{}"]


def network_policy(
    name: str,
    namespace: str,
    pods: Selector,
    types: Sequence[Direction],
    rules: Sequence[tuple[Direction, Sequence[Peer] | None, Sequence[Ports] | None]] = (),
) -> list[str]:
    """A whole NetworkPolicy."""
    lines = [
        "apiVersion: networking.k8s.io/v1",
        "kind: NetworkPolicy",
        "metadata:",
        f"  name: {text(name)}",
        f"  namespace: {text(namespace)}",
        "spec:",
        *indented(selector("podSelector", pods), 2),
        f"  policyTypes: [{', '.join(direction.value.capitalize() for direction in types)}]",
    ]
    for direction in types:
        own = [one for one in rules if one[0] is direction]
        if own:
            lines.append(f"  {direction.value}:")
        for _, peers, of_ports in own:
            lines += indented(item(rule(direction, peers, of_ports)), 4)
    return lines
