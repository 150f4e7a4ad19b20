"""Random meshes beside random NetworkPolicies: the encoding says of every request of a finite world what the oracle
says, finds one that gets through where the oracle does, and its witnesses are requests that the oracle lets through."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from evaluators import EVERYTHING, fixing, question
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_laws import DST, OURS, PORTS, SOURCES, WORLD, cluster_of, meshes

from analyzer.encoding import UNIVERSE, VIOLATION, Obligation, decode, embed, encode
from analyzer.encoding.asked_for import embedded
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Namespace
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import Labels
from analyzer.model.mesh import (
    TUNNEL_PORT,
    Attachment,
    JwtRule,
    Mesh,
    Mode,
    PeerAuthentication,
    RequestAuthentication,
    Waypoint,
    has_mesh,
)
from analyzer.model.policies import (
    Action,
    NamedPort,
    NamespaceNamed,
    NumberedPorts,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.requests import MTLS, Request, Token, TokenState
from analyzer.model.source import NOWHERE
from analyzer.semantics.mesh import request_ruling
from analyzer.semantics.requested import asked_outcomes, attributes_of
from analyzer.solving import Budget, Session

PROFILE = PROFILES["generic"]
BEARER = [Token(TokenState.VALID, "https://i", "s", (("aud", ("a", "b")),)), Token(TokenState.VALID, "https://i")]
TOKENS = [None, *BEARER, *(replace(token, is_elsewhere=True) for token in BEARER)]
PLACES: list[dict[str, Any]] = [
    {},
    {"headers": (("x", ""),)},
    {"headers": (("x", "t "), ("authorization", "Bearer "))},
    {"headers": (("authorization", "Bearer "),)},
    {"headers": (("authorization", ""),)},
    {"parameters": ("t",)},
    {"cookies": ("t",), "keeps_token": True},
]
"""Where a rule looks for tokens."""
REQUESTS = [*WORLD, *(replace(it, token=token) for it in WORLD[1:6] for token in TOKENS[1:])]
PAIRS = list(product(SOURCES, (*PORTS, 5555), REQUESTS))
AMBIENT = Labels({"kubernetes.io/metadata.name": "foo", "istio.io/dataplane-mode": "ambient"})


NAME = "inside"


def closed(port: int | str) -> Policy:
    """Only pods of dev come in, on this port, which pods may call by this name."""
    ports = NumberedPorts(Protocol.TCP, port, port) if isinstance(port, int) else NamedPort(port, Protocol.TCP)
    rule = Rule(Action.ACCEPT, (PodPeer(NamespaceNamed("dev")),), (ports,), 0, NOWHERE)
    tier, subject = Tier.NETWORK_POLICY, PodPeer(NamespaceNamed("foo"))
    return Policy("NetworkPolicy", "foo", "np", tier, subject, (rule,), None, NOWHERE)


def session_of(obligation: Obligation) -> Session:
    return Session(obligation.text, obligation.symbols, Budget())


def said(obligation: Obligation, session: Session, connection: Connection, cluster: Cluster) -> set[bool]:
    """What the encoding says of the connection, with its request."""
    values = embed(obligation, replace(connection, request=None))
    its = attributes_of(connection, cluster, PROFILE)
    assert values is not None
    assert its is not None
    values |= embedded(obligation.scope, obligation.variables, its)
    literal = session.literal(fixing(obligation, values))
    return {
        is_so
        for is_so, word in ((True, VIOLATION), (False, f"!{VIOLATION}"))
        if session.check(UNIVERSE, *obligation.tracks, literal, word).is_sat
    }


@st.composite
def clusters(draw: Any, *, is_ambient: bool = True, has_waypoints: bool = True, has_names: bool = False) -> Cluster:
    """In ambient, and there behind a waypoint, or with sidecars; NetworkPolicies that see the port or the tunnel."""
    mesh = draw(meshes())
    objects = list(mesh.objects)
    labels = draw(st.sampled_from([OURS, AMBIENT])) if is_ambient else OURS
    if has_waypoints and labels is AMBIENT and draw(st.booleans()):
        objects.append(Waypoint("foo", "wp"))
        labels = draw(st.sampled_from([AMBIENT, Labels({**AMBIENT, "istio.io/use-waypoint": "wp"})]))
    if draw(st.booleans()):
        audiences = draw(st.sampled_from([(), ("a",)]))
        rules = tuple(
            JwtRule("https://i", audiences, **it)
            for it in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=2))
        )
        objects.append(RequestAuthentication("foo", "r", Attachment("foo"), rules))
    found = cluster_of(Mesh(tuple(objects)))
    names = ("dev", "bar")
    others = tuple(Namespace(name, Labels({"kubernetes.io/metadata.name": name}), True) for name in names)
    port = NAME if has_names and draw(st.booleans()) else draw(st.sampled_from([None, 8080, TUNNEL_PORT]))
    policies = () if port is None else (closed(port),)
    return replace(found, namespaces=(Namespace("foo", labels, True), *others), policies=policies)


INSIDE = ContainerPort(NAME, TUNNEL_PORT, Protocol.TCP)
NAMED = [
    (INSIDE,),
    (INSIDE, replace(INSIDE, number=8080)),
    (replace(INSIDE, number=8080),),
    (replace(INSIDE, protocol=Protocol.UDP),),
    (replace(INSIDE, container=ContainerKind.INIT),),
]
"""What the destination calls its ports."""


def dst_of(cluster: Cluster) -> Pod:
    return replace(DST, namespace_labels=cluster.namespace_by_name["foo"].labels)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(has_names=True), st.sampled_from(NAMED), st.data())
def test_the_encoding_says_of_a_request_what_the_oracle_says(
    cluster: Cluster, ports: tuple[ContainerPort, ...], data: Any
) -> None:
    dst = replace(dst_of(cluster), ports=ports)
    asked = replace(question(EVERYTHING, PROFILE), with_requests=True)
    obligation = encode(cluster, asked)
    session = session_of(obligation)
    for src, port, request in data.draw(st.lists(st.sampled_from(PAIRS), min_size=40, max_size=40)):
        if request.tls == MTLS and not isinstance(src, Pod):
            continue  # nobody outside has an identity
        connection = Connection(src, dst, Protocol.TCP, port, request=request)
        expected = {decision.allowed for decision, _ in asked_outcomes(cluster, PROFILE, connection)}
        if not is_nobodys(request, cluster):
            assert said(obligation, session, connection, cluster) == expected, request


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(meshes(), st.sampled_from([NAME, NAME, TUNNEL_PORT, 8080]), st.data())
def test_the_encoding_sees_what_pods_call_the_tunnels_port(mesh: Mesh, seen: int | str, data: Any) -> None:
    own = PeerAuthentication("foo", "own", Attachment("foo"), Mode.PERMISSIVE)
    others = tuple(Namespace(it, Labels({"kubernetes.io/metadata.name": it}), True) for it in ("dev", "bar"))
    namespaces = (Namespace("foo", AMBIENT, True), *others)
    cluster = cluster_of(Mesh((own, *mesh.objects)))
    cluster = replace(cluster, namespaces=namespaces, policies=(closed(seen),))
    obligation = encode(cluster, replace(question(EVERYTHING, PROFILE), with_requests=True))
    session = session_of(obligation)
    pods = [src for src in SOURCES if isinstance(src, Pod)]
    for ports, src, port in product(NAMED, pods, (8080, 9000, TUNNEL_PORT)):
        request = data.draw(st.sampled_from([it for it in WORLD if it.tls == MTLS]))
        connection = Connection(src, replace(dst_of(cluster), ports=ports), Protocol.TCP, port, request=request)
        expected = {decision.allowed for decision, _ in asked_outcomes(cluster, PROFILE, connection)}
        assert said(obligation, session, connection, cluster) == expected, (ports, request)


def is_nobodys(request: Request, cluster: Cluster) -> bool:
    """A token of an issuer that no RequestAuthentication names: no client has one."""
    return request.token is not None and not cluster.mesh.of(RequestAuthentication)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(has_waypoints=False), st.sampled_from(SOURCES), st.sampled_from([*PORTS, 5555]))
def test_the_encoding_finds_a_request_where_the_oracle_does(cluster: Cluster, src: Any, port: int) -> None:
    asked = replace(question(EVERYTHING, PROFILE), with_requests=True)
    obligation = encode(replace(cluster, policies=()), asked)
    session = session_of(obligation)
    connection = Connection(src, dst_of(cluster), Protocol.TCP, port)
    values = embed(obligation, connection)
    assert values is not None
    found = session.check(UNIVERSE, *obligation.tracks, session.literal(fixing(obligation, values)), VIOLATION)
    ruling, _ = request_ruling(cluster, PROFILE, connection) if has_mesh(cluster.mesh) else (None, None)
    assert found.is_sat is (ruling is None or ruling.allowed)
    if found.is_sat:
        witness = decode(obligation, found.values)
        shown = replace(connection, request=witness.request)
        bare = replace(cluster, policies=())
        assert True in {decision.allowed for decision, _ in asked_outcomes(bare, PROFILE, shown)}
