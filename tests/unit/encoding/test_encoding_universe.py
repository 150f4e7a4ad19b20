"""What the universe leaves out, asked of the solver: ends that cannot exist, and pairs of ends that cannot meet."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import product

import pytest
from evaluators import EVERYTHING

from analyzer.encoding import UNIVERSE, VIOLATION, Question, encode
from analyzer.encoding.terms import number
from analyzer.model.claims import Claim, Kind, Universe, is_equal, is_there
from analyzer.model.cluster import (
    Cluster,
    ContainerKind,
    ContainerPort,
    Namespace,
    Node,
    Service,
    ServicePort,
    Workload,
)
from analyzer.model.ends import ANYTHING, NODES, external, pods_in, pods_of_workload
from analyzer.model.formulas import Attribute, Formula, Name, Not, Role, both, either
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Selector
from analyzer.model.policies import NamedPort, NamespacesMatching, NumberedPorts, Protocol
from analyzer.model.profile import PROFILES
from analyzer.sets import AddressSet
from analyzer.solving import Budget, Session

GENERIC = PROFILES["generic"]
ANYTHING = ANYTHING
PODS = pods_in(NamespacesMatching(Selector.EVERYTHING))
KNOWN = tuple(map(ip_address, ("10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2")))
WEB = ContainerPort("web", 80, Protocol.TCP, ContainerKind.CONTAINER)
CLUSTER = Cluster(
    tuple(
        Namespace(name, Labels({**labels, NAMESPACE_NAME_LABEL: name}), name != "said")
        for name, labels in (("red", {"team": "a", "zone": "x"}), ("blue", {"team": "b"}), ("said", {}))
    ),
    (
        Workload("Deployment", "red", "many", Labels({"app": "many"}), ports=(WEB,), ips=KNOWN),
        Workload("Pod", "red", "one", Labels({"app": "one"}), ips=KNOWN[1::2], is_single=True),
    ),
    (Node("n", Labels({"app": "node"}), (ip_address("192.168.0.1"),), AddressSet.EMPTY),),
)


def can_be(
    *literals: str,
    where: Formula | None = None,
    sources: Formula = ANYTHING,
    destinations: Formula = ANYTHING,
    universe: Universe = Universe.ANY,
    ports=EVERYTHING.ports,
) -> bool:
    """Whether there is a connection that the claim speaks of (no policy is there), with these terms true."""
    claim = Claim(Kind.NO, sources, destinations, ports, where=where)
    obligation = encode(CLUSTER, Question(claim, (), universe, GENERIC))
    session = Session(obligation.text, obligation.symbols, Budget())
    given = [session.literal(term) for term in literals]
    return session.check(UNIVERSE, VIOLATION, *obligation.tracks, *given).is_sat


def term(attribute: Name, key: str = "", role: Role = Role.SRC) -> Attribute:
    return Attribute(role, attribute, key)


TEAM, ZONE = (term(Name.NAMESPACE_LABEL, key) for key in ("team", "zone"))
NAME, ACCOUNT, APP = term(Name.NAMESPACE), term(Name.SERVICE_ACCOUNT), term(Name.LABEL, "app")


def test_an_end_is_one_thing() -> None:
    for letter in "sd":
        assert can_be(f"{letter}.pod")
        assert can_be(f"{letter}.host")
        assert not can_be(f"{letter}.pod", f"{letter}.host")
        ends = {"sources" if letter == "s" else "destinations": either((PODS, NODES))}
        assert not can_be(f"{letter}.pod", f"{letter}.host", **ends)


def test_one_end_is_a_pod() -> None:
    assert can_be("(not s.pod)", "d.pod")
    assert not can_be("(not s.pod)", "(not d.pod)")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (both((is_equal(NAME, "red"), is_equal(TEAM, "a"))), True),
        (both((is_equal(NAME, "red"), is_equal(TEAM, "b"), Not(is_there(ZONE)))), False),
        (both((is_equal(NAME, "red"), Not(is_equal(ZONE, "x")), is_there(TEAM))), False),
        (both((is_equal(NAME, "blue"), is_there(ZONE), is_there(TEAM))), False),
        (both((is_equal(NAME, "said"), is_equal(TEAM, "b"), is_there(ZONE))), True),
        (both((is_equal(NAME, "later"), is_equal(TEAM, "a"), is_equal(ZONE, "y"))), True),
        (Not(is_there(ACCOUNT)), True),
        (both((is_there(NAME), Not(is_there(ACCOUNT)))), False),
        (both((is_equal(APP, "x"), is_equal(APP, ACCOUNT))), True),
        (both((is_equal(APP, "x"), is_equal(ZONE, "Not_A-Name"), is_equal(APP, ACCOUNT))), True),
        (both((is_equal(APP, "Not_A-Name"), is_equal(APP, ACCOUNT))), False),
        (both((is_equal(NAME, "red"), is_equal(TEAM, NAME))), False),
        (both((Not(is_there(NAME)), is_there(TEAM))), False),
    ],
)
def test_what_a_source_can_have(condition: Formula, expected: bool) -> None:
    assert can_be(where=condition) is expected


@pytest.mark.parametrize("name", ["red", "said", "later"])
def test_one_namespace_has_one_set_of_labels(name: str) -> None:
    there = replace(NAME, role=Role.DST), replace(TEAM, role=Role.DST)
    alike = (is_equal(NAME, name), is_equal(there[0], name))
    assert can_be(where=both((*alike, is_equal(TEAM, there[1]))))
    assert not can_be(where=both((*alike, Not(is_equal(TEAM, there[1])))))


def test_two_new_namespaces_have_two_names() -> None:
    """Neither of which is that of any other; each can be what a label says."""
    mine, theirs = (replace(term(Name.LABEL, "in"), role=role) for role in (Role.SRC, Role.DST))
    there = replace(NAME, role=Role.DST)
    new = [Not(is_equal(one, name)) for one in (NAME, there) for name in ("red", "blue", "said")]
    new += [Not(is_equal(one, name)) for one in (mine, theirs) for name in ("red", "blue", "said")]
    named = (is_there(NAME), is_there(there), is_equal(NAME, mine), is_equal(there, theirs))
    assert can_be(where=both((*new, *named, Not(is_equal(NAME, there)), Not(is_equal(mine, theirs)))))
    assert not can_be(where=both((*new, *named, Not(is_equal(NAME, there)), is_equal(mine, theirs))))
    assert not can_be(where=both((*named, Not(is_equal(mine, theirs)), is_equal(NAME, there))))


BLOCK = external(AddressSet.of("203.0.113.0/24", "2001:db8::/32"), "")


@pytest.mark.parametrize(("family", "version"), [("(not v6)", 4), ("v6", 6)])
def test_two_pods_have_two_addresses(family: str, version: int) -> None:
    """Whether they are known (x) or not (u)."""
    ends = {"sources": either((PODS, BLOCK)), "destinations": either((PODS, BLOCK))}
    for kind, universe in (("u", Universe.ANY), ("x", Universe.INVENTORY)):
        given = (family, "s.pod", "d.pod")
        assert can_be(*given, universe=universe, **ends)
        assert not can_be(*given, f"(= s.{kind}{version} d.{kind}{version})", universe=universe, **ends)


@pytest.mark.parametrize(
    ("block", "expected"),
    [("10.0.0.1", False), ("10.0.0.3", True), ("192.168.0.1", False), ("fd00::2", False), ("2001:db8::1", True)],
)
def test_addresses_outside_are_nobodys(block: str, expected: bool) -> None:
    assert can_be(sources=external(AddressSet.of(block), "")) is expected


@pytest.mark.parametrize(
    ("address", "is_known", "is_anyones"),
    [("10.0.0.2", True, True), ("10.9.9.9", False, True), ("8.8.8.8", False, False)],
)
def test_pods_have_the_addresses_known_or_lie_where_pods_do(address: str, is_known: bool, is_anyones: bool) -> None:
    ends = {"sources": either((PODS, pods_of_workload("red", "one"), BLOCK)), "destinations": PODS}
    value = f"(_ bv{int(ip_address(address))} 32)"
    assert can_be("s.pod", "(not v6)", "(= s.w (_ bv1 1))", f"(= s.x4 {value})", **ends) is is_known
    assert can_be("s.pod", "(not v6)", "(= s.w (_ bv0 1))", f"(= s.u4 {value})", **ends) is is_anyones


def test_a_declared_pod_is_what_its_manifest_says() -> None:
    one, many = (pods_of_workload("red", name) for name in ("one", "many"))
    inventory = {"universe": Universe.INVENTORY}
    assert can_be(where=both((is_equal(APP, "one"), is_equal(NAME, "red"))), **inventory)
    assert not can_be(where=is_equal(APP, "two"), sources=PODS, **inventory)
    assert not can_be(where=is_equal(NAME, "blue"), **inventory)
    assert not can_be(where=is_equal(APP, "many"), sources=one, **inventory)
    assert can_be(sources=one, destinations=many)
    assert can_be(sources=many, destinations=many)
    assert not can_be(sources=one, destinations=one)
    on_web = {"ports": (NamedPort("web", Protocol.TCP),)}
    assert can_be("(= port (_ bv80 16))", destinations=many, **on_web)
    assert not can_be("(not (= port (_ bv80 16)))", destinations=many, **on_web)
    assert not can_be(destinations=one, **on_web)
    assert can_be("(= port (_ bv81 16))", destinations=PODS, **on_web)


def test_ports_go_with_protocols_that_have_them() -> None:
    is_other, port = "(= proto (_ bv3 2))", "(= port (_ bv{} 16))"
    everything = tuple(NumberedPorts(protocol) for protocol in Protocol)
    for value, with_port, without in ((0, False, True), (1, True, False), (65535, True, False)):
        assert can_be(port.format(value), f"(not {is_other})", ports=everything) is with_port
        assert can_be(port.format(value), is_other, ports=everything) is without


def test_only_a_pods_own_node_is_no_source() -> None:
    """The node itself and what uses its network; a pod on its node's network is reached like the node."""
    place = {"host_network": True}
    there, anywhere, agent, roaming = (
        Workload("Deployment", "red", name, Labels(), nodes=nodes, **more)
        for name, nodes, more in (
            ("there", ("n",), {}),
            ("anywhere", (), {}),
            ("agent", ("n",), place),
            ("roaming", ("n", "m"), place),
        )
    )
    nodes = tuple(Node(name, Labels(), (), AddressSet.EMPTY) for name in "nm")
    cluster = Cluster(CLUSTER.namespaces, (there, anywhere, agent, roaming), nodes)
    claim = Claim(Kind.NO, ANYTHING, ANYTHING, EVERYTHING.ports)
    asked = encode(cluster, Question(claim, (), Universe.INVENTORY, GENERIC))
    session = Session(asked.text, asked.symbols, Budget())
    width = asked.symbols["s.w"]
    codes = {name.partition("[")[0].removeprefix("red/"): code for name, (code,) in asked.class_codes.items()}
    never = {
        (src, dst)
        for src in ("n", "m", "agent", "roaming", "there")
        for dst in ("there", "anywhere", "agent", "roaming")
        for pair in [zip("sd", (src, dst), strict=True)]
        if session.check(
            UNIVERSE, *(session.literal(f"(= {end}.w {number(codes[name], width)})") for end, name in pair)
        ).is_unsat
    }
    assert never == {("n", "there"), ("agent", "there")}


def test_what_some_containers_declare_more_of_them_declare() -> None:
    service = Service("red", "s", Selector.EVERYTHING, (ServicePort(80, "web", Protocol.TCP),), True, False)
    claim = replace(EVERYTHING, ports=(NamedPort("web", Protocol.TCP), NamedPort("dns", Protocol.TCP)))
    profile = replace(GENERIC, named_port_scope=NamedPortScope.CONTAINERS)
    asked = encode(replace(CLUSTER, services=(service,)), Question(claim, (), Universe.ANY, profile))
    assert [(name.name, name.scope.value) for name in asked.scope.port_names] == [
        ("dns", "containers"),
        ("web", "containers"),
        ("web", "sidecars"),
    ]
    session = Session(asked.text, asked.symbols, Budget())
    for dns, web, wide in product((True, False), repeat=3):
        given = [f"{'' if is_set else '!'}d.p.{i}" for i, is_set in enumerate((dns, web, wide))]
        assert session.check(UNIVERSE, *given).is_sat is (wide or not web)
