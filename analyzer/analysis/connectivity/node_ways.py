"""What may be open because a port of the nodes leads there, and rules may see the node (reference A13.5, E3)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import product

from analyzer.analysis.connectivity.classes import Sort
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.ruling import Hits, Ruled, View, merged, within
from analyzer.analysis.connectivity.service_ways import Ruling
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.analysis.connectivity.subjects import Subject
from analyzer.analysis.connectivity.views import Classes, OneClass
from analyzer.model.formulas import leaves
from analyzer.model.leading import leads
from analyzer.semantics.meaning import EMPTY, Meaning, OneEnd
from analyzer.semantics.node_ways import distinguished, hosts
from analyzer.semantics.partitions import refined
from analyzer.sets import ConnectionSet, PortSet

Range = tuple[str, int, int]
"""A protocol, and the ports of the nodes of which one leads on."""


class NodeWays:
    """The ways through ports of the nodes that a stage may see, and what they may open."""

    def __init__(self, index: EndIndex, rules: StageRules, rule: Ruling) -> None:
        self.index, self.rules, self._rule = index, rules, rule
        self._opened: dict[Hashable, Hits | None] = {}
        self._led: dict[int, list[tuple[Range, int, ConnectionSet]]] = {}
        self.has_host_ports = any(port.host_port for c in index.classes for port in c.ports)

    def opened(self, subject: Subject, found: dict[Ruled, int], version: int) -> dict[Ruled, int]:
        """The rulings on the classes together with those on the nodes that lead there."""
        for bits, target, hits in self.opening(subject, version):
            found = refined(found, [(bits, (target, hits))], lambda its, opened: _with(its, *opened))
        return found

    def opening(self, subject: Subject, version: int) -> Iterator[tuple[int, ConnectionSet, Hits]]:
        """The classes to which ports of the nodes lead that may be open, with where they lead, and by what rules."""
        if not subject.numbers or not (self.rules.stage.node_ways or self.has_host_ports):
            return
        led = self._led.get(version)
        if led is None:
            led = self._led[version] = [*self._to_classes(version)]
        for numbers, bits, target in led:
            hits = self._open(subject, numbers, version)
            if hits is not None:
                yield bits, target, hits

    def opened_outside(self, subject: Subject, meaning: Meaning, its: Ruled, version: int) -> Ruled:
        """The same for addresses outside, which may be written down as a Service's endpoints."""
        for way in self.rules.stage.node_ways if subject.numbers else ():
            for _, target in meaning.of(leads(self.rules.cluster, way.port)):
                hits = self._open(subject, (way.port.protocol.value, way.low, way.high), version)
                if hits is not None:
                    its = _with(its, target.may, hits)
        return its

    # -------------------------------------------------------------------------------------------- where they lead
    def _to_classes(self, version: int) -> Iterator[tuple[Range, int, ConnectionSet]]:
        everyone = Classes(self.index, self.index.of_version[version], version, 0, {})
        meaning = Meaning(self.rules.shapes, everyone, everyone, {})
        for way in self.rules.stage.node_ways:
            for bits, span in meaning.of(leads(self.rules.cluster, way.port)):
                yield (way.port.protocol.value, way.low, way.high), bits, span.may
        for i, c in enumerate(self.index.classes):
            for port in c.ports if c.sort is Sort.POD else ():
                if port.host_port:
                    protocol = port.protocol.value
                    at_node = (protocol, port.host_port, port.host_port)
                    yield at_node, 1 << i & everyone.everyone, ConnectionSet.on(protocol, PortSet.of(port.number))

    # -------------------------------------------------------------------------------------------- what rules say
    def _open(self, subject: Subject, numbers: Range, version: int) -> Hits | None:
        """The rules by which the policies may let a connection out to some node on one of the ports; None if they
        cannot."""
        key = (subject.numbers, subject.near, numbers, version)
        if key not in self._opened:
            self._opened[key] = self._find_open(subject, numbers, version)
        return self._opened[key]

    def _find_open(self, subject: Subject, numbers: Range, version: int) -> Hits | None:
        protocol, low, high = numbers
        asked = dict.fromkeys(leaf for rule in subject.staged for leaf in leaves(rule.when))
        ends = hosts(asked, version, self.rules.cluster, self.rules.profile)
        near = OneClass(self.index, subject.one, version)
        found: Hits | None = None
        for (host, meant), number in product(list(ends), distinguished(low, high, asked)):
            one = ConnectionSet.on(protocol, PortSet.of(number))
            meaning = Meaning(self.rules.shapes, OneEnd(host, self.rules.cluster.nodes, meant), near, {})
            for its in self._rule(subject, View(meaning)):
                if its.may & one:
                    found = merged(found or (), subject.opening(within(its.hits, one)))
        return found


def _with(its: Ruled, target: ConnectionSet, hits: Hits) -> Ruled:
    """What rules open at a node may be open where the node leads."""
    return its.opened(target, EMPTY, tuple((number, target) for number, _ in hits if target))
