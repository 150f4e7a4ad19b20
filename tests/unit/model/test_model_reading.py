"""What pipelines are made of: knobs turned into formulas, policies into stages and tiers."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from analyzer.model.cluster import Cluster, Namespace, Service, ServicePort
from analyzer.model.formulas import (
    FALSE,
    ON_NODES,
    PODS,
    TRUE,
    All,
    AtAddress,
    Attribute,
    EndKind,
    Formula,
    Member,
    Name,
    Not,
    OfKind,
    OnHostPort,
    OnNodesOf,
    OnPorts,
    Open,
    Role,
    Some,
    both,
    either,
    labels,
    leaves,
)
from analyzer.model.formulas import Test as Meets  # pytest collects what is named Test
from analyzer.model.knobs import HostNetworkLabel
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, Stage, Unmatched
from analyzer.model.policies import (
    Action,
    AddressPeer,
    DomainPeer,
    NamedPort,
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
from analyzer.model.profile import PROFILES, Profile
from analyzer.model.reading import pipeline_of
from analyzer.model.source import NOWHERE
from analyzer.model.unmodelled import Unmodelled
from analyzer.sets import AddressSet, PortSet

GENERIC = PROFILES["generic"]
SHOP = PodPeer(NamespaceNamed("shop"))
BLOCK = AddressPeer(AddressSet.of("10.0.0.0/8"), "10.0.0.0/8")
FACT = OpenFact("unspecified", "u", "nobody says")
ONE, TWO = Meets(Attribute(Role.SRC, Name.LABEL, "one")), Meets(Attribute(Role.SRC, Name.LABEL, "two"))


def rule(*peers: Peer, action: Action = Action.ACCEPT, ports: tuple[Ports, ...] | None = None, **rest: object) -> Rule:
    return Rule(action, peers or None, ports, 0, NOWHERE, **rest)


def policy(
    *rules: Rule,
    name: str = "p",
    kind: str = "NetworkPolicy",
    tier: Tier = Tier.NETWORK_POLICY,
    priority: int = 0,
    is_egress: bool = False,
) -> Policy:
    namespace = "shop" if tier is Tier.NETWORK_POLICY else None
    ingress, egress = (None, rules) if is_egress else (rules, None)
    return Policy(kind, namespace, name, tier, SHOP, ingress, egress, NOWHERE, priority)


def stages(*policies: Policy, profile: Profile = GENERIC, **rest: object) -> tuple[Stage, Stage]:
    egress, ingress = pipeline_of(profile, Cluster(policies=policies, **rest)).stages
    return egress, ingress


def when(read: Rule, *, profile: Profile = GENERIC, is_egress: bool = False, **rest: object) -> Formula:
    """What the rule becomes."""
    egress, ingress = stages(policy(read, is_egress=is_egress), profile=profile, **rest)
    tiers = (egress if is_egress else ingress).tiers
    (entry,) = next(tier for tier in tiers if tier.name is Tier.NETWORK_POLICY).entries
    return entry.rules[0].when


def policies_of(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.policy.name if entry.policy else "" for entry in entries]


# ------------------------------------------------------------------------------------------------ formulas
def test_conjunctions_and_disjunctions_have_one_form():
    assert both([]) == both([TRUE, TRUE]) == TRUE
    assert either([]) == either([FALSE, FALSE]) == FALSE
    assert both([ONE, FALSE]) == FALSE
    assert either([ONE, TRUE]) == TRUE
    assert both([TRUE, ONE]) == either([ONE, FALSE]) == ONE
    assert both([ONE, All((TWO, ONE))]) == All((ONE, TWO, ONE))
    assert either([Some((ONE, TWO)), ONE]) == Some((ONE, TWO, ONE))


def test_leaves_come_in_the_order_in_which_they_are_written():
    assert list(leaves(All((ONE, Not(Some((TWO, Open(FACT)))), ONE)))) == [ONE, TWO, Open(FACT), ONE]


@pytest.mark.parametrize(
    ("operator", "values", "found"),
    [
        (Operator.IN, {"a", "b"}, Meets(Attribute(Role.SRC, Name.LABEL, "k"), frozenset({"a", "b"}))),
        (Operator.NOT_IN, {"a"}, Not(Meets(Attribute(Role.SRC, Name.LABEL, "k"), frozenset({"a"})))),
        (Operator.EXISTS, (), Meets(Attribute(Role.SRC, Name.LABEL, "k"))),
        (Operator.DOES_NOT_EXIST, (), Not(Meets(Attribute(Role.SRC, Name.LABEL, "k")))),
    ],
)
def test_selectors_are_formulas_over_labels(operator, values, found):
    assert labels(Selector((Requirement("k", operator, frozenset(values)),)), Role.SRC) == found
    assert labels(Selector.EVERYTHING, Role.SRC) == TRUE


# ------------------------------------------------------------------------------------------------ peers, ports
def test_a_rule_without_peers_and_ports_is_true():
    assert when(rule()) == TRUE


@pytest.mark.parametrize("pods", [True, False])
@pytest.mark.parametrize("nodes", [True, False])
def test_blocks_mean_the_ends_that_the_knobs_say(pods, nodes):
    profile = Profile("custom", ipblock_matches_pods=pods, ipblock_matches_nodes=nodes)
    kinds = {EndKind.OUTSIDE} | (PODS if pods else set()) | (ON_NODES if nodes else set())
    at = Member(Role.SRC, AtAddress(BLOCK.addresses, BLOCK.text))
    found = when(rule(BLOCK), profile=profile)
    assert found == (at if len(kinds) == 4 else All((Member(Role.SRC, OfKind(frozenset(kinds))), at)))


def test_pods_of_a_namespace_are_no_hostnetwork_pods():
    found = when(rule(SHOP), is_egress=True)
    assert found == All(
        (Member(Role.DST, OfKind(PODS)), Meets(Attribute(Role.DST, Name.NAMESPACE), frozenset({"shop"})))
    )


@pytest.mark.parametrize("knob", HostNetworkLabel)
def test_the_namespace_of_the_nodes_is_a_set_of_nodes(knob):
    key = "policy-group.network.openshift.io/host-network"
    peer = PodPeer(NamespacesMatching(Selector((Requirement(key, Operator.EXISTS),))), is_bare=True)
    asked = Namespace("openshift-host-network", Labels({key: ""}), True)
    found = list(leaves(when(rule(peer), profile=Profile("custom", host_network_label=knob), namespaces=(asked,))))
    nodes = OnNodesOf((asked.labels,), Meets(Attribute(Role.SELF, Name.NAMESPACE_LABEL, key)))
    assert (Member(Role.SRC, nodes) in found) is (knob is not HostNetworkLabel.NO_MEANING)
    assert any(isinstance(leaf, Open) for leaf in found) is (knob is HostNetworkLabel.UNKNOWN)


def test_which_ends_a_domain_name_stands_for_is_open():
    fact = Open(OpenFact("domain", "x.org", "which addresses the domain name `x.org` stands for is not known"))
    assert when(rule(DomainPeer(("x.org",))), is_egress=True) == All(
        (Member(Role.DST, OfKind(frozenset({EndKind.OUTSIDE}))), fact)
    )


def test_ranges_of_ports_are_cut_where_the_engine_knows_no_end_port():
    read = rule(ports=(NumberedPorts(Protocol.TCP, 80, 90),))
    assert when(read) == OnPorts(Protocol.TCP, PortSet.of((80, 90)))
    assert when(read, profile=Profile("custom", enforce_endport=False)) == OnPorts(Protocol.TCP, PortSet.of(80))


def test_port_names_are_looked_up_on_pods_of_the_pod_network():
    named = OnPorts(Protocol.TCP, name="web", scope=GENERIC.named_port_scope)
    assert when(rule(ports=(NamedPort("web", Protocol.TCP),))) == All((Member(Role.DST, OfKind(PODS)), named))


def test_what_a_union_of_names_opens_is_open_on_ingress_alone():
    read = rule(ports=(NamedPort("web", Protocol.TCP),))
    aws = PROFILES["aws-vpc-cni"]
    assert any(isinstance(leaf, Open) for leaf in leaves(when(read, profile=aws)))
    assert not any(isinstance(leaf, Open) for leaf in leaves(when(read, profile=aws, is_egress=True)))


def test_a_peer_of_an_unknown_kind_fails_closed():
    odd = UnknownPeer("clouds")
    entries = (
        stages(
            policy(rule(odd), rule(odd, action=Action.PASS), rule(odd, action=Action.DENY, open=FACT), tier=Tier.ADMIN)
        )[1]
        .tiers[0]
        .entries
    )
    assert [(read.action, read.when) for read in entries[0].rules] == [
        (Action.ACCEPT, FALSE),
        (Action.DENY, TRUE),
        (Action.DENY, Open(FACT)),
    ]


def test_a_rule_of_which_nobody_can_say_whether_it_is_in_force_holds_an_open_leaf():
    assert when(rule(open=FACT)) == Open(FACT)


# ------------------------------------------------------------------------------------------------ tiers
def test_policies_of_one_priority_are_a_group_and_those_of_two_kinds_two_scales():
    def admin(name: str, priority: int, kind: str = "ClusterNetworkPolicy") -> Policy:
        return policy(rule(), name=name, kind=kind, tier=Tier.ADMIN, priority=priority)

    _, ingress = stages(admin("b", 5), admin("a", 5), admin("first", 1), admin("old", 0, "AdminNetworkPolicy"))
    scales = [[policies_of(group) for group in scale] for scale in ingress.tiers[0].scales]
    assert sorted(scales) == [[["first"], ["a", "b"]], [["old"]]]


def test_isolation_denies_at_its_place_or_after_the_baseline_tier():
    usual, opened = (
        [(tier.name, tier.unmatched) for tier in stages(policy(rule()), profile=profile)[1].tiers]
        for profile in (GENERIC, Profile("custom", baseline_opens_isolation=True))
    )
    assert usual[1] == (Tier.NETWORK_POLICY, Unmatched.DENY)
    assert len(usual) == 3
    assert opened[1] == (Tier.NETWORK_POLICY, Unmatched.NEXT)
    assert opened[3] == (Tier.NETWORK_POLICY, Unmatched.DENY)


def test_an_engine_that_isolates_every_pod_is_a_last_tier():
    last = stages(profile=PROFILES["cilium"].with_knob("enable-policy", "always"))[1].tiers[-1]
    assert (last.unmatched, last.entries[0].policy, last.entries[0].closes) == (Unmatched.DENY, None, True)


def test_a_profile_that_enforces_nothing_leaves_what_is_not_modelled():
    thing = Unmodelled("Thing", "v1", "shop", "t", True, False, False, NOWHERE)
    egress, ingress = stages(policy(rule()), profile=PROFILES["flannel"], unmodelled=(thing,))
    assert (egress.tiers, ingress.tiers) == ((), ())
    (doubt,) = ingress.doubts
    assert doubt.denies == doubt.isolates == FALSE
    assert [type(leaf) for leaf in leaves(doubt.allows)] == [Meets, Open]


# ------------------------------------------------------------------------------------------------ translations
def test_services_reached_from_outside_are_disguises_of_the_ingress_stage():
    service = Service("shop", "web", Selector.EVERYTHING, (ServicePort(80, 8080, Protocol.TCP),), True, False)
    kept = Service("shop", "db", Selector.EVERYTHING, (ServicePort(80, 8080, Protocol.TCP),), True, True)
    egress, ingress = stages(services=(service, kept))
    assert egress.disguises == ()
    assert [disguise.id for disguise in ingress.disguises] == ["shop/web", "host-port"]
    assert OnPorts(Protocol.TCP, PortSet.of(8080)) in list(leaves(ingress.disguises[0].when))
    assert ingress.disguises[1].when == OnHostPort()


@pytest.mark.parametrize("name", ["generic", "aws-vpc-cni", "calico"])
def test_ways_through_services_are_seen_by_engines_that_look_before_the_translation(name):
    service = Service(
        "shop",
        "web",
        Selector.EVERYTHING,
        (ServicePort(80, 8080, Protocol.TCP),),
        False,
        False,
        addresses=(ip_address("10.96.0.1"),),
    )
    egress, ingress = stages(services=(service,), profile=PROFILES[name])
    assert len(egress.ways) == (name != "calico")
    assert ingress.ways == ()


def test_a_rule_parts_into_what_it_means_by_address_and_by_end():
    ports = (ServicePort(80, 8080, Protocol.TCP),)
    service = Service("shop", "web", Selector.EVERYTHING, ports, False, False, addresses=(ip_address("10.96.0.1"),))
    read = policy(rule(BLOCK, NodePeer(Selector.EVERYTHING)), is_egress=True)
    egress, _ = stages(read, services=(service,))
    (entry,) = egress.tiers[1].entries
    read = entry.rules[0]
    assert either([read.by_address, read.by_end]) == read.when
    assert isinstance(read.by_address, Member)
    assert isinstance(read.by_address.ends, AtAddress)


def test_a_pipeline_is_read_once():
    cluster = Cluster(policies=(policy(rule()),))
    assert pipeline_of(GENERIC, cluster) is pipeline_of(GENERIC, cluster)
