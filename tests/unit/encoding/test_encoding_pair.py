"""What one revision allows and the other denies: every ordered pair of a few revisions, at single connections."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import permutations, product

import pytest
from evaluators import EVERYTHING, question
from in_short import namespace
from trials import Asked, Encoded, by_oracle

from analyzer.encoding import changed_namespaces, encode_pair
from analyzer.encoding.namespaces import Standing
from analyzer.model.claims import Assumption, Kind, Universe, is_equal
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.endpoints import Connection, External, Host, Pod
from analyzer.model.ends import ANYTHING, external, pods_in
from analyzer.model.formulas import Attribute, Name, Role
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE
from analyzer.sets import AddressSet

GENERIC = PROFILES["generic"]
ACCEPT, DENY, PASS = Action.ACCEPT, Action.DENY, Action.PASS
NO_NEW = replace(EVERYTHING, kind=Kind.NO_NEW)
EVERYWHERE = NamespacesMatching(Selector.EVERYTHING)


def having(key: str, *values: str) -> NamespacesMatching:
    return NamespacesMatching(Selector((Requirement(key, Operator.IN, frozenset(values)),)))


NAMESPACES = (namespace("a", team="x"), namespace("b"), namespace("said", is_declared=False))


def rule(action: Action, *peers: PodPeer | AddressPeer) -> Rule:
    return Rule(action, peers or None, None, 0, NOWHERE)


def network_policy(where: str, direction: Direction, *rules: Rule) -> Policy:
    sides = {direction.value: rules} | {d.value: None for d in Direction if d is not direction}
    subject = PodPeer(NamespaceNamed(where))
    return Policy("NetworkPolicy", where, direction.value, Tier.NETWORK_POLICY, subject, **sides, source=NOWHERE)


def clusterwide(
    tier: Tier, direction: Direction, *rules: Rule, subject: NamespacesMatching = EVERYWHERE, priority: int = 1
) -> Policy:
    sides = {direction.value: rules} | {d.value: () for d in Direction if d is not direction}
    name = f"{tier.value}-{direction.value}-{priority}"
    return Policy(
        "ClusterNetworkPolicy", None, name, tier, PodPeer(subject), **sides, source=NOWHERE, priority=priority
    )


IN, OUT = Direction.INGRESS, Direction.EGRESS
FROM_B, LATER = PodPeer(NamespaceNamed("b")), PodPeer(having(NAMESPACE_NAME_LABEL, "later"))
BLOCK = AddressPeer(AddressSet.of("203.0.113.0/24"), "")
REVISIONS = [
    Cluster(NAMESPACES, policies=policies)
    for policies in (
        (),
        (network_policy("a", IN),),
        (network_policy("a", IN, rule(ACCEPT, FROM_B)), network_policy("b", OUT)),
        (network_policy("a", IN, rule(ACCEPT, LATER)), network_policy("b", IN)),
        (network_policy("a", IN, rule(ACCEPT, BLOCK)), network_policy("a", OUT, rule(ACCEPT, BLOCK))),
        (clusterwide(Tier.ADMIN, IN, rule(DENY, PodPeer(having("team", "x")))), network_policy("b", IN)),
        (clusterwide(Tier.ADMIN, OUT, rule(DENY)), network_policy("a", IN, rule(ACCEPT, FROM_B))),
        (
            clusterwide(Tier.ADMIN, IN, rule(PASS, FROM_B), subject=having("team", "x"), priority=0),
            clusterwide(Tier.ADMIN, IN, rule(DENY)),
            clusterwide(Tier.BASELINE, IN, rule(DENY, FROM_B)),
        ),
    )
]
REVISIONS.append(replace(REVISIONS[5], namespaces=(namespace("a"), namespace("b", team="x"), NAMESPACES[2])))


def pod(where: str, number: int, **labels: str) -> Pod:
    return Pod(where, Labels({**labels, NAMESPACE_NAME_LABEL: where}), Labels(), ip_address(f"10.0.0.{number}"))


PODS = [pod("a", 1, team="x"), pod("b", 2), pod("said", 3, team="x"), pod("later", 4, team="x"), pod("said", 5)]
SAID = {PODS[2], PODS[4]}  # one namespace with two sets of labels
OTHERS = [
    External(ip_address("203.0.113.1")),
    External(ip_address("8.8.8.8")),
    Host(None, Labels(), ip_address("192.168.0.1")),
]
CONNECTIONS = [
    Connection(src, dst, Protocol.TCP, 80)
    for src, dst in product([*PODS, *OTHERS], repeat=2)
    if src != dst and (isinstance(src, Pod) or isinstance(dst, Pod)) and {src, dst} != SAID
]
TEAM = Attribute(Role.SELF, Name.NAMESPACE_LABEL, "team")
ASSUMPTION = Assumption("given", "", pods_in(NamespaceNamed("said")), is_equal(TEAM, "x"))


@pytest.mark.parametrize("number", range(len(REVISIONS)))
@pytest.mark.parametrize("universe", [Universe.ANY, Universe.NAMESPACES])
def test_every_pair_of_revisions(number: int, universe: Universe) -> None:
    """Sliced or not, and where an assumption leaves some pods out."""
    before = REVISIONS[number]
    for after, (is_sliced, assumptions) in product(REVISIONS, ((True, ()), (False, ()), (True, (ASSUMPTION,)))):
        asked = Asked(after, GENERIC, NO_NEW, universe, assumptions, is_sliced, before)
        encoded = Encoded(asked)
        for connection in map(asked.seen, CONNECTIONS):
            expected = by_oracle(asked, connection)
            assert expected is not None
            assert encoded.agrees(connection, expected), (connection, expected)


def test_some_of_these_are_new() -> None:
    """So that the test above does not compare nothing with nothing."""
    asked = [Asked(after, GENERIC, NO_NEW, before=before) for before, after in permutations(REVISIONS, 2)]
    new = {connection for one in asked for connection in CONNECTIONS if by_oracle(one, one.seen(connection)) == {True}}
    assert len(new) > len(CONNECTIONS) / 2


def test_only_what_differs_and_is_asked_about_is_compared() -> None:
    before, after = REVISIONS[1], replace(REVISIONS[1], policies=(network_policy("a", IN, rule(ACCEPT, FROM_B)),))
    asked = question(NO_NEW, GENERIC)
    table = encode_pair(before, after, asked).scope.table
    a, b = (table.code(name) for name in "ab")
    scope = encode_pair(before, after, asked).scope
    assert (scope.src.namespaces, scope.dst.namespaces) == ({b}, {a})
    in_a, in_b = (pods_in(NamespaceNamed(name)) for name in "ab")
    outside = external(AddressSet.of("203.0.113.0/24"), "")
    for sources, destinations, is_asked in (
        (in_b, in_a, True),
        (ANYTHING, in_a, True),
        (in_a, in_a, False),
        (in_b, in_b, False),
        (outside, in_a, False),
        (in_b, outside, False),
    ):
        claim = replace(NO_NEW, sources=sources, destinations=destinations)
        assert (encode_pair(before, after, replace(asked, claim=claim)) is not None) is is_asked
    everyone = encode_pair(
        before, replace(before, policies=()), replace(asked, claim=replace(NO_NEW, destinations=in_a))
    )
    assert everyone.scope.dst.namespaces == {a}


def test_members_are_those_of_both_sides_or_of_what_is_there_now() -> None:
    old, new = (Workload("Deployment", "a", name, Labels(), host_network=True) for name in ("old", "new"))
    before, after = (replace(REVISIONS[i], workloads=(w,)) for i, w in ((1, old), (0, new)))
    asked = question(NO_NEW, GENERIC)
    assert set(encode_pair(before, after, asked).class_codes) == {old.id, new.id}
    assert set(encode_pair(before, after, asked, is_live=True).class_codes) == {new.id}


def test_pods_lie_where_either_side_lets_them() -> None:
    sides = [
        replace(REVISIONS[i], nodes=(Node(f"n{i}", Labels(), (), AddressSet.of(f"10.{i}.0.0/16")),)) for i in (1, 0)
    ]
    asked = replace(question(NO_NEW, GENERIC), pod_addresses=None)
    assert encode_pair(*sides, asked).scope.pod_addresses == AddressSet.of("10.0.0.0/15")
    given = AddressSet.of("10.9.0.0/16")
    assert encode_pair(*sides, replace(asked, pod_addresses=given)).scope.pod_addresses == given
    private = AddressPeer(AddressSet.of("192.168.0.0/16"), "")
    after = replace(REVISIONS[1], policies=(network_policy("a", IN, rule(ACCEPT, private)),))
    assert encode_pair(REVISIONS[1], after, replace(asked, pod_addresses=given)).scope.src.namespaces == set()
    assert encode_pair(REVISIONS[1], after, asked).scope.src.namespaces


def test_labels_nobody_knows_are_open_in_the_inventory_if_asked_for() -> None:
    subject = having("team", "x")
    before = Cluster(NAMESPACES)
    after = replace(before, policies=(clusterwide(Tier.ADMIN, IN, rule(DENY), subject=subject),))
    for universe, open_labels, near in (
        (Universe.ANY, False, {"a", "said"}),
        (Universe.INVENTORY, True, {"a", "said"}),
        (Universe.INVENTORY, False, {"a"}),
    ):
        asked = replace(question(NO_NEW, GENERIC, universe), open_labels=open_labels)
        assert changed_namespaces(after, before, asked) == {OUT: frozenset(), IN: near}
        table = encode_pair(after, before, asked).scope.table
        assert bool(table.of(Standing.MENTIONED)) is ("said" in near)


def test_a_tie_is_one_fact_on_both_sides() -> None:
    """Though of the older side only what bears on changed namespaces is kept, and one of the three is far from them."""
    tied = [
        replace(clusterwide(Tier.ADMIN, IN, rule(action), subject=subject), name=name)
        for name, action, subject in (
            ("one", ACCEPT, EVERYWHERE),
            ("three", ACCEPT, having(NAMESPACE_NAME_LABEL, "b")),
            ("two", DENY, EVERYWHERE),
        )
    ]
    from_said, to_b = PodPeer(NamespaceNamed("said")), PodPeer(NamespaceNamed("b"))
    sides = [
        Cluster(NAMESPACES, policies=(*tied, network_policy("a", IN, *into), network_policy("said", OUT, *out)))
        for into, out in (((), ()), ((rule(ACCEPT, from_said),), (rule(ACCEPT, to_b),)))
    ]
    found = encode_pair(*sides, question(NO_NEW, GENERIC)).opens.values()
    names = {fact.id.rpartition(" ")[0] for fact in found if fact.kind == "tie"}
    assert names == {"tie ingress ClusterNetworkPolicy one ClusterNetworkPolicy three ClusterNetworkPolicy two"}
