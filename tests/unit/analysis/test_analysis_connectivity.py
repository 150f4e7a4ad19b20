"""The map engine's parts: cells of addresses, partitions, classes, and rulings that the laws seldom meet."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis import connectivity
from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.classes import EndClass, Sort
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.views import Classes
from analyzer.model import formulas
from analyzer.model.cluster import Cluster, ContainerPort, Namespace, Node, Service, ServicePort, Workload
from analyzer.model.formulas import Attribute, Name, OnNodes, Role
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
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
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE
from analyzer.semantics.partitions import joined, mapped, refined
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.connectivity import AddressRange, bit_indices, bits_of, end_id

CILIUM = PROFILES["cilium"]
GENERIC = PROFILES["generic"]  # which reads policies as they are written
EVERYONE = PodPeer(NamespacesMatching(Selector.EVERYTHING))


def workload(name: str, namespace: str = "a", **labels: str) -> Workload:
    return Workload("Deployment", namespace, name, Labels(labels))


def cluster(*workloads: Workload, policies: tuple[Policy, ...] = (), **rest) -> Cluster:
    names = sorted({w.namespace for w in workloads})
    namespaces = tuple(Namespace(n, Labels({NAMESPACE_NAME_LABEL: n}), True) for n in names)
    return Cluster(namespaces, workloads, policies=policies, **rest)


def admin(*rules: Rule, priority: int = 0, name: str = "admin", tier: Tier = Tier.ADMIN) -> Policy:
    return Policy("ClusterNetworkPolicy", None, name, tier, EVERYONE, None, rules, NOWHERE, priority)


def rule(action: Action, *peers, ports=None, index: int = 0) -> Rule:
    return Rule(action, peers or None, ports, index, NOWHERE)


def row(found, src: str, dst: str):
    return next(
        (r for s, d, r in found.pairs() if (end_id(s).startswith(src), end_id(d).startswith(dst)) == (True, True)), None
    )


# ------------------------------------------------------------------------------------------------ parts
@given(st.sets(st.integers(0, 200)))
def test_bits_are_indices(indices):
    assert list(bit_indices(bits_of(indices))) == sorted(indices)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5))
def test_cells_are_told_apart_by_the_sets_they_lie_in(spans):
    sets = [AddressSet(((min(s), max(s)),), ()) for s in spans]
    domain = AddressSet(((3, 40),), ())
    found = cells(sets, domain)
    for value in range(45):
        here = [key for key, addresses in found.items() if any(low <= value <= high for low, high in addresses.v4)]
        expected = sum(1 << i for i, s in enumerate(spans) if min(s) <= value <= max(s))
        assert here == ([expected] if 3 <= value <= 40 else [])


def test_partitions():
    parts = refined({"x": 0b1111}, [(0b0011, "1"), (0b0100, "2")], str.__add__)
    assert parts == {"x1": 0b0011, "x2": 0b0100, "x": 0b1000}
    assert joined(parts, {"y": 0b0110}, str.__add__) == {"x1y": 0b0010, "x2y": 0b0100}
    assert mapped(parts, len) == {2: 0b0111, 1: 0b1000}


# ------------------------------------------------------------------------------------------------ classes
def test_workloads_that_no_policy_tells_apart_are_one_class():
    subject = PodPeer(NamespaceNamed("a"), Selector((Requirement("app", Operator.IN, frozenset({"web"})),)))
    policy = Policy("NetworkPolicy", "a", "p", Tier.NETWORK_POLICY, subject, (), None, NOWHERE)
    here = cluster(
        workload("one", app="x", team="1"),
        workload("two", app="y"),
        workload("three", app="web"),
        workload("four", "b", app="x"),
        policies=(policy,),
    )
    found = connectivity(here, CILIUM)
    inside = [[found.ends[i].name for i in c] for c in found.classes if isinstance(found.ends[c[0]], Workload)]
    assert sorted(map(sorted, inside)) == [["four"], ["one", "two"], ["three"]]


def test_workloads_of_one_class_reach_one_another_but_not_themselves():
    found = connectivity(cluster(workload("one"), workload("two")), CILIUM)
    pairs = {(end_id(s), end_id(d)) for s, d, _ in found.pairs() if not isinstance(s, AddressRange)}
    assert ("a/one[Deployment]", "a/two[Deployment]") in pairs
    assert all(src != dst for src, dst in pairs)


def test_known_addresses_are_not_outside():
    here = replace(workload("one"), ips=tuple(AddressSet.of("10.0.0.1/32").networks()[0].hosts()))
    found = connectivity(cluster(here), CILIUM)
    ranges = [end_id(end) for end in found.ends if isinstance(end, AddressRange)]
    assert ranges[:2] == ["0.0.0.0-10.0.0.0", "10.0.0.2-255.255.255.255"]


def test_a_pod_of_one_family_opens_nothing_to_the_other():
    here = replace(workload("one"), ips=tuple(AddressSet.of("10.0.0.1/32").networks()[0].hosts()))
    found = connectivity(cluster(here), CILIUM)
    assert {d.low.version for s, d, _ in found.pairs() if isinstance(d, AddressRange)} == {4}


# ------------------------------------------------------------------------------------------------ addresses
def at(*addresses: str, sort: Sort = Sort.POD) -> EndClass:
    ips = tuple(map(ip_address, addresses))
    return EndClass(sort, "a", ips=ips, is_address_known=bool(ips))


def test_an_address_that_one_pod_has_is_no_other_pods() -> None:
    here = replace(workload("one"), ips=(ip_address("10.0.0.1"),))
    index = EndIndex(cluster(here), [at("10.0.0.1"), at()], AddressSet.of("10.0.0.0/30"))
    assert index.at(AddressSet.of("10.0.0.1"), 4) == (0b01, 0b01)
    assert index.at(AddressSet.of("10.0.0.2"), 4) == (0b10, 0)


def test_a_pod_on_some_node_may_be_on_each() -> None:
    nodes = tuple(
        Node(name, Labels({"k": name}), (ip_address(ip),), AddressSet.EMPTY)
        for name, ip in (("x", "10.9.0.1"), ("y", "10.9.0.2"))
    )
    ends = [at("10.9.0.1", "10.9.0.2", sort=Sort.HOST_POD), at("10.9.0.1", sort=Sort.HOST_POD)]
    index = EndIndex(cluster(nodes=nodes), ends, AddressSet.FULL)
    on_x = OnNodes(formulas.Test(Attribute(Role.SELF, Name.LABEL, "k"), frozenset({"x"})))
    assert Classes(index, index.everything, 4, 0, {}).among(on_x) == (0b11, 0b10)


# ------------------------------------------------------------------------------------------------ rulings
def test_the_same_domain_name_is_settled_once():
    """Accept what the name means, deny what the name means: both cannot be, so all is certain."""
    name = DomainPeer(("a.example",))
    policies = (
        admin(rule(Action.ACCEPT, name)),
        admin(rule(Action.DENY, name), name="base", tier=Tier.BASELINE),
    )
    found = row(connectivity(cluster(workload("one"), policies=policies), GENERIC), "a/one", "0.0.0.0")
    assert found.certain == ConnectionSet.FULL


def test_many_domain_names_are_each_open():
    rules = [rule(Action.DENY, DomainPeer((f"{n}.example",)), index=n) for n in range(9)]
    found = row(connectivity(cluster(workload("one"), policies=(admin(*rules),)), GENERIC), "a/one", "0.0.0.0")
    assert found.allowed == ConnectionSet.FULL
    assert found.certain == ConnectionSet.EMPTY


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("tier", [Tier.ADMIN, Tier.NETWORK_POLICY])
def test_port_names_are_looked_up_on_each_destination(direction: Direction, tier: Tier) -> None:
    """Whichever end the policies are asked at: it is the far end of the one stage and the near end of the other."""
    web, dns = (
        replace(workload(name), ports=(ContainerPort("main", number, Protocol.TCP),))
        for name, number in (("web", 80), ("dns", 53))
    )
    named = rule(Action.ACCEPT, EVERYONE, ports=(NamedPort("main", None),))
    rules = (named, rule(Action.DENY, EVERYONE, index=1)) if tier is Tier.ADMIN else (named,)
    sides = {each.value: rules if each is direction else None for each in Direction}
    policy = replace(admin(), tier=tier, **sides)
    found = connectivity(cluster(web, dns, workload("none"), policies=(policy,)), CILIUM)
    assert row(found, "a/none", "a/web").allowed == ConnectionSet(tcp=PortSet.of(80))
    assert row(found, "a/none", "a/dns").allowed == ConnectionSet(tcp=PortSet.of(53))
    assert row(found, "a/web", "a/none") is None


def test_what_a_service_brings_by_the_own_node_is_a_notice():
    subject = PodPeer(NamespaceNamed("a"))
    policy = Policy("NetworkPolicy", "a", "p", Tier.NETWORK_POLICY, subject, (), None, NOWHERE)
    service = Service("a", "front", Selector.EVERYTHING, (ServicePort(80, 8080, Protocol.TCP),), True, False)
    found = connectivity(cluster(workload("one"), policies=(policy,), services=(service,)), CILIUM)
    (notice,) = found.notices
    assert "Service a/front may bring clients outside, and pods, to its pods on TCP 8080" in notice.message
    assert not any(row.allowed.tcp for s, _, row in found.pairs() if isinstance(s, AddressRange))


def test_namespaces_that_nobody_declares_are_a_notice():
    here = cluster(workload("one"), policies=(admin(rule(Action.PASS, EVERYONE)),))
    here = replace(here, namespaces=(replace(here.namespaces[0], is_declared=False),))
    assert any("namespace `a` is not declared" in notice.message for notice in connectivity(here, CILIUM).notices)


def test_policies_of_one_priority_that_disagree_leave_it_open():
    """Where only one of them matches, it decides, and nothing after it is asked."""
    policies = (
        admin(rule(Action.DENY, EVERYONE, ports=(NumberedPorts(Protocol.TCP, 80, 82),)), name="one"),
        admin(rule(Action.ACCEPT, EVERYONE, ports=(NumberedPorts(Protocol.TCP, 82, 84),)), name="two"),
        admin(rule(Action.DENY, EVERYONE), name="later", priority=1),
    )
    found = row(connectivity(cluster(workload("x"), workload("y"), policies=policies), GENERIC), "a/x", "a/y")
    assert found.allowed == ConnectionSet(tcp=PortSet.of((82, 84)))
    assert found.certain == ConnectionSet(tcp=PortSet.of((83, 84)))
