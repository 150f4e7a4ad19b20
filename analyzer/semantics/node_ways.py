"""What an engine sees of a connection that asks for a node's address, on a port that leads to the destination.

Only the node that is addressed translates such a port, of a NodePort Service or a hostPort: where the connection leaves
its pod, it goes to the node (reference A13.5, E3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from itertools import product

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Host, Pod
from analyzer.model.formulas import TRUE, AtAddress, Formula, Leaf, Member, OnNodes, OnPorts, Role, leaves
from analyzer.model.labels import NO_LABELS
from analyzer.model.leading import NodeWay
from analyzer.model.on_nodes import every_node_address
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Stage
from analyzer.model.profile import Profile
from analyzer.semantics.fold import Selected, rules_of
from analyzer.semantics.formulas import Situation, declared_here
from analyzer.semantics.ways import leads_to
from analyzer.sets.addresses import TOP4, TOP6

STRAIGHT, BY_A_NODE = "straight", "by a node"


def node_fact(stage: Stage, connection: Connection, about: Situation) -> OpenFact | None:
    """The fact that is open when some port of the nodes leads to the destination; None if none does, or if the
    connection asks for something else."""
    fronts = [way.port.service for way in _leading(stage, connection)]
    names = ", ".join(dict.fromkeys([*fronts, *(f"hostPort {number}" for number in _host_ports(about))]))
    if connection.through is not None or not names:
        return None
    text = f"egress rules may see a node in place of the destination: {names} makes every node a way to it"
    return OpenFact("node-way", names, text)


def at_nodes(
    stage: Stage, selecting: Selected, connection: Connection, about: Situation, cluster: Cluster, profile: Profile
) -> Iterator[Situation]:
    """The connection as it is to every node and port that the client may ask for, as far as the rules can tell them
    apart."""
    asked = dict.fromkeys(leaf for rule in rules_of(selecting) for leaf in leaves(rule.when))
    ranges = [*((w.low, w.high) for w in _leading(stage, connection)), *((n, n) for n in _host_ports(about))]
    numbers = dict.fromkeys(number for low, high in ranges for number in distinguished(low, high, asked))
    nodes = list(hosts(asked, connection.src.ip.version, cluster, profile))
    for (host, meant), number in product(nodes, numbers):
        yield replace(about.seeing(Role.DST, host), port=number, meant=meant)


def _leading(stage: Stage, connection: Connection) -> list[NodeWay]:
    return [way for way in stage.node_ways if leads_to(way.port, connection)]


def _host_ports(about: Situation) -> list[int]:
    pod = about.ends[Role.DST]
    is_there = isinstance(pod, Pod) and not pod.host_network
    return [port.host_port for port in declared_here(about) if port.host_port] if is_there else []


def distinguished(low: int, high: int, asked: Iterable[Leaf]) -> list[int]:
    """A number of each part of the range between the borders that the rules draw."""
    ranges = (pair for leaf in asked if isinstance(leaf, OnPorts) for pair in leaf.ports.intervals)
    borders = {edge for first, last in ranges for edge in (first, last + 1)}
    return sorted({low, *(edge for edge in borders if low <= edge <= high)})


def hosts(
    asked: Iterable[Leaf], version: int, cluster: Cluster, profile: Profile
) -> Iterator[tuple[Host, frozenset[Formula] | None]]:
    """The declared nodes where those are all and have addresses; else a node at any address, with any labels."""
    for node in cluster.nodes:
        yield from ((Host(node.name, node.labels, ip), None) for ip in node.ips if ip.version == version)
    if every_node_address(cluster, profile) is not None:
        return
    kind, top = (IPv4Address, TOP4) if version == 4 else (IPv6Address, TOP6)
    ends = [leaf.ends for leaf in asked if isinstance(leaf, Member)]
    blocks = (at.addresses.family(version) for at in ends if isinstance(at, AtAddress))
    borders = sorted({0} | {edge for block in blocks for low, high in block for edge in (low, high + 1) if edge <= top})
    on_labels = dict.fromkeys(on.labels for on in ends if isinstance(on, OnNodes) and on.labels != TRUE)
    told = [(frozenset[Formula](), frozenset({formula})) for formula in on_labels]
    for edge, chosen in product(borders, list(product(*told))):
        yield Host(None, NO_LABELS, kind(edge)), frozenset[Formula]({TRUE}).union(*chosen)
