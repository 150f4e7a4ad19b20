"""Far ends as rules see them: the classes of the cluster, the addresses outside, and a node of unknown address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.rule_ports import Names, RulePorts, rule_ports
from analyzer.analysis.connectivity.ruling import Selecting
from analyzer.model.cluster import Cluster
from analyzer.model.policies import AddressPeer, Direction, DomainPeer, Peer, Policy, Rule
from analyzer.model.profile import NamedPorts, Profile
from analyzer.model.reading import pipeline_of
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.sets import ConnectionSet


class Rules:
    """The port entries of rules, read once each, and where the rules stand in the pipeline."""

    def __init__(self, profile: Profile, cluster: Cluster) -> None:
        self.profile = profile
        stages = {stage.name: stage for stage in pipeline_of(profile, cluster).stages}
        self.selecting = {d: Selecting.of(stages[d.value], cluster) for d in Direction}
        self._read: dict[int, RulePorts] = {}

    def ports(self, rule: Rule) -> RulePorts:
        found = self._read.get(id(rule))
        if found is None:
            found = self._read[id(rule)] = rule_ports(rule.ports, self.profile)
        return found

    def port_names(self, policies: Sequence[Policy], direction: Direction) -> frozenset[str]:
        """The port names that the rules of a direction mention."""
        return frozenset(
            entry.name for p in policies for rule in p.rules(direction) or () for entry in self.ports(rule).named
        )


@dataclass(frozen=True)
class Near:
    """The end that is judged: the direction, and what its own port names mean where it is the destination."""

    direction: Direction
    names: Names
    rules: Rules

    def span(self, rule: Rule) -> Span:
        """The rule's connections where they do not hang on the far end."""
        ports = self.rules.ports(rule)
        if self.direction is Direction.EGRESS:
            return Span.sure(ports.numbered)
        sure = ports.on(self.names)
        is_union = self.rules.profile.named_ports is NamedPorts.UNION
        return Span(sure | ports.opened_by_union() if is_union else sure, sure)


@dataclass(frozen=True)
class ClassView:
    """The classes `everyone`, with addresses of which `tests` tells what rules ask: a bit each, by peer.

    `domains` tells which names of the cluster stand for them; a name that it lacks may stand for them or not."""

    index: EndIndex
    near: Near
    everyone: int
    key: int
    tests: Mapping[int, tuple[int, int]]  # by id of the peer: the number of its test, the classes it asks about
    domains: Mapping[str, bool]
    blocks: frozenset[int] = frozenset()  # ids of the peers that are blocks

    def without_blocks(self) -> ClassView:
        """The same, to rules whose blocks mean none of them."""
        tests = {peer: test for peer, test in self.tests.items() if peer not in self.blocks}
        return ClassView(self.index, self.near, self.everyone, self.key, tests, self.domains)

    def grants(self, rule: Rule) -> list[tuple[int, Span]]:
        must, may = self._means(rule) & self.everyone, self._may_mean(rule) & self.everyone
        found = self._spans(rule, must) if must else []
        if may & ~must:
            found += [(bits, Span(span.may, ConnectionSet.EMPTY)) for bits, span in self._spans(rule, may & ~must)]
        return found

    def _spans(self, rule: Rule, where: int) -> list[tuple[int, Span]]:
        ports = self.near.rules.ports(rule)
        if self.near.direction is Direction.INGRESS or not ports.named:
            return [(where, self.near.span(rule))]
        found: list[tuple[int, Span]] = []
        for bits, names in self.index.by_names(tuple(sorted({entry.name for entry in ports.named}))):
            if bits & where:
                found.append((bits & where, Span.sure(ports.on(names))))
                where &= ~bits
        return [*found, (where, Span.sure(ports.numbered))] if where else found

    def _means(self, rule: Rule) -> int:
        if rule.peers is None:
            return self.everyone
        found = self.index.pods_of(rule)
        found |= self.index.nodes | self.index.host_pods if self.index.nodes_of(rule)[0] else 0
        for peer in rule.peers:
            test = self.tests.get(id(peer))
            if test is not None and self.key >> test[0] & 1:
                found |= test[1]
            elif isinstance(peer, DomainPeer):
                for name in peer.names:
                    found |= self.index.called(name) if self.domains.get(name) else 0
        return found

    def _may_mean(self, rule: Rule) -> int:
        """What it means by names of which nothing is settled, or by a label that may mean nodes."""
        found = self.index.nodes | self.index.host_pods if self.index.nodes_of(rule)[1] else 0
        for peer in rule.peers or ():
            if isinstance(peer, DomainPeer):
                for name in peer.names:
                    found |= self.index.called(name) if name not in self.domains else 0
        return found


@dataclass(frozen=True)
class OutsideView:
    """Addresses outside that lie in the ranges whose tests `key` sets; `domains` tells which names they stand for.

    A name that `domains` lacks may stand for them or not.
    """

    near: Near
    key: int
    tests: Mapping[int, int]
    domains: Mapping[str, bool]
    everyone: int = 1

    def grants(self, rule: Rule) -> list[tuple[int, Span]]:
        may, must = self._means(rule)
        if not may:
            return []
        span = self.near.span(rule)
        return [(1, span if must else Span(span.may, ConnectionSet.EMPTY))]

    def _means(self, rule: Rule) -> tuple[bool, bool]:
        if rule.peers is None:
            return True, True
        may = False
        for peer in rule.peers:
            if isinstance(peer, AddressPeer) and self.key >> self.tests[id(peer)] & 1:
                return True, True
            if isinstance(peer, DomainPeer):
                known = [self.domains.get(name) for name in peer.names]
                if True in known:
                    return True, True
                may = may or None in known
        return may, False


@dataclass(frozen=True)
class NodeView:
    """A node that a client came through, with an address in the ranges whose tests `key` sets; nothing else of it is
    known."""

    index: EndIndex
    near: Near
    key: int
    tests: Mapping[int, int]
    everyone: int = 1

    def grants(self, rule: Rule) -> list[tuple[int, Span]]:
        must, may = self.index.nodes_of(rule)
        if must or rule.peers is None or any(self._is_inside(peer) for peer in rule.peers):
            return [(1, self.near.span(rule))]
        return [(1, Span(self.near.span(rule).may, ConnectionSet.EMPTY))] if may else []

    def _is_inside(self, peer: Peer) -> bool:
        if not isinstance(peer, AddressPeer) or not self.key >> self.tests[id(peer)] & 1:
            return False
        said = peer.matches_cluster
        return self.near.rules.profile.ipblock_matches_nodes if said is None else said
