"""A small scope, all of it: every policy of a few shapes, every connection between three pods, both evaluators.

Three pods in two namespaces, two keys with two values, TCP 80 and 81 and UDP 80.  Two keys meet in the peers, where
every operator over both is tried; subjects range over one.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import product

import pytest
from evaluators import EVERYTHING
from trials import Asked, Encoded, by_oracle

from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE

GENERIC = PROFILES["generic"]
EVERYWHERE = NamespacesMatching(Selector.EVERYTHING)
ELSEWHERE = NamespacesMatching(Selector((Requirement("team", Operator.IN, frozenset("b")),)))
ONE = NamespaceNamed("one")
NAMESPACES = tuple(
    Namespace(name, Labels({"team": team, NAMESPACE_NAME_LABEL: name}), is_declared=True)
    for name, team in (("one", "a"), ("two", "b"))
)
PODS = tuple(
    Pod(namespace.name, namespace.labels, Labels(labels), ip_address(f"10.0.0.{number}"))
    for number, (namespace, labels) in enumerate(
        ((NAMESPACES[0], {"k": "a"}), (NAMESPACES[0], {"k": "b", "l": "a"}), (NAMESPACES[1], {"l": "b"})), 1
    )
)
CONNECTIONS = tuple(
    Connection(src, dst, protocol, port)
    for src, dst in product(PODS, repeat=2)
    if src != dst
    for protocol, port in ((Protocol.TCP, 80), (Protocol.TCP, 81), (Protocol.UDP, 80))
)
PairOfPorts = tuple[Ports, ...] | None
PORTS: tuple[PairOfPorts, ...] = (None, (NumberedPorts(Protocol.TCP, 80),))


def selectors(keys: str) -> list[Selector]:
    """Everything, and every requirement on one of the keys."""
    values = [frozenset("a"), frozenset("b"), frozenset("ab")]
    listed = [Requirement(k, o, v) for k in keys for o in (Operator.IN, Operator.NOT_IN) for v in values]
    unlisted = [Requirement(k, o) for k in keys for o in (Operator.EXISTS, Operator.DOES_NOT_EXIST)]
    return [Selector.EVERYTHING, *(Selector((requirement,)) for requirement in (*listed, *unlisted))]


def network_policy(
    subject: Selector, direction: Direction, *rules: tuple[tuple[Peer, ...] | None, PairOfPorts]
) -> Policy:
    listed = tuple(Rule(Action.ACCEPT, peers, ports, i, NOWHERE) for i, (peers, ports) in enumerate(rules))
    sides = {direction.value: listed} | {d.value: None for d in Direction if d is not direction}
    return Policy("NetworkPolicy", "one", "union", Tier.NETWORK_POLICY, PodPeer(ONE, subject), **sides, source=NOWHERE)


def first_match(tier: Tier, direction: Direction, rules: tuple[tuple[Action, Peer], ...]) -> Policy:
    listed = tuple(Rule(action, (peer,), None, i, NOWHERE) for i, (action, peer) in enumerate(rules))
    sides = {direction.value: listed} | {d.value: () for d in Direction if d is not direction}
    return Policy("ClusterNetworkPolicy", None, tier.value.lower(), tier, PodPeer(EVERYWHERE), **sides, source=NOWHERE)


def decided_alike(*policies: Policy) -> int:
    """How many connections are decided alike: all of them."""
    asked = Asked(Cluster(NAMESPACES, policies=policies), GENERIC, EVERYTHING)
    encoded = Encoded(asked)
    for connection in CONNECTIONS:
        expected = by_oracle(asked, connection)
        assert expected is not None
        assert encoded.agrees(connection, expected), (policies, connection, expected)
    return len(CONNECTIONS)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("place", [ONE, EVERYWHERE, ELSEWHERE], ids=["own", "every", "by label"])
def test_every_network_policy_of_one_rule(direction: Direction, place: NamespaceNamed | NamespacesMatching) -> None:
    shapes = product(selectors("k"), selectors("kl"))
    count = sum(
        decided_alike(network_policy(subject, direction, ((PodPeer(place, peer),), PORTS[i % 2])))
        for i, (subject, peer) in enumerate(shapes)
    )
    assert count == 9 * 17 * 18


@pytest.mark.parametrize("direction", Direction)
def test_every_network_policy_without_peers_and_of_two_rules(direction: Direction) -> None:
    rules = [(None, ports) for ports in PORTS]
    rules += [((PodPeer(ONE, peer),), ports) for peer in selectors("k")[:2] for ports in PORTS]
    for subject in selectors("k"):
        decided_alike(network_policy(subject, direction))
        for rule in rules:
            decided_alike(network_policy(subject, direction, rule))
    for pair in product(rules, repeat=2):
        decided_alike(network_policy(Selector.EVERYTHING, direction, *pair))


@pytest.mark.parametrize("direction", Direction)
def test_every_way_through_the_tiers(direction: Direction) -> None:
    """Up to two admin rules, a NetworkPolicy that allows, denies or is not there, and a baseline rule or none."""
    hit, miss = PodPeer(EVERYWHERE, selectors("l")[1]), PodPeer(EVERYWHERE, selectors("l")[2])
    single = [((action, peer),) for action in Action for peer in (hit, miss)]
    admin = [(), *single, *((*a, *b) for a, b in product(single[::2], single))]
    union = [None, (), (((hit,), PORTS[1]),)]
    for above, between, below in product(admin, union, [(), single[0], single[2]]):
        policies = [first_match(Tier.ADMIN, direction, above)] if above else []
        policies += [network_policy(Selector.EVERYTHING, direction, *between)] if between is not None else []
        policies += [first_match(Tier.BASELINE, direction, below)] if below else []
        decided_alike(*policies)


@pytest.mark.parametrize("direction", Direction)
def test_every_pair_of_policies_at_two_priorities(direction: Direction) -> None:
    """Equal priorities tie, and the lower number goes first whatever the order in the file."""
    peers = [PodPeer(EVERYWHERE, selector) for selector in selectors("l")[:2]]
    policies = [first_match(Tier.ADMIN, direction, ((action, peer),)) for action in Action for peer in peers]
    for one, two in product(policies, repeat=2):
        for priority in (0, 1):
            decided_alike(replace(one, name="one", priority=1), replace(two, name="two", priority=priority))
