"""The ruling at one end, for everything that end may talk with."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import reduce
from itertools import product
from typing import NamedTuple

from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.classes import VERSIONS
from analyzer.analysis.connectivity.index import EndIndex, Test
from analyzer.analysis.connectivity.node_ways import NodeWays
from analyzer.analysis.connectivity.rule_ports import EVERYTHING
from analyzer.analysis.connectivity.ruling import Effects, rulings
from analyzer.analysis.connectivity.service_ways import (
    OutsideServiceView,
    ServiceView,
    ServiceWays,
    addresses_of,
    members_in,
)
from analyzer.analysis.connectivity.views import ClassView, Near, NodeView, OutsideView, Rules
from analyzer.model.leading import Way
from analyzer.model.policies import AddressPeer, Direction, DomainPeer, NodePeer, Peer, Policy
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.semantics.partitions import joined
from analyzer.sets import AddressSet, ConnectionSet

MOST_NAMES = 6  # domain names settled one by one; of more, each occurrence is taken to be open by itself


class ByFamily(NamedTuple):
    """A ruling for each address family; None where one of the ends has no address of it."""

    v4: Span | None
    v6: Span | None

    def meet(self, other: ByFamily) -> Span:
        """What both ends let pass: allowed in some family, certain in each that they share."""
        found: Span | None = None
        for mine, theirs in zip(self, other, strict=True):
            if mine is not None and theirs is not None:
                both = Span(mine.may & theirs.may, mine.must & theirs.must)
                found = both if found is None else Span(found.may | both.may, found.must & both.must)
        return found or Span(ConnectionSet.EMPTY, ConnectionSet.EMPTY)

    @property
    def is_closed(self) -> bool:
        return not any(side is not None and side.may for side in self)


@dataclass(frozen=True)
class Subject:
    """All that decides the ruling at an end: ends with equal subjects have equal rulings.

    `is_judged` is False where no policy can select the end.  `fronts`: for each family, the ports on which a Service or
    a hostPort may put a node's address in place of the source's.
    """

    direction: Direction
    policies: tuple[Policy, ...]
    effects: Effects
    versions: tuple[int, ...]
    names: tuple[tuple[str, ConnectionSet], ...] = ()
    fronts: tuple[ConnectionSet, ...] = (ConnectionSet.EMPTY, ConnectionSet.EMPTY)
    is_judged: bool = True

    @property
    def fronted(self) -> ConnectionSet:
        """The ports that are fronted in some family that the end has."""
        return reduce(ConnectionSet.__or__, map(self.fronted_in, self.versions), ConnectionSet.EMPTY)

    def fronted_in(self, version: int) -> ConnectionSet:
        return self.fronts[VERSIONS.index(version)]

    @property
    def key(self) -> Hashable:
        policies = tuple(map(id, self.policies))
        return (
            self.direction, policies, self.effects, self.versions, self.names, self.fronts, self.is_judged
        )  # fmt: skip


class Judge:
    """Rules for subjects of one cluster."""

    def __init__(self, index: EndIndex, rules: Rules) -> None:
        self.index, self.rules = index, rules
        self._outside = ~index.taken
        self.services = ServiceWays(index, rules)
        self.nodes = NodeWays(index, rules)
        self._nodes: dict[tuple[Hashable, int], Span] = {}

    # -------------------------------------------------------------------------------------------- the cluster
    def inside(self, subject: Subject) -> dict[ByFamily, int]:
        """The classes by the ruling on connections with them."""
        found: dict[ByFamily, int] = {}
        sides = {
            version: self._of_version(subject, version) if version in subject.versions else {} for version in VERSIONS
        }
        for (one, one_bits), (two, two_bits) in product(sides[4].items(), sides[6].items()):
            both = one_bits & two_bits
            if both:
                _add(found, ByFamily(one, two), both)
        for version in VERSIONS:
            other = 0
            for bits in sides[10 - version].values():
                other |= bits
            for span, bits in sides[version].items():
                if only := bits & ~other:
                    _add(found, ByFamily(span, None) if version == 4 else ByFamily(None, span), only)
        return found

    def _of_version(self, subject: Subject, version: int) -> dict[Span, int]:
        everyone = self.index.of_version[version]
        if not subject.is_judged or not everyone:
            return {EVERYTHING: everyone} if everyone else {}
        found: dict[Span, int] = {}
        through = self._ways(subject, version)
        for view in self.class_views(subject, version, everyone, through):
            here = self._rulings(subject, view)
            for way in through:
                if bits := members_in(way, view, view.tests):
                    here = self.services.on(here, way, bits, self._rulings(subject, ServiceView(view, way, bits)))
            found = _either(found, here)
        if subject.direction is Direction.EGRESS:
            return self.nodes.opened(subject.policies, found, version)
        return self._also_through_services(subject, found, version)

    def _ways(self, subject: Subject, version: int) -> list[Way]:
        """The ways through Services' addresses that may make a difference to what the subject reaches."""
        if subject.direction is Direction.INGRESS:
            return []
        return self.services.that_matter(subject.policies, version)

    def class_views(
        self, subject: Subject, version: int, classes: int, through: Iterable[Way] = ()
    ) -> Iterator[ClassView]:
        """The classes as the subject's rules see them, once for each sort of address that they can have, as far as
        rules and the ways through Services tell them apart."""
        tests = self._tests(subject)
        blocks = frozenset(id(peer) for peer in _peers(subject) if isinstance(peer, AddressPeer))
        for way in through:
            if written := addresses_of(way.port.members):
                tests[id(way.port)] = written, self.index.everything
        distinct = tuple(dict.fromkeys(tests.values()))
        numbers = {peer: (distinct.index(test), test[1]) for peer, test in tests.items()}
        everyone = self.index.of_version[version] & classes
        worlds = self.index.worlds(version, distinct) if distinct else [(0, everyone)]
        near = Near(subject.direction, dict(subject.names), self.rules)
        settlements = list(_settlements(subject, self.index.cluster.domain_of_cluster))
        for key, bits in worlds:
            if bits & everyone:
                for domains in settlements:
                    yield ClassView(self.index, near, bits & everyone, key, numbers, domains, blocks)

    def _tests(self, subject: Subject) -> dict[int, Test]:
        """By id of the peer, what rules ask about addresses of ends in the cluster."""
        found: dict[int, Test] = {}
        for policy in subject.policies:
            for rule in policy.rules(subject.direction) or ():
                for peer in rule.peers or ():
                    if isinstance(peer, AddressPeer | NodePeer):
                        test = self.index.test_of(peer)
                        if test[1]:
                            found[id(peer)] = test
        return found

    def _rulings(
        self, subject: Subject, view: ClassView | OutsideView | NodeView | ServiceView | OutsideServiceView
    ) -> dict[Span, int]:
        return rulings(self.rules.selecting[subject.direction].those(subject.policies), view, subject.effects)

    # -------------------------------------------------------------------------------------------- addresses outside
    def outside(self, subject: Subject) -> dict[Span, AddressSet]:
        """The addresses outside by the ruling on connections with them."""
        domain = self._domain(subject)
        if not subject.is_judged:
            return {EVERYTHING: domain} if domain else {}
        found: dict[Span, AddressSet] = {}
        for views, part, through in self._outside_parts(subject, domain):
            own = _worst_and_best(span for view in views for span in self._with_ways(subject, view, through))
            span = self._through_services(subject, own, part)
            found[span] = found.get(span, AddressSet.EMPTY) | part
        return self.nodes.opened_outside(subject.policies, found) if subject.direction is Direction.EGRESS else found

    def _outside_parts(
        self, subject: Subject, domain: AddressSet
    ) -> Iterator[tuple[list[OutsideView], AddressSet, list[Way]]]:
        """The addresses by what the subject's rules see of them, and by the ways through Services that lead there."""
        through = [way for version in VERSIONS for way in self._ways(subject, version)]
        written = [(way, addresses_of(way.port.members)) for way in through]
        led = [(way, places) for way, places in written if places & domain]
        for views, addresses in self.outside_views(subject, domain):
            for key, part in cells([places for _, places in led], addresses).items():
                here = [way for i, (way, _) in enumerate(led) if key >> i & 1]
                for own in _by_family(part):
                    version = 4 if own.v4 else 6
                    yield views, own, [way for way in here if way.address.version == version]

    def _with_ways(self, subject: Subject, view: OutsideView, through: list[Way]) -> Iterator[Span]:
        found = self._rulings(subject, view)
        for way in through:
            found = self.services.on(found, way, 1, self._rulings(subject, OutsideServiceView(view, way)))
        return iter(found)

    def _domain(self, subject: Subject) -> AddressSet:
        """The addresses outside of the families that the end has."""
        v4, v6 = (self._outside.family(v) if v in subject.versions else () for v in VERSIONS)
        return AddressSet(v4, v6)

    def outside_views(self, subject: Subject, addresses: AddressSet) -> Iterator[tuple[list[OutsideView], AddressSet]]:
        """The addresses by what the subject's rules see of them: a view for each way of settling domain names."""
        distinct, tests = _blocks(subject)
        near = Near(subject.direction, dict(subject.names), self.rules)
        settlements = list(_settlements(subject))
        for key, part in cells(distinct, addresses).items():
            yield [OutsideView(near, key, tests, domains) for domains in settlements], part

    def _through_services(self, subject: Subject, span: Span, addresses: AddressSet) -> Span:
        """On the ports of a Service that replaces clients, the source may be a node of any address of their family
        (A13.5).

        It may be the pod's own node too; but what comes from there always arrives and is not judged.
        """
        version = 4 if addresses.v4 else 6
        fronted = subject.fronted_in(version)
        if not fronted or subject.direction is Direction.EGRESS:
            return span
        node = self._of_some_node(subject, version)
        return Span(span.may | (node.may & fronted), span.must & (node.must | ~fronted))

    def _also_through_services(self, subject: Subject, rulings: dict[Span, int], version: int) -> dict[Span, int]:
        """The same for sources in the cluster, which can go straight to the pod, too (reference 0.2, E3)."""
        fronted = subject.fronted_in(version)
        if not fronted or subject.direction is Direction.EGRESS:
            return rulings
        brought = self._of_some_node(subject, version).may & fronted
        found: dict[Span, int] = {}
        for span, bits in rulings.items():
            either = Span(span.may | brought, span.must)
            found[either] = found.get(either, 0) | bits
        return found

    def _of_some_node(self, subject: Subject, version: int) -> Span:
        known = self._nodes.get((subject.key, version))
        if known is None:
            distinct, tests = _blocks(subject)
            everywhere = next(part for part in _by_family(AddressSet.FULL) if part.family(version))
            near = Near(subject.direction, dict(subject.names), self.rules)
            views = (NodeView(self.index, near, key, tests) for key in cells(distinct, everywhere))
            known = _worst_and_best(span for view in views for span in self._rulings(subject, view))
            self._nodes[subject.key, version] = known
        return known


def _by_family(addresses: AddressSet) -> list[AddressSet]:
    """The addresses of each family that has some."""
    return [part for part in (AddressSet(addresses.v4, ()), AddressSet((), addresses.v6)) if part]


def _blocks(subject: Subject) -> tuple[list[AddressSet], dict[int, int]]:
    """The address blocks of the subject's rules, each once; and by id of the peer, which of them it means."""
    peers = [
        peer
        for policy in subject.policies
        for rule in policy.rules(subject.direction) or ()
        for peer in rule.peers or ()
        if isinstance(peer, AddressPeer)
    ]
    distinct = list(dict.fromkeys(peer.addresses for peer in peers))
    number = {ranges: i for i, ranges in enumerate(distinct)}
    return distinct, {id(peer): number[peer.addresses] for peer in peers}


def _peers(subject: Subject) -> Iterator[Peer]:
    for policy in subject.policies:
        for rule in policy.rules(subject.direction) or ():
            yield from rule.peers or ()


def _worst_and_best(spans: Iterable[Span]) -> Span:
    """What some of them may allow, and what all make certain."""
    return reduce(lambda a, b: Span(a.may | b.may, a.must & b.must), spans)


def _settlements(
    subject: Subject, matters: Callable[[str], object | None] = lambda name: name
) -> Iterator[dict[str, bool]]:
    """Every way in which domain names that matter stand for an end or do not; names that always come together are
    one."""
    places: dict[str, list[int]] = {}
    number = 0
    for policy in subject.policies:
        for rule in policy.rules(subject.direction) or ():
            for peer in rule.peers or ():
                if isinstance(peer, DomainPeer):
                    for name in filter(matters, peer.names):
                        places.setdefault(name, []).append(number)
            number += 1
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, numbers in places.items():
        groups.setdefault(tuple(numbers), []).append(name)
    if len(groups) > MOST_NAMES:
        yield {}
        return
    for answers in product((True, False), repeat=len(groups)):
        yield {name: answer for names, answer in zip(groups.values(), answers, strict=True) for name in names}


def _either(left: dict[Span, int], right: dict[Span, int]) -> dict[Span, int]:
    """Rulings in one world or another: what some world may allow, what each that a class can be in makes certain."""
    both = joined(left, right, lambda a, b: Span(a.may | b.may, a.must & b.must))
    for mine, others in ((left, right), (right, left)):
        taken = 0
        for bits in others.values():
            taken |= bits
        for span, bits in mine.items():
            if only := bits & ~taken:
                both[span] = both.get(span, 0) | only
    return both


def _add(found: dict[ByFamily, int], value: ByFamily, bits: int) -> None:
    found[value] = found.get(value, 0) | bits
