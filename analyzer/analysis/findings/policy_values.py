"""Parts of policies as the plain values that a manifest holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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

Value = dict[str, Any]


def selector(of: Selector) -> Value:
    """A label selector, by labels where it asks for single values."""
    single = [it for it in of.requirements if it.operator is Operator.IN and len(it.values) == 1]
    others = [it for it in of.requirements if it not in single]
    value: Value = {"matchLabels": {it.key: min(it.values) for it in single}} if single else {}
    return value | ({"matchExpressions": [_requirement(it) for it in others]} if others else {})


def _requirement(it: Requirement) -> Value:
    value: Value = {"key": it.key, "operator": it.operator.value}
    return value | ({"values": sorted(it.values)} if it.values else {})


def peer(it: Peer) -> Value:
    """One entry of `from` or `to`."""
    match it:
        case PodPeer():
            value: Value = {}
            if isinstance(it.namespaces, NamespacesMatching):
                value["namespaceSelector"] = selector(it.namespaces.selector)
            if it.pods.requirements or not value:
                value["podSelector"] = selector(it.pods)
            return value
        case AddressPeer():
            return {"ipBlock": {"cidr": it.block} | ({"except": list(it.excepts)} if it.excepts else {})}
        case _:
            raise ValueError(f"no peer of a NetworkPolicy: {it}")


def ports(entries: Sequence[Ports]) -> list[Value]:
    """The entries of `ports`."""
    return [_port(entry) for entry in entries]


def _port(entry: Ports) -> Value:
    if isinstance(entry, NamedPort):
        return {"protocol": (entry.protocol or Protocol.TCP).value, "port": entry.name}
    assert isinstance(entry, NumberedPorts)
    value: Value = {"protocol": entry.protocol.value}
    value |= {"port": entry.low} if entry.low is not None else {}
    return value | ({"endPort": entry.high} if entry.is_range else {})


def rule(direction: Direction, peers: Sequence[Peer] | None, of_ports: Sequence[Ports] | None) -> Value:
    """One entry of `ingress` or `egress`."""
    value: Value = {peers_key(direction): [peer(it) for it in peers]} if peers is not None else {}
    return value | ({"ports": ports(of_ports)} if of_ports is not None else {})


def peers_key(direction: Direction) -> str:
    return "from" if direction is Direction.INGRESS else "to"


def network_policy(
    name: str,
    namespace: str,
    pods: Selector,
    types: Sequence[Direction],
    rules: Sequence[tuple[Direction, Sequence[Peer] | None, Sequence[Ports] | None]] = (),
) -> Value:
    """A whole NetworkPolicy."""
    spec: Value = {"podSelector": selector(pods), "policyTypes": type_names(types)}
    for direction in types:
        own = [rule(*one) for one in rules if one[0] is direction]
        spec |= {direction.value: own} if own else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def type_names(types: Sequence[Direction]) -> list[str]:
    return [direction.value.capitalize() for direction in types]
