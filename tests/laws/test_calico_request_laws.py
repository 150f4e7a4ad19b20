"""Random HTTP rules of Calico where its proxy enforces them, held to a plain reading of them: the encoding says of each
request of a finite world what the rules say, no verdict is better than that world has it, and regions and comparisons
tell just the requests that get through."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from told_regions import tells_of, tells_of_request

from analyzer.encoding import align
from analyzer.judging import Setting, judge
from analyzer.judging.compare import Revisions, gained
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod, pod_of
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.model.request_view import is_looked_at
from analyzer.model.requests import Request
from analyzer.semantics import is_in_scope
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.sets import AddressSet
from analyzer.sets.strings import regex
from analyzer.sets.strings.paths import CLEAN, clean_path, uncleaned
from analyzer.verdicts import Status

PROFILE = PROFILES["calico"].with_knob("application-layer-policy", "true")
METHODS = ("GET", "POST", "PUT")
PATHS = (
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/ab",
    "/a?x=1",
    "/%61/b",
    "/a/../c",
    "/c;x/",
    "/%2561",
    "/a%252fb",
    "/%",
    "//a//b",
    "/a%3Fx",
)
WORLD = [Request(), *(Request(method, path, "any.host", 2) for method, path in product(METHODS, PATHS))]
HTTP = [
    {},
    {"methods": ["GET"]},
    {"methods": ["POST", "PUT"]},
    {"methods": ["*"]},
    {"paths": [{"exact": "/a"}]},
    {"paths": [{"prefix": "/a"}]},
    {"paths": [{"prefix": "/"}]},
    {"paths": [{"exact": "/a/b"}, {"prefix": "/c/"}]},
    {"methods": ["GET"], "paths": [{"prefix": "/a/b"}]},
]
CONDITIONS = (
    "",
    'where request.method == "GET"',
    'where request.path like "/a*"',
    'where request.path == "/a"',
    'where not request.path like "/*"',
    'where request.path == "/c" and request.method in ("GET", "POST")',
    "where not has request.method",
    'where not request.headers[x] == "1"',
)
CLAIMS = ("no namespace dev can reach namespace foo", "every namespace dev can reach namespace foo")
CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: foo}
---
apiVersion: v1
kind: Namespace
metadata: {name: dev}
---
apiVersion: v1
kind: Pod
metadata: {name: srv, namespace: foo, labels: {app: srv}}
spec: {nodeName: node, containers: [{name: a, image: a}]}
status: {podIP: 10.0.0.9}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: dev, labels: {app: client}}
spec: {nodeName: node, containers: [{name: a, image: a}]}
status: {podIP: 10.0.0.1}
---
"""
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@st.composite
def rules(draw: Any) -> tuple[dict[str, Any], ...]:
    """Of one policy for ingress, in their order."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        port = {"destination": {"ports": [draw(st.sampled_from([80, 90]))]}} if draw(st.booleans()) else {}
        if draw(st.sampled_from((True, True, True, False))):
            http = draw(st.sampled_from(HTTP))
            found.append({"action": "Allow", "protocol": "TCP", **port, **({"http": http} if http else {})})
        else:
            found.append({"action": "Deny", "protocol": "TCP", **port})
    return tuple(found)


@cache
def read(text: str) -> Cluster:
    return load(["-"], stdin=text.encode).cluster


def cluster_of(drawn: tuple[dict[str, Any], ...]) -> Cluster:
    policy = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "foo"},
        "spec": {"types": ["Ingress"], "ingress": list(drawn)},
    }
    return read(CLUSTER + yaml.safe_dump(policy))


def is_let_in(drawn: tuple[dict[str, Any], ...], port: int, request: Request) -> bool:
    """The plain reading: the first rule that matches decides, and none denies."""
    for rule in drawn:
        if "destination" in rule and port not in rule["destination"]["ports"]:
            continue
        if request.method is not None and not is_met(rule.get("http", {}), request):
            continue
        return rule["action"] == "Allow"
    return False


def is_met(http: dict[str, Any], request: Request) -> bool:
    if "methods" in http and not {request.method, "*"} & set(http["methods"]):
        return False
    if "paths" not in http:
        return True
    path = clean_path(request.path)
    return path is not None and any(
        path == clean_path(text) or (form == "prefix" and path.startswith((clean_path(text) or "").rstrip("/") + "/"))
        for it in http["paths"]
        for form, text in it.items()
    )


def connections(cluster: Cluster) -> list[Connection]:
    client, srv = (
        pod_of(w, cluster.namespace_by_name[w.namespace].labels, w.ips[0])
        for w in sorted(cluster.workloads, key=lambda it: it.name)
    )
    assert isinstance(client, Pod)
    return [Connection(client, srv, Protocol.TCP, port, request=it) for port, it in product((80, 90, 7), WORLD)]


@settings(max_examples=30, **SLOW)
@given(rules(), st.sampled_from(CLAIMS), st.sampled_from(CONDITIONS))
def test_no_verdict_is_better_than_the_world_has_it(drawn: tuple[dict[str, Any], ...], claim: str, where: str) -> None:
    cluster = cluster_of(drawn)
    query = parse_query(f"{claim} on tcp/80, tcp/90, tcp/7 {where}", "q")
    verdict = judge(cluster, query, (), Setting(Universe.INVENTORY, PROFILE, max_counterexamples=40))
    assert verdict.status is not Status.UNKNOWN, verdict.reason
    for connection in connections(cluster):
        assert connection.request is not None
        assert connection.port is not None
        passes = is_let_in(drawn, connection.port, connection.request)
        assert {d.allowed for d, _ in asked_outcomes(cluster, PROFILE, connection)} == {passes}, connection
        its = attributes_of(connection, cluster, PROFILE)
        assert its is not None
        is_violation = claim.startswith("no") and passes and is_in_scope(query.claim, connection, PROFILE, its)
        if claim.startswith("every"):
            continue
        regions = [example.region for example in verdict.counterexamples]
        ends = replace(connection, request=None)
        told = any(tells_of(it, ends, cluster, PROFILE, in_scope=True) and tells_of_request(it, its) for it in regions)
        assert is_violation or not told or not is_in_scope(query.claim, connection, PROFILE, its), connection
        if verdict.status is not Status.REFUTED or verdict.is_complete:
            assert told or not is_violation, connection
    if claim.startswith("every") and not where:
        shut = [port for port in (80, 90, 7) if not any(is_let_in(drawn, port, it) for it in WORLD)]
        assert (verdict.status is Status.REFUTED) is bool(shut)


@settings(max_examples=20, **SLOW)
@given(rules(), rules())
def test_comparisons_tell_just_what_changed(
    before: tuple[dict[str, Any], ...], after: tuple[dict[str, Any], ...]
) -> None:
    pair = cluster_of(before), cluster_of(after)
    asking = Setting(Universe.INVENTORY, PROFILE, AddressSet.FULL, max_counterexamples=40)
    found = gained(Revisions(*pair), asking, 40)
    assert not found.reason
    looking = next((side for side in align(*pair) if is_looked_at(PROFILE, side)), pair[1])
    for connection in connections(pair[1]):
        assert connection.request is not None
        assert connection.port is not None
        was, now = (is_let_in(it, connection.port, connection.request) for it in (before, after))
        its = attributes_of(connection, looking, PROFILE)
        assert its is not None
        ends = replace(connection, request=None)
        told = any(
            tells_of(it.region, ends, pair[1], PROFILE, in_scope=True) and tells_of_request(it.region, its)
            for it in found.changes
        )
        assert told is (now and not was) or (found.is_capped and not told), connection


@pytest.mark.parametrize("text", ["", "/", "/a", "/a/b c", "/%41", "/%", "/?x", "/é", "/a#b", "/~:@"])
def test_a_clean_path_is_that_of_what_is_asked_for(text: str) -> None:
    assert regex(CLEAN).matches(text)
    assert (clean_path(uncleaned(text)) or "") == text
