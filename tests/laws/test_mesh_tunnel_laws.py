"""Random clusters in which ztunnel, sidecars that take the mesh's tunnel, and pods past which both go stand before one
declared destination: the encoding says of every request what the oracle says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluators import EVERYTHING, question
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_encoding_laws import PAIRS, PROFILE, closed, said, session_of
from test_mesh_laws import DST, SOURCES, cluster_of, meshes
from test_mesh_map_laws import row_of
from test_mesh_verdict_laws import populated
from told_regions import tells_of_request

from analyzer.analysis import explain
from analyzer.analysis.connectivity import connectivity
from analyzer.encoding import encode
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.endpoints import Connection, Pod, pod_of
from analyzer.model.labels import Labels
from analyzer.model.mesh import (
    BYPASS,
    REDIRECTED,
    REDIRECTION,
    STATUS,
    TAKES_TUNNEL,
    TUNNEL_PORT,
    UNREDIRECTED,
    Mesh,
    MeshConfig,
    ProxyVariables,
    Waypoint,
)
from analyzer.model.mesh_cni import MeshCni
from analyzer.model.policies import Protocol
from analyzer.model.requests import MTLS, PLAINTEXT
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.explanation import Outcome
from analyzer.verdicts.regions import Region

NAME, AMBIENT = {"kubernetes.io/metadata.name": "foo"}, {"istio.io/dataplane-mode": "ambient"}
INJECTED = {"istio-injection": "enabled"}
ASKED = [it for it in PAIRS if it[2].token is None and (isinstance(it[0], Pod) or it[2].tls == PLAINTEXT)]
INSIDE = [it for it in ASKED if it[0] is SOURCES[0] and it[2].tls == MTLS]
"""What comes from whom NetworkPolicies here let in."""
LABELS = [
    AMBIENT,
    INJECTED,
    AMBIENT | INJECTED,
    {},
    AMBIENT | {"istio.io/use-waypoint": "gone"},
    AMBIENT | {"istio.io/use-waypoint": "none"},
    AMBIENT | {"istio.io/use-waypoint": "wp", "istio.io/use-waypoint-namespace": "bar"},
]
CONFIG = "proxy.istio.io/config"
ANNOTATIONS = {
    BYPASS: ["true", "T", "false", "yes"],
    REDIRECTION: [REDIRECTED],
    UNREDIRECTED: [""],
    STATUS: [""],
    TAKES_TUNNEL: ["true", "", "false"],
    CONFIG: [
        'proxyMetadata: {ISTIO_META_ENABLE_HBONE: "true"}',
        "proxyMetadata:\n  ISTIO_META_ENABLE_HBONE: 'false'",
        "proxyMetadata: {ISTIO_META_ENABLE_HBONE: }",
        "holdApplicationUntilProxyStarts: true",
    ],
    "traffic.sidecar.istio.io/excludeInboundPorts": ["8080"],
}


HBONE = 'proxyMetadata: {ISTIO_META_ENABLE_HBONE: "true"}'
BOTH_WAYS = [({CONFIG: HBONE}, None), ({}, True), ({TAKES_TUNNEL: "1", STATUS: ""}, None), ({STATUS: ""}, True)]
"""Annotations by which a sidecar takes the tunnel, and what the mesh's configuration says."""


PROXY_CONFIGS = [
    ProxyVariables(namespace, f"p-{n}-{takes}", labels, takes)
    for takes in (True, False, None)
    for n, (namespace, labels) in enumerate((("foo", None), ("istio-system", None), ("foo", Labels({"app": "srv"}))))
]


@st.composite
def ways_in(draw: Any) -> tuple[dict[str, str], dict[str, str], bool | None]:
    """Labels of the destination's namespace, its annotations, and whether the mesh has sidecars take the tunnel."""
    if draw(st.booleans()):
        notes, takes = draw(st.sampled_from(BOTH_WAYS))
        return INJECTED, notes, takes
    chosen = draw(st.lists(st.sampled_from(sorted(ANNOTATIONS)), max_size=2, unique=True))
    notes = {key: draw(st.sampled_from(ANNOTATIONS[key])) for key in chosen}
    return draw(st.sampled_from(LABELS)), notes, draw(st.sampled_from([None, True, False]))


@st.composite
def clusters(draw: Any) -> Cluster:
    mesh: Mesh = draw(st.just(Mesh()) | meshes())
    labels, notes, takes = draw(ways_in())
    objects = (*mesh.objects, *draw(st.sampled_from([(), (), (Waypoint("bar", "wp"),)])))
    objects += tuple(draw(st.lists(st.sampled_from(PROXY_CONFIGS), max_size=2, unique=True)))
    passed_over = draw(st.sampled_from([frozenset(), frozenset({"foo"})]))
    is_ambient = labels.get("istio.io/dataplane-mode") == "ambient" or draw(st.booleans())
    config = MeshConfig(takes_tunnel=takes, trusted_proxies=1)  # so that a mesh is seen
    told = draw(st.sampled_from([(), (), (MeshCni(),), (MeshCni(enables_ambient=None),), (MeshCni(is_usual=False),)]))
    mesh = Mesh(objects, config, is_ambient=is_ambient, passed_over=passed_over, cni=told, has_cni=draw(st.booleans()))
    found = cluster_of(mesh)
    others = tuple(Namespace(it, Labels({"kubernetes.io/metadata.name": it}), True) for it in ("dev", "bar"))
    ports = draw(st.sampled_from([(TUNNEL_PORT,), (TUNNEL_PORT,), (8080,), (8080, TUNNEL_PORT), ()]))
    shut = [replace(closed(8080), ingress=())] if draw(st.sampled_from((False, False, True))) else []
    ports = () if shut and draw(st.booleans()) else ports
    return replace(
        found,
        namespaces=(Namespace("foo", Labels(NAME | labels), True), *others),
        workloads=tuple(replace(it, annotations=Labels(notes)) for it in found.workloads),
        policies=(*shut, *(replace(closed(port), name=f"np{port}") for port in ports)),
    )


NOTHING = ConnectionSet.EMPTY


def destination(cluster: Cluster) -> Pod:
    return pod_of(cluster.workloads[0], cluster.namespace_by_name["foo"].labels, DST.ip)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(), st.data())
def test_the_encoding_says_of_every_way_in_what_the_oracle_says(cluster: Cluster, data: Any) -> None:
    dst = destination(cluster)
    obligation = encode(cluster, replace(question(EVERYTHING, PROFILE), with_requests=True))
    session = session_of(obligation)
    chosen = [data.draw(st.lists(st.sampled_from(it), min_size=12, max_size=12)) for it in (ASKED, INSIDE)]
    for src, port, request in (*chosen[0], *chosen[1]):
        connection = Connection(src, dst, Protocol.TCP, port, request=request)
        expected = {decision.allowed for decision, _ in asked_outcomes(cluster, PROFILE, connection)}
        assert said(obligation, session, connection, cluster) == expected, (src, port, request)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(), st.data())
def test_a_map_tells_of_every_way_in_what_the_oracle_tells(cluster: Cluster, data: Any) -> None:
    shown = populated(replace(cluster, namespaces=cluster.namespaces[:1]))
    found, dst = connectivity(shown, PROFILE), destination(cluster)
    for src in SOURCES:
        row = row_of(found, src)
        for _, port, request in data.draw(st.lists(st.sampled_from([it for it in ASKED if it[0] is src]), min_size=9)):
            connection = Connection(src, dst, Protocol.TCP, port, request=request)
            its = attributes_of(connection, shown, PROFILE)
            outcomes = {decision.allowed for decision, _ in asked_outcomes(shown, PROFILE, connection)}
            assert its is not None
            here = [it for it in row.requests if port in it.ports] if row is not None else []
            if here:
                told = [it for it in here if tells_of_request(Region.of(it.region), its)]
                may, must = bool(told), any(it.is_certain for it in told)
            else:
                may, must = (
                    port in of.tcp for of in ((row.allowed, row.certain) if row is not None else (NOTHING, NOTHING))
                )
            assert may is (True in outcomes), (src, port, request)
            assert not must or outcomes == {True}, (src, port, request)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(), st.data())
def test_explain_says_of_every_way_in_what_the_oracle_says(cluster: Cluster, data: Any) -> None:
    shown, dst = populated(replace(cluster, namespaces=cluster.namespaces[:1])), destination(cluster)
    served = shown.workloads[0]
    for src, port, request in data.draw(st.lists(st.sampled_from(ASKED), min_size=8, max_size=8)):
        sender = next((it for it in shown.workloads if src.ip in it.ips), None) or AddressSet.single(src.ip)
        connection = Connection(src, dst, Protocol.TCP, port, request=request)
        expected = {decision.allowed for decision, _ in asked_outcomes(shown, PROFILE, connection)}
        asked = ConnectionSet(tcp=PortSet.of(port))
        found = explain(shown, PROFILE, sender, served, asked=asked, request=request).outcome
        assert found is OUTCOMES[frozenset(expected)], (src, port, request)
        every = [it for s, p, it in ASKED if (s, p) == (src, port)]
        let_in = [asked_outcomes(shown, PROFILE, replace(connection, request=it)) for it in every]
        if any(all(decision.allowed for decision, _ in its) for its in let_in):  # some request of this world is
            assert explain(shown, PROFILE, sender, served, asked=asked).outcome is Outcome.ALLOWED, (src, port)


OUTCOMES = {
    frozenset({True}): Outcome.ALLOWED,
    frozenset({False}): Outcome.DENIED,
    frozenset({True, False}): Outcome.UNKNOWN,
}
