"""Which requests newly get in, held to a finite world of them: of what no formula says, and of what nobody knows, it is
never said for certain that more get in, nor that no more do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from told_regions import tells_of_request

from analyzer.analysis.checking.known_requests import asked_by
from analyzer.analysis.revisions.request_changes import changed_requests
from analyzer.model.formulas import Attribute as Asked
from analyzer.model.formulas import Name, Role
from analyzer.model.knobs import USUAL_ATOMS
from analyzer.model.requests import MTLS, PLAINTEXT
from analyzer.sets import PortSet, TextSet, ValueSet
from analyzer.sets.strings import glob
from analyzer.verdicts.connectivity import PortRequests
from analyzer.verdicts.regions import NO, SOME, YES, Attribute, Constraint, Region

PORTS = (80, 81)
ON = PortSet.of((80, 81))


def texts(attribute: Attribute, *signed: dict[str, bool], key: str = "", **more: bool) -> Constraint:
    alternatives = tuple(tuple((glob(text), wanted) for text, wanted in it.items()) for it in signed)
    return Constraint(Role.REQUEST, attribute, TextSet(alternatives, **more), key)


UNTOLD = Constraint(Role.REQUEST, Attribute.REQUESTS, ValueSet.of([SOME]))
ONE_VALUE_OF_TWO_KINDS = texts(Attribute.HEADER, {"1*": True, "1": False}, key="x")
CONSTRAINTS = (
    texts(Attribute.METHOD, {"GET": True}),
    texts(Attribute.METHOD, {"GET": True}, has_absent=True),
    texts(Attribute.PATH, {"/a*": True, "/a": False}),
    texts(Attribute.PATH, {"/a": True}, is_complement=True),
    texts(Attribute.HEADER, {"1": True}, key="x"),
    texts(Attribute.HEADER, {"1": True}, key="x", is_complement=True),
    ONE_VALUE_OF_TWO_KINDS,
    Constraint(Role.REQUEST, Attribute.HTTP, YES),
    Constraint(Role.REQUEST, Attribute.HTTP, NO),
    Constraint(Role.REQUEST, Attribute.TLS, ValueSet.of([MTLS])),
    UNTOLD,
)


def attribute(name: Name, key: str = "") -> Asked:
    return Asked(Role.REQUEST, name, key)


HEADERS = ((), ("1",), ("2",), ("12",), ("1", "12"), ("1", "2"))
WORLD = [
    {attribute(Name.TLS): (tls,), **its}
    for tls in (PLAINTEXT, MTLS)
    for its in (
        {},
        *(
            {
                attribute(Name.METHOD): (method,),
                attribute(Name.PATH): (path,),
                **({attribute(Name.HEADER, "x"): values} if values else {}),
            }
            for method, path, values in product(("GET", "POST"), ("/a", "/ab", "/c"), HEADERS)
        ),
    )
]


@st.composite
def sides(draw: Any) -> tuple[PortRequests, ...]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        region = Region.of(draw(st.lists(st.sampled_from(CONSTRAINTS), max_size=2, unique=True))).constraints
        ports = draw(st.sampled_from((PortSet.of(80), PortSet.of(81), ON)))
        found.append(PortRequests(ports, region, draw(st.booleans())))
    return tuple(found)


def let_in(side: Sequence[PortRequests], port: int, its: dict[Asked, tuple[str, ...]]) -> tuple[bool, bool]:
    """Whether the request may get in, and whether it does for certain."""
    here = [it for it in side if port in it.ports]
    told = [it for it in here if tells_of_request(Region.of(set(it.region) - {UNTOLD}), its)]
    return not here or bool(told), not here or any(it.is_certain and UNTOLD not in it.region for it in told)


def one(constraint: Constraint, *, is_certain: bool = True) -> tuple[PortRequests, ...]:
    return (PortRequests(ON, (constraint,), is_certain),)


@settings(max_examples=150, deadline=None)
@given(sides(), sides())
@example(one(UNTOLD), one(ONE_VALUE_OF_TWO_KINDS))
@example(one(texts(Attribute.HEADER, {"1*": True}, key="x")), one(ONE_VALUE_OF_TWO_KINDS))
@example(one(ONE_VALUE_OF_TWO_KINDS), (*one(ONE_VALUE_OF_TWO_KINDS), *one(texts(Attribute.HEADER, {}, key="x"))))
def test_what_is_said_of_changed_requests_is_so(was: tuple[PortRequests, ...], now: tuple[PortRequests, ...]) -> None:
    found = changed_requests(was, now, ON, USUAL_ATOMS, has_identity=True)
    is_said = all(asked_by(it) is not None for side in (was, now) for told in side for it in told.region)
    for port in PORTS:
        for before, after, moved in ((was, now, found.gained), (now, was, found.lost)):
            rulings = [(let_in(before, port, its), let_in(after, port, its)) for its in WORLD]
            may_move = any(may_after and not must_before for (_, must_before), (may_after, _) in rulings)
            moves = any(must_after and not may_before for (may_before, _), (_, must_after) in rulings)
            assert may_move or port not in moved
            assert moves or port not in moved
            assert port in moved or not may_move or found.is_open or not moves
            assert not may_move or port in moved or found.is_open
            assert not is_said or moves == (port in moved)
