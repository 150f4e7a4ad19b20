"""One end of a connection: in which namespaces it is, which symbols it has, what it can be."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import product

import pytest
from evaluators import EVERYTHING, question
from in_short import namespace
from trials import Asked, Encoded, by_oracle

from analyzer.encoding import encode, variables
from analyzer.model.claims import Claim, Kind, Universe, is_equal, is_there
from analyzer.model.cluster import Cluster, Node
from analyzer.model.endpoints import Connection, External, Host, Pod
from analyzer.model.ends import ANYTHING, NODES, external, nodes_that, pods_in
from analyzer.model.formulas import Attribute, Formula, Name, Not, Role, both
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import NamespaceNamed, NamespacesMatching, Protocol
from analyzer.model.profile import PROFILES
from analyzer.sets import AddressSet, ValueSet

GENERIC = PROFILES["generic"]


CLUSTER = Cluster((namespace("red", team="a"), namespace("blue", team="b"), namespace("said", is_declared=False)))
OUTSIDE = External(ip_address("203.0.113.1"))


def pod(where: str, **labels: str) -> Pod:
    return Pod(where, Labels({**labels, NAMESPACE_NAME_LABEL: where}), Labels(), ip_address("10.0.0.1"))


PODS = [
    pod("red", team="a"),
    pod("blue", team="b"),
    *(pod(where, **labels) for where in ("said", "later", "sometime") for labels in ({}, {"team": "a"}, {"team": "c"})),
]


def requirements(key: str, value: str) -> list[tuple[Requirement, ...]]:
    listed = [Requirement(key, operator, frozenset({value})) for operator in (Operator.IN, Operator.NOT_IN)]
    return [(), *((r,) for r in listed), *((Requirement(key, o),) for o in (Operator.EXISTS, Operator.DOES_NOT_EXIST))]


@pytest.mark.parametrize("name", ["red", "said", "later"])
@pytest.mark.parametrize("universe", [Universe.ANY, Universe.NAMESPACES])
def test_pods_are_in_the_namespaces_that_labels_and_names_choose(name: str, universe: Universe) -> None:
    """Whether these exist, are merely mentioned or are not created yet."""
    choices = [
        NamespaceNamed(name),
        *(
            NamespacesMatching(Selector((*by_team, *by_name)))
            for by_team, by_name in product(requirements("team", "a"), requirements(NAMESPACE_NAME_LABEL, name))
        ),
    ]
    for choice, is_sliced in product(choices, (True, False)):
        claim = replace(EVERYTHING, sources=pods_in(choice))
        asked = Asked(CLUSTER, GENERIC, claim, universe, is_sliced=is_sliced)
        encoded = Encoded(asked)
        for src in PODS:
            connection = Connection(src, OUTSIDE, Protocol.TCP, 80)
            assert encoded.agrees(connection, by_oracle(asked, connection)), (choice, src)


TEAM = Attribute(Role.SRC, Name.NAMESPACE_LABEL, "team")
TEAMS = pods_in(NamespacesMatching(Selector((Requirement("team", Operator.EXISTS),))))
PODS_ANYWHERE = pods_in(NamespacesMatching(Selector.EVERYTHING))


def test_labels_nobody_knows_are_told_from_those_that_may_be_chosen() -> None:
    """Of a namespace that exists, and of one not created yet."""
    obligation = encode(CLUSTER, question(replace(EVERYTHING, sources=TEAMS, destinations=TEAMS), GENERIC))
    for role in (variables.Role.SRC, variables.Role.DST):
        labels = obligation.variables.of(role, *variables.NAMESPACE_LABELS)
        assert [(label.which, label.is_open) for label in labels] == [("team", True), ("team", False)]


@pytest.mark.parametrize(
    ("members", "kinds"),
    [
        (PODS_ANYWHERE, ()),
        (NODES, ()),
        (external(AddressSet.of("203.0.113.0/24"), ""), ()),
        (ANYTHING, variables.KINDS),
    ],
)
def test_what_an_end_is_is_a_symbol_where_it_can_be_several(
    members: Formula, kinds: tuple[variables.Attribute, ...]
) -> None:
    found = encode(CLUSTER, question(replace(EVERYTHING, sources=members), GENERIC)).variables
    assert tuple(v.attribute for v in found.of(variables.Role.SRC, *variables.KINDS)) == kinds


def test_conditions_on_namespaces() -> None:
    """Over labels, the label that holds the name, and the name, in every standing."""
    name, other = Attribute(Role.SRC, Name.NAMESPACE_LABEL, NAMESPACE_NAME_LABEL), Attribute(Role.SRC, Name.NAMESPACE)
    conditions = [
        is_there(TEAM),
        is_there(name),
        is_equal(TEAM, "a"),
        is_equal(name, "later"),
        is_equal(other, "said"),
        is_equal(TEAM, other),
        both((is_there(TEAM), Not(is_equal(TEAM, "a")))),
    ]
    for where in conditions:
        claim = Claim(Kind.NO, ANYTHING, ANYTHING, EVERYTHING.ports, where=where)
        asked = Asked(CLUSTER, GENERIC, claim)
        encoded = Encoded(asked)
        for src in (*PODS, pod("later", team="later"), pod("red", team="a"), External(ip_address("203.0.113.9"))):
            for dst in (OUTSIDE, replace(pod("elsewhere"), ip=ip_address("10.0.0.2"))):
                if isinstance(src, Pod) or isinstance(dst, Pod):
                    connection = Connection(src, dst, Protocol.TCP, 80)
                    assert encoded.agrees(connection, by_oracle(asked, connection)), (where, src, dst)


@pytest.mark.parametrize("are_all", [True, False])
def test_nodes_are_told_by_their_names_and_those_to_come_have_none(are_all: bool) -> None:
    nodes = tuple(Node(f"n{n}", Labels(), (ip_address(f"192.0.2.{n}"),), AddressSet.EMPTY) for n in (1, 2))
    cluster, profile = replace(CLUSTER, nodes=nodes), replace(GENERIC, nodes_complete=are_all)
    hosts = [Host(node.name, node.labels, node.ips[0]) for node in nodes]
    hosts += [] if are_all else [Host(None, Labels(), ip_address("192.0.2.9"))]
    for told in product((True, False), repeat=3):
        some = ValueSet.of(name for name, is_in in zip(("n1", "n2", None), told, strict=True) if is_in)
        for names in (some, ~some):
            encoded = Encoded(Asked(cluster, profile, replace(EVERYTHING, destinations=nodes_that(names))))
            for host in hosts:
                connection = Connection(PODS[0], host, Protocol.TCP, 80)
                assert set(encoded.answer(connection) or ()) == {host.name in names}, (names, host)
