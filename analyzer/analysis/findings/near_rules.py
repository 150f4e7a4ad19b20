"""How near a rule comes to letting a connection through, and which ends policies look at."""

from __future__ import annotations

from analyzer.analysis.findings.spelling import respelt
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.policies import AddressPeer, Direction, NamespaceNamed, NumberedPorts, Peer, PodPeer, Rule
from analyzer.semantics import Ruling, matches


def direction_of(ruling: Ruling) -> Direction:
    """At which end the stage judges; a mesh does at the destination."""
    return Direction.EGRESS if ruling.stage == Direction.EGRESS.value else Direction.INGRESS


def end_of(connection: Connection, direction: Direction, *, is_near: bool = True) -> End:
    """The end that policies of the direction select, or the far one."""
    return connection.src if (direction is Direction.EGRESS) is is_near else connection.dst


def nearness(rule: Rule, direction: Direction, connection: Connection) -> int:
    """How near the rule comes to letting the connection through: 3: but for one thing it would; 0: it does not speak
    of the connection."""
    far = end_of(connection, direction, is_near=False)
    on_port = rule.ports is None or any(_is_on(entry, connection) for entry in rule.ports)
    numbers = {entry.low for entry in rule.ports or () if isinstance(entry, NumberedPorts)}
    is_meant, best = on_port or connection.port in numbers, 0
    for peer in rule.peers or ():
        if isinstance(peer, PodPeer) and isinstance(far, Pod):
            at, chosen, names_pods = is_in(peer, far), matches(peer.pods, far.labels), bool(peer.pods.requirements)
            is_misspelt = respelt(peer.pods, far.labels) is not None
            if at and chosen and (names_pods or connection.port in numbers or len(numbers) == 1):
                best = 3
            elif (chosen and names_pods and on_port) or (is_misspelt and at and is_meant):
                best = max(best, 2)
            elif (is_misspelt and (at or on_port)) or (
                at and on_port and not isinstance(peer.namespaces, NamespaceNamed)
            ):
                best = max(best, 1)
        elif isinstance(peer, AddressPeer) and far.ip in peer.addresses and connection.port in numbers:
            best = 3
    if rule.peers is None and connection.port in numbers:
        return 3
    return best


def is_in(peer: PodPeer, pod: Pod) -> bool:
    """Whether the peer's namespaces hold the pod's."""
    if isinstance(peer.namespaces, NamespaceNamed):
        return peer.namespaces.name == pod.namespace
    return matches(peer.namespaces.selector, pod.namespace_labels)


def _is_on(entry: object, connection: Connection) -> bool:
    if not isinstance(entry, NumberedPorts):
        declared = connection.dst.ports if isinstance(connection.dst, Pod) else ()
        return any(p.number == connection.port and p.name == getattr(entry, "name", None) for p in declared)
    return entry.protocol is connection.protocol and connection.port is not None and connection.port in entry.ports


def is_of(peer: Peer, far: object) -> bool:
    """Whether the far end is one of those that the peer means."""
    if isinstance(peer, PodPeer):
        return isinstance(far, Pod) and is_in(peer, far) and matches(peer.pods, far.labels)
    return isinstance(peer, AddressPeer) and isinstance(far, Pod | External | Host) and far.ip in peer.addresses
