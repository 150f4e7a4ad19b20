"""From one witness to the region around it: every connection in the region violates the claim, whatever is open.

A field is dropped if the violation persists without it, then widened as far as it persists.  The solver proves each
step, so a region is as sound as a proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.encoding import VIOLATION, Obligation
from analyzer.encoding.rules import THROUGH
from analyzer.encoding.scope import Reach
from analyzer.judging.inquiry import NOT_VIOLATION, Inquiry
from analyzer.sets.intervals import Intervals, canonical, contains

Atom = tuple[int, int]
Box = dict[str, Intervals]

_MOST_ATOMS = 96  # up to here every atom gets an answer
_MOST_VIOLATING = 32
_MOST_SPOILERS = 12
_MOST_QUESTIONS = 64
# What a reader takes for connections that can exist: widened by possible values only.
_TOLD = frozenset({"proto", *(f"{end}.{kind}{version}" for end in "sd" for kind in "xu" for version in (4, 6))})


def generalise(inquiry: Inquiry, values: Mapping[str, int]) -> Box:
    """The region around a violating model: intervals for each symbol that matters; the others are unconstrained."""
    obligation = inquiry.obligation
    box: Box = {s: ((values[s], values[s]),) for s in obligation.fields if s in values}
    if not _holds(inquiry, box):
        return box
    box = _dropped(inquiry, box)
    for symbol in sorted(box, key=_widening_order):
        _widen(inquiry, box, symbol, values[symbol])
    if values.get(THROUGH):  # the Service's port settles these, so that nothing else would say them
        box |= {symbol: ((values[symbol], values[symbol]),) for symbol in ("port", "proto") if symbol in values}
    return _both_families(inquiry, box)


def _holds(inquiry: Inquiry, box: Box) -> bool:
    return inquiry.is_impossible(NOT_VIOLATION, *_inside(inquiry, box))


def _can_be(inquiry: Inquiry, box: Box) -> bool:
    return inquiry.is_possible(*_inside(inquiry, box))


def _inside(inquiry: Inquiry, box: Box) -> list[str]:
    return [inquiry.is_within(s, v) for s, v in box.items()]


def _dropped(inquiry: Inquiry, box: Box) -> Box:
    literals = {inquiry.is_within(s, v): s for s, v in box.items()}
    first = inquiry.check(NOT_VIOLATION, *(k for k, s in literals.items() if rank(s) >= _KEEP))
    if not first.is_unsat:
        first = inquiry.check(NOT_VIOLATION, *literals)
    if not first.is_unsat:  # the budget is spent
        return box
    needed = {literals[k] for k in first.core if k in literals}
    kept = {s: v for s, v in box.items() if s in needed or _is_kind(s)}
    for symbol in sorted(kept, key=rank):
        rest = {s: v for s, v in kept.items() if s != symbol}
        if not _is_kind(symbol) and _holds(inquiry, rest):
            kept = rest
    return kept


def _widen(inquiry: Inquiry, box: Box, symbol: str, value: int) -> None:
    """Add every other atom of the symbol's values for which the violation persists."""
    if _is_kind(symbol):
        return
    atoms = list(atoms_of(inquiry.obligation, symbol))
    own = [a for a in atoms if a[0] <= value <= a[1]]
    if not own:
        return
    able = _violating(inquiry, box, symbol, [a for a in atoms if a not in own])
    if able is not None:
        atoms = [*own, *able]
    found = _fitting(inquiry, box, symbol, atoms) if atoms != own else []
    if symbol in _TOLD:
        found = _possible(inquiry, box, symbol, found)
    box[symbol] = canonical([*own, *found])


def _violating(inquiry: Inquiry, box: Box, symbol: str, atoms: list[Atom]) -> list[Atom] | None:
    """The atoms with which some connection violates, if they are none, or a few of very many."""
    most = _MOST_VIOLATING if len(atoms) >= _MOST_ATOMS else 0
    found: list[Atom] = []
    while True:
        left = canonical(a for a in atoms if a not in found)
        if not left:
            return found
        example = inquiry.check(VIOLATION, *_inside(inquiry, {**box, symbol: left}))
        if example.is_unsat:
            return found
        if not example.is_sat or len(found) == most or not contains(left, example.values[symbol]):
            return None  # outside of all that was asked for: the symbol says nothing of the example
        found += [a for a in atoms if a[0] <= example.values[symbol] <= a[1]]


def _fitting(inquiry: Inquiry, box: Box, symbol: str, atoms: list[Atom]) -> list[Atom]:
    """The atoms for which the violation persists; of very many, as many as a bounded number of questions finds."""
    if len(atoms) <= _MOST_ATOMS:
        return _excluded(inquiry, box, symbol, atoms, NOT_VIOLATION) or []
    return _some_fitting(inquiry, box, symbol, atoms)


def _excluded(inquiry: Inquiry, box: Box, symbol: str, atoms: list[Atom], *literals: str) -> list[Atom] | None:
    """The atoms that nothing in the rest of the box which meets the literals can have; None if the budget is spent.
    What is found in one go is proved once more, all together."""
    by_literal = {inquiry.is_within(symbol, (atom,)): atom for atom in atoms}
    rest = _inside(inquiry, {s: v for s, v in box.items() if s != symbol})
    names = inquiry.excluded(tuple(by_literal), *literals, *rest)
    if names is None:
        return None
    found = [atom for literal, atom in by_literal.items() if literal in names]
    if found and not inquiry.is_impossible(*literals, *rest, inquiry.is_within(symbol, canonical(found))):
        return None
    return found


def _some_fitting(inquiry: Inquiry, box: Box, symbol: str, atoms: list[Atom]) -> list[Atom]:
    """As many of very many atoms for which the violation persists as a bounded number of questions finds.

    First those that spoil it are taken away one by one, then what is left is halved until it persists."""
    left = list(atoms)
    for _ in range(_MOST_SPOILERS):
        spoiler = inquiry.check(NOT_VIOLATION, *_inside(inquiry, {**box, symbol: canonical(left)}))
        if spoiler.is_unsat:
            return left
        if not spoiler.is_sat:
            return []
        value = spoiler.values[symbol]
        left = [a for a in left if not a[0] <= value <= a[1]]
    found: list[Atom] = []
    blocks, asked = [left], 0
    while blocks and asked < _MOST_QUESTIONS:
        block = blocks.pop()
        inside = _inside(inquiry, {**box, symbol: canonical(block)})
        asked += 1
        if inquiry.is_impossible(NOT_VIOLATION, *inside):
            found += block
        elif len(block) > 1 and inquiry.is_possible(VIOLATION, *inside):
            middle = len(block) // 2
            blocks += [block[middle:], block[:middle]]
    return found


def _possible(inquiry: Inquiry, box: Box, symbol: str, atoms: list[Atom]) -> list[Atom]:
    """The atoms that some connection can have; of very many, pieces that hold such an atom each."""
    if len(atoms) <= _MOST_ATOMS:
        impossible = _excluded(inquiry, box, symbol, atoms)
        return [] if impossible is None else [atom for atom in atoms if atom not in impossible]
    return [span for span in canonical(atoms) if _can_be(inquiry, {**box, symbol: (span,)})]


def _both_families(inquiry: Inquiry, box: Box) -> Box:
    """One region for both address families, if the other one has addresses that violate as well."""
    if "v6" not in box:
        return _one_family(inquiry, box)
    here, there = ("6", "4") if box["v6"] == ((1, 1),) else ("4", "6")
    both = {s: v for s, v in box.items() if s != "v6"}
    other = {**box, "v6": ((int(there == "6"), int(there == "6")),)}
    for symbol in [s[:-1] + there for s in box if s.endswith((".x" + here, ".u" + here))]:
        atoms = list(atoms_of(inquiry.obligation, symbol))
        fitting = _possible(inquiry, other, symbol, _fitting(inquiry, other, symbol, atoms))
        if not fitting:
            return box
        both[symbol] = other[symbol] = canonical(fitting)
    return both if _holds(inquiry, both) and _can_be(inquiry, other) else box


def _one_family(inquiry: Inquiry, box: Box) -> Box:
    """Say which family a region's addresses are of, where only one is possible."""
    if "v6" not in inquiry.obligation.symbols or not any(s[1:].startswith((".x", ".u")) for s in box):
        return box
    possible = [value for value in (0, 1) if _can_be(inquiry, {**box, "v6": ((value, value),)})]
    return {**box, "v6": ((possible[0], possible[0]),)} if len(possible) == 1 else box


def atoms_of(obligation: Obligation, symbol: str) -> Iterator[Atom]:
    """The values of a symbol, in pieces within which nothing can tell them apart."""
    width = obligation.symbols[symbol]
    if symbol in obligation.cuts:
        top = 2**width - 1
        low = 1 if symbol == "port" else 0
        edges = sorted({low, *(c for c in obligation.cuts[symbol] if low <= c <= top)})
        yield from zip(edges, (*(e - 1 for e in edges[1:]), top), strict=True)
    elif symbol.endswith(".ns"):
        reach: Reach = obligation.scope.src if symbol.startswith("s") else obligation.scope.dst
        yield from ((c, c) for c in sorted(reach.namespaces))
    elif symbol == "proto":
        yield from ((c, c) for c in range(4))
    elif symbol == THROUGH:
        yield from ((c, c) for c in (0, *obligation.scope.through))
    elif width == 0:
        yield from ((0, 0), (1, 1))
    elif not symbol.endswith(".w"):
        yield from ((c, c) for c in range(_domain_size(obligation, symbol)))


def _domain_size(obligation: Obligation, symbol: str) -> int:
    _, kind, *index = symbol.split(".")
    kinds = {"l": "pod", "nl": "ns", "fl": "ns", "sa": "sa", "nn": "name"}
    domains = [d for a, d in obligation.scope.domains.items() if a.kind == kinds[kind]]
    return domains[int(index[0]) if index else 0].size


def _is_kind(symbol: str) -> bool:
    return symbol.endswith((".pod", ".host"))


_KEEP = 4  # ranks below are tried without, all at once, before anything else


def rank(symbol: str) -> int:
    """What a reader would rather not see goes first."""
    part = symbol.split(".")[1] if "." in symbol else symbol
    order = {"w": 0, "nl": 1, "fl": 1, "nn": 1, "u4": 2, "u6": 2, "x4": 5, "x6": 5, "v6": 4, "p": 4, "sa": 6}
    return order.get(part, {"l": 7, "port": 8, "proto": 9, "ns": 10}.get(part, 11))


def _widening_order(symbol: str) -> tuple[int, str]:
    return -rank(symbol), symbol
