"""What queries say of one connection: sets, conditions, ports, scope (design 2)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from by_hand import AGENT, EVERYWHERE, GENERIC, NODE, E, W, X, Y, Z, named, network_policy, to, where

from analyzer.errors import InternalError
from analyzer.model.claims import Claim, Excuse, Kind, is_equal, is_one_of, is_there
from analyzer.model.cluster import Cluster
from analyzer.model.ends import ANYTHING, NODES, external, pods_in, pods_of_workload, without
from analyzer.model.formulas import Attribute, Name, Not, Role, both, either
from analyzer.model.policies import Direction, NamedPort, NamespaceNamed, NumberedPorts, Protocol
from analyzer.semantics import (
    holds,
    is_in_scope,
    is_member,
    is_pod_in_scope,
    on_ports,
    violates,
    violates_isolation,
)
from analyzer.sets import AddressSet

TCP, UDP, OTHER = Protocol.TCP, Protocol.UDP, Protocol.OTHER
ALL_PORTS = tuple(NumberedPorts(protocol) for protocol in (TCP, UDP, Protocol.SCTP))
ENDS = (X, Z, AGENT, E, NODE)
PODS = pods_in(EVERYWHERE)
IN_A = pods_in(NamespaceNamed("a"))
IN_B = pods_in(NamespaceNamed("b"))


def claim(kind: Kind, sources=IN_A, destinations=IN_B, ports=ALL_PORTS, **rest) -> Claim:
    return Claim(kind, sources, destinations, ports, **rest)


# ------------------------------------------------------------------------------------------------ sets
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (ANYTHING, ENDS),
        (PODS, (X, Z, AGENT)),
        (pods_in(EVERYWHERE, where(app="x")), (X, AGENT)),
        (IN_B, (Z,)),
        (NODES, (NODE,)),
        (external(AddressSet.FULL, "external"), (E,)),
        (external(AddressSet.of("10.0.0.0/8"), "ips 10.0.0.0/8"), ()),
        (either((IN_B, NODES)), (Z, NODE)),
        (both((PODS, pods_in(EVERYWHERE, where(app="x")))), (X, AGENT)),
        (without(ANYTHING, PODS), (E, NODE)),
    ],
)
def test_members(members, expected):
    assert tuple(end for end in ENDS if is_member(members, end)) == expected


def test_a_workload_by_name_is_of_whatever_kind():
    members = pods_of_workload("a", "x")
    found = [is_member(members, replace(X, workload=id)) for id in ("a/x[Pod]", "a/x[Job]", "a/xy[Pod]", "b/x[Pod]")]
    assert found == [True, True, False, False]
    assert not is_member(members, X)


# ------------------------------------------------------------------------------------------------ conditions
SRC_TEAM = Attribute(Role.SRC, Name.NAMESPACE_LABEL, "team")
DST_TEAM = Attribute(Role.DST, Name.NAMESPACE_LABEL, "team")


def test_absent_equals_only_absent():
    same = is_equal(SRC_TEAM, DST_TEAM)
    assert holds(same, src=X, dst=Y)
    assert not holds(same, src=X, dst=Z)
    assert not holds(same, src=X, dst=W)
    assert holds(same, src=W, dst=W)
    assert holds(same, src=E, dst=W)
    empty = replace(W, namespace_labels=type(W.labels)({"team": ""}))
    assert not holds(same, src=empty, dst=W)
    assert not holds(is_equal(SRC_TEAM, ""), src=W, dst=X)


def test_an_absent_value_is_one_of_nothing():
    one_of = is_one_of(SRC_TEAM, frozenset({"a", ""}))
    assert [holds(one_of, src=src, dst=X) for src in (X, Z, W, E)] == [True, False, False, False]
    assert holds(Not(one_of), src=W, dst=X)
    assert [holds(is_there(SRC_TEAM), src=src, dst=X) for src in (X, W, E, NODE)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [(Name.NAMESPACE, "a"), (Name.LABEL, "x"), (Name.SERVICE_ACCOUNT, "default")],
)
def test_attributes(attribute, value):
    term = Attribute(Role.SELF, attribute, "app")
    assert holds(is_equal(term, value), subject=X)
    assert not holds(is_there(Attribute(Role.SRC, attribute, "app")), src=E)


def test_empty_conjunction_and_disjunction():
    assert holds(both(()))
    assert not holds(either(()))
    true, false = both(()), either(())
    assert not holds(both((true, false)))
    assert holds(either((false, true)))


# ------------------------------------------------------------------------------------------------ ports
def test_ports_of_a_query():
    range_ = (NumberedPorts(TCP, 9000, 9100),)
    assert [on_ports(range_, to(Z, X, port), GENERIC) for port in (8999, 9000, 9100)] == [False, True, True]
    assert not on_ports(range_, to(Z, X, 9000, UDP), GENERIC)
    cut = GENERIC.with_knob("enforce-endport", "false")
    assert on_ports(range_, to(Z, X, 9100), cut)  # a query's range is no endPort


def test_names_in_a_query_are_looked_up_on_the_destination():
    web = (NamedPort("web", TCP),)
    served = replace(X, ports=(named("web", 80),))
    assert on_ports(web, to(Z, served), GENERIC)
    assert on_ports(web, to(Z, replace(served, host_network=True)), GENERIC)
    assert not on_ports(web, to(served, Z), GENERIC)
    assert not on_ports(web, to(served, E), GENERIC)


def test_protocols_without_ports_must_be_asked_for():
    assert not on_ports(ALL_PORTS, to(Z, X, protocol=OTHER), GENERIC)
    assert on_ports((NumberedPorts(OTHER),), to(Z, X, protocol=OTHER), GENERIC)
    assert not on_ports((NumberedPorts(OTHER),), to(Z, X), GENERIC)
    assert not on_ports((NamedPort("web", None),), to(Z, X, protocol=OTHER), GENERIC)


# ------------------------------------------------------------------------------------------------ scope
@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        (Kind.NO, {(X, Z)}),
        (Kind.EVERY, {(X, Z)}),
        (Kind.SOME, {(X, Z)}),
        (Kind.ONLY, {(W, Z), (E, Z)}),
        (Kind.REACHES_ONLY, {(X, Y), (X, W), (X, E)}),
    ],
)
def test_scope_by_kind(kind, scope):
    pairs = [(X, Z), (W, Z), (E, Z), (X, Y), (X, W), (X, E), (Z, W)]
    assert {pair for pair in pairs if is_in_scope(claim(kind), to(*pair), GENERIC)} == scope


@pytest.mark.parametrize(
    ("kind", "same", "other"),
    [
        (Kind.NO, True, False),
        (Kind.ONLY, False, True),
        (Kind.REACHES_ONLY, False, True),
    ],
)
def test_where_narrows_what_is_spoken_of_or_what_is_permitted(kind, same, other):
    same_team = claim(kind, PODS, PODS, where=is_equal(SRC_TEAM, DST_TEAM))
    assert is_in_scope(same_team, to(X, Y), GENERIC) is same
    assert is_in_scope(same_team, to(X, Z), GENERIC) is other


def test_excuses_and_ports_take_connections_out_of_scope():
    excused = claim(Kind.NO, excuses=(Excuse(PODS, PODS, (NumberedPorts(TCP, 80),)),))
    assert not is_in_scope(excused, to(X, Z, 80), GENERIC)
    assert is_in_scope(excused, to(X, Z, 81), GENERIC)
    assert not is_in_scope(claim(Kind.NO, excuses=(Excuse(PODS, IN_B),)), to(X, Z), GENERIC)
    assert not is_in_scope(claim(Kind.ONLY, ports=(NumberedPorts(TCP, 80),)), to(W, Z, 81), GENERIC)


@pytest.mark.parametrize(
    ("kind", "src", "if_allowed"),
    [
        (Kind.NO, X, True),
        (Kind.ONLY, W, True),
        (Kind.EVERY, X, False),
        (Kind.SOME, X, False),
    ],
)
def test_violations(kind, src, if_allowed):
    assert violates(claim(kind), to(src, Z), True, GENERIC) is if_allowed
    assert violates(claim(kind), to(src, Z), False, GENERIC) is not if_allowed
    assert not violates(claim(kind), to(X, Y), True, GENERIC)
    assert not violates(claim(kind), to(X, Y), False, GENERIC)


def test_isolation_claims_speak_of_pods():
    both_ways = Claim(Kind.ISOLATED, IN_A, None, (), directions=(Direction.INGRESS, Direction.EGRESS))
    half, whole = network_policy("p", ingress=()), network_policy("q", ingress=(), egress=())
    assert violates_isolation(both_ways, X, Cluster(policies=(half,)), GENERIC)
    assert not violates_isolation(both_ways, X, Cluster(policies=(half, whole)), GENERIC)
    assert not violates_isolation(both_ways, Z, Cluster(), GENERIC)
    narrowed = replace(both_ways, where=is_equal(Attribute(Role.SRC, Name.LABEL, "app"), "y"))
    assert [is_pod_in_scope(narrowed, pod) for pod in (X, Y)] == [False, True]
    with pytest.raises(InternalError):
        is_in_scope(both_ways, to(X, Y), GENERIC)
    for kind in (Kind.ISOLATED, Kind.NEVER_TIE):
        with pytest.raises(InternalError):
            violates(claim(kind), to(X, Z), True, GENERIC)


def test_addresses_of_the_other_family_are_no_members():
    members = external(AddressSet.of("0.0.0.0/0"), "ips 0.0.0.0/0")
    assert not is_member(members, replace(E, ip=ip_address("2001:db8::9")))
