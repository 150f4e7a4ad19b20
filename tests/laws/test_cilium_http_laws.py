"""Cilium's rules over HTTP, drawn as manifests: comparisons tell just the requests of a finite world that changed."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from told_regions import tells_of, tells_of_request

from analyzer import load
from analyzer.judging import Setting
from analyzer.judging.compare import Revisions, gained
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, External, Pod
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.model.request_view import is_looked_at
from analyzer.model.requests import Request
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.sets import AddressSet

CILIUM = PROFILES["cilium"]
NAMES = {name: Labels({"kubernetes.io/metadata.name": name}) for name in ("shop", "web")}
DST = Pod("shop", NAMES["shop"], Labels({"app": "api"}), ip_address("10.0.0.9"))
SOURCES = (
    Pod("web", NAMES["web"], Labels({"app": "front"}), ip_address("10.0.0.1")),
    Pod("shop", NAMES["shop"], Labels({}), ip_address("10.0.0.2")),
    External(ip_address("8.8.8.8")),
)
WORLD = [
    Request(),
    *(
        Request(method, path, host, headers=headers)
        for method, path, host, headers in product(
            ("GET", "POST", "PUT"),
            ("/", "/api", "/api/x", "/apix", "/api//x", "/api/../adm", "/adm?q=/api"),
            ("a.b", "c.d"),
            ((), (("x-k", "1"),), (("x-k", "2"),)),
        )
        if host == "a.b" or not headers
    ),
]
EVERY = [
    Connection(src, DST, Protocol.TCP, port, request=request)
    for src, port, request in product(SOURCES, (80, 443), WORLD)
]


@st.composite
def cilium_rules(draw: Any) -> dict[str, Any]:
    one = st.fixed_dictionaries(
        {},
        optional={
            "method": st.sampled_from(["GET", "GET|POST", "P.*"]),
            "path": st.sampled_from(["/api", "/api/.*", "/.*", r"/adm\?q=.*"]),
            "host": st.sampled_from(["a.b", r".*\.b"]),
            "headers": st.sampled_from([["x-k 1"], ["x-k"]]),
        },
    )
    port: dict[str, Any] = {"ports": [{"port": draw(st.sampled_from(["80", "443"])), "protocol": "TCP"}]}
    if http := draw(st.lists(one, max_size=2)):
        port["rules"] = {"http": http}
    rule: dict[str, Any] = {"toPorts": [port]}
    rule["fromEndpoints"] = [{} if draw(st.booleans()) else {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "web"}}]
    return rule


@st.composite
def clusters(draw: Any) -> Cluster:
    spec = {"endpointSelector": {}, "ingress": draw(st.lists(cilium_rules(), min_size=1, max_size=3))}
    meta = {"name": "p", "namespace": "shop"}
    policy = {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": meta, "spec": spec}
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMES]
    return load(objects=[*spaces, policy]).cluster


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(), clusters())
def test_regions_hold_just_the_requests_that_changed(before: Cluster, after: Cluster) -> None:
    old, new = (as_enforced(side, CILIUM) for side in (before, after))
    found = gained(Revisions(old, new), Setting(Universe.ANY, CILIUM, AddressSet.of("10.0.0.0/8")), 40)
    assert not found.reason
    looking = after if is_looked_at(CILIUM, after) else before
    for connection in EVERY:
        its = attributes_of(connection, looking, CILIUM)
        assert its is not None
        hits = sum(
            tells_of(change.region, replace(connection, request=None), new, CILIUM, in_scope=True)
            and tells_of_request(change.region, its)
            for change in found.changes
        )
        was, now = ({it.allowed for it, _ in asked_outcomes(side, CILIUM, connection)} for side in (old, new))
        assert hits == int(was == {False} and now == {True}) or (found.is_capped and hits == 0), connection
