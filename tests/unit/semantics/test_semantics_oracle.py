"""The oracle on model objects built by hand; the cases of the reference are in tests/conformance."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from by_hand import (
    AGENT,
    EVERYWHERE,
    GENERIC,
    NODE,
    E,
    W,
    X,
    Y,
    Z,
    accept,
    admin_policy,
    answer,
    block,
    deny,
    hand_on,
    named,
    network_policy,
    to,
    unmodelled,
    where,
)

from analyzer.model.cluster import Cluster, ContainerKind, Node, Service, ServicePort
from analyzer.model.knobs import NamedPorts, NamedPortScope, OtherProtocols
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    Direction,
    DomainPeer,
    NamedPort,
    NamespaceNamed,
    NodePeer,
    NumberedPorts,
    PodPeer,
    Protocol,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import PROFILES
from analyzer.semantics import decide, isolation, open_facts, outcomes
from analyzer.semantics.formulas import matches
from analyzer.sets import AddressSet

TCP, UDP, OTHER = Protocol.TCP, Protocol.UDP, Protocol.OTHER
ANY_POD = PodPeer(EVERYWHERE)
WEB = NamedPort("web", TCP)
DENY_ALL = network_policy("deny", ingress=(), egress=())


# ------------------------------------------------------------------------------------------------ selectors (A2)
@pytest.mark.parametrize(
    ("operator", "values", "absent", "empty", "prod"),
    [
        (Operator.IN, {"prod"}, False, False, True),
        (Operator.IN, {""}, False, True, False),
        (Operator.NOT_IN, {"prod"}, True, True, False),
        (Operator.NOT_IN, {""}, True, False, True),
        (Operator.EXISTS, set(), False, True, True),
        (Operator.DOES_NOT_EXIST, set(), True, False, False),
    ],
)
def test_operators_on_absent_empty_and_present(operator, values, absent, empty, prod):
    selector = Selector((Requirement("env", operator, frozenset(values)),))
    found = [matches(selector, Labels(labels)) for labels in ({}, {"env": ""}, {"env": "prod"})]
    assert found == [absent, empty, prod]


def test_requirements_are_a_conjunction():
    none = Selector((Requirement("a", Operator.EXISTS), Requirement("a", Operator.DOES_NOT_EXIST)))
    assert not matches(none, Labels({"a": "x"}))
    assert not matches(none, Labels())
    assert matches(Selector.EVERYTHING, Labels())


# ------------------------------------------------------------------------------------------------ union tier (A0, A10)
def test_without_policies_all_is_allowed_and_the_reason_says_so():
    decision = decide(Cluster(), GENERIC, to(E, X))
    assert decision.allowed
    assert decision.at("egress").reason == "it lies outside the cluster: policies do not select it"
    assert decision.at("ingress").reason == "no policy selects it"
    assert decision.at("ingress").tier is None


def test_directions_are_isolated_apart():
    ingress_only = network_policy("in", ingress=())
    assert answer([ingress_only], to(Z, X)) == "deny"
    assert answer([ingress_only], to(X, Z)) == "allow"


def test_policies_are_a_union_and_all_allowing_rules_are_named():
    from_b = network_policy("from-b", ingress=(accept(PodPeer(NamespaceNamed("b"))),))
    from_all = network_policy("from-all", ingress=(accept(ANY_POD),))
    decision = decide(Cluster(policies=(DENY_ALL, from_b, from_all)), GENERIC, to(Z, X))
    assert decision.allowed
    assert decision.at("ingress").tier is Tier.NETWORK_POLICY
    assert [reference.policy.name for reference in decision.at("ingress").rules] == ["from-b", "from-all"]
    assert decision.at("ingress").reason == "allowed by rule 1 of NetworkPolicy a/from-b"


def test_a_denial_names_the_policies_that_isolate():
    side = decide(Cluster(policies=(DENY_ALL,)), GENERIC, to(Z, X)).at("ingress")
    assert side.reason == "NetworkPolicy a/deny isolates it and no rule allows this"
    assert [(reference.policy, reference.rule) for reference in side.rules] == [(DENY_ALL, None)]


def test_both_ends_must_allow():
    out = network_policy("out", ingress=None, egress=(accept(PodPeer(NamespaceNamed("b"))),))
    closed = network_policy("in", "b", ingress=(accept(PodPeer(NamespaceNamed("c"))),))
    assert answer([out, closed], to(X, Z)) == "deny"
    assert answer([out, closed], to(W, Z)) == "allow"
    assert answer([out], to(X, Z)) == "allow"
    assert answer([out], to(X, Y)) == "deny"


def test_peers_and_ports_of_two_rules_do_not_mix():
    eighty = accept(PodPeer(NamespaceNamed("a")), on=(NumberedPorts(TCP, 80),))
    other = accept(PodPeer(NamespaceNamed("b")), on=(NumberedPorts(TCP, 81),))
    policy = network_policy("two", "c", ingress=(eighty, other))
    found = [answer([policy], to(src, W, port)) for src in (X, Z) for port in (80, 81)]
    assert found == ["allow", "deny", "deny", "allow"]


# ------------------------------------------------------------------------------------------------ peers (A8, A9, B3)
def admitted(peer, end, profile=GENERIC, **rest) -> str:
    """The answer for ingress from the end, where only the peer is allowed."""
    return answer([network_policy("p", ingress=(accept(peer),))], to(end, X), profile, **rest)


def test_selector_peers_mean_pods_without_host_network_only():
    assert [admitted(ANY_POD, end) for end in (Y, Z, E, NODE, AGENT)] == ["allow", "allow", "deny", "deny", "deny"]
    assert admitted(PodPeer(EVERYWHERE, where(app="z")), Z) == "allow"
    assert admitted(PodPeer(EVERYWHERE, where(app="z")), Y) == "deny"


@pytest.mark.parametrize(
    ("knob", "pod", "node", "agent"),
    [
        (None, "allow", "allow", "allow"),
        ("ipblock-matches-pods", "deny", "allow", "allow"),
        ("ipblock-matches-nodes", "allow", "deny", "deny"),
    ],
)
def test_blocks_mean_pods_and_nodes_if_the_profile_says_so(knob, pod, node, agent):
    profile = GENERIC.with_knob(knob, "false") if knob else GENERIC
    found = [admitted(block("0.0.0.0/0"), end, profile) for end in (Z, NODE, AGENT)]
    assert found == [pod, node, agent]
    assert admitted(block("0.0.0.0/0"), E, profile) == "allow"
    assert admitted(block("0.0.0.0/0", matches_cluster=True), Z, profile) == "allow"


def test_families_do_not_mix():
    assert admitted(block("::/0"), E) == "deny"
    assert admitted(block("::/0"), replace(E, ip=ip_address("2001:db8::9"))) == "allow"


def test_node_peers_mean_nodes_and_what_uses_their_address():
    control = NodePeer(where(role="cp"))
    nodes = (Node("n1", NODE.labels, (NODE.ip,), AddressSet.EMPTY),)
    policies = [admin_policy("p", 1, egress=(deny(control),))]
    others = (Z, replace(Z, ip=NODE.ip), replace(E, ip=NODE.ip))
    found = [answer(policies, to(X, end), nodes=nodes) for end in (NODE, AGENT, *others)]
    assert found == ["deny", "deny", "allow", "allow", "allow"]
    assert answer(policies, to(X, AGENT)) == "open"  # no Node object says what labels its node has
    assert (
        answer([admin_policy("p", 1, egress=(deny(NodePeer(where(role="w"))),))], to(X, NODE), nodes=nodes) == "allow"
    )


def test_domain_names_are_open():
    policies = [admin_policy("p", 1, egress=(accept(DomainPeer(("a.io", "b.io"))),)), DENY_ALL]
    assert answer(policies, to(X, E)) == "open"
    facts = open_facts(Cluster(policies=tuple(policies)), GENERIC, to(X, E))
    assert [(fact.kind, fact.id) for fact in facts] == [("domain", "a.io"), ("domain", "b.io")]
    assert answer(policies, to(X, Z)) == "deny"
    assert answer(policies[:1], to(X, E)) == "allow"


def test_unknown_peers_fail_closed():
    newer = UnknownPeer("gateways")
    assert answer([admin_policy("p", 1, egress=(accept(newer, ANY_POD),)), DENY_ALL], to(X, Z)) == "deny"
    for action in (deny, hand_on):
        policy = admin_policy("p", 1, egress=(action(newer, on=(NumberedPorts(UDP, 9),)), accept(ANY_POD)))
        assert answer([policy], to(X, Z)) == "deny"
        assert answer([policy], to(X, E, protocol=OTHER)) == "deny"
    preceded = admin_policy("p", 1, egress=(accept(ANY_POD), deny(newer)))
    assert answer([preceded], to(X, Z)) == "allow"


# ------------------------------------------------------------------------------------------------ ports (A6, A7, A11)
def opened(ports, dst, port=80, protocol=TCP, profile=GENERIC, *, direction=Direction.INGRESS) -> str:
    if direction is Direction.INGRESS:
        return answer([network_policy("p", ingress=(accept(on=ports),))], to(Z, dst, port, protocol), profile)
    return answer([network_policy("p", "b", egress=(accept(on=ports),))], to(Z, dst, port, protocol), profile)


def test_an_entry_without_number_means_all_ports_of_its_protocol():
    assert opened((NumberedPorts(TCP),), X, 9) == "allow"
    assert opened((NumberedPorts(TCP),), X, 53, UDP) == "deny"


def test_ranges_are_inclusive_and_cut_without_end_port_support():
    ports = (NumberedPorts(TCP, 80, 90),)
    assert [opened(ports, X, port) for port in (79, 80, 90, 91)] == ["deny", "allow", "allow", "deny"]
    cut = GENERIC.with_knob("enforce-endport", "false")
    assert [opened(ports, X, port, profile=cut) for port in (80, 81)] == ["allow", "deny"]


def test_names_are_looked_up_on_the_destination_pod():
    served = replace(X, ports=(named("web", 8080), named("dns", 53, UDP)))
    assert [opened((WEB,), served, port) for port in (80, 8080)] == ["deny", "allow"]
    assert opened((WEB,), served, 8080, UDP) == "deny"
    assert opened((NamedPort("dns", TCP),), served, 53, UDP) == "deny"
    assert opened((NamedPort("dns", None),), served, 53, UDP) == "allow"
    assert opened((WEB,), served, 8080, direction=Direction.EGRESS) == "allow"
    assert opened((WEB,), E, 8080, direction=Direction.EGRESS) == "deny"
    assert opened((WEB,), replace(AGENT, ports=served.ports), 8080, direction=Direction.EGRESS) == "deny"


@pytest.mark.parametrize(
    ("scope", "sidecar", "init"),
    [
        (NamedPortScope.CONTAINERS, "deny", "deny"),
        (NamedPortScope.SIDECARS, "allow", "deny"),
        (NamedPortScope.ALL, "allow", "allow"),
    ],
)
def test_the_profile_says_which_containers_names_are_looked_up_in(scope, sidecar, init):
    kinds = (named("web", 80), named("web", 81, TCP, ContainerKind.SIDECAR), named("web", 82, TCP, ContainerKind.INIT))
    profile = replace(GENERIC, named_port_scope=scope)
    found = [opened((WEB,), replace(X, ports=kinds), port, profile=profile) for port in (80, 81, 82)]
    assert found == ["allow", sidecar, init]


def test_zero_port_engines_lose_names_beside_numbers():
    profile = replace(GENERIC, named_ports=NamedPorts.ZERO_PORT)
    assert opened((WEB,), X, 9, profile=profile) == "allow"
    assert opened((WEB,), X, 9, UDP, profile=profile) == "deny"
    mixed = (WEB, NumberedPorts(TCP), NumberedPorts(TCP, 443), NumberedPorts(UDP))
    found = [opened(mixed, replace(X, ports=(named("web", 80),)), port, profile=profile) for port in (80, 443)]
    assert found == ["deny", "allow"]
    assert opened(mixed, X, 9, UDP, profile=profile) == "allow"


@pytest.mark.parametrize("mode", NamedPorts)
def test_names_without_a_protocol_are_looked_up_per_pod_by_every_engine(mode):
    profile = replace(GENERIC, named_ports=mode)
    served = replace(X, ports=(named("web", 80),))
    policy = admin_policy("p", 1, ingress=(deny(on=(NamedPort("web", None),)),))
    assert [answer([policy], to(Z, served, port), profile) for port in (80, 81)] == ["deny", "allow"]


def test_union_engines_leave_names_open_on_ingress():
    profile = replace(GENERIC, named_ports=NamedPorts.UNION)
    served = replace(X, ports=(named("web", 80),))
    assert [opened((WEB,), served, port, profile=profile) for port in (80, 81)] == ["allow", "open"]
    assert opened((WEB,), served, 81, UDP, profile=profile) == "deny"
    assert opened((WEB,), served, 81, profile=profile, direction=Direction.EGRESS) == "deny"


def test_protocols_without_ports_match_only_rules_without_ports():
    for ports in ((NumberedPorts(TCP),), (WEB,)):
        policy = admin_policy("p", 1, ingress=(deny(ANY_POD, on=ports),))
        assert answer([policy], to(Z, X, protocol=OTHER)) == "allow"
    assert answer([admin_policy("p", 1, ingress=(deny(ANY_POD),))], to(Z, X, protocol=OTHER)) == "deny"
    assert answer([network_policy("p", ingress=(accept(ANY_POD),))], to(Z, X, protocol=OTHER)) == "allow"


@pytest.mark.parametrize(
    ("knob", "expected"),
    [
        (OtherProtocols.UNKNOWN, "open"),
        (OtherProtocols.MATCH_IF_NO_PORTS, "deny"),
        (OtherProtocols.ACCEPT, "allow"),
    ],
)
def test_what_isolation_does_to_other_protocols(knob, expected):
    profile = replace(GENERIC, other_protocols=knob)
    assert answer([DENY_ALL], to(Z, X, protocol=OTHER), profile) == expected


# ------------------------------------------------------------------------------------------------ tiers (B, C)
BASELINE_DENY = admin_policy("default", 0, ingress=(deny(ANY_POD),), tier=Tier.BASELINE)


def test_admin_goes_before_network_policies():
    accepting = admin_policy("p", 5, ingress=(accept(ANY_POD, name="pods-in"),))
    assert answer([accepting, DENY_ALL], to(Z, X)) == "allow"
    assert answer([accepting, DENY_ALL], to(E, X)) == "deny"
    decision = decide(Cluster(policies=(accepting,)), GENERIC, to(Z, X))
    assert decision.at("ingress").reason == "allowed by rule `pods-in` of AdminNetworkPolicy p"


def test_the_lower_number_wins_and_rules_go_in_order():
    nine, five = admin_policy("a", 9, ingress=(deny(ANY_POD),)), admin_policy("b", 5, ingress=(accept(ANY_POD),))
    assert answer([nine, five], to(Z, X)) == "allow"
    ordered = admin_policy("c", 1, ingress=(hand_on(PodPeer(NamespaceNamed("b"))), deny(ANY_POD)))
    assert answer([ordered, five], to(Z, X)) == "allow"
    assert answer([ordered, five], to(W, X)) == "deny"


def test_pass_leaves_the_tier():
    passing = admin_policy("p", 1, ingress=(hand_on(ANY_POD),))
    denying = admin_policy("q", 2, ingress=(deny(ANY_POD),))
    assert answer([passing, denying], to(Z, X)) == "allow"
    assert answer([passing, denying, DENY_ALL], to(Z, X)) == "deny"
    assert answer([passing, denying, BASELINE_DENY], to(Z, X)) == "deny"
    reason = decide(Cluster(policies=(passing,)), GENERIC, to(Z, X)).at("ingress").reason
    assert reason == "rule 1 of AdminNetworkPolicy p passes it on and nothing else decides"


def test_baseline_is_asked_only_where_no_network_policy_isolates_in_that_direction():
    egress_only = network_policy("e", egress=(accept(),))
    from_b = network_policy("i", ingress=(accept(PodPeer(NamespaceNamed("b"))),))
    assert answer([BASELINE_DENY, egress_only], to(Z, X)) == "deny"
    assert answer([BASELINE_DENY, from_b], to(Z, X)) == "allow"
    assert answer([BASELINE_DENY, from_b], to(W, X)) == "deny"


def test_ties_are_open_only_where_they_matter():
    yes, no = admin_policy("yes", 7, ingress=(accept(ANY_POD),)), admin_policy("no", 7, ingress=(deny(ANY_POD),))
    assert answer([yes, no], to(Z, X)) == "open"
    assert answer([yes, no], to(E, X)) == "allow"
    (fact,) = open_facts(Cluster(policies=(yes, no)), GENERIC, to(Z, X))
    assert fact.kind == "tie"
    assert "AdminNetworkPolicy yes" in fact.text
    assert "AdminNetworkPolicy no" in fact.text
    passing = admin_policy("pass", 7, ingress=(hand_on(ANY_POD),))
    assert answer([yes, passing], to(Z, X)) == "allow"
    assert answer([yes, passing, DENY_ALL], to(Z, X)) == "open"
    settled = decide(Cluster(policies=(yes, no)), GENERIC, to(Z, X), lambda fact, options: Action.DENY.value)
    assert settled.at("ingress").rules[0].policy is no


def test_a_fact_that_decides_nothing_is_not_open():
    yes = admin_policy("yes", 7, ingress=(accept(ANY_POD),), egress=(accept(ANY_POD),))
    no = admin_policy("no", 7, ingress=(deny(ANY_POD),), egress=(hand_on(ANY_POD),))
    facts = open_facts(Cluster(policies=(yes, no)), GENERIC, to(Z, X))
    assert [fact.id.split()[0] for fact in facts] == ["ingress"]


def test_tiers_do_not_tie():
    admin = admin_policy("p", 5, ingress=(accept(PodPeer(NamespaceNamed("b"))),))
    baseline = admin_policy("p", 5, ingress=(deny(ANY_POD),), tier=Tier.BASELINE)
    assert answer([admin, baseline], to(Z, X)) == "allow"
    assert answer([admin, baseline], to(W, X)) == "deny"


# ------------------------------------------------------------------------------------------------ special ends (A12)
def test_host_network_pods_are_no_subject():
    policies = [DENY_ALL, admin_policy("p", 1, ingress=(deny(ANY_POD),)), BASELINE_DENY]
    assert answer(policies, to(Z, AGENT)) == "allow"
    assert answer(policies, to(AGENT, W)) == "allow"
    assert isolation(Cluster(policies=(DENY_ALL,)), GENERIC, AGENT, Direction.INGRESS).allowed


def test_a_profile_that_enforces_nothing_allows_all():
    flannel = PROFILES["flannel"]
    assert answer([DENY_ALL], to(Z, X), flannel) == "allow"
    assert answer([DENY_ALL], to(Z, X), flannel, unmodelled=(unmodelled(may_deny=True),)) == "open"
    reason = decide(Cluster(policies=(DENY_ALL,)), flannel, to(Z, X)).at("ingress").reason
    assert reason == "profile flannel enforces no policy"
    assert isolation(Cluster(policies=(DENY_ALL,)), flannel, X, Direction.INGRESS).allowed


def test_unmodelled_objects_leave_open_what_they_may_overturn():
    assert answer([], to(Z, X), unmodelled=(unmodelled(may_deny=True),)) == "open"
    assert answer([], to(Z, X), unmodelled=(unmodelled(may_allow=True),)) == "allow"
    assert answer([], to(Z, X), unmodelled=(unmodelled(adds_pods=True),)) == "allow"
    assert answer([], to(Z, X), unmodelled=(unmodelled("c", may_deny=True),)) == "allow"
    assert answer([], to(E, AGENT), unmodelled=(unmodelled(may_deny=True),)) == "allow"
    both = unmodelled("a", may_allow=True, may_deny=True)
    assert answer([DENY_ALL], to(Z, X), unmodelled=(both,)) == "open"
    assert answer([DENY_ALL], to(Z, X), unmodelled=(unmodelled("a", may_deny=True),)) == "deny"


def service(target: int | str, *, outside=True, keeps=False, protocol=TCP, selector=None) -> Service:
    return Service("a", "front", selector or where(app="x"), (ServicePort(443, target, protocol),), outside, keeps)


def test_a_service_may_hide_the_client():
    from_e = network_policy("p", ingress=(accept(block("203.0.113.9/32")),))
    assert answer([from_e], to(E, X), services=(service(80),)) == "open"
    facts = open_facts(Cluster(policies=(from_e,), services=(service(80),)), GENERIC, to(E, X))
    assert [(fact.kind, fact.id) for fact in facts] == [("service-source", "a/front"), ("service-source", "node IPv4")]
    assert answer([from_e], to(E, X), services=(service(80, keeps=True),)) == "allow"
    assert answer([from_e], to(E, X), services=(service(80, outside=False),)) == "allow"
    assert answer([from_e], to(E, X), services=(service(8080),)) == "allow"
    assert answer([from_e], to(E, X), services=(service(80, protocol=UDP),)) == "allow"
    assert answer([from_e], to(E, X), services=(service(80, selector=where(app="q")),)) == "allow"
    elsewhere = replace(service(80), namespace="b")
    assert answer([from_e], to(E, X), services=(elsewhere,)) == "allow"
    named_x = replace(X, ports=(named("web", 80),))
    assert answer([from_e], to(E, named_x), services=(service("web"),)) == "open"
    assert answer([from_e], to(E, X), services=(service("web"),)) == "allow"
    assert answer([DENY_ALL], to(E, X), services=(service(80),)) == "open"  # it may come from the own node
    assert answer([network_policy("p", ingress=(accept(),))], to(E, X), services=(service(80),)) == "allow"


# ------------------------------------------------------------------------------------------------ isolation
def test_isolation_names_the_policies():
    cluster = Cluster(policies=(DENY_ALL, network_policy("more", ingress=()), BASELINE_DENY))
    side = isolation(cluster, GENERIC, X, Direction.INGRESS)
    assert not side.allowed
    assert [reference.policy.name for reference in side.rules] == ["deny", "more"]
    assert isolation(cluster, GENERIC, Z, Direction.INGRESS).allowed


def test_outcomes_are_one_per_answer_and_the_first_takes_the_first_options():
    yes, no = admin_policy("yes", 7, ingress=(accept(ANY_POD),)), admin_policy("no", 7, ingress=(deny(ANY_POD),))
    found = outcomes(Cluster(policies=(yes, no)), GENERIC, to(Z, X))
    assert [decision.allowed for decision in found] == [True, False]


def test_a_fact_decides_whatever_else_is_asked_on_the_way():
    """Where the first rule matches, the second is never asked; where it does not, both of its answers allow."""
    rules = (deny(DomainPeer(("x.org",))), accept(DomainPeer(("y.org",)), index=1))
    facts = open_facts(Cluster(policies=(admin_policy("p", 1, egress=rules),)), GENERIC, to(X, E))
    assert [(fact.kind, fact.id) for fact in facts] == [("domain", "x.org")]
    assert facts[0].text == "which addresses the domain name `x.org` stands for is not known"


def test_a_client_may_come_through_any_of_the_services():
    closed = network_policy("closed", ingress=())
    services = tuple(
        Service("a", name, Selector.EVERYTHING, (ServicePort(80, 80, Protocol.TCP),), True, False)
        for name in ("front", "back")
    )
    (fact,) = open_facts(Cluster(policies=(closed,), services=services), GENERIC, to(E, X))
    assert (fact.kind, fact.id) == ("service-source", "a/front, a/back")
    assert fact.text == ("Service a/front (), Service a/back () may put the address of a node in place of the source's")
