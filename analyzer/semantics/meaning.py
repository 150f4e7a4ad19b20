"""What formulas mean over sets: of far ends as bits, of connections by protocol and port (design 3).

The evaluator of `formulas` over another algebra: a formula means, of each far end, the connections of which it may be
true and those of which it is whatever is open.  What a leaf says of an end is asked of whoever holds the ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import NamedTuple, Protocol

from analyzer.model.cluster import Node
from analyzer.model.endpoints import Pod
from analyzer.model.formulas import (
    All,
    AtAddress,
    Attribute,
    EndKind,
    EndSet,
    Formula,
    Leaf,
    Member,
    Name,
    Not,
    OnHostPort,
    OnNodes,
    OnPorts,
    Open,
    Role,
    Same,
    Some,
    Test,
)
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol as OnProtocol
from analyzer.records import dataclass
from analyzer.semantics.asked import AskedLeaf, Kinds, collect, narrowed
from analyzer.semantics.declared_ports import declared, numbered
from analyzer.semantics.fold import Grants, Span
from analyzer.semantics.formulas import Seen, Situation, does_meet, is_among, value_of
from analyzer.semantics.partitions import joined, mapped, refined
from analyzer.sets import ConnectionSet

EMPTY, FULL = ConnectionSet.EMPTY, ConnectionSet.FULL
EVERYTHING, NOTHING = Span.sure(FULL), Span.sure(EMPTY)
_UNSURE = Span(FULL, EMPTY)


class Bits(NamedTuple):
    """The ends that may be meant, and those that are whatever is open."""

    may: int
    must: int


class Ends(Protocol):
    """Ends, a bit each, and what single leaves say of them."""

    @property
    def everyone(self) -> int: ...

    def among(self, ends: EndSet) -> Bits: ...

    def passing(self, test: Test) -> int: ...

    def values(self, attribute: Attribute) -> Mapping[str | None, int]:
        """The ends by the attribute's value, wherever it is there and another attribute is compared with it."""
        ...

    def on(self, ports: OnPorts | OnHostPort) -> Grants:
        """What the ends' own pods declare, by number, for a port's name or as ports of their nodes."""
        ...

    def fixed(self, formula: Formula, meaning: Meaning) -> Bits:
        """What a formula means that says nothing of addresses, ports or open facts, and speaks of these ends alone."""
        ...


# ------------------------------------------------------------------------------------------------ shapes
@dataclass(frozen=True, slots=True)
class Shape:
    """A conjunction by what its parts speak of: far ends, connections, or both; and all that is asked in it.

    `is_fixed`: what `ends` means hangs on nothing but kinds, names and labels.  `span`: what `ports` means, where no
    end has a say; `is_span_near`: where only the near end has.  `tests`: sets of far ends that lie at addresses, with
    the kinds of end that are asked so.  `near`: the leaves that speak of the near end.  `asks_addresses`: something in
    it hangs on where an end lies, so that it may mean one thing in IPv4 and another in IPv6.
    """

    formula: Formula
    ends: All
    ports: All
    mixed: All
    is_fixed: bool
    span: Span | None
    is_span_near: bool
    leaves: tuple[AskedLeaf, ...]
    tests: tuple[tuple[AtAddress | OnNodes, frozenset[EndKind]], ...]
    near: tuple[Leaf, ...]
    facts: tuple[OpenFact, ...]
    asks_addresses: bool


class Shapes:
    """The shapes of formulas where `far` is the far end, each made once; `kinds`: those that ends may be of."""

    def __init__(self, far: Role, kinds: Kinds | None = None) -> None:
        self.far, self._kinds = far, kinds or {}
        self._known: dict[int, Shape] = {}

    def of(self, formula: Formula) -> Shape:
        found = self._known.get(id(formula))
        if found is None:  # it holds the formula, so that its id is not given anew
            found = self._known[id(formula)] = self._made(formula)
        return found

    def _made(self, formula: Formula) -> Shape:
        parts = formula.parts if isinstance(formula, All) else (formula,)
        kinds = narrowed(parts, self._kinds)
        ends: list[Formula] = []
        ports: list[Formula] = []
        mixed: list[Formula] = []
        leaves: list[AskedLeaf] = []
        of_ends = of_ports = 0
        for part in parts:
            first, sorts = len(leaves), 0
            collect(part, kinds, leaves)
            for leaf, _ in leaves[first:]:
                sorts |= self._sort(leaf)
            if not sorts & _OF_PORTS:
                ends.append(part)
                of_ends |= sorts
            elif sorts & _FAR:
                mixed.append(part)
            else:
                ports.append(part)
                of_ports |= sorts
        within = All(tuple(ports))
        return Shape(
            formula,
            All(tuple(ends)),
            within,
            All(tuple(mixed)),
            is_fixed=not of_ends & ~_FAR,
            span=None if of_ports & ~_OF_PORTS else span_of(within),
            is_span_near=not of_ports & _OPEN,
            leaves=tuple(leaves),
            tests=tuple(self._tests(leaves)),
            near=tuple(dict.fromkeys(leaf for leaf, _ in leaves if self._sort(leaf) & _NEAR)),
            facts=tuple(dict.fromkeys(leaf.fact for leaf, _ in leaves if isinstance(leaf, Open))),
            asks_addresses=any(isinstance(it, Member) and isinstance(it.ends, AtAddress | OnNodes) for it, _ in leaves),
        )

    def _tests(self, leaves: Iterable[AskedLeaf]) -> Iterator[tuple[AtAddress | OnNodes, frozenset[EndKind]]]:
        for leaf, kinds in leaves:
            if isinstance(leaf, Member) and leaf.role is self.far and isinstance(leaf.ends, AtAddress | OnNodes):
                yield leaf.ends, kinds

    def _sort(self, leaf: Leaf) -> int:
        """What it speaks of, as a set of bits."""
        if isinstance(leaf, Test):
            role = leaf.attribute.role
            return _FAR if role is self.far else _OPEN if role is Role.REQUEST else _NEAR
        if isinstance(leaf, Member):
            is_at = _AT if isinstance(leaf.ends, AtAddress | OnNodes) else 0
            return _FAR | is_at if leaf.role is self.far else _NEAR
        if isinstance(leaf, Open):
            return _OPEN
        if isinstance(leaf, Same):
            roles = {leaf.left.role, leaf.right.role}
            return (_FAR | _OPEN if self.far in roles else 0) | (_NEAR if roles != {self.far} else 0)
        if isinstance(leaf, OnPorts) and not leaf.name:
            return _OF_PORTS
        return _OF_PORTS | (_FAR if self.far is Role.DST else _NEAR)


_FAR, _NEAR, _AT, _OPEN, _OF_PORTS = 1, 2, 4, 8, 16


# ------------------------------------------------------------------------------------------------ meaning
@dataclass(frozen=True, slots=True)
class Meaning:
    """Formulas where `far` holds the far ends, `near` the one end that is near, and some facts are settled."""

    shapes: Shapes
    far: Ends
    near: Ends
    settled: Mapping[OpenFact, bool]
    kept: dict[int, Span] = field(default_factory=dict)  # by `id()` of a formula: what hangs on the near end alone

    def of(self, formula: Formula) -> Grants:
        """The connections, by far ends."""
        shape = self.shapes.of(formula)
        may, must = self.far.fixed(shape.ends, self) if shape.is_fixed else self.ends(shape.ends)
        may &= self.far.everyone
        if not may:
            return []
        span = shape.span or self._span(shape)
        if not span.may:
            return []
        must &= may
        found = [(must, span)] if must else []
        if may != must:
            found.append((may & ~must, Span(span.may, EMPTY)))
        return _both_of(found, self._partition(shape.mixed)) if shape.mixed.parts else found

    def _span(self, shape: Shape) -> Span:
        if not shape.is_span_near:
            return self.span(shape.ports)
        found = self.kept.get(id(shape.ports))
        if found is None:
            found = self.kept[id(shape.ports)] = self.span(shape.ports)
        return found

    def ends(self, formula: Formula) -> Bits:
        """The far ends of which a formula is true that says nothing of ports."""
        everyone = self.far.everyone
        match formula:
            case All(parts):
                may = must = everyone
                for part in parts:
                    its = self.ends(part)
                    may, must = may & its.may, must & its.must
                    if not may:
                        break
                return Bits(may, must)
            case Some(parts):
                may = must = 0
                for part in parts:
                    its = self.ends(part)
                    may, must = may | its.may, must | its.must
                return Bits(may, must)
            case Not(part):
                its = self.ends(part)
                return Bits(everyone & ~its.must, everyone & ~its.may)
            case Member(role, among):
                return self._seen(role, self._of(role).among(among))
            case Test(attribute) if attribute.name is Name.ASKED:
                return Bits(0, 0)  # sets are of connections, and of no request
            case Test(attribute) if attribute.role is Role.REQUEST:  # some request may meet it, and another not
                return Bits(everyone, 0)
            case Test(attribute):
                passing = self._of(attribute.role).passing(formula)
                return self._seen(attribute.role, Bits(passing, passing))
            case Same(left, right):
                return self._same(left, right)
            case Open(fact):
                known = self.settled.get(fact)
                return Bits(0 if known is False else everyone, everyone if known else 0)
            case _:
                raise AssertionError(f"{formula} speaks of ports")

    def _of(self, role: Role) -> Ends:
        return self.far if role is self.shapes.far else self.near

    def _seen(self, role: Role, bits: Bits) -> Bits:
        """What is said of the near end holds for all far ends."""
        if role is self.shapes.far:
            return bits
        everyone = self.far.everyone
        return Bits(everyone if bits.may else 0, everyone if bits.must else 0)

    def _same(self, left: Attribute, right: Attribute) -> Bits:
        """Absent equals only absent."""
        sides = []
        for attribute in (left, right):
            values = {
                value: self._seen(attribute.role, Bits(bits, bits)).may
                for value, bits in self._of(attribute.role).values(attribute).items()
            }
            there = 0
            for bits in values.values():
                there |= bits
            sides.append((values, self.far.everyone & ~there))
        (mine, not_mine), (others, not_others) = sides
        found = not_mine & not_others
        for value, bits in mine.items():
            found |= bits & others.get(value, 0)
        return Bits(found, found)

    def span(self, formula: Formula) -> Span:
        """The connections of which a formula is true that says nothing of far ends."""
        match formula:
            case All(parts):
                found = EVERYTHING
                for part in parts:
                    found &= self.span(part)
                return found
            case Some(parts):
                found = NOTHING
                for part in parts:
                    found |= self.span(part)
                return found
            case Not(part):
                its = self.span(part)
                return Span(FULL - its.must, FULL - its.may)
            case OnPorts(name=""):
                return Span.sure(numbered(formula))
            case OnPorts() | OnHostPort():
                return next((span for _, span in self.near.on(formula)), NOTHING)
            case _:
                may, must = self.ends(formula)
                return Span(FULL if may else EMPTY, FULL if must else EMPTY)

    def _partition(self, formula: Formula) -> dict[Span, int]:
        """Any formula; every far end is in one part."""
        everyone = self.far.everyone
        match formula:
            case All(parts):
                found: dict[Span, int] = {EVERYTHING: everyone}
                for part in parts:
                    found = joined(found, self._partition(part), Span.__and__)
                return found
            case Some(parts):
                found = {NOTHING: everyone}
                for part in parts:
                    found = joined(found, self._partition(part), Span.__or__)
                return found
            case Not(part):
                return mapped(self._partition(part), lambda its: Span(FULL - its.must, FULL - its.may))
            case OnPorts(name=""):
                return {Span.sure(numbered(formula)): everyone}
            case OnPorts() | OnHostPort():
                if self.shapes.far is Role.DST:
                    return refined({NOTHING: everyone}, self.far.on(formula), Span.__or__)
                return {self.span(formula): everyone}
            case _:
                may, must = self.ends(formula)
                parts_of = ((must, EVERYTHING), (may & ~must, _UNSURE), (everyone & ~may, NOTHING))
                return {span: bits & everyone for bits, span in parts_of if bits & everyone}


def _both_of(grants: Grants, parts: Mapping[Span, int]) -> Grants:
    return [
        (here, both_spans)
        for where, span in grants
        for its, bits in parts.items()
        if (here := where & bits) and (both_spans := span & its).may
    ]


def span_of(formula: Formula) -> Span:
    """What a formula means that speaks of numbers and protocols alone."""
    nobody = OneEnd(None)
    return Meaning(Shapes(Role.DST), nobody, nobody, {}).span(formula)


# ------------------------------------------------------------------------------------------------ one end
@dataclass(frozen=True, slots=True)
class OneEnd:
    """One concrete end, of which a formula says what the oracle says; `meant` as in a Situation."""

    end: Seen
    nodes: tuple[Node, ...] = ()
    meant: frozenset[Formula] | None = None
    everyone: int = 1

    def among(self, ends: EndSet) -> Bits:
        about = Situation(OnProtocol.OTHER, None, {}, self.nodes, meant=self.meant)
        found = int(is_among(ends, self.end, about))
        return Bits(found, found)

    def passing(self, test: Test) -> int:
        value = self._value(test.attribute)
        return int(value is not None and does_meet(value, test.meets))

    def values(self, attribute: Attribute) -> Mapping[str | None, int]:
        value = self._value(attribute)
        return {} if value is None else {value: 1}

    def _value(self, attribute: Attribute) -> str | None:
        return value_of(attribute, {attribute.role: self.end})

    def on(self, ports: OnPorts | OnHostPort) -> Grants:
        found = declared(self.end.ports, ports) if isinstance(self.end, Pod) else EMPTY
        return [(1, Span.sure(found))] if found else []

    def fixed(self, formula: Formula, meaning: Meaning) -> Bits:
        return meaning.ends(formula)
