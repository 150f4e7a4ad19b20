"""What an obligation says beside its formula: open facts, tracked rules, cuts."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import product

from evaluators import EVERYTHING, question

from analyzer.encoding import Attribute, encode, encode_pair
from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.terms import Script
from analyzer.encoding.variables import ADDRESSES
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster, Namespace, Service, ServicePort, Unmodelled
from analyzer.model.ends import ANYTHING, external, pods_in
from analyzer.model.formulas import Role
from analyzer.model.knobs import NamedPorts
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    RuleRef,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.sets import AddressSet
from analyzer.solving import Budget, Session

EVERYWHERE = NamespacesMatching(Selector.EVERYTHING)
NAMESPACES = tuple(Namespace(name, Labels({NAMESPACE_NAME_LABEL: name}), True) for name in ("a", "b"))
GENERIC = PROFILES["generic"]


def at(line: int) -> Source:
    return Source("f.yaml", line)


def admin(name: str, direction: Direction, *rules: Rule, priority: int = 1) -> Policy:
    sides = {direction.value: rules} | {d.value: () for d in Direction if d is not direction}
    subject = PodPeer(EVERYWHERE)
    return Policy("AdminNetworkPolicy", None, name, Tier.ADMIN, subject, **sides, source=at(1), priority=priority)


def network_policy(namespace: str, name: str, *rules: Rule, line: int = 2) -> Policy:
    subject = PodPeer(NamespaceNamed(namespace), Selector((Requirement("k", Operator.EXISTS),)))
    return Policy("NetworkPolicy", namespace, name, Tier.NETWORK_POLICY, subject, rules, None, at(line))


def rule(action: Action, *peers: PodPeer | DomainPeer | AddressPeer, ports=None, index: int = 0, line: int = 3) -> Rule:
    return Rule(action, peers or None, ports, index, at(line))


def test_every_open_fact_is_one_of_its_own_and_says_what_is_open() -> None:
    """Two facts under one name would be settled together, which nothing says."""
    names = [rule(Action.ACCEPT, DomainPeer(("x.org", "y.org"))), rule(Action.DENY, PodPeer(EVERYWHERE), index=1)]
    named = tuple(NamedPort(name, protocol) for name in ("web", "dns") for protocol in (Protocol.TCP, None))
    odd = [
        Unmodelled("CiliumNetworkPolicy", "cilium.io/v2", where, "odd", True, True, False, at(4), "", "1")
        for where in ("a", None)
    ]
    cluster = Cluster(
        NAMESPACES,
        policies=(
            admin("one", Direction.EGRESS, *names),
            admin("two", Direction.EGRESS, rule(Action.PASS), priority=1),
            network_policy("a", "p", rule(Action.ACCEPT, ports=named)),
            admin("three", Direction.INGRESS, rule(Action.DENY, ports=named[:1], line=7)),
            admin("three", Direction.EGRESS, rule(Action.DENY, ports=named[:1]), priority=2),
        ),
        services=(
            Service("a", "front", Selector.EVERYTHING, (ServicePort(80, 80, Protocol.TCP),), True, False, source=at(5)),
        ),
        unmodelled=tuple(odd),
    )
    union = replace(GENERIC, named_ports=NamedPorts.UNION)
    found = encode(cluster, question(EVERYTHING, union)).opens.values()
    verbs = {"denies": "deny", "allows": "allow"}
    assert {(fact.kind, fact.id): fact.text for fact in found} == {
        ("domain", "x.org"): "which addresses the domain name `x.org` stands for is not known",
        ("domain", "y.org"): "which addresses the domain name `y.org` stands for is not known",
        ("tie", "tie egress AdminNetworkPolicy one AdminNetworkPolicy two 0"): (
            "equal priority 1: the order of AdminNetworkPolicy one (f.yaml:1) and AdminNetworkPolicy two (f.yaml:1) "
            "is not defined"
        ),
        ("other-protocols", "isolation"): "what isolation does to protocols without ports is not specified",
        **{
            ("named-port-union", f"a (k) {name} TCP"): (
                f"NetworkPolicy a/p (f.yaml:2) opens port name `{name}` on all its subjects, and whether one of them "
                "declares it as this port is not known"
            )
            for name in ("web", "dns")
        },
        ("named-port-union", "() () web TCP"): (
            "AdminNetworkPolicy three (f.yaml:1) opens port name `web` on all its subjects, and whether one of them "
            "declares it as this port is not known"
        ),
        ("service-source", "service-source a/front"): (
            "Service a/front (f.yaml:5) may hide the source's address behind a node's"
        ),
        ("service-source", "service-source own-node"): ("traffic through a Service may come from the pod's own node"),
        **{
            ("unmodelled", f"{thing.id} 1 {direction.value} {effect}"): (
                f"{thing.id} (f.yaml:4) is not modelled and may {verb} {direction.value} traffic"
            )
            for thing in odd
            for direction in Direction
            for effect, verb in verbs.items()
        },
    }
    ties = encode(cluster, question(replace(EVERYTHING, kind=Kind.NEVER_TIE), union)).opens.values()
    assert {fact.id for fact in ties} >= {"x.org", "() () web TCP"}


def test_cuts_are_where_ports_and_addresses_begin_to_mean_something_else() -> None:
    block = AddressPeer(AddressSet.of("203.0.113.0/24"), "203.0.113.0/24")
    ports = (NumberedPorts(Protocol.TCP, 80, 82), NumberedPorts(Protocol.UDP, 53))
    cluster = Cluster(NAMESPACES, policies=(network_policy("a", "p", rule(Action.ACCEPT, block, ports=ports)),))
    claim = Claim(Kind.NO, ANYTHING, ANYTHING, (NumberedPorts(Protocol.TCP),))
    other = rule(Action.DENY, ports=(NumberedPorts(Protocol.TCP, 90),))
    found = encode(cluster, question(claim, GENERIC)).variables
    assert found[Role.CONNECTION, Attribute.PORT].boundaries == (53, 54, 80, 83)
    assert [low for low, _ in found[Role.CONNECTION, Attribute.PORT].atoms()] == [1, 53, 54, 80, 83]
    edges = {int(ip_address(text)) for text in ("203.0.113.0", "203.0.114.0")}
    known, unknown = (found.find(Role.SRC, attribute, 4).boundaries for attribute in ADDRESSES)
    assert edges <= set(known)
    assert known == unknown
    has_boundaries = {(v.attribute, v.which) for v in found if v.boundaries is not None}
    assert has_boundaries == {(Attribute.PORT, ""), *product(ADDRESSES, (4, 6))}
    pair = encode_pair(
        cluster, Cluster(NAMESPACES, policies=(admin("x", Direction.INGRESS, other),)), question(claim, GENERIC)
    )
    assert pair.variables[Role.CONNECTION, Attribute.PORT].boundaries == (53, 54, 80, 83, 90, 91)


def tracked(cluster: Cluster, kind: Kind) -> set[tuple[str, Direction, int | None]]:
    claim = replace(EVERYTHING, kind=kind)
    refs = encode(cluster, question(claim, GENERIC)).tracks.values()
    return {(ref.policy.name, ref.direction, ref.rule and ref.rule.index) for ref in refs}


def test_what_a_proof_can_rest_on_is_tracked() -> None:
    """Isolation and denials where nothing may get through, what lets through where all must; a Pass for either."""
    nobody = PodPeer(NamespaceNamed("a"), Selector((Requirement("k", Operator.IN),)))
    rules = (rule(Action.PASS), rule(Action.DENY, index=1), rule(Action.ACCEPT, index=2))
    below = replace(admin("last", Direction.INGRESS, *rules), tier=Tier.BASELINE)
    allows = network_policy("a", "p", rule(Action.ACCEPT), rule(Action.ACCEPT, nobody, index=1))
    cluster = Cluster(NAMESPACES, policies=(admin("first", Direction.INGRESS, *rules), allows, below))
    passes = {("first", Direction.INGRESS, 0), ("last", Direction.INGRESS, 0)}
    assert tracked(cluster, Kind.NO) == passes | {
        ("first", Direction.INGRESS, 1),
        ("p", Direction.INGRESS, None),
        ("last", Direction.INGRESS, 1),
    }
    for kind in (Kind.EVERY, Kind.SOME):
        assert tracked(cluster, kind) == passes | {
            ("first", Direction.INGRESS, 2),
            ("p", Direction.INGRESS, 0),
            ("last", Direction.INGRESS, 2),
        }
    assert tracked(cluster, Kind.NO_NEW) == tracked(cluster, Kind.NO)
    assert not encode_pair(cluster, Cluster(NAMESPACES), question(EVERYTHING, GENERIC)).tracks


def test_what_describes_a_connection_is_told_from_what_counts_and_what_is_open() -> None:
    block = rule(Action.ACCEPT, AddressPeer(AddressSet.of("203.0.113.0/24"), ""))
    cluster = Cluster(NAMESPACES, policies=(network_policy("a", "p", block),))
    found = encode(cluster, question(EVERYTHING, GENERIC))
    named = {"universe", "violation", "in-scope", "condition", "in-src", "in-dst", "outside"}
    assert set(found.symbols) == named | set(found.fields) | set(found.tracks) | set(found.opens)
    assert not {*found.fields} & {*found.tracks, *found.opens, *named}
    ends = product((Role.SRC, Role.DST), (Attribute.UNKNOWN_ADDRESS,), (4, 6))
    assert {(v.role, v.attribute, v.which) for v in found.variables if v.is_open} == {*ends}
    assert found.policies == 1
    alone = encode(cluster, question(Claim(Kind.ISOLATED, ANYTHING, None, (), directions=tuple(Direction)), GENERIC))
    assert not alone.variables.of(Role.DST)


def test_the_parts_of_a_claim_can_be_asked_about_alone() -> None:
    """Whether a set has members at all, and whether an end is outside."""
    in_a, nowhere = (pods_in(NamespaceNamed(name)) for name in ("a", "nowhere"))
    outside = external(AddressSet.of("203.0.113.0/24"), "")
    for sources, destinations, expected in (
        (in_a, outside, {"in-src", "in-dst", "outside"}),
        (outside, in_a, {"in-src", "in-dst", "outside"}),
        (in_a, in_a, {"in-src", "in-dst"}),
        (in_a, nowhere, {"in-src"}),
        (nowhere, in_a, {"in-dst"}),
    ):
        claim = Claim(Kind.NO, sources, destinations, EVERYTHING.ports)
        asked = encode(Cluster(NAMESPACES), question(claim, GENERIC, Universe.NAMESPACES))
        session = Session(asked.text, asked.symbols, Budget())
        assert {name for name in ("in-src", "in-dst", "outside") if session.check(name).is_sat} == expected


def test_one_fact_and_one_rule_have_one_name() -> None:
    script = Script()
    assertions = AssertionNames(script)
    facts = [OpenFact("domain", name, name) for name in ("x", "y", "x")]
    assert [assertions.open(fact) for fact in facts] == ["o0", "o1", "o0"]
    policy = network_policy("a", "p", rule(Action.ACCEPT))
    refs = [RuleRef(policy, direction, of) for direction in Direction for of in (None, policy.ingress[0])]
    assert [assertions.track(ref) for ref in (*refs, *refs)] == ["k0", "k1", "k2", "k3"] * 2
    assert list(assertions.tracks.values()) == refs
    assert list(assertions.opens.values()) == facts[:2]
    said = ["; o0: x", "; k0: NetworkPolicy a/p egress f.yaml:2", "; k3: NetworkPolicy a/p ingress f.yaml:3"]
    assert [line for line in said if line not in script.text.splitlines()] == []
