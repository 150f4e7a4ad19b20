"""What a box asks of requests, as constraints: texts by the patterns that they meet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from analyzer.encoding import Attribute as Symbol
from analyzer.encoding import Box, Obligation
from analyzer.encoding.request_rows import RequestDomain
from analyzer.judging.generalise import exactly
from analyzer.model.formulas import Role
from analyzer.model.requests import MTLS, PLAINTEXT
from analyzer.sets import AddressSet, TextSet, ValueSet
from analyzer.sets.intervals import contains
from analyzer.verdicts.regions import NO, YES, Attribute, Constraint
from analyzer.verdicts.request_texts import TEXTS

_TLS = {0: ValueSet.of([PLAINTEXT]), 1: ValueSet.of([MTLS])}
_FLAGS = {Symbol.HTTP: Attribute.HTTP, Symbol.TOKEN: Attribute.TOKEN}


def told_requests(obligation: Obligation, box: Box) -> Iterator[Constraint]:
    """What the box asks of requests; what it does not speak of is anything."""
    for variable, values in box.items():
        if variable.role is Role.REQUEST and values in (exactly(0), exactly(1)):
            if variable.attribute is Symbol.MTLS:
                yield Constraint(Role.REQUEST, Attribute.TLS, _TLS[values[0][0]])
            elif variable.attribute in _FLAGS:
                yield Constraint(Role.REQUEST, _FLAGS[variable.attribute], YES if values == exactly(1) else NO)
    for domain in obligation.scope.requests.rows:
        yield from _several(obligation, box, domain) if domain.has_several else _one(obligation, box, domain)


def _one(obligation: Obligation, box: Box, domain: RequestDomain) -> Iterator[Constraint]:
    row = obligation.variables.find(Role.REQUEST, Symbol.TEXT, domain.attribute)
    if row is None or row not in box:
        return
    kept = [place for place in range(len(domain.witnesses)) if contains(box[row], place + 1)]
    if domain.sets:
        addresses = reduce(AddressSet.__or__, (domain.sets[place] for place in kept), AddressSet.EMPTY)
        yield Constraint(Role.REQUEST, Attribute.REMOTE_IP, addresses)
        return
    yield _texts(domain, kept, has_absent=contains(box[row], 0))


def _several(obligation: Obligation, box: Box, domain: RequestDomain) -> Iterator[Constraint]:
    """Of what has several values: which sorts of them are there, and which are not."""
    find = obligation.variables.find
    rows = [find(Role.REQUEST, Symbol.VALUE, (domain.attribute, place)) for place in range(len(domain.witnesses))]
    told = {place: box[row] for place, row in enumerate(rows) if row is not None and row in box}
    for place, values in told.items():
        if values == exactly(1):
            yield _texts(domain, [place])
    missing = [place for place, values in told.items() if values == exactly(0)]
    if missing:
        found = _texts(domain, missing)
        assert isinstance(found.within, TextSet)
        yield Constraint(found.role, found.attribute, ~found.within, found.key)


def _texts(domain: RequestDomain, kept: list[int], *, has_absent: bool = False) -> Constraint:
    inside = [domain.witnesses[place] for place in kept]
    outside = [text for place, text in enumerate(domain.witnesses) if place not in kept]
    found = TextSet.separating(inside, outside, domain.patterns, has_absent=has_absent)
    attribute = domain.read_from  # what patterns ask of a path with its query is asked of no path without
    return Constraint(Role.REQUEST, TEXTS[attribute.name], found, attribute.key)
