"""Each leaf of a formula, of one connection: what is true of it, and what is not."""

from ipaddress import ip_address

import pytest

from analyzer.errors import InternalError
from analyzer.model import formulas as of
from analyzer.model.endpoints import External, Host, Pod
from analyzer.model.ends import DNS, Behind, LedPort, pods_of_workload
from analyzer.model.formulas import (
    Attribute,
    EndKind,
    Formula,
    Member,
    Name,
    OfKind,
    OfNode,
    OnNodes,
    OnPorts,
    Role,
    Same,
)
from analyzer.model.labels import Labels
from analyzer.model.open_facts import OpenFact, which_of_others
from analyzer.model.policies import NumberedPorts, Protocol
from analyzer.semantics.formulas import Situation, is_true, value_of
from analyzer.semantics.meaning import OneEnd
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES
from analyzer.sets import AddressSet, PortSet, ValueSet

POD = Pod(
    "one",
    Labels({}),
    Labels({"k": "a"}),
    ip_address("10.0.0.1"),
    workload="one/web[Job]",
    annotations=Labels({"k": "z"}),
)
NODE = Host("n", Labels({"k": "b"}), ip_address("10.9.0.1"))
HEALTH = External(ip_address("10.0.0.9"), "health")
OUTSIDE = External(ip_address("203.0.113.1"))
HEADER = Attribute(Role.REQUEST, Name.HEADER, "x")


def among(*ends: object, formula: Formula) -> list[bool]:
    return [is_true(formula, Situation(Protocol.TCP, 80, {Role.SELF: end})) for end in ends]


def with_value(attribute: Attribute, *ends: object) -> list[str | None]:
    return [value_of(attribute, {Role.SELF: end}) for end in ends]


def test_values_are_those_of_the_very_attribute() -> None:
    label, annotation = (Attribute(Role.SELF, name, "k") for name in (Name.LABEL, Name.ANNOTATION))
    assert with_value(label, POD, NODE, HEALTH, Labels({"k": "c"})) == ["a", "b", None, "c"]
    assert with_value(annotation, POD, NODE, Labels({"k": "c"})) == ["z", None, None]
    assert with_value(Attribute(Role.SELF, Name.NODE), NODE, HEALTH) == ["n", None]
    assert with_value(Attribute(Role.SELF, Name.ENTITY), NODE, HEALTH, OUTSIDE) == [None, "health", None]
    assert with_value(Attribute(Role.SELF, Name.NAMESPACE), NODE, HEALTH, None) == [None, None, None]


def test_a_request_is_asked_for_the_very_attribute_and_value() -> None:
    asked = of.Test(HEADER, frozenset({"a"})), of.Test(HEADER, AddressSet.of("10.0.0.0/8"))
    for values, wanted in ((("a",), 0), (("b",), None), (("10.1.1.1",), 1), ((), None)):
        request = {HEADER: values, Attribute(Role.REQUEST, Name.HEADER, "y"): ("a",)}
        met = []
        for place, formula in enumerate(asked):
            if place == 1 and values in (("a",), ("b",)):
                continue  # no address
            if is_true(formula, Situation(Protocol.TCP, 80, {}, request=request)):
                met.append(place)
        assert met == ([] if wanted is None else [wanted])


def test_two_attributes_are_the_same_if_both_are_absent_or_equal() -> None:
    left, right = (Attribute(role, Name.LABEL, "k") for role in (Role.SRC, Role.DST))
    other = Pod("two", Labels({}), Labels({"k": "a"}), ip_address("10.0.0.2"))
    for src, dst, is_same in ((POD, other, True), (POD, NODE, False), (POD, OUTSIDE, False), (HEALTH, OUTSIDE, True)):
        assert is_true(Same(left, right), Situation(Protocol.TCP, 80, {Role.SRC: src, Role.DST: dst})) is is_same
        assert is_true(Same(right, left), Situation(Protocol.TCP, 80, {Role.SRC: src, Role.DST: dst})) is is_same


def test_sets_hold_their_own_ends() -> None:
    led = LedPort("s", 80, "", Protocol.TCP, NumberedPorts(Protocol.TCP, 80), pods_of_workload("one", "web"))
    assert among(POD, NODE, OUTSIDE, HEALTH, formula=Member(Role.SELF, Behind("s", (led,)))) == [True, *[False] * 3]
    assert among(POD, NODE, formula=Member(Role.SELF, OfNode(ValueSet.of("n")))) == [False, True]
    assert among(NODE, formula=Member(Role.SELF, OfNode(ValueSet.of("m")))) == [False]
    outside = Member(Role.SELF, OfKind(frozenset({EndKind.OUTSIDE})))
    assert among(POD, NODE, OUTSIDE, HEALTH, formula=outside) == [False, False, True, False]


def test_what_nobody_looked_up_is_no_answer() -> None:
    with pytest.raises(InternalError, match="looked up"):
        among(POD, formula=DNS)


def test_of_a_node_of_which_little_is_known_counts_what_is_meant() -> None:
    has_b = of.Test(Attribute(Role.SELF, Name.LABEL, "k"), frozenset({"b"}))
    has_c = of.Test(Attribute(Role.SELF, Name.LABEL, "k"), frozenset({"c"}))
    for meant, wanted in ((None, [True, False]), (frozenset({has_c}), [False, True]), (frozenset(), [False, False])):
        about = Situation(Protocol.TCP, 80, {Role.SELF: NODE}, meant=meant)
        assert [is_true(Member(Role.SELF, OnNodes(it)), about) for it in (has_b, has_c)] == wanted


def test_which_of_the_protocols_without_ports_is_one_open_fact_of_each_set() -> None:
    asked: list[tuple[OpenFact, tuple[str, ...]]] = []

    def settle(fact: OpenFact, options: tuple[str, ...]) -> str:
        asked.append((fact, options))
        return options[-1] if fact == which_of_others(PortSet.of(1)) else options[0]

    about = Situation(Protocol.OTHER, None, {}, settle=settle)
    assert not is_true(OnPorts(Protocol.OTHER, PortSet.of(1)), about)
    assert is_true(OnPorts(Protocol.OTHER, PortSet.of(2)), about)
    assert asked == [(which_of_others(PortSet.of(n)), (MATCHES, DOES_NOT_MATCH)) for n in (1, 2)]
    assert is_true(OnPorts(Protocol.OTHER), about)
    assert is_true(OnPorts(None, PortSet.of(80)), about)
    assert len(asked) == 2


def test_one_end_of_a_map_is_seen_alike() -> None:
    has_c = of.Test(Attribute(Role.SELF, Name.LABEL, "k"), frozenset({"c"}))
    entity = of.Test(Attribute(Role.SRC, Name.ENTITY), frozenset({"health"}))
    assert OneEnd(OUTSIDE).among(OfKind(frozenset({EndKind.OUTSIDE}))) == (1, 1)
    assert OneEnd(NODE).among(OnNodes(has_c)) == (0, 0)
    assert OneEnd(NODE, meant=frozenset({has_c})).among(OnNodes(has_c)) == (1, 1)
    assert [OneEnd(end).passing(entity) for end in (HEALTH, OUTSIDE)] == [1, 0]
