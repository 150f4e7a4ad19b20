"""From one witness to the region around it: every connection in the region violates the claim, whatever is open.

A field is dropped if the violation persists without it, then widened as far as it persists.  What comes out is proved
once more as a whole, so a region is as sound as a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.encoding import VIOLATION, Attribute, Box, Variable
from analyzer.encoding.terms import Term
from analyzer.encoding.variables import ADDRESSES, KINDS, OF_REQUESTS
from analyzer.errors import InternalError
from analyzer.judging.query_session import NOT_VIOLATION, QuerySession
from analyzer.model.formulas import Role
from analyzer.sets.intervals import Intervals, canonical, complement, contains, intersection

_MOST_ATOMS = 96  # up to here every sort of values gets an answer
_FEW = 3  # up to here each gets a question of its own
_MOST_VIOLATING = 32
_SAMPLE = 3
_FEW_SPOILERS = 4
_MOST_SPOILERS = 12
_MOST_QUESTIONS = 64
# What a reader takes for connections that can exist: widened by possible values only.
_TOLD = frozenset({Attribute.PROTOCOL, *ADDRESSES, *OF_REQUESTS})
_FIXED = frozenset({*KINDS, Attribute.MEMBER})  # never widened
# With some other value of these something violates nearly always, so that nobody asks first whether it is so with any.
_OFTEN_WIDE = frozenset(
    {Attribute.PORT, Attribute.NUMBER, Attribute.PROTOCOL, Attribute.FAMILY, Attribute.HTTP, *ADDRESSES}
)


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
    core = _core(session, {v: its for v, its in box.items() if v.rank >= _KEEP}) or _core(session, box)
    if core is None:
        return box
    box = _dropped(session, box, core)
    fixed = set(_FIXED if claim.kind.is_broken_by_requests else _FIXED | OF_REQUESTS)
    if any(v.attribute in OF_REQUESTS for v in box):  # a request is of its protocol
        fixed.add(Attribute.PROTOCOL)
    widened = [v for v in sorted(box, key=lambda v: (-v.rank, v.symbol)) if v.attribute not in fixed]
    _name(session, box, widened, values)
    for variable in widened:
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


def _core(session: QuerySession, box: Box) -> frozenset[Variable] | None:
    """The variables of the box that suffice for the violation to persist in it; None if it does not."""
    literals = dict(zip(session.are_within(box), box, strict=True))
    found = session.ask(NOT_VIOLATION, *literals)
    return frozenset(literals[name] for name in found.core if name in literals) if found.is_unsat else None


def _dropped(session: QuerySession, box: Box, core: frozenset[Variable]) -> Box:
    """As little of the box as the violation persists in; `core`: what suffices."""
    kept = {v: values for v, values in box.items() if v in core or v.attribute in KINDS}
    for variable in sorted(kept, key=lambda v: v.rank):
        if variable.attribute in KINDS:
            continue
        rest = {v: values for v, values in kept.items() if v != variable}
        if variable in core:
            narrower = _core(session, rest)
            if narrower is None:
                continue
            core = narrower
        kept = rest
    return kept


def _name(session: QuerySession, box: Box, widened: list[Variable], values: Mapping[str, int]) -> None:
    """Have literals made at once for what widening will ask: whatever the solver reads it works into what it knows."""
    terms: list[Term] = []
    for variable in widened:
        _, others = _apart(box, variable, values[variable.symbol])
        terms += (variable.admits(it) for it in (*others[:_FEW], _union(others)) if it)
    session.solver.literals(terms)


def _widen(session: QuerySession, box: Box, variable: Variable, value: int) -> None:
    """Add all other values of the variable for which the violation persists, those that are alike together."""
    own, others = _apart(box, variable, value)
    if not own:
        return
    found = _persisting(session, box, variable, own, others) if others else []
    if variable.attribute in _TOLD:
        found = _possible(session, box, variable, found)
    box[variable] = _union([own, *found])


def _apart(box: Box, variable: Variable, value: int) -> tuple[Intervals, list[Intervals]]:
    """The atom of this value, empty if there is none, and the sorts of all others."""
    own = next(((a,) for a in variable.atoms() if a[0] <= value <= a[1]), ())
    return own, [left for sort in _sorts(box, variable) if (left := _without(sort, own))] if own else []


def _sorts(box: Box, variable: Variable) -> list[Intervals]:
    """The variable's values in sorts that nothing tells apart, that is, whether it is the other end's either."""
    others = (v for v in box if v.attribute is variable.attribute and v.which == variable.which and v != variable)
    return variable.sorts(*(box[other] for other in others))


def _union(sorts: Iterable[Intervals]) -> Intervals:
    return canonical(pair for values in sorts for pair in values)


def _without(values: Intervals, taken: Intervals) -> Intervals:
    (low, high), *_ = taken
    return canonical(pair for a, b in values for pair in ((a, min(b, low - 1)), (max(a, high + 1), b)))


def _persisting(
    session: QuerySession, box: Box, variable: Variable, own: Intervals, others: list[Intervals]
) -> list[Intervals]:
    """The other values for which the violation persists; of very many, as many as a few questions find."""
    if variable.attribute not in _OFTEN_WIDE and _never(session, box, variable, others):
        return []
    if len(others) <= _FEW:
        return [values for values in others if _holds(session, {**box, variable: values})]
    if len(others) < _MOST_ATOMS:
        return _excluded(session, box, variable, [own, *others], NOT_VIOLATION) or []
    found = _nearly_all(session, box, variable, [own, *others])
    if found is None:
        able = _violating(session, box, variable, others)
        if able is None:
            return _some_fitting(session, box, variable, [own, *others])
        found = _excluded(session, box, variable, [own, *able], NOT_VIOLATION) if able else []
    return found or []


def _never(session: QuerySession, box: Box, variable: Variable, sorts: list[Intervals]) -> bool:
    """With none of the values any connection violates."""
    return session.is_impossible(VIOLATION, *_inside(session, {**box, variable: _union(sorts)}))


def _nearly_all(session: QuerySession, box: Box, variable: Variable, sorts: list[Intervals]) -> list[Intervals] | None:
    """The values of one of very many namespaces for which the violation persists, where a few at most spoil it: fewer
    questions than one for each."""
    if variable.attribute is not Attribute.NAMESPACE:
        return None
    if len(session.obligation.scope.reach(variable.role).namespaces) <= _MOST_ATOMS:
        return None  # most of the atoms no connection can have, and need not be told
    left = list(sorts)
    for _ in range(_FEW_SPOILERS):
        spoiler = session.check(NOT_VIOLATION, *_inside(session, {**box, variable: _union(left)}))
        if spoiler.is_unsat:
            return left
        if not spoiler.is_sat:
            return None
        value = spoiler.values[variable.symbol]
        left = [values for values in left if not contains(values, value)]
    return None


def _violating(session: QuerySession, box: Box, variable: Variable, sorts: list[Intervals]) -> list[Intervals] | None:
    """The values with which some connection violates, if they are a few of very many.

    Where the violation does not persist for each of the first few of very many, those of them for which it does are all
    that is told: the others would cost questions each."""
    found: list[Intervals] = []
    while True:
        if len(found) == _SAMPLE:
            lasting = [values for values in found if _holds(session, {**box, variable: values})]
            if len(lasting) < len(found):
                return lasting
        left = _union(values for values in sorts if values not in found)
        example = session.check(VIOLATION, *_inside(session, {**box, variable: left}))
        if example.is_unsat:
            return found
        if not example.is_sat or len(found) == _MOST_VIOLATING or not contains(left, example.values[variable.symbol]):
            return None  # outside of all that was asked for: the variable says nothing of the example
        found += [values for values in sorts if contains(values, example.values[variable.symbol])]


def _fitting(session: QuerySession, box: Box, variable: Variable) -> list[Intervals]:
    """The values for which the violation persists; of very many, as many as a bounded number of questions finds."""
    sorts = _sorts(box, variable)
    if len(sorts) <= _FEW:
        return [values for values in sorts if _holds(session, {**box, variable: values})]
    if len(sorts) <= _MOST_ATOMS:
        return _excluded(session, box, variable, sorts, NOT_VIOLATION) or []
    return _some_fitting(session, box, variable, sorts)


def _excluded(
    session: QuerySession, box: Box, variable: Variable, sorts: list[Intervals], *literals: str
) -> list[Intervals] | None:
    """The values that nothing in the rest of the box which meets the literals can have; None if the budget is spent.
    What is found in one go is proved once more, all together."""
    by_literal = dict(zip(session.solver.literals(variable.admits(values) for values in sorts), sorts, strict=True))
    rest = _inside(session, {v: values for v, values in box.items() if v != variable})
    names = session.excluded(tuple(by_literal), *literals, *rest)
    if names is None:
        return None
    found = [values for literal, values in by_literal.items() if literal in names]
    if found and not session.is_impossible(*literals, *rest, session.is_within(variable, _union(found))):
        return None
    return found


def _some_fitting(session: QuerySession, box: Box, variable: Variable, sorts: list[Intervals]) -> list[Intervals]:
    """As many of very many values for which the violation persists as a bounded number of questions finds.

    First those that spoil it are taken away one by one, then what is left is halved until it persists."""
    left = list(sorts)
    for _ in range(_MOST_SPOILERS):
        spoiler = session.check(NOT_VIOLATION, *_inside(session, {**box, variable: _union(left)}))
        if spoiler.is_unsat:
            return left
        if not spoiler.is_sat:
            return []
        value = spoiler.values[variable.symbol]
        left = [values for values in left if not contains(values, value)]
    found: list[Intervals] = []
    blocks, asked = [left], 0
    while blocks and asked < _MOST_QUESTIONS:
        block = blocks.pop()
        inside = _inside(session, {**box, variable: _union(block)})
        asked += 1
        if session.is_impossible(NOT_VIOLATION, *inside):
            found += block
        elif len(block) > 1 and session.is_possible(VIOLATION, *inside):
            middle = len(block) // 2
            blocks += [block[middle:], block[:middle]]
    return found


def _possible(session: QuerySession, box: Box, variable: Variable, sorts: list[Intervals]) -> list[Intervals]:
    """The values that some connection can have; of very many, pieces that hold such a value each."""
    if len(sorts) <= _FEW:
        return [values for values in sorts if _can_be(session, {**box, variable: values})]
    if len(sorts) <= _MOST_ATOMS:
        impossible = _excluded(session, box, variable, sorts)
        return [] if impossible is None else [values for values in sorts if values not in impossible]
    return [(span,) for span in _union(sorts) if _can_be(session, {**box, variable: (span,)})]


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
        both[its] = other[its] = _union(fitting)
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
