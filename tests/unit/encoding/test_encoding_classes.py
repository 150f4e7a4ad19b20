"""Which workloads and nodes are classes of their own, and what is known of each class."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from evaluators import EVERYTHING, question

from analyzer.encoding.classes import EndClass, declares, end_classes
from analyzer.encoding.domains import Attr
from analyzer.encoding.reach import HOST, POD
from analyzer.encoding.scope import scope_of
from analyzer.encoding.vocabulary import PortName
from analyzer.model.claims import Assumption, Claim, Kind, Universe, is_equal, is_there
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Namespace, Node, Workload
from analyzer.model.ends import ANYTHING, NODES, external, pods_in, pods_of_workload
from analyzer.model.formulas import Attribute, Name, OfWorkload, Role, both
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import NamedPort, NamespaceNamed, Protocol
from analyzer.model.profile import PROFILES
from analyzer.sets import AddressSet, PortSet

GENERIC = PROFILES["generic"]
TCP = Protocol.TCP
IPS = tuple(map(ip_address, ("10.0.0.1", "10.0.0.2")))
NODE_IP = (ip_address("192.168.0.1"),)
WEB = ContainerPort("web", 80, TCP, ContainerKind.CONTAINER)
ONE = Workload("Pod", "a", "one", Labels({"app": "x"}), "worker", (WEB,), ips=IPS[:1], nodes=("n",), is_single=True)
TWIN = replace(ONE, name="twin", ips=IPS[1:])
MANY = replace(ONE, kind="Deployment", name="many", is_single=False, ips=(), nodes=("n", "m"))
OTHER = Workload("Deployment", "a", "other", Labels({"app": "y"}))
AGENT = Workload("DaemonSet", "b", "agent", Labels(), host_network=True, nodes=("n",))
NODE = Node("n", Labels({"app": "x"}), NODE_IP, AddressSet.EMPTY)
NAMESPACES = tuple(Namespace(name, Labels({NAMESPACE_NAME_LABEL: name}), True) for name in ("a", "b"))
CLUSTER = Cluster(NAMESPACES, (ONE, TWIN, MANY, OTHER, AGENT), (NODE,))
APP, ACCOUNT = (Attribute(Role.SRC, *what) for what in ((Name.LABEL, "app"), (Name.SERVICE_ACCOUNT,)))
POD_APP, SA = Attr("pod", "app"), Attr("sa")
WHERE = both((is_equal(APP, "x"), is_equal(ACCOUNT, "worker")))
BLOCK = external(AddressSet.of("203.0.113.0/24"), "")


def classes(claim: Claim, universe: Universe, *, cluster: Cluster = CLUSTER, assumptions=()) -> tuple[EndClass, ...]:
    return end_classes(scope_of(cluster, replace(question(claim, GENERIC, universe), assumptions=assumptions)))


def members(claim: Claim, universe: Universe, **more) -> list[list[str]]:
    """The names in each class."""
    return [[c.node.name] if c.node else [w.name for w in c.members] for c in classes(claim, universe, **more)]


def test_what_the_question_tells_apart_is_a_class_of_its_own() -> None:
    asked = replace(EVERYTHING, where=WHERE)
    assert members(EVERYTHING, Universe.INVENTORY) == [["one", "twin"], ["many", "other"], ["agent"], ["n"]]
    assert members(asked, Universe.INVENTORY) == [["one", "twin"], ["many"], ["other"], ["agent"], ["n"]]
    by_address = replace(asked, destinations=BLOCK)
    assert members(by_address, Universe.INVENTORY) == [["one"], ["twin"], ["many"], ["other"], ["agent"], ["n"]]
    by_name = replace(EVERYTHING, ports=(NamedPort("web", TCP),))
    assert members(by_name, Universe.INVENTORY) == [["one", "twin"], ["many"], ["other"], ["agent"], ["n"]]


def test_outside_the_inventory_only_what_no_new_pod_can_be_is_a_class() -> None:
    assert members(EVERYTHING, Universe.ANY) == [["agent"], ["n"]]
    named = pods_of_workload("a", "one")
    assert members(replace(EVERYTHING, sources=named), Universe.ANY) == [["one"], ["agent"], ["n"]]
    given = Assumption("given", "", pods_of_workload("a", "twin"), is_there(Attribute(Role.SELF, Name.LABEL, "app")))
    assert members(EVERYTHING, Universe.ANY, assumptions=(given,)) == [["twin"], ["agent"], ["n"]]
    in_a, in_b = (pods_in(NamespaceNamed(name)) for name in "ab")
    for sources, destinations, expected in (
        (in_a, in_b, [["agent"]]),
        (in_b, BLOCK, [["agent"]]),
        (in_a, in_a, []),
        (NODES, in_a, [["n"]]),
        (in_a, NODES, [["n"]]),
        (BLOCK, in_a, []),
    ):
        assert members(Claim(Kind.NO, sources, destinations, EVERYTHING.ports), Universe.ANY) == expected


def test_what_is_known_of_a_class() -> None:
    web = PortName("web", TCP, NamedPortScope.SIDECARS)
    named = pods_of_workload("a", "many")
    claim = replace(EVERYTHING, sources=named, destinations=ANYTHING, ports=(NamedPort("web", TCP),), where=WHERE)
    one, many, other, agent, node = classes(claim, Universe.INVENTORY)
    scope = scope_of(CLUSTER, question(claim, GENERIC, Universe.INVENTORY))
    x, worker, default = (
        scope.domains[attr].code(value) for attr, value in ((POD_APP, "x"), (SA, "worker"), (SA, "default"))
    )
    assert dict(one.values) == dict(many.values) == {POD_APP: x, SA: worker}
    assert dict(other.values) == {POD_APP: scope.domains[POD_APP].code("y"), SA: default}
    assert dict(agent.values) == {POD_APP: 0, SA: default}
    assert dict(node.values) == {POD_APP: x}
    assert [c.ports for c in (one, many, other, node)] == [((web, PortSet.of(80)),)] * 2 + [()] * 2
    assert [c.named for c in (one, many, node)] == [frozenset(), {OfWorkload("a", "many")}, frozenset()]
    assert [c.host_network for c in (one, agent, node)] == [False, True, False]
    assert [c.on_node for c in (one, many, other, agent, node)] == ["n", None, None, "n", "n"]
    assert [c.kind for c in (one, agent, node)] == [POD, POD, HOST]
    assert [c.namespace for c in (one, agent, node)] == [0, 1, scope.table.none]
    assert [c.uses_node for c in (one, agent, node)] == [False, True, True]
    assert {c.addresses for c in (one, many, node)} == {None}


def test_a_class_is_single_if_it_stands_for_one_pod() -> None:
    by_address = replace(EVERYTHING, destinations=BLOCK)
    one, _, many, *_ = classes(by_address, Universe.INVENTORY)
    assert (one.is_single, many.is_single) == (True, False)
    assert (one.addresses, many.addresses) == (AddressSet.singles(IPS[:1]), None)
    both, _, _, node = classes(EVERYTHING, Universe.INVENTORY)
    assert (both.is_single, node.is_single) == (False, True)
    lone = replace(CLUSTER, workloads=(ONE,))
    assert classes(EVERYTHING, Universe.INVENTORY, cluster=lone)[0].is_single
    into_pods = Claim(Kind.NO, BLOCK, ANYTHING, EVERYTHING.ports)
    found = {c.node.name: c for c in classes(into_pods, Universe.ANY) if c.node}
    assert found["n"].addresses == AddressSet.singles(NODE_IP)
    bare = replace(CLUSTER, nodes=(replace(NODE, ips=()),))
    assert classes(into_pods, Universe.ANY, cluster=bare)[-1].addresses is None


def test_the_nodes_of_pods_count_where_nodes_can_be_sources() -> None:
    in_a = pods_in(NamespaceNamed("a"))
    claim = Claim(Kind.NO, in_a, in_a, EVERYTHING.ports)
    assert [c.on_node for c in classes(claim, Universe.INVENTORY)] == ["n", None]
    quiet = replace(CLUSTER, workloads=(ONE, MANY))
    assert [c.on_node for c in classes(claim, Universe.INVENTORY, cluster=quiet)] == [None]
    from_nodes = replace(claim, sources=NODES)
    assert [c.on_node for c in classes(from_nodes, Universe.INVENTORY, cluster=quiet)] == ["n", None, "n"]


def test_pods_may_share_an_address_only_where_too_few_are_known() -> None:
    two = tuple(map(ip_address, ("fd00::1", "fd00::2")))
    for ips, is_single, expected in (
        (IPS[:1], False, True),
        (IPS[:1], True, False),
        (IPS, False, False),
        ((*IPS[:1], *two), False, True),
        ((*IPS, two[0]), False, True),
        ((*IPS, *two), False, False),
        ((IPS[0], ip_address("10.0.0.9")), False, False),
        ((), False, False),
    ):
        workload = replace(MANY, ips=ips, is_single=is_single)
        cluster = replace(CLUSTER, workloads=(workload,), nodes=())
        (found,) = classes(replace(EVERYTHING, destinations=BLOCK), Universe.INVENTORY, cluster=cluster)
        assert found.may_share_address is expected, ips


def test_port_names_are_looked_up_in_the_containers_that_are_asked() -> None:
    kinds = (ContainerKind.CONTAINER, ContainerKind.SIDECAR, ContainerKind.INIT)
    ports = [ContainerPort("web", 80 + i, TCP, kind) for i, kind in enumerate(kinds)]
    ports += [ContainerPort("web", 90, Protocol.UDP, kinds[0]), ContainerPort("dns", 91, TCP, kinds[0])]
    wide = {NamedPortScope.CONTAINERS: (80,), NamedPortScope.SIDECARS: (80, 81), NamedPortScope.ALL: (80, 81, 82)}
    for scope, numbers in wide.items():
        assert declares(tuple(ports), PortName("web", TCP, scope)) == PortSet.of(*numbers)
