"""Random policies of the mesh over a finite world of requests: the oracle decides as the policies' text says, read by a
second, plain reader, and finds a request that gets through wherever there is one in that world."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.model.cluster import Cluster, Namespace, Service, ServicePort, Workload
from analyzer.model.endpoints import Connection, External, Pod
from analyzer.model.formulas import Role
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.mesh import (
    Attachment,
    AuthorizationPolicy,
    Condition,
    Mesh,
    MeshRule,
    Mode,
    PeerAuthentication,
    Verdict,
)
from analyzer.model.mesh_stage import mesh_stages
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.model.requests import MTLS, PLAINTEXT, Request
from analyzer.semantics.admitted import admitted
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.mesh import request_ruling
from analyzer.semantics.requests import seen
from analyzer.semantics.selecting import selected
from analyzer.semantics.some_request import TooManyRequestsError

OURS = Labels({"istio-injection": "enabled", "kubernetes.io/metadata.name": "foo"})
DST = Pod("foo", OURS, Labels({"app": "srv"}), ip_address("10.0.0.9"))
SOURCES = (
    Pod("dev", Labels({}), Labels({}), ip_address("10.0.0.1"), "a"),
    Pod("bar", Labels({}), Labels({}), ip_address("10.0.0.2"), "b"),
    External(ip_address("8.8.8.8")),
)
PORTS = {8080: "http", 9000: "tcp", 7000: "auto"}
METHODS, PATHS, HEADERS = ("GET", "POST"), ("/a", "/a/b", "/c"), ((), (("x", "1"),), (("x", "1"), ("x", "2")))
VALUES = {
    "source.principal": ["*", "cluster.local/ns/dev/sa/a", "*/sa/b", "cluster.local/ns/bar/*"],
    "source.namespace": ["*", "dev", "b*"],
    "source.ip": ["10.0.0.0/24", "8.8.8.8"],
    "destination.port": ["8080", "9000"],
    "methods": ["GET", "P*", "*"],
    "paths": ["/a", "/a*", "/a/*", "*c", "*"],
    "request.headers": ["1", "*", "2"],
}
OF_SOURCE = ("source.principal", "source.namespace", "source.ip")
OF_OPERATION = ("destination.port", "methods", "paths")
FOR_REQUESTS = ("methods", "paths", "request.headers")


@st.composite
def conditions(draw: Any, names: tuple[str, ...]) -> tuple[Condition, ...]:
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    found = []
    for name in chosen:
        lists = st.lists(st.sampled_from(VALUES[name]), max_size=2, unique=True)
        values, excepted = draw(lists), draw(lists)
        if not values and not excepted:
            values = [VALUES[name][0]]
        found.append(Condition(name, tuple(values), tuple(excepted), "x" if name == "request.headers" else ""))
    return tuple(found)


@st.composite
def policies(draw: Any, number: int) -> AuthorizationPolicy:
    def rule(index: int) -> MeshRule:
        sources = draw(st.lists(conditions(OF_SOURCE), max_size=2))
        operations = draw(st.lists(conditions(OF_OPERATION), max_size=2))
        when = draw(st.lists(conditions(("request.headers", *OF_SOURCE)), max_size=1))
        return MeshRule(tuple(sources), tuple(operations), tuple(c for each in when for c in each[:1]), index)

    verdict = draw(st.sampled_from([Verdict.ALLOW, Verdict.ALLOW, Verdict.DENY, Verdict.AUDIT]))
    least = 1 if verdict is Verdict.DENY else 0
    rules = tuple(rule(index) for index in range(draw(st.integers(least, 2))))
    where = draw(st.sampled_from(["foo", "foo", "istio-system", "bar"]))
    labels = draw(st.sampled_from([None, Labels({"app": "srv"}), Labels({"app": "other"})]))
    return AuthorizationPolicy(where, f"p{number}", Attachment(where, labels), verdict, rules)


@st.composite
def meshes(draw: Any) -> Mesh:
    objects: list[Any] = [draw(policies(number)) for number in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        objects.append(PeerAuthentication("foo", "m", Attachment("foo"), draw(st.sampled_from(Mode))))
    return Mesh(tuple(objects))


def cluster_of(mesh: Mesh) -> Cluster:
    ports = tuple(ServicePort(number, number, Protocol.TCP, name=name) for number, name in PORTS.items())
    selector = Selector((Requirement("app", Operator.IN, frozenset({"srv"})),))
    service = Service("foo", "s", selector, ports, False, False)
    workload = Workload("Pod", "foo", "srv", DST.labels)
    return Cluster((Namespace("foo", OURS, True),), (workload,), services=(service,), mesh=mesh)


def requests() -> list[Request]:
    found = []
    for tls in (PLAINTEXT, MTLS):
        found.append(Request(tls=tls))
        for method, path, headers in product(METHODS, PATHS, HEADERS):
            found.append(Request(method, path, "h", headers=headers, tls=tls))
    return found


WORLD = requests()


# ------------------------------------------------------------------------------------------------ the plain reader
def is_let_in(mesh: Mesh, src: Any, port: int, request: Request) -> bool:
    identity = f"cluster.local/ns/{src.namespace}/sa/{src.service_account}" if isinstance(src, Pod) else ""
    has_mtls = request.tls == MTLS
    mode = next((each.mode for each in mesh.objects if isinstance(each, PeerAuthentication)), Mode.PERMISSIVE)
    is_opaque = has_mtls and mode is Mode.DISABLE
    if has_mtls and not identity and not is_opaque:
        return False
    if mode is Mode.STRICT and not has_mtls:
        return False
    kind = PORTS.get(port, "auto")
    if kind == "http" and (is_opaque or request.method is None):
        return False
    is_http = kind != "tcp" and request.method is not None and not is_opaque
    seen = identity if has_mtls and not is_opaque else ""
    found: dict[Verdict, list[bool]] = {verdict: [] for verdict in Verdict}
    for policy in mesh.objects:
        if isinstance(policy, AuthorizationPolicy) and selects(policy):
            met = any(is_met(rule, policy.verdict, src, port, request, is_http, seen) for rule in policy.rules)
            found[policy.verdict].append(met)
    return not any(found[Verdict.DENY]) and (not found[Verdict.ALLOW] or any(found[Verdict.ALLOW]))


def selects(policy: AuthorizationPolicy) -> bool:
    labels = policy.attached.labels or {}
    return policy.namespace in ("foo", "istio-system") and all(DST.labels.get(k) == v for k, v in labels.items())


def is_met(
    rule: MeshRule, verdict: Verdict, src: Any, port: int, request: Request, is_http: bool, identity: str
) -> bool:
    every = [c for part in (*rule.sources, *rule.operations, rule.when) for c in part]
    if not is_http and verdict is Verdict.ALLOW and any(c.attribute in FOR_REQUESTS for c in every):
        return False

    def holds(condition: Condition) -> bool:
        if not is_http and condition.attribute in FOR_REQUESTS:
            return True
        hits = [value_meets(condition.attribute, v, src, port, request, identity) for v in condition.values]
        misses = [value_meets(condition.attribute, v, src, port, request, identity) for v in condition.excepted]
        return (any(hits) or not hits) and not any(misses)

    def some(alternatives: tuple[tuple[Condition, ...], ...]) -> bool:
        return not alternatives or any(all(map(holds, each)) for each in alternatives)

    return some(rule.sources) and some(rule.operations) and all(map(holds, rule.when))


def value_meets(attribute: str, value: str, src: Any, port: int, request: Request, identity: str) -> bool:
    match attribute:
        case "source.principal":
            return bool(identity) and is_like(value, identity)
        case "source.namespace":
            return bool(identity) and is_like(value, identity.split("/")[2])
        case "source.ip":
            return str(src.ip).startswith(value.removesuffix("0/24"))
        case "destination.port":
            return port == int(value)
        case "methods":
            return is_like(value, request.method or "")
        case "paths":
            return is_like(value, request.path)
        case _:
            return any(is_like(value, text) for name, text in request.headers if name == "x")


def is_like(pattern: str, text: str) -> bool:
    if pattern.startswith("*"):
        return text.endswith(pattern[1:])
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


# ------------------------------------------------------------------------------------------------ the laws
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(meshes(), st.sampled_from(SOURCES), st.sampled_from([*PORTS, 5555]))
def test_the_oracle_decides_as_the_policies_say_and_finds_what_gets_in(mesh: Mesh, src: Any, port: int) -> None:
    cluster, profile = cluster_of(mesh), PROFILES["generic"]
    expected = {number: is_let_in(mesh, src, port, request) for number, request in enumerate(WORLD)}
    for number, request in enumerate(WORLD):
        ruling, _ = request_ruling(cluster, profile, Connection(src, DST, Protocol.TCP, port, request=request))
        assert ruling.allowed is expected[number], (request, ruling.reason)
    ruling, found = request_ruling(cluster, profile, Connection(src, DST, Protocol.TCP, port))
    assert ruling.allowed or not any(expected.values())
    assert ruling.allowed is (found is not None)
    assert found is None or is_let_in(mesh, src, port, found)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(meshes(), st.sampled_from(SOURCES), st.sampled_from([*PORTS, 5555]))
def test_what_is_listed_as_let_in_is_what_the_oracle_lets_in(mesh: Mesh, src: Any, port: int) -> None:
    """The alternatives, which name no source, hold of the requests of the world that get in, and of no others."""
    cluster, profile = cluster_of(mesh), PROFILES["generic"]
    about = Situation(Protocol.TCP, port, {Role.SELF: DST, Role.DST: DST})
    stage = next((it for it in mesh_stages(cluster, profile.ext_authz) if is_true(it.applies, about)), None)
    if stage is None:
        return
    try:
        listed = admitted(stage, selected(stage, cluster, about), about, mesh.config)
    except TooManyRequestsError:
        return
    for request in WORLD:
        if request.tls == MTLS and not isinstance(src, Pod):
            continue  # who has no identity shows none
        asked = replace(about.seeing(Role.SRC, src), request=seen(request, src, mesh.config))
        is_listed = any(all(is_true(leaf, asked) is is_so for leaf, is_so in these) for these in listed)
        assert is_listed is is_let_in(mesh, src, port, request), (request, listed)
