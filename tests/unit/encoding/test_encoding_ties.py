"""Where policies of one priority clash (reference B1.2), and how their rules are asked in order, at one connection."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from evaluators import EVERYTHING
from trials import Asked, Encoded

from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.ends import ANYTHING
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Selector
from analyzer.model.policies import (
    Action,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE

ACCEPT, DENY, PASS = Action.ACCEPT, Action.DENY, Action.PASS
ADMIN, BASELINE = Tier.ADMIN, Tier.BASELINE
NAMESPACES = tuple(Namespace(name, Labels({NAMESPACE_NAME_LABEL: name}), True) for name in ("a", "b"))
SRC, DST = (Pod(n.name, n.labels, Labels(), ip_address(f"10.0.0.{i}")) for i, n in enumerate(NAMESPACES, 1))
CONNECTION = Connection(SRC, DST, Protocol.TCP, 80)
EVERYONE = PodPeer(NamespacesMatching(Selector.EVERYTHING))
NOBODY = PodPeer(NamespaceNamed("nowhere"))
NEWER = UnknownPeer("newer")
NEVER_TIE = Claim(Kind.NEVER_TIE, ANYTHING, ANYTHING, EVERYTHING.ports)


Said = Action | tuple[Action, PodPeer | UnknownPeer]


def policy(tier: Tier, priority: int, *said: Said) -> Policy:
    """Rules for both directions, for everyone unless a peer stands beside the action."""
    pairs = [entry if isinstance(entry, tuple) else (entry, EVERYONE) for entry in said]
    rules = tuple(Rule(action, (peer,), None, i, NOWHERE) for i, (action, peer) in enumerate(pairs))
    name = f"{tier.value} {priority} {said}"
    return Policy("ClusterNetworkPolicy", None, name, tier, EVERYONE, rules, rules, NOWHERE, priority)


def on_another_scale(found: Policy) -> Policy:
    return replace(found, kind="AdminNetworkPolicy")


def network_policy(namespace: str, direction: Direction) -> Policy:
    sides = {direction.value: ()} | {d.value: None for d in Direction if d is not direction}
    subject = PodPeer(NamespaceNamed(namespace))
    return Policy("NetworkPolicy", namespace, "p", Tier.NETWORK_POLICY, subject, **sides, source=NOWHERE)


def one_way(found: Policy, direction: Direction) -> Policy:
    sides = {d.value: found.rules(d) if d is direction else () for d in Direction}
    return Policy(found.kind, None, found.name, found.tier, found.subject, **sides, source=NOWHERE)


def answer(claim: Claim, *policies: Policy, profile: str = "generic") -> set[bool]:
    asked = Asked(Cluster(NAMESPACES, policies=policies), PROFILES[profile], claim)
    return set(Encoded(asked).answer(CONNECTION) or ())


TIE = (policy(BASELINE, 1, ACCEPT), policy(BASELINE, 1, DENY))
BELOW = (policy(ADMIN, 1, ACCEPT), policy(ADMIN, 1, DENY))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (BELOW, True),
        (TIE, True),
        ((policy(ADMIN, 1, ACCEPT), policy(ADMIN, 1, PASS)), True),
        ((policy(ADMIN, 1, PASS), policy(ADMIN, 1, DENY)), True),
        ((policy(ADMIN, 1, ACCEPT), policy(ADMIN, 2, DENY)), False),
        ((policy(ADMIN, 1, ACCEPT), policy(ADMIN, 1, ACCEPT, DENY)), False),
        ((policy(ADMIN, 1, ACCEPT), policy(ADMIN, 1, (ACCEPT, NOBODY), DENY)), True),
        ((policy(ADMIN, 1, DENY), policy(ADMIN, 1, (ACCEPT, NEWER), DENY)), False),
        ((policy(ADMIN, 1, ACCEPT), policy(ADMIN, 1, (PASS, NEWER))), True),
        ((policy(ADMIN, 0, ACCEPT), *BELOW), False),
        ((policy(ADMIN, 0, PASS), *BELOW), False),
        ((policy(ADMIN, 0, PASS), *TIE), True),
        ((policy(ADMIN, 0, DENY), *TIE), False),
        ((policy(ADMIN, 0, (DENY, NOBODY)), *BELOW, policy(ADMIN, 2, PASS)), True),
        ((*BELOW, policy(BASELINE, 1, ACCEPT)), True),
        ((policy(ADMIN, 1, ACCEPT), policy(BASELINE, 1, DENY)), False),
        ((*TIE, network_policy("b", Direction.INGRESS)), True),
        ((*TIE, network_policy("b", Direction.INGRESS), network_policy("a", Direction.EGRESS)), False),
        ((*BELOW, network_policy("b", Direction.INGRESS), network_policy("a", Direction.EGRESS)), True),
    ],
)
def test_ties(policies: tuple[Policy, ...], expected: bool) -> None:
    assert answer(NEVER_TIE, *policies) == {expected}
    assert answer(NEVER_TIE, *policies, profile="none") == {False}


@pytest.mark.parametrize("other", [0, 1, 2])
@pytest.mark.parametrize(
    ("first", "second", "below", "expected"),
    [
        ([ACCEPT], [DENY], (), True),
        ([PASS], [DENY], (), True),
        ([ACCEPT], [PASS], (), True),
        ([ACCEPT], [ACCEPT], TIE, False),
        ([DENY], [DENY], TIE, False),
        ([PASS], [PASS], TIE, True),
        ([PASS], [(ACCEPT, NOBODY)], TIE, True),
        ([(ACCEPT, NOBODY)], [DENY], TIE, False),
        ([(DENY, NOBODY)], [(ACCEPT, NOBODY)], TIE, True),
        ([(DENY, NOBODY), ACCEPT], [ACCEPT, DENY], (), False),
    ],
)
def test_policies_on_two_scales_clash_whatever_their_priorities(
    first: list[Said], second: list[Said], below: tuple[Policy, ...], expected: bool, other: int
) -> None:
    one, two = policy(ADMIN, 1, *first), on_another_scale(policy(ADMIN, other, *second))
    for policies in ((one, two, *below), (two, one, *below)):
        assert answer(NEVER_TIE, *policies) == {expected}


@pytest.mark.parametrize("direction", Direction)
def test_a_tie_of_one_direction_is_one(direction: Direction) -> None:
    """Isolation of the end where the policies are asked is what hides them, of no other."""
    tie = [one_way(policy, direction) for policy in TIE]
    near, far = ("a", "b") if direction is Direction.EGRESS else ("b", "a")
    assert answer(NEVER_TIE, *tie) == {True}
    assert answer(NEVER_TIE, *tie, network_policy(near, direction)) == {False}
    assert answer(NEVER_TIE, *tie, network_policy(far, direction)) == {True}


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        (BELOW, {True, False}),
        (TIE, {True, False}),
        ((policy(ADMIN, 1, ACCEPT), policy(ADMIN, 2, DENY)), {True}),
        ((policy(ADMIN, 2, ACCEPT), policy(ADMIN, 1, DENY)), {False}),
        ((policy(ADMIN, 0, DENY), *BELOW), {False}),
        ((policy(ADMIN, 0, (DENY, NOBODY), ACCEPT), *BELOW), {True}),
        ((policy(ADMIN, 0, ACCEPT, (DENY, NOBODY)), *BELOW), {True}),
        ((policy(ADMIN, 0, (DENY, NEWER), ACCEPT),), {False}),
        ((policy(ADMIN, 0, (PASS, NEWER), ACCEPT),), {False}),
        ((policy(ADMIN, 0, (ACCEPT, NEWER), DENY),), {False}),
        ((policy(ADMIN, 0, PASS), policy(ADMIN, 1, DENY)), {True}),
        ((policy(ADMIN, 0, PASS), policy(ADMIN, 1, ACCEPT), policy(BASELINE, 1, DENY)), {False}),
        ((policy(ADMIN, 0, PASS), network_policy("b", Direction.INGRESS)), {False}),
        ((policy(BASELINE, 1, ACCEPT), network_policy("b", Direction.INGRESS)), {False}),
        ((policy(ADMIN, 1, ACCEPT), network_policy("b", Direction.INGRESS)), {True}),
        ((policy(ADMIN, 1, ACCEPT), on_another_scale(policy(ADMIN, 2, DENY))), {True, False}),
        ((policy(ADMIN, 1, (ACCEPT, NOBODY)), on_another_scale(policy(ADMIN, 2, DENY))), {False}),
        ((policy(ADMIN, 1, DENY), on_another_scale(policy(ADMIN, 0, (ACCEPT, NOBODY)))), {False}),
        ((policy(ADMIN, 1, PASS), on_another_scale(policy(ADMIN, 1, PASS)), policy(BASELINE, 1, DENY)), {False}),
    ],
)
def test_what_is_allowed(policies: tuple[Policy, ...], allowed: set[bool]) -> None:
    """Either way round in the file."""
    assert answer(EVERYTHING, *policies) == answer(EVERYTHING, *reversed(policies)) == allowed
