"""Claims as terms: which connections they speak of and which break them, at single connections."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import permutations, product

import pytest
from evaluators import EVERYTHING
from trials import Asked, Encoded, by_oracle

from analyzer.model.claims import Claim, Excuse, Kind, is_equal
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Namespace, Workload
from analyzer.model.endpoints import Connection, External, Pod, pod_of
from analyzer.model.ends import ANYTHING, NODES, pods_in, pods_of_workload
from analyzer.model.formulas import Attribute, Formula, Name, Role, either
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import (
    Action,
    Direction,
    NamedPort,
    NamespaceNamed,
    NumberedPorts,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES, Profile
from analyzer.model.source import NOWHERE

NAMESPACE = Namespace("a", Labels({NAMESPACE_NAME_LABEL: "a"}), True)
CLIENT = Pod("a", NAMESPACE.labels, Labels(), ip_address("10.0.0.1"))


def breaks(claim: Claim, connection: Connection, cluster: Cluster, profile: Profile = PROFILES["generic"]) -> bool:
    """Whether the connection breaks the claim; it can be in the universe, and nothing is open."""
    (found,) = Encoded(Asked(cluster, profile, claim)).answer(connection) or ()
    return found


def test_a_question_finds_named_ports_on_the_nodes_network_too() -> None:
    """Policies do not (reference A7.5)."""
    ports = (ContainerPort("web", 80, Protocol.TCP, ContainerKind.CONTAINER),)
    server = Workload("Deployment", "a", "w", Labels(), ports=ports, host_network=True)
    cluster = Cluster((NAMESPACE,), (server,))
    claim = Claim(Kind.NO, ANYTHING, ANYTHING, (NamedPort("web", Protocol.TCP),))
    there = pod_of(server, NAMESPACE.labels, ip_address("192.168.1.1"))
    found = {port: breaks(claim, Connection(CLIENT, there, Protocol.TCP, port), cluster) for port in (80, 81)}
    assert found == {80: True, 81: False}


def test_addresses_outside_have_no_ports_with_names() -> None:
    claim = Claim(Kind.NO, ANYTHING, ANYTHING, (NamedPort("web", Protocol.TCP),))
    out = Connection(CLIENT, External(ip_address("203.0.113.1")), Protocol.TCP, 80)
    assert breaks(EVERYTHING, out, Cluster((NAMESPACE,)))
    assert not breaks(claim, out, Cluster((NAMESPACE,)))


@pytest.mark.parametrize("is_supported", [True, False])
def test_ranges_of_a_question_are_whole_whatever_an_engine_makes_of_those_of_policies(is_supported: bool) -> None:
    span = (NumberedPorts(Protocol.TCP, 80, 82),)
    subject = PodPeer(NamespaceNamed("a"))
    rules = (Rule(Action.ACCEPT, None, span, 0, NOWHERE),)
    policy = Policy("NetworkPolicy", "a", "p", Tier.NETWORK_POLICY, subject, rules, None, NOWHERE)
    profile = replace(PROFILES["generic"], enforce_endport=is_supported)
    server = replace(CLIENT, ip=ip_address("10.0.0.2"))
    found = {}
    for ports, policies in ((span, ()), (EVERYTHING.ports, (policy,))):
        claim, cluster = Claim(Kind.NO, ANYTHING, ANYTHING, ports), Cluster((NAMESPACE,), policies=policies)
        connections = [Connection(CLIENT, server, Protocol.TCP, port) for port in (79, 80, 81, 82, 83)]
        found[bool(policies)] = [c.port for c in connections if breaks(claim, c, cluster, profile)]
    assert found == {False: [80, 81, 82], True: [80, 81, 82] if is_supported else [80]}


def test_an_excuse_excuses_its_own_ends_and_ports() -> None:
    server = replace(CLIENT, ip=ip_address("10.0.0.2"))
    in_a, nowhere = (pods_in(NamespaceNamed(name)) for name in ("a", "nowhere"))
    on_80 = (NumberedPorts(Protocol.TCP, 80),)
    for excuse, left in (
        (Excuse(in_a, in_a, on_80), [81]),
        (Excuse(in_a, in_a), []),
        (Excuse(nowhere, in_a, on_80), [80, 81]),
        (Excuse(in_a, nowhere, on_80), [80, 81]),
    ):
        claim = replace(EVERYTHING, excuses=(excuse,))
        connections = [Connection(CLIENT, server, Protocol.TCP, port) for port in (80, 81)]
        assert [c.port for c in connections if breaks(claim, c, Cluster((NAMESPACE,)))] == left


APP = Attribute(Role.SRC, Name.LABEL, "app")
NAMES = [Attribute(role, Name.NAMESPACE) for role in (Role.SRC, Role.DST)]
SETS = (pods_of_workload("a", "w"), pods_in(NamespaceNamed("a")), NODES, ANYTHING)


@pytest.mark.parametrize("kind", [Kind.NO, Kind.EVERY, Kind.SOME, Kind.ONLY, Kind.REACHES_ONLY])
@pytest.mark.parametrize(
    "where", [None, either((is_equal(APP, "x"), is_equal(APP, "y"))), is_equal(NAMES[0], NAMES[1])]
)
def test_claims_of_every_kind(kind: Kind, where: Formula | None) -> None:
    """What the oracle says of each of a few connections, a named port of a policy on a node's network among them."""
    named = Rule(Action.ACCEPT, None, (NamedPort("web", Protocol.TCP),), 0, NOWHERE)
    out = Policy("NetworkPolicy", "b", "p", Tier.NETWORK_POLICY, PodPeer(NamespaceNamed("b")), None, (named,), NOWHERE)
    elsewhere = Namespace("b", Labels({NAMESPACE_NAME_LABEL: "b"}), True)
    ports = (ContainerPort("web", 80, Protocol.TCP, ContainerKind.CONTAINER),)
    workloads = [
        Workload("Deployment", "a", "w", Labels({"app": "x"}), ports=ports, host_network=on) for on in (False, True)
    ]
    ends = [
        pod_of(workloads[0], NAMESPACE.labels, ip_address("10.0.0.3")),
        pod_of(workloads[1], NAMESPACE.labels, ip_address("192.168.0.1")),
        Pod("b", elsewhere.labels, Labels({"app": "y"}), ip_address("10.0.0.2"), ports=ports),
        External(ip_address("203.0.113.1")),
        CLIENT,
    ]
    for place, sources, destinations in product((0, 1), SETS, SETS):
        cluster = Cluster((NAMESPACE, elsewhere), (workloads[place],), policies=(out,))
        asked = Asked(cluster, PROFILES["generic"], Claim(kind, sources, destinations, EVERYTHING.ports, where=where))
        encoded = Encoded(asked)
        for src, dst in permutations([ends[place], *ends[2:]], 2):
            connection = Connection(src, dst, Protocol.TCP, 80)
            assert encoded.agrees(connection, by_oracle(asked, connection)), connection


@pytest.mark.parametrize("profile", ["generic", "none"])
@pytest.mark.parametrize("direction", Direction)
def test_claims_about_isolation(profile: str, direction: Direction) -> None:
    """Of the pods that the condition speaks of only, and by direction."""
    subject = PodPeer(NamespaceNamed("a"))
    closed = Policy("NetworkPolicy", "a", "p", Tier.NETWORK_POLICY, subject, (), None, NOWHERE)
    claim = Claim(Kind.ISOLATED, ANYTHING, None, (), where=is_equal(APP, "x"), directions=(direction,))
    asked = Asked(Cluster((NAMESPACE,), policies=(closed,)), PROFILES[profile], claim)
    for app, is_spoken_of in (("x", True), ("y", False)):
        pod = replace(CLIENT, labels=Labels({"app": app}))
        is_isolated = direction is Direction.INGRESS and profile == "generic"
        assert Encoded(asked).answer(pod) == {is_spoken_of and not is_isolated}
