"""What symbols stand for, value by value, and the values that stand for an end."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import product

import pytest
from evaluators import EVERYTHING, question

from analyzer import encoding
from analyzer.encoding import Obligation, decode, decode_end, embed, embed_end, encode, encode_pair
from analyzer.encoding.decode import fresh_name
from analyzer.encoding.domains import Attr
from analyzer.model.claims import Universe, is_equal, is_there
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
from analyzer.model.endpoints import Connection, End, External, Host, Pod, pod_of
from analyzer.model.ends import ANYTHING, NODES, external, pods_in
from analyzer.model.formulas import Attribute, Formula, Name, Role, Some, both
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Selector
from analyzer.model.policies import NamedPort, NamespaceNamed, NamespacesMatching, Protocol
from analyzer.model.profile import PROFILES
from analyzer.sets import AddressSet

GENERIC = PROFILES["generic"]
ANYTHING = ANYTHING
PODS = pods_in(NamespacesMatching(Selector.EVERYTHING))
BLOCK = external(AddressSet.of("203.0.113.0/24", "2001:db8::/32"), "")
POD_ADDRESSES = AddressSet.of("10.0.0.0/8", "fd00::/16")
LABELS = {"red": {"team": "a"}, "blue": {"team": "b"}, "said": {}}
NAMESPACES = tuple(Namespace(n, Labels({**ls, NAMESPACE_NAME_LABEL: n}), n != "said") for n, ls in LABELS.items())
ONE, TWIN = (Workload("Pod", "red", name, Labels({"app": "x"}), is_single=True) for name in ("one", "twin"))
MANY = Workload("Deployment", "blue", "many", Labels({"app": "y"}), "worker")
NODE = Node("n", Labels({"app": "z"}), tuple(map(ip_address, ("192.168.0.1", "fd01::1"))), AddressSet.EMPTY)
CLUSTER = Cluster(NAMESPACES, (ONE, TWIN, MANY), (NODE,))
APP, ACCOUNT = (Attribute(Role.SRC, *what) for what in ((Name.LABEL, "app"), (Name.SERVICE_ACCOUNT,)))
TEAM, NAME = (Attribute(Role.SRC, *what) for what in ((Name.NAMESPACE_LABEL, "team"), (Name.NAMESPACE,)))
WHERE = both((is_there(APP), is_equal(ACCOUNT, "worker"), is_equal(TEAM, "a")))


def obligation(
    where: Formula | None = None,
    sources: Formula = ANYTHING,
    universe: Universe = Universe.ANY,
    cluster: Cluster = CLUSTER,
    pod_addresses: AddressSet = POD_ADDRESSES,
) -> Obligation:
    claim = replace(EVERYTHING, sources=sources, where=where)
    return encode(cluster, replace(question(claim, GENERIC, universe), pod_addresses=pod_addresses))


def pod(
    where: str, ip: str, team: str | None = None, app: str | None = None, account: str = "default", ports=()
) -> Pod:
    labels = {NAMESPACE_NAME_LABEL: where} | ({"team": team} if team else {})
    return Pod(where, Labels(labels), Labels({"app": app} if app else {}), ip_address(ip), account, ports)


def external(ip: str) -> External:
    return External(ip_address(ip))


ENDS = [
    pod("red", "10.1.0.1", "a", "other", "worker"),
    pod("blue", "10.1.0.2", "b"),
    pod("said", "10.1.0.3", "other", "other", "other"),
    pod("new-namespace", "10.1.0.4", "a"),
    pod("said", "fd00::4"),
    pod("red", "fd00::5", "a", "other"),
    external("203.0.113.7"),
    external("2001:db8::7"),
    Host(None, Labels({"app": "other"}), ip_address("192.0.2.9")),
    Host(None, Labels(), ip_address("2001:db9::9")),
    *(Host("n", NODE.labels, ip) for ip in NODE.ips),
]
DECLARED = [
    pod_of(workload, namespace.labels, ip_address(ip))
    for workload, namespace, ip in ((ONE, NAMESPACES[0], "10.2.0.1"), (MANY, NAMESPACES[1], "10.2.0.2"))
]


def pairs(ends: list[End]) -> list[tuple[End, End]]:
    return [
        (src, dst)
        for src, dst in product(ends, repeat=2)
        if src != dst and src.ip.version == dst.ip.version and (isinstance(src, Pod) or isinstance(dst, Pod))
    ]


@pytest.mark.parametrize(("universe", "ends"), [(Universe.ANY, ENDS), (Universe.INVENTORY, [*DECLARED, *ENDS[-2:]])])
def test_ends_come_out_as_they_went_in(universe: Universe, ends: list[End]) -> None:
    """Where addresses count and every value is one that is mentioned, or the one that stands for all others."""
    asked = obligation(WHERE, Some((ANYTHING, BLOCK)), universe)
    for src, dst in pairs(ends):
        for protocol, port in ((Protocol.TCP, 80), (Protocol.SCTP, 1), (Protocol.OTHER, None)):
            connection = Connection(src, dst, protocol, port)
            values = embed(asked, connection)
            assert values is not None
            assert values.keys() <= asked.symbols.keys()
            assert decode(asked, values) == connection
    for end in ends:
        assert decode_end(asked, embed_end(asked, end) | {"v6": int(end.ip.version == 6)}) == end


@pytest.mark.parametrize(("sources", "kind"), [(BLOCK, External), (PODS, Pod), (NODES, Host)])
def test_each_end_is_what_it_alone_can_be(sources: Formula, kind: type) -> None:
    asked = obligation(WHERE, sources)
    for src, dst in pairs(ENDS):
        if type(src) is kind:
            connection = Connection(src, dst, Protocol.UDP, 53)
            back = decode(asked, embed(asked, connection))
            assert (back.src, type(back.dst)) == (replace(src, ip=back.src.ip), type(dst))


def test_what_a_model_does_not_say_is_absent() -> None:
    """A solver may leave out what bears on nothing."""
    asked = obligation(WHERE)
    said, later = (asked.scope.table.code("said"), asked.scope.table.none - 1)
    found = decode(asked, {"s.pod": 1, "s.ns": said, "d.pod": 1, "d.ns": later})
    assert found.src == pod("said", "10.0.0.11")
    assert found.dst == pod("new-namespace-2", "10.0.0.12")
    assert decode_end(asked, {"s.pod": 1, "s.ns": said, "s.sa": 0}) == found.src
    assert decode_end(asked, {"s.host": 1}) == Host(None, Labels(), ip_address("192.0.2.1"))
    assert decode_end(asked, {}, encoding.Role.DST, port=80) == external("198.51.100.2")


def test_ends_outside_the_universe_have_no_values() -> None:
    there = pod("red", "10.1.0.1")
    for asked, end in (
        (obligation(universe=Universe.NAMESPACES), pod("later", "10.1.0.2")),
        (obligation(sources=NODES), there),
        (obligation(sources=BLOCK), there),
        (obligation(sources=PODS), external("203.0.113.7")),
        (obligation(sources=pods_in(NamespaceNamed("blue"))), there),
    ):
        assert embed_end(asked, end) is None
        assert embed(asked, Connection(end, pod("blue", "10.1.0.9"), Protocol.TCP, 80)) is None


@pytest.mark.parametrize(
    ("src", "dst"),
    [
        (pod("red", "10.0.0.11", "a"), pod("blue", "10.0.0.12", "b")),
        (pod("new-namespace", "10.0.0.11"), pod("new-namespace-2", "10.0.0.12")),
        (pod("new-namespace-2", "10.0.0.11"), pod("new-namespace", "10.0.0.12")),
        (external("198.51.100.1"), pod("red", "10.0.0.12", "a")),
        (pod("red", "10.0.0.11", "a"), external("198.51.100.2")),
        (Host(None, Labels(), ip_address("192.0.2.1")), pod("red", "10.0.0.12", "a")),
        (pod("red", "10.0.0.11", "a"), Host(None, Labels(), ip_address("192.0.2.2"))),
    ],
)
def test_addresses_where_none_counts(src: End, dst: End) -> None:
    """Two of the family that both ends have, and whatever they were."""
    asked, only_v6 = obligation(), obligation(pod_addresses=AddressSet.of("fd00::/16"))
    values = embed(asked, Connection(src, dst, Protocol.TCP, 80))
    assert decode(asked, values) == Connection(src, dst, Protocol.TCP, 80)
    found = decode(only_v6, embed(only_v6, Connection(src, dst, Protocol.TCP, 80)))
    written = {
        Pod: ("fd00::b", "fd00::c"),
        External: ("2001:db8::1", "2001:db8::2"),
        Host: ("2001:db8:1::1", "2001:db8:1::2"),
    }
    assert found.src == replace(src, ip=ip_address(written[type(src)][0]))
    assert found.dst == replace(dst, ip=ip_address(written[type(dst)][1]))


def test_a_pod_has_an_address_of_a_family_that_pods_have() -> None:
    for cidr, expected in (("10.0.0.0/8", "10.0.0.11"), ("fd00::/16", "fd00::b")):
        asked = obligation(pod_addresses=AddressSet.of(cidr))
        for version in (4, 6):
            assert decode_end(asked, {"s.pod": 1, "s.ns": 0}, version=version) == pod("red", expected, "a")


def test_which_workloads_of_a_class_the_two_ends_are() -> None:
    others = [replace(MANY, name=name, service_account="default", labels=Labels()) for name in ("few", "more")]
    asked = obligation(is_there(APP), universe=Universe.INVENTORY, cluster=Cluster(NAMESPACES, (*others, ONE, TWIN)))
    assert [[w.name for w in c.members] for c in asked.classes] == [["one", "twin"], ["few", "more"]]
    for place, where, names in ((1, 0, ["one", "twin"]), (2, 1, ["few", "few"])):
        values = {"s.pod": 1, "d.pod": 1, "s.ns": where, "d.ns": where, "s.w": place, "d.w": place}
        found = decode(asked, values)
        assert [end.workload.partition("/")[2].partition("[")[0] for end in (found.src, found.dst)] == names


def test_a_node_of_both_families_meets_a_pod_of_one() -> None:
    asked = obligation(pod_addresses=AddressSet.of("fd00::/16"))
    node, there = Host("n", NODE.labels, NODE.ips[0]), pod("red", "10.0.0.1", "a")
    for src, dst in ((node, there), (there, node)):
        found = decode(asked, embed(asked, Connection(src, dst, Protocol.TCP, 80)))
        assert {end.ip.version for end in (found.src, found.dst)} == {6}


def test_known_addresses_are_kept_and_differ() -> None:
    ips = tuple(map(ip_address, ("10.3.0.1", "10.3.0.2", "fd00::1")))
    many = replace(MANY, ips=ips)
    own = tuple(map(ip_address, ("fd00::7", "10.3.0.7")))
    cluster = Cluster(NAMESPACES, (many, replace(ONE, ips=own)), (replace(NODE, ips=NODE.ips[1:]),))
    asked = obligation(universe=Universe.INVENTORY, cluster=cluster)
    one, other = asked.class_codes["red/one[Pod]"][0], asked.class_codes["blue/many[Deployment]"][0]
    node = asked.class_codes["n"][0]
    red, blue = (asked.scope.table.code(name) for name in ("red", "blue"))
    is_pod = {"s.pod": 1, "d.pod": 1}
    both = decode(asked, {**is_pod, "s.w": other, "d.w": other, "s.ns": blue, "d.ns": blue, "proto": 0, "port": 80})
    assert (both.src.ip, both.dst.ip) == ips[:2]
    mixed = decode(asked, {**is_pod, "s.w": one, "d.w": other, "s.ns": red, "d.ns": blue, "proto": 0, "port": 80})
    assert (mixed.src.ip, mixed.dst.ip) == (own[1], ips[0])
    hosted = decode(asked, {"s.host": 1, "d.pod": 1, "s.w": node, "d.w": other, "d.ns": blue, "proto": 0, "port": 80})
    assert (hosted.src, hosted.dst.ip) == (Host("n", NODE.labels, NODE.ips[1]), ips[2])


def test_both_ends_are_of_a_family_that_both_have() -> None:
    many, one = replace(MANY, ips=()), replace(ONE, ips=(ip_address("fd00::7"),))
    asked = obligation(universe=Universe.INVENTORY, cluster=Cluster(NAMESPACES, (many, one)))
    ends = [
        pod_of(w, namespace.labels, ip_address("fd00::7"))
        for w, namespace in ((many, NAMESPACES[1]), (one, NAMESPACES[0]))
    ]
    for src, dst in (ends, reversed(ends)):
        found = decode(asked, embed(asked, Connection(src, dst, Protocol.TCP, 80)))
        assert {found.src.ip.version, found.dst.ip.version} == {6}
        assert found.src.ip != found.dst.ip


def test_a_connection_is_on_some_port() -> None:
    """Even where no symbol says which."""
    asked = obligation(sources=PODS)
    values = {"s.ns": 0, "d.pod": 1, "d.ns": 1}
    assert decode(asked, values).protocol is Protocol.TCP
    assert decode(asked, values).port == 1
    assert decode(asked, {**values, "port": 7}).port == 7
    assert decode(asked, {**values, "proto": 3, "port": 0}).port is None


def test_names_of_new_namespaces_are_nobodys() -> None:
    taken = Namespace("new-namespace", Labels({NAMESPACE_NAME_LABEL: "new-namespace"}), True)
    for cluster, expected in (
        (CLUSTER, ["new-namespace", "new-namespace-2"]),
        (replace(CLUSTER, namespaces=(*NAMESPACES, taken)), ["x-new-namespace", "new-namespace-2"]),
    ):
        scope = obligation(cluster=cluster).scope
        assert [fresh_name(scope, scope.table.none - 2 + i) for i in (0, 1)] == expected
    scope = obligation(is_equal(NAME, APP)).scope
    assert [fresh_name(scope, scope.table.none - 2 + i) for i in (0, 1)] == ["other", "other-2"]


def test_values_nobody_mentions_are_told_apart_where_they_are_compared() -> None:
    theirs = replace(APP, role=Role.DST)
    asked = obligation(is_equal(APP, theirs))
    src = pod("red", "10.1.0.1", "a", "foo")
    for app, is_same in (("foo", True), ("bar", False), (None, False), ("x", False)):
        values = embed(asked, Connection(src, pod("red", "10.1.0.2", "a", app), Protocol.TCP, 80))
        assert (values["s.l.0"] == values["d.l.0"]) is is_same
    named = obligation(both((is_equal(NAME, APP), is_equal(replace(NAME, role=Role.DST), theirs))))
    mine, other = pod("later", "10.1.0.1", None, "later"), pod("sometime", "10.1.0.2", None, "later")
    values = embed(named, Connection(mine, other, Protocol.TCP, 80))
    name = named.scope.domains[Attr("name")]
    first = len(name.values) + 1
    assert values["s.l.0"] == values["d.l.0"] == first
    assert (values["s.ns"], values["d.ns"]) == (named.scope.table.none - 2, named.scope.table.none - 1)
    own = embed(named, Connection(mine, replace(other, labels=Labels({"app": "sometime"})), Protocol.TCP, 80))
    assert (own["s.l.0"], own["d.l.0"]) == (first, first + 1)
    back = decode(named, values)
    assert (back.src.namespace, back.dst.namespace) == ("other", "other-2")
    assert back.src.labels["app"] == back.dst.labels["app"] == "other"


def test_a_pod_is_of_the_class_that_it_is_like() -> None:
    """Two revisions may give one id to workloads, and to nodes, that differ."""
    old = replace(MANY, host_network=True, ips=(ip_address("10.3.0.1"),))
    ports = (ContainerPort("web", 80, Protocol.TCP, ContainerKind.CONTAINER),)
    new = [
        replace(old, **change)
        for change in ({"labels": Labels({"app": "w"})}, {"service_account": "other"}, {"ports": ports}, {"ips": ()})
    ]
    for changed in new:
        nodes = (NODE, replace(NODE, labels=Labels({"app": "w"})))
        sides = [Cluster(NAMESPACES, (w,), (n,)) for w, n in zip((old, changed), nodes, strict=True)]
        where = both((is_there(APP), is_there(ACCOUNT)))
        claim = replace(
            EVERYTHING, where=where, ports=(NamedPort("web", Protocol.TCP),), sources=Some((ANYTHING, BLOCK))
        )
        asked = encode_pair(*sides, replace(question(claim, GENERIC, is_sliced=False), pod_addresses=POD_ADDRESSES))
        codes = asked.class_codes[old.id]
        ends = [pod_of(w, NAMESPACES[1].labels, ip_address(ip)) for w, ip in ((old, "10.3.0.1"), (changed, "10.3.0.9"))]
        expected = [codes[0], codes[1] if not changed.ips else 0]
        assert [embed_end(asked, end)["s.w"] for end in ends] == expected
        hosts = [embed_end(asked, Host("n", node.labels, node.ips[0]))["s.w"] for node in nodes]
        assert hosts == list(asked.class_codes["n"])
        assert len(set(hosts)) == 2
        assert embed_end(asked, replace(ends[0], host_network=False))["s.w"] == 0
        assert embed_end(asked, replace(ends[0], workload="blue/few[Deployment]"))["s.w"] == 0


@pytest.mark.parametrize("scope", NamedPortScope)
@pytest.mark.parametrize("kind", ContainerKind)
def test_port_names_are_declared_where_they_are_found(scope: NamedPortScope, kind: ContainerKind) -> None:
    """A Service looks elsewhere than policies do; what neither finds is not there."""
    service = Service("blue", "s", Selector.EVERYTHING, (ServicePort(80, "web", Protocol.TCP),), True, False)
    claim = replace(EVERYTHING, ports=(NamedPort("web", Protocol.TCP), NamedPort("web", Protocol.UDP)))
    profile = replace(GENERIC, named_port_scope=scope)
    asked = encode(Cluster(NAMESPACES, services=(service,)), question(claim, profile))
    found_in = {
        ContainerKind.CONTAINER: set(NamedPortScope),
        ContainerKind.SIDECAR: {NamedPortScope.SIDECARS, NamedPortScope.ALL},
        ContainerKind.INIT: {NamedPortScope.ALL},
    }[kind]
    ports = (ContainerPort("web", 80, Protocol.TCP, kind),)
    src = external("198.51.100.1")
    for protocol, number in ((Protocol.TCP, 80), (Protocol.TCP, 81), (Protocol.UDP, 80)):
        connection = Connection(src, replace(pod("blue", "10.0.0.12", "b"), ports=ports), protocol, number)
        back = decode(asked, embed(asked, connection))
        is_found = (protocol, number) == (Protocol.TCP, 80) and found_in & {scope, NamedPortScope.SIDECARS}
        seen = {port.container for port in back.dst.ports}
        assert bool(seen) is bool(is_found)
        assert not decode(asked, embed(asked, replace(connection, src=pod("red", "10.0.0.11", "a")))).src.ports
        assert embed(asked, back) == embed(asked, connection) or protocol is Protocol.UDP
        assert all(port == replace(ports[0], container=port.container) for port in back.dst.ports)
