"""Ways to a destination through a port of the nodes, which only the node that is addressed translates (A13.5, E3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.ledger import Ledger
from analyzer.encoding.matching import AskedNode, Matching, NodeSight
from analyzer.encoding.members import is_in
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import sees_port
from analyzer.encoding.terms import Script, Term, conj, disj
from analyzer.encoding.vocabulary import SERVICE_SCOPE
from analyzer.model.leading import NodeWay
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Direction, NumberedPorts, Protocol, Rule

NODE_WAY = OpenFact(
    "node-way",
    "node-way",
    "egress rules may see a node in place of the destination, where a NodePort or a hostPort makes nodes a way to it",
)


def sights_of_nodes(
    scope: Scope, dst: EndTerms, matching: Matching, script: Script, ledger: Ledger
) -> Iterator[tuple[NodeSight, Term]]:
    """What the rules may see in place of the destination, with what makes it a way there; once for each."""
    rules = [r for p in scope.egress for r in p.rules(Direction.EGRESS) or ()]
    profile = scope.question.profile
    leading: dict[tuple[bool, ...], tuple[Protocol, int, list[Term]]] = {}
    for protocol, low, high, leads in _ways(scope, dst, matching):
        for number in _told_apart(low, high, rules):
            sight = tuple(sees_port(rule, protocol, number, profile) for rule in rules)
            leading.setdefault(sight, (protocol, number, []))[2].append(leads)
    if leading:
        nodes = scope.cluster.nodes
        are_known = profile.nodes_complete and all(node.ips for node in nodes)
        node = AskedNode(matching.variables, ledger, nodes if are_known else ())
        for protocol, number, ways in leading.values():
            yield NodeSight(node, protocol, number), script.share(conj([disj(ways), node.exists()]))


def _ways(scope: Scope, dst: EndTerms, matching: Matching) -> Iterator[tuple[Protocol, int, int, Term]]:
    """Each port of the nodes, or range of which one is, and that it leads to the destination."""
    for way in scope.node_ways:
        yield way.port.protocol, way.low, way.high, _leads(way, dst, matching)
    by_port: dict[tuple[Protocol, int, int], list[int]] = {}
    for code, c in dst.classes:
        for protocol, number, at_host in () if c.host_network else c.host_ports:
            by_port.setdefault((protocol, number, at_host), []).append(code)
    for (protocol, number, at_host), codes in by_port.items():
        here = matching.on_ports([NumberedPorts(protocol, number)])
        yield protocol, at_host, at_host, conj([dst.is_class(codes), here])


def _leads(way: NodeWay, dst: EndTerms, matching: Matching) -> Term:
    target = [] if way.port.target is None else [way.port.target]
    return conj([is_in(way.port.members, dst), matching.on_ports(target, where=SERVICE_SCOPE)])


def _told_apart(low: int, high: int, rules: Iterable[Rule]) -> list[int]:
    """The numbers at which some rule's ports begin or end, and the lowest."""
    found = {low}
    for rule in rules:
        for entry in rule.ports or ():
            if isinstance(entry, NumberedPorts) and entry.low is not None:
                found |= {n for a, b in entry.ports for n in (a, a + 1, b + 1) if low <= n <= high}
    return sorted(found)
