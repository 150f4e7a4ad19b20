"""Random HTTP rules of Cilium at both ends, held to a plain reading of them by Python's own regular expressions: the
encoding says of each request of a finite world what the rules say, no verdict is better than that world has it, and
where no request is said to get through none does."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import yaml
from evaluators import EVERYTHING, fixing, question
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.encoding import UNIVERSE, VIOLATION, embed, encode
from analyzer.encoding.asked_for import embedded
from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod, pod_of
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.model.requests import MTLS, PLAINTEXT, Request
from analyzer.semantics import is_in_scope
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.solving import Budget, Session
from analyzer.verdicts import Status

PROFILE = PROFILES["cilium"]
METHODS, PATHS = ("GET", "POST", "PUT"), ("/", "/a", "/a/b", "/c", "/a?x=1", "/c?y", "/a/b?x=1")
HEADERS = tuple(tuple(("x", v) for v in values) for values in ((), ("1",), ("2",), ("1", "2")))
WORLD = [Request(), Request(sni="some.where"), Request(tls=MTLS)] + [
    Request(method, path, host, 2, headers, sni=sni, tls=tls)
    for method, path, host, headers in product(METHODS, PATHS, ("any.host", "other"), HEADERS)
    for sni, tls in ((None, PLAINTEXT), ("some.where", PLAINTEXT), (None, MTLS))
]
RULES = {
    "method": ("GET", "P.*", "POST|PUT"),
    "path": ("/a", "/a.*", r"/a(\?.*)?", ".*c.*", r"/a\?x=1", r".*\?.*", "/"),
    "host": ("any.*", "other"),
    "headers": (["x: 1"], ["x"], ["x: 1", "x: 2"]),
}
CONDITIONS = {
    "": (),
    'where request.method == "GET"': ("method",),
    'where request.path like "/a*"': ("path",),
    'where request.path == "/a"': ("path",),
    'where request.path == "/c" and request.method in ("GET", "POST")': ("path", "method"),
    'where not request.headers[x] == "1"': ("headers",),
    "where request.tls == plaintext": ("tls",),
    "where not has request.sni": ("sni",),
    "where not has request.method": ("method",),
}
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
spec: {containers: [{name: a, image: a}]}
status: {podIP: 10.0.0.9}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: dev, labels: {app: client}}
spec: {containers: [{name: a, image: a}]}
status: {podIP: 10.0.0.1}
---
"""


@st.composite
def http_rules(draw: Any) -> dict[str, Any]:
    keys = draw(st.sets(st.sampled_from(sorted(RULES)), max_size=2))
    return {key: draw(st.sampled_from(RULES[key])) for key in sorted(keys)}


@st.composite
def policies(draw: Any) -> tuple[dict[str, Any], ...]:
    """At each end none, or one with some rules on TCP 80, each with HTTP rules or with none."""
    found = []
    for key, namespace in (("ingress", "foo"), ("egress", "dev")):
        if draw(st.sampled_from((True, True, False))):
            some = st.lists(http_rules(), min_size=1, max_size=2) | st.lists(http_rules(), max_size=2)
            entries = draw(st.lists(some, min_size=1, max_size=2))
            rules = [
                {"toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}], **({"rules": {"http": it}} if it else {})}]}
                for it in entries
            ]
            found.append((key, namespace, rules))
    return tuple({"key": key, "namespace": namespace, "rules": rules} for key, namespace, rules in found)


@cache
def read(text: str) -> Cluster:
    return load(["-"], stdin=text.encode).cluster


def cluster_of(drawn: tuple[dict[str, Any], ...]) -> Cluster:
    documents = [
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "p", "namespace": one["namespace"]},
            "spec": {"endpointSelector": {}, one["key"]: one["rules"]},
        }
        for one in drawn
    ]
    return read(CLUSTER + yaml.safe_dump_all(documents))


def pods(cluster: Cluster) -> tuple[Pod, Pod]:
    labels = cluster.namespace_by_name
    found = {w.namespace: pod_of(w, labels[w.namespace].labels, w.ips[0]) for w in cluster.workloads}
    return found["dev"], found["foo"]


def passes(drawn: tuple[dict[str, Any], ...], request: Request) -> bool:
    """What the rules say of it, read anew."""
    return all(any(any_of(rule, request) for rule in one["rules"]) for one in drawn)


def any_of(rule: dict[str, Any], request: Request) -> bool:
    http = rule["toPorts"][0].get("rules", {}).get("http")
    if http is None:
        return True
    is_readable = request.method is not None and request.sni is None and request.tls == PLAINTEXT
    return is_readable and any(meets(one, request) for one in http)


def meets(one: dict[str, Any], request: Request) -> bool:
    for key, text in (("method", request.method), ("path", request.path), ("host", request.host)):
        if key in one and re.fullmatch(one[key], text or "") is None:
            return False
    for header in one.get("headers", ()):
        name, colon, value = header.partition(": ")
        its = [v for k, v in request.headers if k == name]
        if not (value in its if colon else its):
            return False
    return True


LAW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@LAW
@given(policies(), st.data())
def test_the_encoding_says_of_a_request_what_the_rules_say(drawn: tuple[dict[str, Any], ...], data: Any) -> None:
    cluster = cluster_of(drawn)
    obligation = encode(cluster, replace(question(EVERYTHING, PROFILE), with_requests=True))
    session = Session(obligation.text, obligation.symbols, Budget())
    src, dst = pods(cluster)
    for request in data.draw(st.lists(st.sampled_from(WORLD), min_size=30, max_size=30)):
        connection = Connection(src, dst, Protocol.TCP, 80, request=request)
        its = attributes_of(connection, cluster, PROFILE)
        values = embed(obligation, replace(connection, request=None))
        assert values is not None
        assert its is not None
        values |= embedded(obligation.scope, obligation.variables, its)
        literal = session.literal(fixing(obligation, values))
        said = {
            is_so
            for is_so, word in ((True, VIOLATION), (False, f"!{VIOLATION}"))
            if session.check(UNIVERSE, *obligation.tracks, literal, word).is_sat
        }
        assert said == {passes(drawn, request)}, request
        assert {decision.allowed for decision, _ in asked_outcomes(cluster, PROFILE, connection)} == said


@LAW
@given(policies(), st.sampled_from(CLAIMS), st.sampled_from(sorted(CONDITIONS)))
def test_a_verdict_is_what_the_world_has(drawn: tuple[dict[str, Any], ...], claim: str, where: str) -> None:
    cluster = cluster_of(drawn)
    query = parse_query(f"{claim} on tcp/80 {where}", "q")
    verdict = judge(cluster, query, (), Setting(Universe.INVENTORY, PROFILE, max_counterexamples=1))
    assert verdict.status is not Status.UNKNOWN, verdict.reason
    src, dst = pods(cluster)
    spoken = [
        request
        for request in WORLD
        if is_in_scope(
            query.claim,
            connection := Connection(src, dst, Protocol.TCP, 80, request=request),
            PROFILE,
            attributes_of(connection, cluster, PROFILE),
        )
    ]
    if claim.startswith("no"):
        # What the world shows is refuted; what is refuted has a witness that the oracle replayed.
        assert (verdict.status is Status.REFUTED) or not any(passes(drawn, request) for request in spoken)
        return
    by_named: dict[object, list[bool]] = {}
    for request in spoken:
        by_named.setdefault(named(CONDITIONS[where], request), []).append(passes(drawn, request))
    if verdict.status is not Status.REFUTED:
        assert all(map(any, by_named.values()))
        return
    shown = verdict.counterexamples[0].connection
    assert shown is not None
    assert shown.request is not None
    assert not any(by_named.get(named(CONDITIONS[where], shown.request), [False]))


def named(names: tuple[str, ...], request: Request) -> object:
    """The values of what the condition names."""
    is_http = request.method is not None
    of = {
        "method": request.method,
        "path": request.path.partition("?")[0] if is_http else None,
        "headers": request.headers,
        "tls": request.tls,
        "sni": request.sni,
    }
    return tuple(of[name] for name in names)
