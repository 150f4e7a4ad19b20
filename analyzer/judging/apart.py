"""Regions cut so that no connection is in two of them.

What an end's address is depends on the end: outside the cluster or of a class of known addresses it is in x4 or x6,
else in u4 or u6; the other two say nothing of it.  What labels its namespace has depends on that: nl of one that is
there, fl of one not created yet.  So boxes are compared case by case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from analyzer.encoding import Obligation
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.scope import EXTERNAL
from analyzer.judging.generalise import Box, atoms_of, rank
from analyzer.records import dataclass
from analyzer.sets.intervals import Intervals, canonical, complement, contains, intersection, points


@dataclass(frozen=True, slots=True)
class _Case:
    """Connections of one address family (1: IPv6), with ends whose address is known or is not, and whose namespace is
    new or is not; an end that is not in `known` or `new` can be either."""

    version: int
    known: Mapping[str, bool]
    new: Mapping[str, bool]

    def counts(self, symbol: str) -> bool:
        """Whether the symbol says something of these connections."""
        letter, _, part = symbol.partition(".")
        if part.startswith(("nl.", "fl.")):
            return self.new.get(letter, part.startswith("fl.")) == part.startswith("fl.")
        if part not in ("x4", "x6", "u4", "u6"):
            return True
        is_of_family = part[1] == ("6" if self.version else "4")
        return is_of_family and self.known.get(letter, part[0] == "x") == (part[0] == "x")


def apart(obligation: Obligation, box: Box, others: Iterable[Box], values: Mapping[str, int]) -> Box:
    """As much of the box as meets none of the others, in none of which `values` lies."""
    for other in others:
        for case in _cases(other):
            if _meet(obligation, box, other, case):
                box = _without(obligation, box, other, case, values)
    return box


def _cases(other: Box) -> Iterator[_Case]:
    addressed = [e for e in "sd" if any(s.startswith((f"{e}.x", f"{e}.u")) for s in other)]
    labelled = [e for e in "sd" if any(s.startswith((f"{e}.nl.", f"{e}.fl.")) for s in other)]
    for version in (0, 1):
        for known in product((True, False), repeat=len(addressed)):
            for new in product((True, False), repeat=len(labelled)):
                yield _Case(version, dict(zip(addressed, known, strict=True)), dict(zip(labelled, new, strict=True)))


def _without(obligation: Obligation, box: Box, other: Box, case: _Case, values: Mapping[str, int]) -> Box:
    """The box without its connections of this case that the other one has too, but with `values`."""
    if values.get("v6", case.version) != case.version:
        return {**box, "v6": ((1 - case.version, 1 - case.version),)}
    for letter, is_known in case.known.items():
        member = f"{letter}.w"
        if _is_known(obligation, letter, values) != is_known:
            return {**box, member: intersection(_members(obligation, box, letter), _codes(obligation, not is_known))}
    for letter, is_new in case.new.items():
        symbol = f"{letter}.ns"
        if contains(_standing(obligation, is_new=True), values[symbol]) != is_new:
            rest = _standing(obligation, is_new=not is_new)
            return {**box, symbol: intersection(_namespaces(obligation, box, letter), rest)}
    symbol = max((s for s in other if case.counts(s) and not contains(other[s], values[s])), key=lambda s: (rank(s), s))
    if symbol == "port" and not values["port"]:  # the witness is of a protocol without ports
        return {**box, "proto": ((values["proto"], values["proto"]),)}
    every = canonical(atoms_of(obligation, symbol)) or ((0, len(obligation.classes)),)  # a class has no atoms
    rest = complement(other[symbol], every[0][0], every[-1][1])
    return {**box, symbol: intersection(box.get(symbol, every), rest)}


def _meet(obligation: Obligation, left: Box, right: Box, case: _Case) -> bool:
    """Whether the boxes have connections of this case in common."""
    for box in (left, right):
        if not contains(box.get("v6", ((0, 1),)), case.version):
            return False
    if not all(intersection(left.get(s, right[s]), right[s]) for s in right if s != "v6" and case.counts(s)):
        return False
    for letter, is_known in case.known.items():
        if _is_outside(obligation, letter, left):
            if not is_known:
                return False
            continue
        members = intersection(_members(obligation, left, letter), _members(obligation, right, letter))
        if not intersection(members, _codes(obligation, is_known)):
            return False
    for letter, is_new in case.new.items():
        inside = intersection(_namespaces(obligation, left, letter), _namespaces(obligation, right, letter))
        if not intersection(inside, _standing(obligation, is_new=is_new)):
            return False
    return True


def _namespaces(obligation: Obligation, box: Box, letter: str) -> Intervals:
    reach = (obligation.scope.src if letter == "s" else obligation.scope.dst).namespaces
    return box.get(f"{letter}.ns", points((*reach, obligation.scope.table.none)))


def _standing(obligation: Obligation, *, is_new: bool) -> Intervals:
    """The codes of namespaces that are not created yet, or the others and that of an end that is no pod."""
    table = obligation.scope.table
    new = points(table.of(Standing.FUTURE))
    return new if is_new else complement(new, 0, table.none)


def _members(obligation: Obligation, box: Box, letter: str) -> Intervals:
    symbol = f"{letter}.w"
    return box.get(symbol, ((0, len(obligation.classes) if symbol in obligation.symbols else 0),))


def _codes(obligation: Obligation, is_known: bool) -> Intervals:
    """The values of an end's class, for pods and nodes of known address or the others."""
    known = points(obligation.addressed)
    return known if is_known else complement(known, 0, len(obligation.classes))


def _is_outside(obligation: Obligation, letter: str, box: Box) -> bool:
    """Whether the box is of addresses outside at this end; every box settles what kind its ends are."""
    kinds = (obligation.scope.src if letter == "s" else obligation.scope.dst).kinds
    symbols = (s for s in (f"{letter}.pod", f"{letter}.host") if s in obligation.symbols)
    return EXTERNAL in kinds and all(box.get(s) == ((0, 0),) for s in symbols)


def _is_known(obligation: Obligation, letter: str, values: Mapping[str, int]) -> bool:
    exact: Box = {s: ((values[s], values[s]),) for s in (f"{letter}.pod", f"{letter}.host") if s in values}
    return _is_outside(obligation, letter, exact) or values.get(f"{letter}.w", 0) in obligation.addressed
