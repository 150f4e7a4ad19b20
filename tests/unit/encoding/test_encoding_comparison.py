"""Every way in which policies can say something else is seen, with the pods it bears on and the ends it speaks of.

A comparison that overlooked a change would call two revisions equivalent that are not.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from analyzer.encoding import align
from analyzer.encoding.changes import NOWHERE_CHANGED, Comparison
from analyzer.encoding.namespaces import NamespaceTable, Side
from analyzer.encoding.reach import EXTERNAL, HOST, POD
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace, Node, Service, ServicePort, Unmodelled, Workload
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE
from analyzer.sets import AddressSet

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
ACCEPT, DENY = Action.ACCEPT, Action.DENY
KINDS = {POD, EXTERNAL, HOST}
ALL = "abcd"


def has(key: str, operator: Operator = Operator.EXISTS, *values: str) -> Selector:
    return Selector((Requirement(key, operator, frozenset(values)),))


def namespaces(**labels: dict[str, str]) -> tuple[Namespace, ...]:
    return tuple(Namespace(n, Labels({**labels.get(n, {}), NAMESPACE_NAME_LABEL: n}), True) for n in ALL)


NODE = Node("n", Labels({"k": "v"}), (ip_address("192.168.0.1"),), AddressSet.EMPTY)
ON_NODE = Workload("DaemonSet", "d", "agent", Labels(), host_network=True, nodes=("n",))
CLUSTER = Cluster(namespaces(), (ON_NODE,), (NODE,))


def changed(before: Cluster, after: Cluster, direction: Direction = INGRESS) -> tuple[str, set[str], str]:
    """The namespaces whose pods may be ruled otherwise; what kind of end towards, and in which namespaces."""
    sides = align(before, after)
    compared = [Side(side, NamespaceTable(side, Universe.NAMESPACES, False, ())) for side in sides]
    generic = PROFILES["generic"]
    found = Comparison(compared[0], compared[1], generic, AddressSet.of("10.0.0.0/8")).changed(direction)
    names = [entry.name or "" for entry in compared[0].table.entries]
    near, far = (
        "".join(sorted(names[code] for code in codes)) for codes in (found.near.namespaces, found.far.namespaces)
    )
    assert near or found == NOWHERE_CHANGED
    return near, set(found.far.kinds), far


def block(*cidrs: str, matches_cluster: bool | None = None) -> AddressPeer:
    return AddressPeer(AddressSet.of(*cidrs), "", matches_cluster)


def pods(where: str | Selector, chosen: Selector = Selector.EVERYTHING) -> PodPeer:
    return PodPeer(NamespaceNamed(where) if isinstance(where, str) else NamespacesMatching(where), chosen)


def rule(*peers: Peer, ports: tuple[Ports, ...] | None = None, action: Action = ACCEPT) -> Rule:
    return Rule(action, peers or None, ports, 0, NOWHERE)


def network_policy(where: str, *rules: Rule, subject: Selector = Selector.EVERYTHING, egress=None) -> Policy:
    return Policy("NetworkPolicy", where, "p", Tier.NETWORK_POLICY, pods(where, subject), rules, egress, NOWHERE)


def admin(
    *rules: Rule, subject: PodPeer | None = None, priority: int = 1, tier: Tier = Tier.ADMIN, egress=()
) -> Policy:
    subject = subject or pods(Selector.EVERYTHING)
    return Policy("ClusterNetworkPolicy", None, "c", tier, subject, rules, egress, NOWHERE, priority)


def with_policies(*policies: Policy) -> Cluster:
    return replace(CLUSTER, policies=policies)


TCP80, TCP81 = ((NumberedPorts(Protocol.TCP, port),) for port in (80, 81))
PEERS: list[tuple[Peer, set[str], str]] = [
    (pods("b"), {POD}, "b"),
    (pods("b", has("k")), {POD}, "b"),
    (pods("b", has("l")), {POD}, "b"),
    (pods(has(NAMESPACE_NAME_LABEL, Operator.IN, "b", "c")), {POD}, "bc"),
    (pods(has(NAMESPACE_NAME_LABEL, Operator.NOT_IN, "b")), {POD}, "acd"),
    (block("203.0.113.0/24"), KINDS, "d"),
    (block("198.51.100.0/24"), KINDS, "d"),
    (block("10.1.0.0/16"), KINDS, ALL),
    (block("10.2.0.0/16", matches_cluster=True), KINDS, ALL),
    (block("192.168.0.0/16"), KINDS, "d"),
    (NodePeer(has("k")), {POD, HOST}, "d"),
    (NodePeer(has("l")), {POD, HOST}, "d"),
    (DomainPeer(("x.org",)), {EXTERNAL}, ""),
    (DomainPeer(("y.org",)), {EXTERNAL}, ""),
]
CLOSED = pods("nowhere")


@pytest.mark.parametrize(("peer", "kinds", "far"), PEERS)
def test_a_rule_more_or_less_is_seen_towards_whom_it_means(peer: Peer, kinds: set[str], far: str) -> None:
    for tier, near in ((Tier.NETWORK_POLICY, "a"), (Tier.ADMIN, ALL), (Tier.BASELINE, ALL)):
        sides = [
            with_policies(
                network_policy("a", *rules) if tier is Tier.NETWORK_POLICY else admin(*rules, tier=tier),
                network_policy("c", rule(), egress=(rule(),)),
            )
            for rules in ((), (rule(peer),))
        ]
        assert changed(*sides) == changed(*reversed(sides)) == (near, kinds, far)
        assert changed(*sides, EGRESS) == ("", set(), "")
        assert changed(sides[1], sides[1]) == ("", set(), "")


def test_a_rule_with_a_peer_of_an_unknown_kind_accepts_nobody_and_denies_everybody() -> None:
    unknown = UnknownPeer("newer")
    for make in (lambda *rules: network_policy("a", *rules), admin):
        assert changed(with_policies(make()), with_policies(make(rule(unknown)))) == ("", set(), "")
    assert changed(with_policies(admin()), with_policies(admin(rule(unknown, action=DENY)))) == (ALL, KINDS, ALL)


def test_two_peers_that_differ_are_told_apart() -> None:
    for i, (one, _, _) in enumerate(PEERS):
        for other, _, _ in PEERS[:i]:
            for make in (lambda *rules: network_policy("a", *rules), admin):
                before, after = (with_policies(make(rule(peer))) for peer in (one, other))
                assert changed(before, after)[0], (one, other)


POLICIES = [
    network_policy("a"),
    network_policy("a", rule(pods("b"))),
    network_policy("a", rule(pods("b"), ports=TCP80)),
    network_policy("a", rule(pods("b"), ports=TCP81)),
    network_policy("a", rule()),
    network_policy("a", subject=has("k")),
    network_policy("a", subject=has("k", Operator.DOES_NOT_EXIST)),
    network_policy("a", rule(pods("b")), subject=has("k")),
    replace(network_policy("a"), ingress=None),
    replace(network_policy("a"), ingress=None, egress=(rule(pods("b")),)),
    admin(rule(pods("b"), action=DENY)),
    admin(rule(pods("b"))),
    admin(rule(pods("b"), action=DENY), rule()),
    admin(rule(), rule(pods("b"), action=DENY)),
    admin(rule(pods("b"), ports=TCP80)),
    admin(rule(pods("b"), ports=TCP81)),
    admin(rule(pods("b")), priority=2),
    admin(rule(pods("b")), tier=Tier.BASELINE),
    admin(rule(pods("b")), subject=pods("a", has("k"))),
    admin(rule(pods("b")), subject=pods("a", has("l"))),
]


def test_policies_that_say_something_else_are_told_apart() -> None:
    """But for those that say nothing of ingress, which are alike in this."""
    steady = network_policy("b", rule())
    for i, one in enumerate(POLICIES):
        for j, other in enumerate(POLICIES[:i]):
            near, _, _ = changed(*(with_policies(policy, steady) for policy in (one, other)))
            is_silent = one.ingress is other.ingress is None
            assert bool(near) is not is_silent, (i, j)
            assert "a" in near or is_silent


def test_rules_that_change_places_between_policies_are_seen() -> None:
    """Between subjects, between directions, and of several namespaces."""
    one, two = rule(pods("b")), rule(pods("c"))
    subjects = has("k"), has("l")
    sides = [
        with_policies(
            *(network_policy("a", said, subject=subject) for subject, said in zip(subjects, both, strict=True))
        )
        for both in ((one, two), (two, one))
    ]
    assert changed(*sides) == ("a", {POD}, "bc")
    mixed = with_policies(
        network_policy("a", one, two, subject=subjects[0]), network_policy("a", one, subject=subjects[1])
    )
    assert changed(sides[0], mixed) == ("a", {POD}, "bc")
    apart = [
        with_policies(
            *(network_policy("a", *said, subject=subject) for subject, said in zip(subjects, both, strict=True))
        )
        for both in (((), ()), ((one,), (two,)))
    ]
    assert changed(*apart) == changed(*reversed(apart)) == ("a", {POD}, "bc")
    turned = [with_policies(network_policy("a", *i, egress=e)) for i, e in (((one,), ()), ((), (one,)))]
    assert changed(*turned) == changed(*turned, EGRESS) == ("a", {POD}, "b")
    many = [with_policies(network_policy("a", one), *(network_policy(n, *r) for n in "bcd")) for r in ((), (two,))]
    assert changed(*many) == ("bcd", {POD}, "c")
    assert changed(with_policies(), with_policies(network_policy("a", one))) == ("a", KINDS, ALL)


def test_labels_of_namespaces_and_nodes_count_where_they_are_asked_for() -> None:
    team, stage = (pods(has(key, Operator.IN, "x")) for key in ("team", "stage"))
    policies = (
        network_policy("a", rule(team)),
        network_policy("b", rule(stage)),
        network_policy("c", rule(NodePeer(has("k")))),
    )
    before = with_policies(*policies)
    labelled = replace(before, namespaces=namespaces(d={"team": "x"}))
    assert changed(before, labelled) == ("a", {POD}, "d")
    assert changed(before, replace(before, nodes=(replace(NODE, labels=Labels()),))) == ("c", {POD, HOST}, "d")
    assert changed(before, replace(before, nodes=(replace(NODE, ips=()),))) == ("c", {POD, HOST}, "d")
    assert changed(before, replace(before, nodes=(replace(NODE, name="m"),))) == ("", set(), "")
    for tier in (Tier.ADMIN, Tier.BASELINE):
        clusterwide = with_policies(admin(rule(team), tier=tier), admin(rule(), subject=stage, tier=tier, priority=2))
        assert changed(clusterwide, replace(clusterwide, namespaces=namespaces(d={"team": "x"}))) == (ALL, {POD}, "d")
        shifted = replace(clusterwide, namespaces=namespaces(d={"stage": "x"}))
        assert changed(clusterwide, shifted) == ("d", KINDS, ALL)


def test_unmodelled_objects_count_if_they_may_change_an_answer() -> None:
    def odd(where: str | None, name: str, *effects: str) -> Unmodelled:
        may_allow, may_deny = ("allow" in effects), ("deny" in effects)
        return Unmodelled("Odd", "v1", where, name, may_allow, may_deny, False, NOWHERE, "", "1")

    idle = [odd("a", f"idle-{i}") for i in range(8)]
    for effects in (("allow",), ("deny",), ("allow", "deny")):
        after = replace(CLUSTER, unmodelled=(*idle, odd("b", "odd", *effects)))
        for direction in Direction:
            assert changed(CLUSTER, after, direction) == ("b", KINDS, ALL)
    assert changed(CLUSTER, replace(CLUSTER, unmodelled=(odd(None, "odd", "deny"),))) == (ALL, KINDS, ALL)
    assert changed(CLUSTER, replace(CLUSTER, unmodelled=tuple(idle))) == ("", set(), "")


def test_services_that_hide_clients_count() -> None:
    def service(
        selector: Selector | None, target: int = 80, *, is_reached: bool = True, is_local: bool = False
    ) -> Service:
        return Service("a", "s", selector, (ServicePort(80, target, Protocol.TCP),), is_reached, is_local)

    hiding = [service(Selector.EVERYTHING), service(has("k")), service(has("l")), service(has("k"), 81)]
    harmless = [service(None), service(has("k"), is_reached=False), service(has("k"), is_local=True)]
    for i, one in enumerate(hiding):
        for other in (*hiding[:i], *harmless):
            sides = [replace(CLUSTER, services=(found,)) for found in (one, other)]
            assert changed(*sides) == ("a", {POD, EXTERNAL, HOST}, "".join(sorted(n.name for n in CLUSTER.namespaces)))
            assert changed(*sides, EGRESS) == ("", set(), "")
    for other in harmless:
        assert changed(CLUSTER, replace(CLUSTER, services=(other,))) == ("", set(), "")
