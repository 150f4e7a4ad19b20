"""The ruling at one end, for everything that end may talk with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from ipaddress import IPv4Address, IPv6Address
from itertools import product
from typing import NamedTuple

from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.classes import VERSIONS
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.node_ways import NodeWays
from analyzer.analysis.connectivity.ruling import OPEN, Ruled, View, merged, rulings, within
from analyzer.analysis.connectivity.service_ways import ServiceWays
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.analysis.connectivity.subjects import Subject
from analyzer.analysis.connectivity.views import Classes, OneClass
from analyzer.model.endpoints import External, Host
from analyzer.model.formulas import AtAddress, EndKind, Formula, Member, OnNodes, Role
from analyzer.model.labels import NO_LABELS
from analyzer.model.leading import Way, leads
from analyzer.model.open_facts import OpenFact
from analyzer.semantics.asked import asked_in
from analyzer.semantics.fold import Span
from analyzer.semantics.meaning import EMPTY, Ends, Meaning, OneEnd
from analyzer.semantics.partitions import joined
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

MOST_FACTS = 6  # open facts settled one by one; of more, each occurrence is taken to be open by itself
_EVERYWHERE = {4: AddressSet(AddressSet.FULL.v4, ()), 6: AddressSet((), AddressSet.FULL.v6)}


class ByFamily(NamedTuple):
    """A ruling for each address family; None where one of the ends has no address of it."""

    v4: Ruled | None
    v6: Ruled | None

    def meet(self, other: ByFamily) -> Ruled:
        """What both ends let pass: allowed in some family, certain in each that they share."""
        found: Ruled | None = None
        for mine, theirs in zip(self, other, strict=True):
            if mine is not None and theirs is not None:
                both = Ruled(mine.may & theirs.may, mine.must & theirs.must, mine.hits)
                found = both if found is None else found.or_else(both)
        return found or Ruled(EMPTY, EMPTY)

    @property
    def is_closed(self) -> bool:
        return not any(side is not None and side.may for side in self)


class Judge:
    """Rules for subjects of one stage of one cluster; `traces`: with the rules that decide."""

    def __init__(self, index: EndIndex, rules: StageRules, *, traces: bool = False) -> None:
        self.index, self.rules, self.traces = index, rules, traces
        self._outside = ~index.taken
        self._is_at_source = rules.stage.judges is Role.SRC
        self.services = ServiceWays(rules)
        self.nodes = NodeWays(index, rules, self._ruled)
        self._of_nodes: dict[object, Ruled] = {}

    def _ruled(self, subject: Subject, view: View) -> dict[Ruled, int]:
        return rulings(subject.selected, view, subject.effects, subject.rule_numbers if self.traces else None)

    # -------------------------------------------------------------------------------------------- the cluster
    def inside(self, subject: Subject) -> dict[ByFamily, int]:
        """The classes by the ruling on connections with them."""
        if self._is_same_in_both(subject):
            return self._in_both(subject)
        found: dict[ByFamily, int] = {}
        sides = {
            version: reduce(_either, (self._of_version(its, version) for its in subject.in_family(version)))
            if version in subject.versions
            else {}
            for version in VERSIONS
        }
        for (one, one_bits), (two, two_bits) in product(sides[4].items(), sides[6].items()):
            both = one_bits & two_bits
            if both:
                _add(found, ByFamily(one, two), both)
        for version in VERSIONS:
            other = 0
            for bits in sides[10 - version].values():
                other |= bits
            for its, bits in sides[version].items():
                if only := bits & ~other:
                    _add(found, ByFamily(its, None) if version == 4 else ByFamily(None, its), only)
        return found

    def _is_same_in_both(self, subject: Subject) -> bool:
        """Nothing that the subject's rules ask, and no way that leads on, hangs on the family of addresses."""
        of_four, of_six = (self.index.of_version[version] for version in VERSIONS)
        return (
            subject.versions == VERSIONS
            and of_four == of_six
            and not subject.asks_addresses
            and not (subject.fronted or any(subject.balanced))
            and not (subject.cases or self.rules.stage.ways or self.rules.stage.node_ways or self.nodes.has_host_ports)
        )

    def _in_both(self, subject: Subject) -> dict[ByFamily, int]:
        return {ByFamily(its, its): bits for its, bits in self._of_version(subject, VERSIONS[0]).items()}

    def _of_version(self, subject: Subject, version: int) -> dict[Ruled, int]:
        everyone = self.index.of_version[version]
        if not subject.is_judged or not everyone:
            return {OPEN: everyone} if everyone else {}
        found: dict[Ruled, int] = {}
        through = self._ways(subject, version)
        for meaning in self.worlds(subject, version, everyone, through):
            here = self._ruled(subject, View(meaning))
            if through:
                here = self.services.opened(subject, meaning, through, here, self._ruled)
            found = _either(found, here) if found else here
        if self._is_at_source:
            return self.nodes.opened(subject, found, version)
        found = self._also_through_services(subject, found, version)
        if not subject.balanced[VERSIONS.index(version)]:
            return found
        brought: dict[Ruled, int] = {}
        for its, bits in found.items():
            opened = self._balanced(subject, its, version)
            brought[opened] = brought.get(opened, 0) | bits
        return brought

    def _ways(self, subject: Subject, version: int) -> list[Way]:
        """The ways through Services' addresses that may make a difference to what the subject reaches."""
        if not self.rules.stage.ways:
            return []
        return self.services.that_matter(subject, OneClass(self.index, subject.one, version), version)

    def worlds(self, subject: Subject, version: int, classes: int, through: Iterable[Way] = ()) -> Iterator[Meaning]:
        """The classes as the subject's rules see them, once for each sort of address that they can have, as far as
        rules and the ways through Services tell them apart, and for each way in which open facts may be."""
        numbers: dict[int, int] = {}
        sets: dict[AddressSet, int] = {}
        for ends in self._asked_at(subject, through):
            numbers[id(ends)] = sets.setdefault(self.index.addresses(ends), len(sets))
        near, kept = OneClass(self.index, subject.one, version), subject.kept(version)
        for key, bits in self.index.worlds(version, tuple(sets)):
            if here := bits & classes:
                far = Classes(self.index, here, version, key, numbers)
                yield from self._settled(subject, far, near, kept, is_shared=bool(through))

    def _asked_at(self, subject: Subject, through: Iterable[Way]) -> Iterator[AtAddress | OnNodes]:
        """The sets of addresses in which ends of the cluster may lie, or not; on nodes, pods on their network."""
        for ends, kinds in subject.tests:
            asked = kinds & {EndKind.HOST_POD} if isinstance(ends, OnNodes) else kinds
            if self.index.of_kinds(asked):
                yield ends
        for way in through:
            yield from _written(leads(self.rules.cluster, way.port))

    def _settled(
        self, subject: Subject, far: Ends, near: Ends, kept: dict[int, Span], *, is_shared: bool
    ) -> Iterator[Meaning]:
        """Every way in which the facts that matter are settled: those on which several rules hang, or one that is asked
        about more ways than one.  Those that always come together are one; what a single rule hangs on is left open."""
        left_open = Meaning(self.rules.shapes, far, near, {}, kept)
        places: dict[OpenFact, list[int]] = {}
        for number, shape in subject.unsettled:
            if is_shared or any(span.may != span.must for _, span in left_open.of(shape.formula)):
                for fact in shape.facts:
                    places.setdefault(fact, []).append(number)
        groups: dict[tuple[int, ...], list[OpenFact]] = {}
        for fact, numbers in places.items():
            if len(numbers) > 1 or is_shared:
                groups.setdefault(tuple(numbers), []).append(fact)
        if not groups or len(groups) > MOST_FACTS:
            yield left_open
            return
        for answers in product((True, False), repeat=len(groups)):
            known = {fact: it for facts, it in zip(groups.values(), answers, strict=True) for fact in facts}
            yield Meaning(self.rules.shapes, far, near, known, kept)

    # -------------------------------------------------------------------------------------------- addresses outside
    def outside(self, subject: Subject) -> dict[Ruled, AddressSet]:
        """The addresses outside by the ruling on connections with them."""
        if subject.cases:
            return self._outside_of_cases(subject)
        domain = AddressSet(*(self._outside.family(v) if v in subject.versions else () for v in VERSIONS))
        if not subject.is_judged:
            return {OPEN: domain} if domain else {}
        found: dict[Ruled, AddressSet] = {}
        through = {version: self._ways(subject, version) for version in VERSIONS}
        for part, version in self._parts(subject, domain, through):
            its = self._ruled_outside(subject, part, version, through[version])
            found[its] = found.get(its, AddressSet.EMPTY) | part
        return found

    def _outside_of_cases(self, subject: Subject) -> dict[Ruled, AddressSet]:
        found: dict[Ruled, AddressSet] = {}
        for version in subject.versions:
            told = (self.outside(case) for case in subject.in_family(version))
            for its, addresses in reduce(_either_outside, told).items():
                found[its] = found.get(its, AddressSet.EMPTY) | addresses
        return found

    def _parts(
        self, subject: Subject, domain: AddressSet, through: dict[int, list[Way]]
    ) -> Iterator[tuple[AddressSet, int]]:
        """The addresses, those of one family, by what the subject's rules see of them, and what leads there."""
        cuts = dict.fromkeys(_blocks(subject, EndKind.OUTSIDE))
        ports = [way.port for ways in through.values() for way in ways]
        ports += [way.port for way in self.rules.stage.node_ways]
        for port in ports:
            cuts |= dict.fromkeys(at.addresses for at in _written(leads(self.rules.cluster, port)))
        for part in cells([cut for cut in cuts if cut & domain], domain).values():
            for version in VERSIONS:
                if own := part & _EVERYWHERE[version]:
                    yield own, version

    def meanings_outside(self, subject: Subject, part: AddressSet, version: int, is_shared: bool) -> Iterator[Meaning]:
        """One of the addresses, as the subject's rules see it."""
        near = OneClass(self.index, subject.one, version)
        far = OneEnd(External(_lowest(part, version)))
        return self._settled(subject, far, near, subject.kept(version), is_shared=is_shared)

    def parts_outside(self, subject: Subject, addresses: AddressSet) -> Iterator[tuple[AddressSet, int]]:
        """The addresses by what the subject's rules see of them."""
        yield from self._parts(subject, addresses, {version: [] for version in VERSIONS})

    def _ruled_outside(self, subject: Subject, part: AddressSet, version: int, through: list[Way]) -> Ruled:
        found: list[Ruled] = []
        for meaning in self.meanings_outside(subject, part, version, bool(through)):
            here = self._ruled(subject, View(meaning))
            if through:
                here = self.services.opened(subject, meaning, through, here, self._ruled)
            found += here
        its = reduce(Ruled.or_else, found)
        if self._is_at_source:
            return self.nodes.opened_outside(subject, meaning, its, version)
        return self._balanced(subject, self._through_services(subject, its, version), version)

    # -------------------------------------------------------------------------------------------- disguised sources
    def _through_services(self, subject: Subject, its: Ruled, version: int) -> Ruled:
        """On the ports of a Service that replaces clients, the source may be a node of any address of their family
        (A13.5).

        It may be the pod's own node too; but what comes from there always arrives and is not judged.
        """
        fronted = subject.fronted_in(version)
        if not fronted:
            return its
        node = self._of_some_node(subject, version)
        if self.rules.stage.arrival.is_direct:
            return its.opened(node.may & fronted, EMPTY, within(node.hits, fronted - its.must))
        return Ruled(
            its.may | (node.may & fronted),
            its.must & (node.must | ~fronted),
            merged(its.hits, within(node.hits, fronted)),
        )

    def _also_through_services(self, subject: Subject, found: dict[Ruled, int], version: int) -> dict[Ruled, int]:
        """The same for sources in the cluster, which can go straight to the pod, too (reference 0.2, E3)."""
        fronted = subject.fronted_in(version)
        if not fronted:
            return found
        node = self._of_some_node(subject, version)
        opened: dict[Ruled, int] = {}
        for its, bits in found.items():
            brought = fronted - its.must
            either = its.opened(node.may & fronted, EMPTY, within(node.hits, brought))
            opened[either] = opened.get(either, 0) | bits
        return opened

    def _balanced(self, subject: Subject, its: Ruled, version: int) -> Ruled:
        """What a load balancer may bring besides, from its own address."""
        led = subject.balanced[VERSIONS.index(version)]
        if not led:
            return its
        by = self._of_balancers(subject, version)
        return its.opened(by.may & led, EMPTY, within(by.hits, led - its.must))

    def _of_balancers(self, subject: Subject, version: int) -> Ruled:
        there = _EVERYWHERE[version] & self.rules.stage.arrival.balancers
        near, found = OneClass(self.index, subject.one, version), [Ruled(EMPTY, EMPTY)]
        for part in cells(list(dict.fromkeys(_blocks(subject, EndKind.OUTSIDE))), there).values():
            far = OneEnd(External(_lowest(part, version)), self.rules.cluster.nodes)
            for meaning in self._settled(subject, far, near, subject.kept(version), is_shared=False):
                found += self._ruled(subject, View(meaning))
        return reduce(Ruled.or_else, found)

    def _of_some_node(self, subject: Subject, version: int) -> Ruled:
        known = self._of_nodes.get((subject.key, version))
        if known is None:
            near = OneClass(self.index, subject.one, version)
            found: list[Ruled] = []
            places = self.rules.stage.arrival.places
            there = _EVERYWHERE[version] if places is None else _EVERYWHERE[version] & places
            for part in cells(list(dict.fromkeys(_blocks(subject, EndKind.NODE))), there).values():
                far = OneEnd(Host(None, NO_LABELS, _lowest(part, version)), self.rules.cluster.nodes)
                for meaning in self._settled(subject, far, near, subject.kept(version), is_shared=False):
                    found += self._ruled(subject, View(meaning))
            known = self._of_nodes[subject.key, version] = reduce(Ruled.or_else, found)
        return known


def _blocks(subject: Subject, kind: EndKind) -> Iterator[AddressSet]:
    """The sets of addresses about which the subject's rules ask of ends of the kind."""
    for ends, kinds in subject.tests:
        if isinstance(ends, AtAddress) and kind in kinds:
            yield ends.addresses


def _written(formula: Formula) -> Iterator[AtAddress]:
    for leaf, _ in asked_in(formula):
        if isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress):
            yield leaf.ends


def _lowest(addresses: AddressSet, version: int) -> IPAddress:
    low = addresses.family(version)[0][0]
    return IPv4Address(low) if version == 4 else IPv6Address(low)


def _either(left: dict[Ruled, int], right: dict[Ruled, int]) -> dict[Ruled, int]:
    """Rulings in one world or another: what some world may allow, what each that a class can be in makes certain."""
    both = joined(left, right, Ruled.or_else)
    for mine, others in ((left, right), (right, left)):
        taken = 0
        for bits in others.values():
            taken |= bits
        for its, bits in mine.items():
            if only := bits & ~taken:
                both[its] = both.get(its, 0) | only
    return both


def _either_outside(left: dict[Ruled, AddressSet], right: dict[Ruled, AddressSet]) -> dict[Ruled, AddressSet]:
    """The same of addresses, all of which both speak of."""
    found: dict[Ruled, AddressSet] = {}
    for (one, here), (other, there) in product(left.items(), right.items()):
        if shared := here & there:
            its = one.or_else(other)
            found[its] = found.get(its, AddressSet.EMPTY) | shared
    return found


def _add(found: dict[ByFamily, int], value: ByFamily, bits: int) -> None:
    found[value] = found.get(value, 0) | bits
