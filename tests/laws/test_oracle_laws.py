"""Laws of the oracle alone: what a change to a cluster must, or must not, do to its decisions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from clusters import (
    blocks,
    claims,
    clusters,
    connections,
    first_match_policies,
    label_maps,
    network_policies,
    pods,
    profiles,
    requirements,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.manifests import load
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.ends import ANYTHING, without
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    Peer,
    PodPeer,
    Policy,
    Rule,
    Tier,
)
from analyzer.model.profile import Profile
from analyzer.semantics import decide, is_in_scope, isolation, open_facts, outcomes, violates
from analyzer.semantics.formulas import matches
from analyzer.sets import AddressSet

law = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def answers(cluster: Cluster, profile: Profile, connection: Connection) -> set[bool]:
    return {decision.allowed for decision in outcomes(cluster, profile, connection)}


def with_policies(cluster: Cluster, policies: list[Policy]) -> Cluster:
    return replace(cluster, policies=tuple(policies))


def network_policies_of(cluster: Cluster) -> list[Policy]:
    return [policy for policy in cluster.policies if policy.tier is Tier.NETWORK_POLICY]


@st.composite
def scenes(draw) -> tuple[Cluster, Profile, Connection]:
    """A cluster, what enforces its policies, and a connection in it."""
    cluster = draw(clusters())
    return cluster, draw(profiles()), draw(connections(cluster))


@st.composite
def subject_scenes(draw) -> tuple[Cluster, Profile, Connection, Policy]:
    """A scene with a NetworkPolicy in it that selects every pod of its namespace."""
    cluster, profile, connection = draw(scenes())
    policy = draw(network_policies("everyone"))
    ends = [end for end in (connection.src, connection.dst) if isinstance(end, Pod)]
    namespace = draw(st.sampled_from(ends)).namespace
    policy = replace(policy, namespace=namespace, subject=PodPeer(NamespaceNamed(namespace)))
    return with_policies(cluster, [*cluster.policies, policy]), profile, connection, policy


def swapped(cluster: Cluster, old: Policy, *new: Policy) -> Cluster:
    rest = [policy for policy in cluster.policies if policy.id != old.id]
    return with_policies(cluster, [*rest, *new])


# ------------------------------------------------------------------------------------------------ NetworkPolicies
@law
@given(subject_scenes(), network_policies(), st.sampled_from(Direction))
def test_a_rule_more_never_shrinks_what_is_allowed(scene, donor, direction):
    cluster, profile, connection, policy = scene
    rules, more = policy.rules(direction), donor.rules(direction)
    if rules is None or not more:
        return
    richer = replace(policy, **{direction.value: (*rules, *more)})
    before, after = (
        answers(cluster, profile, connection),
        answers(swapped(cluster, policy, richer), profile, connection),
    )
    assert max(before) <= max(after)
    assert min(before) <= min(after)


@law
@given(subject_scenes(), st.integers(0, 2))
def test_a_policy_may_be_split_in_two(scene, at):
    cluster, profile, connection, policy = scene
    cut = {d: policy.rules(d) for d in Direction}
    one, two = (
        replace(policy, name=name, **{d.value: part(rules) if rules is not None else None for d, rules in cut.items()})
        for name, part in (("one", lambda rules: rules[:at]), ("two", lambda rules: rules[at:]))
    )
    split = swapped(cluster, policy, one, two)
    assert answers(cluster, profile, connection) == answers(split, profile, connection)


@law
@given(subject_scenes())
def test_isolation_is_what_a_policy_without_rules_denies(scene):
    cluster, profile, connection, policy = scene
    for direction, end in ((Direction.EGRESS, connection.src), (Direction.INGRESS, connection.dst)):
        if isinstance(end, Pod) and end.namespace == policy.namespace and policy.rules(direction) is not None:
            is_isolated = not isolation(cluster, profile, end, direction).allowed
            assert is_isolated == (profile.enforces and not end.host_network)


# ------------------------------------------------------------------------------------------------ any policies
@law
@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_policies_is_irrelevant(scene, random):
    cluster, profile, connection = scene
    shuffled = list(cluster.policies)
    random.shuffle(shuffled)
    assert answers(cluster, profile, connection) == answers(with_policies(cluster, shuffled), profile, connection)


@law
@given(scenes(), st.one_of(network_policies("nobody"), first_match_policies("nobody")))
def test_a_policy_that_selects_nothing_changes_nothing(scene, policy):
    cluster, profile, connection = scene
    nothing = Selector((Requirement("k", Operator.EXISTS), Requirement("k", Operator.DOES_NOT_EXIST)))
    idle = replace(policy, subject=replace(policy.subject, pods=nothing))
    more = with_policies(cluster, [*cluster.policies, idle])
    before, after = answers(cluster, profile, connection), answers(more, profile, connection)
    if idle in as_enforced(more, profile).policies:
        assert before == after
    else:  # of a kind that the engine does not read: whether anything enforces it is open
        assert before <= after


@law
@given(scenes(), blocks())
def test_a_block_may_be_split_in_two(scene, cut):
    cluster, profile, connection = scene

    def halves(peer: Peer) -> list[Peer]:
        if not isinstance(peer, AddressPeer):
            return [peer]
        return [
            replace(peer, addresses=peer.addresses & cut.addresses),
            replace(peer, addresses=peer.addresses - cut.addresses),
        ]

    split = with_policies(cluster, [_with_peers(policy, halves) for policy in cluster.policies])
    assert answers(cluster, profile, connection) == answers(split, profile, connection)


def _with_peers(policy: Policy, parts: Callable[[Peer], list[Peer]]) -> Policy:
    def rewritten(rule: Rule) -> Rule:
        if rule.peers is None:
            return rule
        return replace(rule, peers=tuple(part for peer in rule.peers for part in parts(peer)))

    return replace(
        policy,
        **{
            direction.value: tuple(map(rewritten, rules))
            for direction in Direction
            if (rules := policy.rules(direction)) is not None
        },
    )


@law
@given(scenes())
def test_renaming_label_keys_changes_nothing(scene):
    cluster, profile, connection = scene
    other = renamed(cluster, {"k": "l", "l": "m/k"}), profile, renamed(connection, {"k": "l", "l": "m/k"})
    assert answers(cluster, profile, connection) == answers(*other)


def renamed(thing: Any, names: dict[str, str]) -> Any:
    """The same facts with label keys renamed."""
    if isinstance(thing, Labels):
        return Labels({names.get(key, key): value for key, value in thing.items()})
    if isinstance(thing, Requirement):
        return replace(thing, key=names.get(thing.key, thing.key))
    if isinstance(thing, tuple):
        return tuple(renamed(part, names) for part in thing)
    if is_dataclass(thing) and not isinstance(thing, type | AddressSet):
        return replace(thing, **{f.name: renamed(getattr(thing, f.name), names) for f in fields(thing)})
    return thing


@law
@given(scenes())
def test_an_admin_rule_that_accepts_all_pods_settles_it_between_pods(scene):
    cluster, profile, connection = scene
    if not all(isinstance(end, Pod) and not end.host_network for end in (connection.src, connection.dst)):
        return
    everyone = PodPeer(NamespacesMatching(Selector.EVERYTHING))
    rule = Rule(Action.ACCEPT, (everyone,), None, 0, cluster.namespaces[0].source)
    first = Policy("ClusterNetworkPolicy", None, "all", Tier.ADMIN, everyone, (rule,), (rule,), rule.source, -1)
    others = (p for p in cluster.policies if p.kind != "AdminNetworkPolicy")  # a scale of its own
    modelled = replace(cluster, policies=(first, *others), unmodelled=())
    if all(thing.kind != first.kind for thing in as_enforced(modelled, profile).unmodelled):
        assert answers(modelled, profile, connection) == {True}


# ------------------------------------------------------------------------------------------------ open facts
@law
@given(scenes(), st.randoms(use_true_random=False))
def test_outcomes_are_what_some_settlement_leads_to(scene, random):
    cluster, profile, connection = scene
    found = outcomes(cluster, profile, connection)
    facts = open_facts(cluster, profile, connection)
    assert found[0] == decide(cluster, profile, connection)
    assert len(found) == (2 if facts else 1)
    settled: dict[OpenFact, str] = {}

    def settle(fact: OpenFact, options: tuple[str, ...]) -> str:
        return settled.setdefault(fact, random.choice(options))

    assert decide(cluster, profile, connection, settle).allowed in {decision.allowed for decision in found}


@law
@given(scenes(), st.randoms(use_true_random=False))
def test_settling_the_open_facts_settles_the_answer(scene, random):
    cluster, profile, connection = scene
    facts = open_facts(cluster, profile, connection)
    settled: dict[OpenFact, str] = {}

    def at_random(fact: OpenFact, options: tuple[str, ...]) -> str:
        return settled.setdefault(fact, random.choice(options)) if fact in facts else random.choice(options)

    runs = {decide(cluster, profile, connection, at_random).allowed for _ in range(8)}
    assert len(runs) == 1


# ------------------------------------------------------------------------------------------------ selectors
@law
@given(label_maps(), requirements())
def test_operators_come_in_opposites(labels, requirement):
    opposite = {
        Operator.IN: Operator.NOT_IN,
        Operator.NOT_IN: Operator.IN,
        Operator.EXISTS: Operator.DOES_NOT_EXIST,
        Operator.DOES_NOT_EXIST: Operator.EXISTS,
    }[requirement.operator]
    negated = replace(requirement, operator=opposite)
    assert matches(Selector((requirement,)), labels) != matches(Selector((negated,)), labels)


@law
@given(label_maps(), label_maps())
def test_match_labels_are_in_with_one_value(wanted, labels):
    expressions = [{"key": key, "operator": "In", "values": [value]} for key, value in wanted.items()]
    one, two = (_subject({"matchLabels": dict(wanted)}), _subject({"matchExpressions": expressions}))
    assert matches(one, labels) == matches(two, labels)


def _subject(selector: dict[str, Any]) -> Selector:
    document = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "a"},
        "spec": {"podSelector": selector},
    }
    (policy,) = load(["-"], stdin=lambda: json.dumps(document).encode()).cluster.policies
    return policy.subject.pods


# ------------------------------------------------------------------------------------------------ claims
@st.composite
def claimed_scenes(draw):
    cluster, profile, connection = draw(scenes())
    return draw(claims(cluster)), profile, connection


@law
@given(claimed_scenes())
def test_no_and_every_are_opposites(scene):
    claim, profile, connection = scene
    no, every = replace(claim, kind=Kind.NO), replace(claim, kind=Kind.EVERY)
    in_scope = is_in_scope(no, connection, profile)
    for allowed in (True, False):
        broken = [violates(claim, connection, allowed, profile) for claim in (no, every)]
        assert broken == ([allowed, not allowed] if in_scope else [False, False])


@law
@given(claimed_scenes())
def test_only_says_that_no_other_can(scene):
    claim, profile, connection = scene
    plain = replace(claim, where=None)
    only, reaches_only = replace(plain, kind=Kind.ONLY), replace(plain, kind=Kind.REACHES_ONLY)
    no_other = replace(plain, kind=Kind.NO, sources=without(ANYTHING, claim.sources))
    nowhere_else = replace(plain, kind=Kind.NO, destinations=without(ANYTHING, claim.destinations))
    assert is_in_scope(only, connection, profile) == is_in_scope(no_other, connection, profile)
    assert is_in_scope(reaches_only, connection, profile) == is_in_scope(nowhere_else, connection, profile)


# ------------------------------------------------------------------------------------------------ the strategies
@law
@given(scenes(), st.data())
def test_drawn_connections_keep_to_what_the_oracle_asks(scene, data):
    cluster, _, connection = scene
    src, dst = connection.src, connection.dst
    assert isinstance(src, Pod) or isinstance(dst, Pod)
    assert src.ip.version == dst.ip.version
    assert src.ip != dst.ip
    pod = data.draw(pods(cluster))
    known = cluster.namespace_by_name.get(pod.namespace)
    assert known is None or not known.is_declared or pod.namespace_labels == known.labels
