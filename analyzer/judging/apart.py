"""Regions cut so that no connection is in two of them.

What some variables say hangs on properties of the connection: its family, whether an end's address is chosen, whether
an end's namespace is there.  So boxes are compared case by case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from analyzer.encoding import Attribute, Box, Obligation, Split, Variable
from analyzer.judging.generalise import exactly
from analyzer.model.formulas import Role
from analyzer.sets.intervals import Intervals, complement, contains, intersection

Case = Mapping[Split, bool]
"""Connections that have these properties or have them not; one that is not listed makes no difference."""


def apart(obligation: Obligation, box: Box, others: Iterable[Box], values: Mapping[str, int]) -> Box:
    """As much of the box as meets none of the others, in none of which `values` lies."""
    for other in others:
        for case in _cases(other):
            if _meet(box, other, case):
                box = _without(obligation, box, other, case, values)
    return box


def _cases(other: Box) -> Iterator[Case]:
    splits = dict.fromkeys(split for variable in other for split, _ in variable.guard)
    for held in product((False, True), repeat=len(splits)):
        yield dict(zip(splits, held, strict=True))


def _counts(variable: Variable, case: Case) -> bool:
    """Whether the variable says something of these connections."""
    return all(case[split] is is_so for split, is_so in variable.guard)


def _meet(left: Box, right: Box, case: Case) -> bool:
    """Whether the boxes have connections of this case in common."""
    if not all(intersection(left.get(v, values), values) for v, values in right.items() if _counts(v, case)):
        return False
    for split, is_so in case.items():
        if split.is_outside(left):
            if not is_so:
                return False
        elif split.variable is None:
            if is_so:
                return False
        else:
            every = split.variable.every
            shared = intersection(left.get(split.variable, every), right.get(split.variable, every))
            if not intersection(shared, _side(split, split.variable, is_so)):
                return False
    return True


def _side(split: Split, variable: Variable, is_so: bool) -> Intervals:
    """The values of the variable on which the property is as said."""
    return split.values if is_so else complement(split.values, 0, variable.every[-1][1])


def _without(obligation: Obligation, box: Box, other: Box, case: Case, values: Mapping[str, int]) -> Box:
    """The box without its connections of this case that the other one has too, but with `values`."""
    for split, is_so in case.items():
        variable = split.variable
        if variable is not None and split.holds(values) != is_so:
            rest = _side(split, variable, not is_so)
            return {**box, variable: intersection(box.get(variable, variable.every), rest)}
    parting = (v for v in other if _counts(v, case) and not contains(other[v], values[v.symbol]))
    variable = max(parting, key=lambda v: (v.rank, v.symbol))
    if variable.attribute is Attribute.PORT and not values[variable.symbol]:  # of a protocol without ports
        protocol = obligation.variables[Role.CONNECTION, Attribute.PROTOCOL]
        return {**box, protocol: exactly(values[protocol.symbol])}
    every = variable.every
    rest = complement(other[variable], every[0][0], every[-1][1])
    return {**box, variable: intersection(box.get(variable, every), rest)}
