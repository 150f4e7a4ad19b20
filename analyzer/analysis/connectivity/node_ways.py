"""What may be open because a port of the nodes leads there, and rules may see the node (reference A13.5, E3)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import reduce
from itertools import product

from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.classes import LabelIndex, reaches_nodes
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.rule_ports import EVERYTHING, declared_names
from analyzer.analysis.connectivity.ruling import rulings
from analyzer.analysis.connectivity.service_ways import addresses_of
from analyzer.analysis.connectivity.views import Rules
from analyzer.model.claims import PodsIn
from analyzer.model.labels import Selector
from analyzer.model.leading import NodeWay, node_ways
from analyzer.model.policies import AddressPeer, Direction, DomainPeer, NamedPort, NodePeer, NumberedPorts, Policy, Rule
from analyzer.model.profile import NamedPortScope
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.semantics.partitions import refined
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.connectivity import bit_indices

Range = tuple[str, int, int]
"""A protocol, and the ports of the nodes of which one leads on."""


class NodeWays:
    """The ways through ports of the nodes, and what they may open."""

    def __init__(self, index: EndIndex, rules: Rules) -> None:
        self.index, self.rules = index, rules
        self._ways = node_ways(index.cluster) if rules.profile.enforces else ()
        self._opened: dict[Hashable, bool] = {}
        self._led: dict[int, list[tuple[Range, int, ConnectionSet]]] = {}

    def opened(self, policies: Sequence[Policy], found: dict[Span, int], version: int) -> dict[Span, int]:
        """The rulings on the classes together with those on the nodes that lead there."""
        changes = [(bits, Span(target, ConnectionSet.EMPTY)) for bits, target in self.opening(policies, version)]
        everyone = reduce(int.__or__, found.values(), 0)
        return refined(found, [(bits & everyone, span) for bits, span in changes if bits & everyone], Span.__or__)

    def opening(self, policies: Sequence[Policy], version: int) -> Iterator[tuple[int, ConnectionSet]]:
        """The classes to which ports of the nodes lead that may be open, with where they lead."""
        if not policies:
            return
        led = self._led.get(version)
        if led is None:
            led = self._led[version] = [*self._to_classes(version)]
        for numbers, bits, target in led:
            if self._is_open(policies, numbers, version):
                yield bits, target

    def opened_outside(self, policies: Sequence[Policy], found: dict[Span, AddressSet]) -> dict[Span, AddressSet]:
        """The same for addresses outside, which may be written down as a Service's endpoints."""
        for way in self._ways if policies else ():
            for version in (4, 6):
                written = addresses_of(way.port.members)
                led = AddressSet(written.v4, ()) if version == 4 else AddressSet((), written.v6)
                if led and self._is_open(policies, _range(way), version):
                    found = _with(found, led, _target(way))
        return found

    # -------------------------------------------------------------------------------------------- where they lead
    def _to_classes(self, version: int) -> Iterator[tuple[Range, int, ConnectionSet]]:
        for way in self._ways:
            members = way.port.members
            if isinstance(members, PodsIn):
                bits = self.index.backends(members)
            else:
                test = addresses_of(members), self.index.everything
                bits = reduce(int.__or__, (here for key, here in self.index.worlds(version, (test,)) if key), 0)
            if isinstance(way.port.target, NamedPort):
                for i in bit_indices(bits):
                    names = declared_names(self.index.classes[i].ports, NamedPortScope.SIDECARS)
                    of_protocol = ConnectionSet.on(way.port.protocol.value, PortSet.FULL)
                    yield _range(way), 1 << i, names.get(way.port.target.name, ConnectionSet.EMPTY) & of_protocol
            elif bits:
                yield _range(way), bits, _target(way)
        for i, c in enumerate(self.index.classes if self.rules.profile.enforces else ()):
            for protocol, number, at_host in c.host_ports:
                yield (protocol, at_host, at_host), 1 << i, ConnectionSet.on(protocol, PortSet.of(number))

    # -------------------------------------------------------------------------------------------- what rules say
    def _is_open(self, policies: Sequence[Policy], numbers: Range, version: int) -> bool:
        """Whether the policies may let a connection out to some node on one of the ports."""
        key = (tuple(map(id, policies)), numbers, version)
        known = self._opened.get(key)
        if known is None:
            known = self._opened[key] = self._find_open(policies, numbers, version)
        return known

    def _find_open(self, policies: Sequence[Policy], numbers: Range, version: int) -> bool:
        rules = [rule for policy in policies for rule in policy.rules(Direction.EGRESS) or ()]
        protocol, low, high = numbers
        told = {low}
        for rule in rules:
            entries = (
                entry for entry in rule.ports or () if isinstance(entry, NumberedPorts) and entry.low is not None
            )
            told |= {n for e in entries for a, b in e.ports for n in (a, a + 1, b + 1) if low <= n <= high}
        selected = self.rules.selecting[Direction.EGRESS].those(policies)
        for meant, number in product(self._nodes(rules, version), sorted(told)):
            one = ConnectionSet.on(protocol, PortSet.of(number))
            view = AskedNodeView(self.index, self.rules, meant, one)
            found = rulings(selected, view)
            if any(span.may & one for span in found):
                return True
        return False

    def _nodes(self, rules: Sequence[Rule], version: int) -> list[frozenset[int]]:
        """Each sort of node, by the ids of the peers that mean it: declared ones, and others if there may be more."""
        peers = [peer for rule in rules for peer in rule.peers or ()]
        blocks = [p for p in peers if isinstance(p, AddressPeer) and reaches_nodes(p, self.rules.profile)]
        by_labels = [p for p in peers if isinstance(p, NodePeer)]
        found: dict[frozenset[int], None] = {}
        nodes = self.index.cluster.nodes
        for node in nodes:
            labels = LabelIndex([(1, node.labels)])
            chosen = {id(p) for p in by_labels if labels.matching(p.selector)}
            for ip in node.ips:
                if ip.version == version:
                    found[frozenset(chosen | {id(p) for p in blocks if ip in p.addresses})] = None
        if not (self.rules.profile.nodes_complete and nodes and all(node.ips for node in nodes)):
            found |= dict.fromkeys(_any_nodes(blocks, by_labels, version))
        return list(found)


def _any_nodes(blocks: Sequence[AddressPeer], by_labels: Sequence[NodePeer], version: int) -> Iterator[frozenset[int]]:
    whole = AddressSet.FULL
    everywhere = AddressSet(whole.v4, ()) if version == 4 else AddressSet((), whole.v6)
    selectors = dict.fromkeys(p.selector for p in by_labels)
    choices = [(True,) if selector == Selector.EVERYTHING else (False, True) for selector in selectors]
    for key in cells([p.addresses for p in blocks], everywhere):
        inside = {id(p) for i, p in enumerate(blocks) if key >> i & 1}
        for answers in product(*choices):
            chosen = {s for s, answer in zip(selectors, answers, strict=True) if answer}
            yield frozenset(inside | {id(p) for p in by_labels if p.selector in chosen})


@dataclass(frozen=True)
class AskedNodeView:
    """Some node, on one of its ports; `meant` holds the ids of the peers that mean it by its address or labels."""

    index: EndIndex
    rules: Rules
    meant: frozenset[int]
    asked: ConnectionSet
    everyone: int = 1

    def grants(self, rule: Rule) -> list[tuple[int, Span]]:
        if not self.rules.ports(rule).numbered & self.asked:
            return []
        must, may = self.index.nodes_of(rule)
        if must or rule.peers is None or any(id(peer) in self.meant for peer in rule.peers):
            return [(1, EVERYTHING)]
        names = (name for peer in rule.peers if isinstance(peer, DomainPeer) for name in peer.names)
        if may or any(self.index.cluster.domain_of_cluster(name) is not None for name in names):
            return [(1, EVERYTHING.unsure())]
        return []


def _range(way: NodeWay) -> Range:
    return way.port.protocol.value, way.low, way.high


def _target(way: NodeWay) -> ConnectionSet:
    """What a number leads to; names lead to pods only."""
    target = way.port.target
    return ConnectionSet.on(target.protocol.value, target.ports) if isinstance(target, NumberedPorts) else _NOTHING


def _with(found: dict[Span, AddressSet], led: AddressSet, target: ConnectionSet) -> dict[Span, AddressSet]:
    """Where the addresses lie, the target may be open too."""
    opened: dict[Span, AddressSet] = {}
    for span, addresses in found.items():
        for part, may in ((addresses - led, span.may), (addresses & led, span.may | target)):
            if part:
                own = Span(may, span.must)
                opened[own] = opened.get(own, AddressSet.EMPTY) | part
    return opened


_NOTHING = ConnectionSet.EMPTY
