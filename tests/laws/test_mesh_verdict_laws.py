"""Verdicts on random meshes, held to a finite world of sources, ports and requests in which the oracle decides each:
what a world of single requests refutes is never proved, be it asked for some request or for every one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_encoding_laws import AMBIENT, PROFILE, closed, dst_of
from test_mesh_encoding_laws import clusters as with_tokens
from test_mesh_laws import DST, OURS, SOURCES, cluster_of, meshes
from told_regions import tells_of_request

from analyzer.analysis import cross_check
from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.model.claims import Kind, Universe
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import Labels
from analyzer.model.mesh import TUNNEL_PORT, Attachment, Mesh, Mode, PeerAuthentication
from analyzer.model.policies import Protocol
from analyzer.model.requests import MTLS, PLAINTEXT, Request
from analyzer.semantics import is_in_scope
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.solving import CVC5, Budget
from analyzer.verdicts import Status

METHODS, PATHS = ("GET", "POST", "PUT"), ("/a", "/a/b", "/c", "/ac", "/z", "/")
HEADERS = tuple(tuple(("x", v) for v in values) for values in ((), ("1",), ("2",), ("3",), ("1", "2"), ("1", "3")))
WORLD = [
    Request(tls=tls) if method is None else Request(method, path, "any.host", headers=headers, tls=tls)
    for tls in (PLAINTEXT, MTLS)
    for method, path, headers in [(None, "/", ()), *product(METHODS, PATHS, HEADERS)]
]
PORTS = (8080, 9000, 7000)
ON = "on tcp/8080, tcp/9000, tcp/7000"
CONDITIONS = (
    "",
    'where request.method == "GET"',
    'where request.path like "/a*" and request.method in ("GET", "POST")',
    "where request.tls == plaintext",
    'where request.identity == "cluster.local/ns/dev/sa/a"',
    'where not request.headers[x] == "1"',
    'where request.path == "/c" and request.tls == mtls',
)
WITHOUT_TOKEN = 'where not has request.token and not request.path == "/a"'
MEDIATED = "on tcp/1-21, tcp/23-15007, tcp/15009-65535"
CLAIMS = (
    "no {} can reach namespace foo",
    "every {} can reach namespace foo",
    "only namespace bar can reach namespace foo",
)
SETS = ("namespace dev", "namespaces()", "anything")


@st.composite
def clusters(draw: Any, *, is_ambient: bool = True) -> Cluster:
    found = populated(cluster_of(draw(meshes())))
    policies = (closed(draw(st.sampled_from([8080, TUNNEL_PORT]))),) if draw(st.booleans()) else ()
    home = replace(
        found.namespace_by_name["foo"], labels=draw(st.sampled_from([OURS, AMBIENT] if is_ambient else [OURS]))
    )
    others = tuple(namespace for namespace in found.namespaces if namespace.name != "foo")
    return replace(found, namespaces=(home, *others), policies=policies)


@st.composite
def requested(draw: Any) -> Cluster:
    """With tokens that a proxy asks for, and preflights that it then lets by."""
    found = draw(with_tokens(has_waypoints=False))
    return populated(replace(found, namespaces=(found.namespace_by_name["foo"],)))  # each namespace is there once


def populated(found: Cluster) -> Cluster:
    """With the pods that clients are."""
    pods = [src for src in SOURCES if isinstance(src, Pod)]
    names = {
        pod.namespace: Namespace(pod.namespace, Labels({"kubernetes.io/metadata.name": pod.namespace}), True)
        for pod in pods
    }
    workloads = tuple(
        Workload("Pod", pod.namespace, "w", pod.labels, service_account=pod.service_account, ips=(pod.ip,))
        for pod in pods
    )
    served = tuple(replace(workload, ips=(DST.ip,)) for workload in found.workloads)
    return replace(found, namespaces=(*found.namespaces, *names.values()), workloads=(*served, *workloads))


def passes(cluster: Cluster, connection: Connection) -> bool:
    return all(decision.allowed for decision, _ in asked_outcomes(cluster, PROFILE, connection))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(), st.sampled_from(CLAIMS), st.sampled_from(SETS), st.sampled_from(CONDITIONS))
def test_no_verdict_is_better_than_the_world_has_it(cluster: Cluster, claim: str, members: str, where: str) -> None:
    query = parse_query(f"{claim.format(members)} {ON} {where}", "q")
    setting = Setting(Universe.INVENTORY, PROFILE, budget=Budget(), max_counterexamples=1)
    verdict = judge(cluster, query, (), setting)
    assert verdict.status is not Status.UNKNOWN, verdict.reason
    if verdict.status is Status.REFUTED:
        return  # its witness was replayed
    is_reach = claim.startswith("every")
    for src, port in product(SOURCES, PORTS):
        world = [it for it in WORLD if it.tls == PLAINTEXT or isinstance(src, Pod)]
        told = [(it, Connection(src, dst_of(cluster), Protocol.TCP, port, request=it)) for it in world]
        spoken = [
            (request, connection)
            for request, connection in told
            if is_in_scope(query.claim, connection, PROFILE, attributes_of(connection, cluster, PROFILE))
        ]
        if not is_reach:
            assert not any(passes(cluster, connection) for _, connection in spoken)
            continue
        by_named: dict[object, list[Connection]] = {}
        for request, connection in spoken:
            by_named.setdefault(named(where, request, src), []).append(connection)
        assert all(any(passes(cluster, connection) for connection in its) for its in by_named.values())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    requested(),
    st.sampled_from(CLAIMS),
    st.sampled_from(SETS),
    st.sampled_from([Universe.ANY, Universe.NAMESPACES, Universe.INVENTORY]),
    st.sampled_from(["", ON, MEDIATED]),
    st.sampled_from([WITHOUT_TOKEN, *CONDITIONS]),
)
def test_a_witness_asks_what_its_region_tells(
    cluster: Cluster, claim: str, members: str, universe: Universe, ports: str, where: str
) -> None:
    """Of a cluster where workloads violate the claim the region is made around what they ask, and its port is then one
    that readers know: a request of another region may be refused there."""
    query = parse_query(f"{claim.format(members)} {ports} {where}", "q")
    verdict = judge(cluster, query, (), Setting(universe, PROFILE, max_counterexamples=2))  # each witness is replayed
    for example in (*verdict.counterexamples, *verdict.further):
        assert example.connection is not None
        its = attributes_of(example.connection, cluster, PROFILE)
        assert its is None or query.claim.kind is Kind.EVERY or tells_of_request(example.region, its)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(), st.sampled_from(CLAIMS), st.sampled_from(SETS), st.sampled_from(CONDITIONS))
def test_a_second_solver_confirms_what_verdicts_rest_on(cluster: Cluster, claim: str, members: str, where: str) -> None:
    query = parse_query(f"{claim.format(members)} {ON} {where}", "q")
    setting = Setting(Universe.INVENTORY, PROFILE, max_counterexamples=1, keeps_steps=True)
    verdict = judge(cluster, query, (), setting)
    assert verdict.steps
    checked = cross_check("q", verdict.steps, CVC5, Budget())
    assert (checked.confirmed, checked.undecided) == (sum(it.expected != "unknown" for it in verdict.steps), ())


@pytest.mark.parametrize(
    ("mode", "status"), [(Mode.DISABLE, Status.REFUTED), (Mode.STRICT, Status.PROVED), (Mode.PERMISSIVE, Status.PROVED)]
)
def test_an_identity_that_nobody_unwraps_reaches_no_http(mode: Mode, status: Status) -> None:
    """Where no request shows what a claim of reach names none gets through, whatever gets through without."""
    mesh = Mesh((PeerAuthentication("foo", "m", Attachment("foo"), mode),))
    where = 'where request.identity == "cluster.local/ns/dev/sa/a"'
    query = parse_query(f"every namespace dev can reach namespace foo on tcp/8080 {where}", "q")
    verdict = judge(populated(cluster_of(mesh)), query, (), Setting(Universe.INVENTORY, PROFILE))
    assert verdict.status is status


def named(where: str, request: Request, src: Any) -> object:
    """The values of what the condition names."""
    is_http = request.method is not None
    return (
        request.method if "method" in where else None,
        (request.path if is_http else None) if "path" in where else None,
        request.tls if "tls" in where or "identity" in where else None,
        request.headers if "headers" in where else None,
        is_http if any(word in where for word in ("method", "path")) else None,
    )
