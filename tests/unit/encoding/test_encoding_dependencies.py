"""What an answer stands on changes with all that can change the answer, and with nothing far from it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from evaluators import EVERYTHING, question
from in_short import namespace

from analyzer.encoding import dependencies_of
from analyzer.model.cluster import Cluster, Node, Service, ServicePort, Unmodelled, Workload
from analyzer.model.ends import pods_in
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    NamespaceNamed,
    NamespacesMatching,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.sets import AddressSet

IN_A, IN_B = (pods_in(NamespaceNamed(name)) for name in "ab")
ASKED = replace(question(replace(EVERYTHING, sources=IN_A, destinations=IN_B), PROFILES["generic"]), pod_addresses=None)
FROM_ANYWHERE = replace(ASKED, claim=replace(EVERYTHING, destinations=IN_B))
HERE = Source("f.yaml", 1)
TEAM = NamespacesMatching(Selector((Requirement("team", Operator.EXISTS),)))


def policy(where: str, *peers: PodPeer, out: bool = False, source: Source = HERE) -> Policy:
    rules = (Rule(Action.ACCEPT, peers or None, None, 0, source),)
    sides = {"egress": rules, "ingress": None} if out else {"ingress": rules, "egress": None}
    return Policy(
        "NetworkPolicy", where, "p", Tier.NETWORK_POLICY, PodPeer(NamespaceNamed(where)), **sides, source=source
    )


def workload(where: str, ip: str = "", **more: bool) -> Workload:
    return Workload("Deployment", where, "w", Labels(), ips=(ip_address(ip),) if ip else (), **more)


def node(ip: str, cidr: str = "10.0.0.0/24") -> Node:
    return Node("n", Labels(), (ip_address(ip),), AddressSet.of(cidr))


def odd(where: str) -> Unmodelled:
    return Unmodelled("Odd", "v1", where, "odd", True, True, False, Source("f.yaml", 9))


def service(where: str) -> Service:
    return Service(where, "s", Selector.EVERYTHING, (ServicePort(80, 80, Protocol.TCP),), True, False)


BASE = Cluster(
    (namespace("a"), namespace("b"), namespace("c")), (workload("c"),), (node("192.168.0.1"),), policies=(policy("b"),)
)


def is_other(question_, **changes) -> bool:
    return dependencies_of(replace(BASE, **changes), question_) != dependencies_of(BASE, question_)


def test_what_can_change_an_answer_changes_what_it_stands_on() -> None:
    steady = policy("b")
    for changes in (
        {"namespaces": (namespace("a", team="x"), *BASE.namespaces[1:])},
        {"namespaces": (*BASE.namespaces, namespace("d"))},
        {"policies": ()},
        {"policies": (policy("b", PodPeer(TEAM)),)},
        {"policies": (policy("b", source=Source("f.yaml", 2)),)},
        {"policies": (steady, policy("a", out=True))},
        {"policies": (steady, policy("c", PodPeer(TEAM)))},  # a namespace to come may be chosen by it
        {"workloads": (*BASE.workloads, workload("a"))},
        {"workloads": (*BASE.workloads, workload("b"))},
        {"workloads": (*BASE.workloads, workload("c", host_network=True))},
        {"workloads": (workload("c", "10.7.0.1"),)},
        {"nodes": (node("192.168.0.2"),)},
        {"nodes": (node("192.168.0.1", "10.1.0.0/24"),)},
        {"nodes": ()},
        {"unmodelled": (odd("a"),)},
        {"unmodelled": (odd("c"),)},
    ):
        assert is_other(ASKED, **changes), changes
    assert is_other(FROM_ANYWHERE, services=(service("b"),))
    assert is_other(ASKED, services=(service("b"),))
    assert dependencies_of(BASE, ASKED) != dependencies_of(BASE, FROM_ANYWHERE)
    turned = replace(ASKED, claim=replace(EVERYTHING, sources=IN_B, destinations=IN_A))
    assert dependencies_of(replace(BASE, policies=()), ASKED) != dependencies_of(replace(BASE, policies=()), turned)


def test_what_is_far_from_an_answer_does_not() -> None:
    for changes in (
        {"policies": (*BASE.policies, policy("c"))},
        {"policies": (*BASE.policies, policy("a"), policy("b", out=True))},
        {"workloads": (*BASE.workloads, replace(workload("c"), name="more"))},
        {"services": (service("a"),)},
    ):
        assert not is_other(ASKED, **changes), changes


def test_what_an_answer_stands_on_is_said_part_by_part() -> None:
    cluster = replace(
        BASE, workloads=(workload("a"), workload("c", "10.7.0.1", host_network=True)), services=(service("b"),)
    )
    found = dependencies_of(cluster, FROM_ANYWHERE)
    assert [entry.name for entry in found.namespaces] == ["a", "b", "c", None, None]
    assert found.workloads == ((workload("a"),), (), cluster.workloads[1:], (), ())
    kept = [[entry.policy for tier in stage.tiers for entry in tier.entries] for stage in (found.egress, found.ingress)]
    assert kept == [[], list(BASE.policies)]
    assert (found.src.kinds > found.dst.kinds, found.has_host_network) == (True, True)
    assert [it.id for it in found.ingress.disguises] == ["b/s", "host-port"]
    assert (found.nodes, found.unmodelled, found.namespace_tests) == (BASE.nodes, (), frozenset())
    assert found.pod_addresses == AddressSet.of("10.0.0.0/24")
    assert found.taken == AddressSet.of("10.7.0.1", "192.168.0.1")
    assert not found.vocabulary.needs_addresses
    assert [len(dependencies_of(cluster, ASKED).workloads), len(dependencies_of(BASE, FROM_ANYWHERE).workloads)] == [
        2,
        5,
    ]
