"""From one witness to the region around it: every connection in the region violates the claim, whatever is open.

A field is dropped if the violation persists without it, then widened as far as it persists.  What comes out is proved
once more as a whole, so a region is as sound as a proof.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.encoding import VIOLATION, Attribute, Box, Role, Variable
from analyzer.encoding.variables import ADDRESSES, KINDS, OF_REQUESTS
from analyzer.errors import InternalError
from analyzer.judging.query_session import NOT_VIOLATION, QuerySession
from analyzer.sets.intervals import Intervals, canonical, complement, contains, intersection

Atom = tuple[int, int]

_MOST_ATOMS = 96  # up to here every atom gets an answer
_MOST_VIOLATING = 32
_SAMPLE = 3
_FEW_SPOILERS = 4
_MOST_SPOILERS = 12
_MOST_QUESTIONS = 64
# What a reader takes for connections that can exist: widened by possible values only.
_TOLD = frozenset({Attribute.PROTOCOL, *ADDRESSES, *OF_REQUESTS})
_FIXED = frozenset({*KINDS, Attribute.MEMBER})  # never widened
# With some other value of these something violates nearly always, so that nobody asks first whether it is so with any.
_OFTEN_WIDE = frozenset({Attribute.PORT, Attribute.PROTOCOL, Attribute.FAMILY, Attribute.HTTP, *ADDRESSES})


def generalise(session: QuerySession, values: Mapping[str, int]) -> Box:
    """The region around a violating model: intervals for each variable that matters; the others are unconstrained.

    InternalError if some connection of it does not violate: values taken for alike that are not.
    """
    box = _widened(session, values)
    other = session.check(NOT_VIOLATION, *_inside(session, box))
    if other.is_sat:
        told = ", ".join(f"{v.symbol} in {values}" for v, values in box.items())
        raise InternalError(
            f"of the region {told} the connection {other.values} does not violate", session.obligation.text
        )
    return box


def _widened(session: QuerySession, values: Mapping[str, int]) -> Box:
    variables, claim = session.obligation.variables, session.obligation.scope.question.claim
    box: Box = {v: exactly(values[v.symbol]) for v in variables if v.symbol in values}
    whole = session.check(NOT_VIOLATION, *_inside(session, box))
    if not whole.is_unsat:
        return box
    box = _dropped(session, box, whole.core)
    fixed = set(_FIXED if claim.kind.is_broken_by_requests else _FIXED | OF_REQUESTS)
    if any(v.attribute in OF_REQUESTS for v in box):  # a request is of its protocol
        fixed.add(Attribute.PROTOCOL)
    for variable in sorted(box, key=lambda v: (-v.rank, v.symbol)):
        if variable.attribute not in fixed:
            _widen(session, box, variable, values[variable.symbol])
    way = variables.find(Role.CONNECTION, Attribute.WAY)
    if way is not None and values.get(way.symbol):  # its port settles these, so that nothing else would say them
        settled = (variables[Role.CONNECTION, it] for it in (Attribute.PORT, Attribute.PROTOCOL))
        box |= {v: exactly(values[v.symbol]) for v in settled if v.symbol in values}
    protocol = variables[Role.CONNECTION, Attribute.PROTOCOL]
    if protocol.symbol in values and Attribute.PROTOCOL in fixed:
        box[protocol] = exactly(values[protocol.symbol])
    return _told_alike(session, values, _both_families(session, box))


def exactly(value: int) -> Intervals:
    return ((value, value),)


def _holds(session: QuerySession, box: Box) -> bool:
    return session.is_impossible(NOT_VIOLATION, *_inside(session, box))


def _can_be(session: QuerySession, box: Box) -> bool:
    return session.is_possible(*_inside(session, box))


def _inside(session: QuerySession, box: Box) -> list[str]:
    return session.are_within(box)


def _dropped(session: QuerySession, box: Box, core: tuple[str, ...]) -> Box:
    """`core`: literals of the box that suffice."""
    literals = dict(zip(session.are_within(box), box, strict=True))
    first = session.check(NOT_VIOLATION, *(literal for literal, v in literals.items() if v.rank >= _KEEP))
    needed = {literals[literal] for literal in (first.core if first.is_unsat else core) if literal in literals}
    kept = {v: values for v, values in box.items() if v in needed or v.attribute in KINDS}
    for variable in sorted(kept, key=lambda v: v.rank):
        rest = {v: values for v, values in kept.items() if v != variable}
        if variable.attribute not in KINDS and _holds(session, rest):
            kept = rest
    return kept


def _widen(session: QuerySession, box: Box, variable: Variable, value: int) -> None:
    """Add every other atom of the variable's values for which the violation persists."""
    atoms = list(variable.atoms())
    own = [a for a in atoms if a[0] <= value <= a[1]]
    others = [a for a in atoms if a not in own]
    if not own:
        return
    found = _persisting(session, box, variable, own, others) if others else []
    if variable.attribute in _TOLD:
        found = _possible(session, box, variable, found)
    box[variable] = canonical([*own, *found])


def _persisting(session: QuerySession, box: Box, variable: Variable, own: list[Atom], others: list[Atom]) -> list[Atom]:
    """The other atoms for which the violation persists; of very many, as many as a few questions find."""
    if variable.attribute not in _OFTEN_WIDE and _never(session, box, variable, others):
        return []
    if len(own) + len(others) <= _MOST_ATOMS:
        return _excluded(session, box, variable, [*own, *others], NOT_VIOLATION) or []
    found = _nearly_all(session, box, variable, [*own, *others])
    if found is None:
        able = _violating(session, box, variable, others)
        if able is None:
            return _some_fitting(session, box, variable, [*own, *others])
        found = _excluded(session, box, variable, [*own, *able], NOT_VIOLATION) if able else []
    return found or []


def _never(session: QuerySession, box: Box, variable: Variable, atoms: list[Atom]) -> bool:
    """With none of the atoms any connection violates."""
    return session.is_impossible(VIOLATION, *_inside(session, {**box, variable: canonical(atoms)}))


def _nearly_all(session: QuerySession, box: Box, variable: Variable, atoms: list[Atom]) -> list[Atom] | None:
    """The atoms of one of very many namespaces for which the violation persists, where a few at most spoil it: fewer
    questions than one for each."""
    if variable.attribute is not Attribute.NAMESPACE:
        return None
    if len(session.obligation.scope.reach(variable.role).namespaces) <= _MOST_ATOMS:
        return None  # most of the atoms no connection can have, and need not be told
    left = list(atoms)
    for _ in range(_FEW_SPOILERS):
        spoiler = session.check(NOT_VIOLATION, *_inside(session, {**box, variable: canonical(left)}))
        if spoiler.is_unsat:
            return left
        if not spoiler.is_sat:
            return None
        value = spoiler.values[variable.symbol]
        left = [a for a in left if not a[0] <= value <= a[1]]
    return None


def _violating(session: QuerySession, box: Box, variable: Variable, atoms: list[Atom]) -> list[Atom] | None:
    """The atoms with which some connection violates, if they are a few of very many.

    Where the violation does not persist for each of the first few of very many, those of them for which it does are all
    that is told: the others would cost questions each."""
    found: list[Atom] = []
    while True:
        if len(found) == _SAMPLE:
            lasting = [atom for atom in found if _holds(session, {**box, variable: (atom,)})]
            if len(lasting) < len(found):
                return lasting
        left = canonical(a for a in atoms if a not in found)
        example = session.check(VIOLATION, *_inside(session, {**box, variable: left}))
        if example.is_unsat:
            return found
        if not example.is_sat or len(found) == _MOST_VIOLATING or not contains(left, example.values[variable.symbol]):
            return None  # outside of all that was asked for: the variable says nothing of the example
        found += [a for a in atoms if a[0] <= example.values[variable.symbol] <= a[1]]


def _fitting(session: QuerySession, box: Box, variable: Variable) -> list[Atom]:
    """The atoms for which the violation persists; of very many, as many as a bounded number of questions finds."""
    atoms = list(variable.atoms())
    if len(atoms) <= _MOST_ATOMS:
        return _excluded(session, box, variable, atoms, NOT_VIOLATION) or []
    return _some_fitting(session, box, variable, atoms)


def _excluded(
    session: QuerySession, box: Box, variable: Variable, atoms: list[Atom], *literals: str
) -> list[Atom] | None:
    """The atoms that nothing in the rest of the box which meets the literals can have; None if the budget is spent.
    What is found in one go is proved once more, all together."""
    by_literal = dict(zip(session.solver.literals(variable.admits((atom,)) for atom in atoms), atoms, strict=True))
    rest = _inside(session, {v: values for v, values in box.items() if v != variable})
    names = session.excluded(tuple(by_literal), *literals, *rest)
    if names is None:
        return None
    found = [atom for literal, atom in by_literal.items() if literal in names]
    if found and not session.is_impossible(*literals, *rest, session.is_within(variable, canonical(found))):
        return None
    return found


def _some_fitting(session: QuerySession, box: Box, variable: Variable, atoms: list[Atom]) -> list[Atom]:
    """As many of very many atoms for which the violation persists as a bounded number of questions finds.

    First those that spoil it are taken away one by one, then what is left is halved until it persists."""
    left = list(atoms)
    for _ in range(_MOST_SPOILERS):
        spoiler = session.check(NOT_VIOLATION, *_inside(session, {**box, variable: canonical(left)}))
        if spoiler.is_unsat:
            return left
        if not spoiler.is_sat:
            return []
        value = spoiler.values[variable.symbol]
        left = [a for a in left if not a[0] <= value <= a[1]]
    found: list[Atom] = []
    blocks, asked = [left], 0
    while blocks and asked < _MOST_QUESTIONS:
        block = blocks.pop()
        inside = _inside(session, {**box, variable: canonical(block)})
        asked += 1
        if session.is_impossible(NOT_VIOLATION, *inside):
            found += block
        elif len(block) > 1 and session.is_possible(VIOLATION, *inside):
            middle = len(block) // 2
            blocks += [block[middle:], block[:middle]]
    return found


def _possible(session: QuerySession, box: Box, variable: Variable, atoms: list[Atom]) -> list[Atom]:
    """The atoms that some connection can have; of very many, pieces that hold such an atom each."""
    if not atoms:
        return []
    if len(atoms) <= _MOST_ATOMS:
        impossible = _excluded(session, box, variable, atoms)
        return [] if impossible is None else [atom for atom in atoms if atom not in impossible]
    return [span for span in canonical(atoms) if _can_be(session, {**box, variable: (span,)})]


def _both_families(session: QuerySession, box: Box) -> Box:
    """One region for both address families, if the other one has addresses that violate as well."""
    find = session.obligation.variables.find
    family = find(Role.CONNECTION, Attribute.FAMILY)
    if family is None:
        return box
    if family not in box:
        return _one_family(session, box, family)
    here, there = (6, 4) if box[family] == exactly(1) else (4, 6)
    both = {v: values for v, values in box.items() if v != family}
    other = {**box, family: exactly(int(there == 6))}
    for address in [v for v in box if v.attribute in ADDRESSES and v.which == here]:
        its = find(address.role, address.attribute, there)
        assert its is not None  # they are declared together
        fitting = _possible(session, other, its, _fitting(session, other, its))
        if not fitting:
            return box
        both[its] = other[its] = canonical(fitting)
    return both if _holds(session, both) and _can_be(session, other) else box


def _told_alike(session: QuerySession, values: Mapping[str, int], box: Box) -> Box:
    """As much of the box as a region tells: it has one set of addresses at an end, for those that are known and for
    those that nobody knows, or speaks of ends of the witness's sort alone."""
    find, found = session.obligation.variables.find, dict(box)
    for variable in [v for v in box if v.attribute in ADDRESSES]:
        pair = [find(variable.role, attribute, variable.which) for attribute in ADDRESSES]
        known, unknown = pair
        if known is None or unknown is None:
            continue
        shared = intersection(found.get(known, known.every), found.get(unknown, unknown.every))
        (split, _), member = known.guard[1], find(variable.role, Attribute.MEMBER)
        own, other = (known, unknown) if split.holds(values) else (unknown, known)
        is_of_witness = all(it.holds(values) is is_so for it, is_so in own.guard)
        if split.is_outside(box) or member is None:
            continue
        if not is_of_witness or contains(shared, values[own.symbol]):
            found |= {known: shared, unknown: shared}
        else:
            side = split.values if own is known else complement(split.values, *member.every[0])
            found[member] = intersection(found.get(member, member.every), side)
            found.pop(other, None)
    return found


def _one_family(session: QuerySession, box: Box, family: Variable) -> Box:
    """Say which family a region's addresses are of, where only one is possible."""
    if not any(v.attribute in ADDRESSES for v in box):
        return box
    possible = [value for value in (0, 1) if _can_be(session, {**box, family: exactly(value)})]
    return {**box, family: exactly(possible[0])} if len(possible) == 1 else box


_KEEP = 4  # variables of lower rank are tried without, all at once, before anything else
