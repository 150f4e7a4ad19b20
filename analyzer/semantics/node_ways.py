"""What an engine sees of a connection that asks for a node's address, on a port that leads to the destination.

Only the node that is addressed translates such a port, of a NodePort Service or a hostPort: where the connection leaves
its pod, it goes to the node (reference A13.5, E3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import product

from analyzer.model.endpoints import Host, Pod
from analyzer.model.labels import NO_LABELS, Selector
from analyzer.model.leading import node_ways
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import AddressPeer, NodePeer, NumberedPorts, Rule
from analyzer.records import dataclass
from analyzer.semantics.case import Case
from analyzer.semantics.selectors import matches
from analyzer.semantics.ways import leads_to
from analyzer.sets.addresses import TOP4, TOP6

STRAIGHT, BY_A_NODE = "straight", "by a node"


@dataclass(frozen=True, slots=True)
class AtNode:
    """A destination as it is asked for: a node, and a port that leads on.  `selectors`: those of nodes that mean it."""

    host: Host
    number: int
    selectors: frozenset[Selector]


def node_fact(case: Case) -> OpenFact | None:
    """The fact that is open when some port of the nodes leads to the destination; None if none does, or if the
    connection asks for something else."""
    if case.connection.through is not None or not _numbers(case):
        return None
    fronts = [way.port.service for way in node_ways(case.cluster) if leads_to(way.port, case.connection)]
    names = ", ".join(dict.fromkeys([*fronts, *(f"hostPort {number}" for number in _host_ports(case))]))
    text = f"egress rules may see a node in place of the destination: {names} makes every node a way to it"
    return OpenFact("node-way", names, text)


def asked_nodes(case: Case, rules: Iterable[Rule]) -> Iterator[AtNode]:
    """Every node and port that the client may ask for, as far as the rules can tell them apart."""
    listed = tuple(rules)
    numbers = {number: None for low, high in _numbers(case) for number in _told_apart(low, high, listed)}
    for (host, selectors), number in product(list(_nodes(case, listed)), numbers):
        yield AtNode(host, number, selectors)


def _numbers(case: Case) -> list[tuple[int, int]]:
    """The ports of the nodes that lead to the destination, in ranges of which one does."""
    ways = (way for way in node_ways(case.cluster) if leads_to(way.port, case.connection))
    return [*((way.low, way.high) for way in ways), *((number, number) for number in _host_ports(case))]


def _host_ports(case: Case) -> list[int]:
    connection, pod = case.connection, case.connection.dst
    if not isinstance(pod, Pod) or pod.host_network:
        return []
    here = (p for p in pod.ports if (p.number, p.protocol) == (connection.port, connection.protocol))
    return [port.host_port for port in here if port.host_port]


def _told_apart(low: int, high: int, rules: tuple[Rule, ...]) -> list[int]:
    """A number of each part of the range between the borders that the rules draw."""
    entries = (entry for rule in rules for entry in rule.ports or () if isinstance(entry, NumberedPorts))
    borders = {edge for e in entries if e.low is not None for edge in (e.low, e.low + 1, (e.high or e.low) + 1)}
    return sorted({low, *(edge for edge in borders if low <= edge <= high)})


def _nodes(case: Case, rules: tuple[Rule, ...]) -> Iterator[tuple[Host, frozenset[Selector]]]:
    """The declared nodes where those are all and have addresses; else a node at any address, with any labels."""
    version = case.connection.src.ip.version
    peers = [peer for rule in rules for peer in rule.peers or ()]
    selectors = {peer.selector for peer in peers if isinstance(peer, NodePeer)}
    for node in case.cluster.nodes:
        meaning = frozenset(s for s in selectors if matches(s, node.labels))
        for ip in node.ips:
            if ip.version == version:
                yield Host(node.name, node.labels, ip), meaning
    if case.profile.nodes_complete and case.cluster.nodes and all(node.ips for node in case.cluster.nodes):
        return
    kind, top = (IPv4Address, TOP4) if version == 4 else (IPv6Address, TOP6)
    blocks = (peer.addresses.family(version) for peer in peers if isinstance(peer, AddressPeer))
    borders = sorted({0} | {edge for block in blocks for low, high in block for edge in (low, high + 1) if edge <= top})
    certain = selectors & {Selector.EVERYTHING}
    told = [(frozenset[Selector](), frozenset({s})) for s in sorted(selectors - certain, key=str)]
    for edge, chosen in product(borders, list(product(*told))):
        yield Host(None, NO_LABELS, kind(edge)), frozenset().union(certain, *chosen)
