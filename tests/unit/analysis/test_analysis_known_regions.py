"""Each attribute that a region can have is excused, just where the region tells of a connection or of a pod."""

from dataclasses import replace
from ipaddress import ip_address
from itertools import product

import pytest
from told_regions import tells_of, tells_of_pod, tells_of_request

from analyzer.analysis.checking.known_regions import known_excuse
from analyzer.analysis.checking.known_requests import asked_by
from analyzer.judging import Setting, judge
from analyzer.manifests import load
from analyzer.model.claims import Claim, Kind, Query, Universe
from analyzer.model.endpoints import Connection, External, Host, Through, pod_of
from analyzer.model.ends import ANYTHING, NODES
from analyzer.model.formulas import Attribute as Asked
from analyzer.model.formulas import Name, Role, leaves
from analyzer.model.labels import Labels
from analyzer.model.policies import PORT_PROTOCOLS, NumberedPorts, Protocol
from analyzer.model.profile import PROFILES
from analyzer.reports.region_json import read_region
from analyzer.semantics import is_in_scope, is_member
from analyzer.semantics.formulas import Situation, is_true
from analyzer.sets import AddressSet, TextSet, ValueSet
from analyzer.sets.other_protocols import read_term
from analyzer.sets.strings import glob
from analyzer.verdicts.baseline import Baseline
from analyzer.verdicts.regions import NO, SOME, YES, Attribute, Constraint, Region

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {team: x}}
---
apiVersion: v1
kind: Namespace
metadata: {name: b, labels: {team: w}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {zone: west}}
status: {addresses: [{type: InternalIP, address: 192.168.7.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: InternalIP, address: 192.168.7.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {serviceAccountName: robot, containers: [{name: c, image: i, ports: [{name: http, containerPort: 80}]}]}
status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: b, labels: {app: db}}
spec: {containers: [{name: c, image: i, ports: [{name: dns, containerPort: 80, protocol: UDP}]}]}
status: {podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: b}
spec: {hostNetwork: true, nodeName: n1, containers: [{name: c, image: i}]}
status: {podIP: 192.168.7.1, podIPs: [{ip: 192.168.7.1}]}
"""
POD = {"kind": {"in": ["pod"]}}
NODE = {"kind": {"in": ["node"]}}
OUTSIDE = {"kind": {"in": ["external"]}}
ENDS = {
    "pods": POD,
    "addresses outside": OUTSIDE,
    "some addresses outside": {**OUTSIDE, "address": {"in": ["203.0.113.0/24"]}},
    "nodes": NODE,
    "a namespace": {**POD, "namespace": {"in": ["a"]}},
    "new namespaces": {**POD, "namespace": {"in": ["b", "<new-namespace>"]}},
    "labels of namespaces": {**POD, "namespace.labels[team]": {"in": ["x"]}},
    "labels of namespaces that exist": {**POD, "existing_namespace.labels[team]": {"in": ["x"]}},
    "labels of namespaces to come": {**POD, "new_namespace.labels[team]": {"notin": ["x", None]}},
    "labels": {**POD, "labels[app]": {"in": ["web", None]}},
    "all but labels": {**POD, "labels[app]": {"notin": ["web"]}},
    "service accounts": {**POD, "service_account": {"in": ["robot"]}},
    "all but service accounts": {**POD, "service_account": {"notin": ["robot"]}},
    "addresses of pods": {**POD, "address": {"in": ["10.0.0.0/31"]}},
    "a workload": {**POD, "workload": {"in": ["a/web[Pod]"]}},
    "workloads": {**POD, "workload": {"in": ["a/web[Pod]", "b/db[Pod]"]}},
    "all but a workload": {**POD, "workload": {"notin": ["a/web"]}},
    "pods off the node's network": {**POD, "host_network": {"in": ["false"]}},
    "a node": {**NODE, "node": {"in": ["n1"]}},
    "nodes not there yet": {**NODE, "node": {"notin": ["n1", "n2"]}},
    "labels of nodes": {**NODE, "labels[zone]": {"in": ["west"]}},
    "addresses of nodes": {**NODE, "address": {"in": ["192.168.7.2/32"]}},
}
SERVICE = {
    "service": {"in": ["Service a/web"]},
    "service_address": {"in": ["10.96.0.1/32"]},
    "service_port": {"in": [[8080, 8080]]},
}
CONNECTIONS = {
    "protocols": {"protocol": {"in": ["TCP", "UDP"]}},
    "ports": {"protocol": {"in": ["TCP"]}, "port": {"in": [[80, 99]]}},
    "protocols without ports": {"protocol": {"in": ["other"]}},
    "messages of ICMP": {"protocol": {"in": ["other"]}, "other": {"in": ["icmp/8", "icmp/3/0-3"]}},
    "all but a protocol": {"protocol": {"in": ["UDP", "other"]}, "other": {"notin": ["protocol/47"]}},
    "IPv4": {"family": {"in": ["IPv4"]}},
    "IPv6": {"family": {"in": ["IPv6"]}},
    "a Service": SERVICE,
    "as far as the claim goes": {"claim": {"in": ["where"]}},
}
NAMES = {
    "a name": {**POD, "port_name[tcp/http]": {"in": ["true"]}},
    "not a name": {**POD, "port_name[tcp/http]": {"in": ["false"]}},
    "a name to Services": {**POD, "service_port_name[udp/dns]": {"in": ["true"]}},
    "not a name to Services": {**POD, "service_port_name[udp/dns]": {"in": ["false"]}},
}
GENERIC = PROFILES["generic"]
REGIONS = [
    *((f"from {name}", end, POD, {}) for name, end in ENDS.items() if end["kind"] != NODE["kind"]),
    *((f"to {name}", POD, end, {}) for name, end in (*ENDS.items(), *NAMES.items())),
    *((f"from {name}", end, POD, {}) for name, end in ENDS.items() if end["kind"] == NODE["kind"]),
    *((f"on {name}", POD, POD, asked) for name, asked in CONNECTIONS.items()),
]


def region(src, dst, connection):
    roles = {"src": src, "dst": dst or {}, "connection": connection}
    return read_region(
        {"role": role, "attribute": attribute, "set": within}
        for role, asked in roles.items()
        for attribute, within in asked.items()
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    file = tmp_path_factory.mktemp("known") / "m.yaml"
    file.write_text(MANIFESTS)
    return load([str(file)]).cluster


def ends(cluster):
    """Every workload and node, a pod like the first of another sort each, an address outside of each family."""
    web, *others = (
        pod_of(w, cluster.namespace_by_name[w.namespace].labels, w.ips[0])
        for w in sorted(cluster.workloads, key=lambda w: w.name != "web")
    )
    tomorrow = replace(web, workload=None, ip=ip_address("10.0.0.9"))
    fresh = {"namespace": "fresh", "namespace_labels": Labels({"kubernetes.io/metadata.name": "fresh", "team": "z"})}
    yield from (web, *others, tomorrow, replace(tomorrow, labels=Labels({"app": "db"}), service_account="default"))
    yield replace(tomorrow, **fresh)
    yield replace(tomorrow, **fresh | {"namespace_labels": Labels({"kubernetes.io/metadata.name": "fresh"})})
    yield from (replace(tomorrow, ip=ip_address(f"fd00::{n}")) for n in (1, 2))
    yield from (Host(node.name, node.labels, node.ips[0]) for node in cluster.nodes)
    yield Host(None, Labels({"zone": "west"}), ip_address("192.168.7.9"))
    yield from (External(ip_address(ip)) for ip in ("8.8.8.8", "203.0.113.9", "2001:db8::1"))


def connections(cluster):
    services = (None, Through("Service a/web", ip_address("10.96.0.1"), 8080))
    numbers = [next(iter(read_term(term) or ()))[0] for term in ("icmp/8/0", "icmp/3/3", "icmp/3/4", "protocol/47")]
    on = [{"protocol": p, "port": port} for p in PORT_PROTOCOLS for port in (80, 443)]
    on += [{"protocol": Protocol.OTHER, "port": None, "number": number} for number in numbers]
    for src, dst in product(ends(cluster), repeat=2):
        if src is not dst and src.ip.version == dst.ip.version:
            yield from (Connection(src, dst, through=through, **where) for where in on for through in services)


def known(cluster):
    there, workloads = frozenset(cluster.namespace_by_name), frozenset(w.id for w in cluster.workloads)
    return Baseline("b.json", {}, there, workloads)


@pytest.mark.parametrize(("name", "src", "dst", "connection"), REGIONS, ids=[name for name, *_ in REGIONS])
def test_a_region_of_connections_is_excused_just_as_it_is_told(name, src, dst, connection, cluster):
    told = region(src, dst, connection)
    excuse = known_excuse(told, known(cluster), Universe.ANY, cluster, GENERIC)
    assert excuse is not None
    on = (*(NumberedPorts(p) for p in PORT_PROTOCOLS), NumberedPorts(Protocol.OTHER))
    rest = Claim(Kind.NO, ANYTHING, ANYTHING, on, (excuse,))
    hit = 0
    for it in connections(cluster):
        if it.through is not None and told.service is None:
            continue  # a claim that asks for Services excuses what goes by way of one in regions of its own
        is_told = tells_of(told, it, cluster, GENERIC, in_scope=True)
        asked = replace(it, through=None) if told.service is None else it
        is_left = is_in_scope(rest, asked, GENERIC) if it.through is None else not _excused(excuse, it)
        assert is_left is not is_told, it
        hit += is_told
    assert hit


def _excused(excuse, connection):
    return (
        connection.through == excuse.through
        and is_member(excuse.sources, connection.src)
        and is_member(excuse.destinations, connection.dst)
    )


OF_PODS = {name: end for name, end in ENDS.items() if end["kind"] == POD["kind"]}


@pytest.mark.parametrize("end", OF_PODS.values(), ids=OF_PODS)
def test_a_region_of_pods_is_excused_just_as_it_is_told(end, cluster):
    told = region(end, None, {})
    excuse = known_excuse(told, known(cluster), Universe.ANY, cluster, GENERIC)
    assert excuse is not None
    pods = [it for it in ends(cluster) if not isinstance(it, External | Host)]
    found = [is_member(excuse.sources, pod) for pod in pods]
    assert found == [tells_of_pod(told.src, pod, cluster, GENERIC) for pod in pods]
    assert any(found)


SOLVED = [it for it in REGIONS if "Service" not in it[0]]


@pytest.mark.parametrize(("name", "src", "dst", "connection"), SOLVED, ids=[name for name, *_ in SOLVED])
def test_what_is_shown_lies_outside_of_an_excuse(name, src, dst, connection, cluster):
    told = region(src, dst, connection)
    excuse = known_excuse(told, known(cluster), Universe.ANY, cluster, GENERIC)
    assert excuse is not None
    on = tuple(NumberedPorts(p) for p in PORT_PROTOCOLS)
    far = ANYTHING if dst["kind"] != NODE["kind"] else NODES
    query = Query("q", "", Claim(Kind.NO, ANYTHING, far, on, (excuse,)), "")
    verdict = judge(cluster, query, (), Setting(Universe.ANY, GENERIC, max_counterexamples=3))
    for example in verdict.counterexamples:
        assert not tells_of(told, example.connection, cluster, GENERIC, in_scope=True)


def test_every_attribute_is_tried():
    tried = {it.attribute for _, src, dst, connection in REGIONS for it in region(src, dst, connection).constraints}
    tried |= {it.attribute for it in (*ASKED, UNTOLD)}
    assert tried == set(Attribute)


# ------------------------------------------------------------------------------------------------ requests
def texts(attribute, *alternatives, key="", **more):
    signed = tuple(tuple((glob(text), wanted) for text, wanted in it.items()) for it in alternatives)
    return Constraint(Role.REQUEST, Attribute(attribute), TextSet(signed, **more), key)


ASKED = [
    *(Constraint(Role.REQUEST, Attribute.TLS, ValueSet.of([it])) for it in ("mtls", "plaintext")),
    *(Constraint(Role.REQUEST, it, which) for it in (Attribute.HTTP, Attribute.TOKEN) for which in (YES, NO)),
    *(texts(it, {"/a*": True, "/a": False}) for it in ("path", "host", "sni", "dns", "token.subject", "token.issuer")),
    texts("identity", {"/a*": True, "/a": False}),
    texts("token.place", {"1": True}, has_absent=True),
    texts("method", {"GET": True}, has_absent=True),
    texts("path", {"/a": True}, is_complement=True),
    *(
        texts(it, {"1": True}, key="x", is_complement=is_so)
        for it in ("headers", "parameters", "cookies", "claims", "claims.words")
        for is_so in (False, True)
    ),
    texts("headers", {}, key="x"),
    texts("headers", {"1": False}, key="authorization", has_absent=True),
    texts("headers", {"/a*": True, "/a": False}, key=":path"),
    Constraint(Role.REQUEST, Attribute.REMOTE_IP, AddressSet.of("203.0.113.0/24")),
]
UNTOLD = Constraint(Role.REQUEST, Attribute.REQUESTS, ValueSet.of([SOME]))
TLS = Asked(Role.REQUEST, Name.TLS)
SEVERAL = {Name.HEADER, Name.PARAMETER, Name.COOKIE, Name.CLAIM, Name.CLAIM_WORD}
VALUES = ((), ("1",), ("2",), ("1", "2"), ("/a",), ("/a/b",), ("GET",), ("mtls",), ("plaintext",), ("203.0.113.7",))


@pytest.mark.parametrize("constraint", ASKED, ids=str)
def test_what_a_region_asks_of_requests_is_excused_just_as_it_is_told(constraint):
    formula = asked_by(constraint)
    name = next(leaf.attribute for leaf in leaves(formula))
    for values in VALUES:
        if constraint.attribute is Attribute.REMOTE_IP and values != ("203.0.113.7",):
            continue
        if (name.name not in SEVERAL or name.key in (":path", "authorization")) and len(values) > 1:
            continue
        its = {name: values} if values else {}
        told = tells_of_request(Region.of((constraint,)), {TLS: ("",), **its})
        assert is_true(formula, Situation(Protocol.TCP, 80, {}, request=its)) is told, values


def test_of_several_values_two_things_are_never_asked_of_one():
    assert asked_by(texts("headers", {"a*": True, "*b": True}, key="x")) is None


def test_requests_that_a_region_does_not_tell_are_excused_by_none(cluster):
    assert asked_by(UNTOLD) is None
    told = Region.of((*region(POD, POD, {}).constraints, UNTOLD))
    assert known_excuse(told, known(cluster), Universe.ANY, cluster, GENERIC) is None
