"""The decision on a connection with what is asked for over it: the pipeline's, and the mesh's where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.formulas import Attribute, Formula, Name, Role
from analyzer.model.mesh import TUNNEL_PORT, has_mesh
from analyzer.model.open_facts import OpenFact
from analyzer.model.profile import Profile
from analyzer.model.request_view import is_seen_by_engine, proxy_config
from analyzer.model.requests import MTLS, PLAINTEXT, Request
from analyzer.records import dataclass
from analyzer.semantics.deciding import as_modelled_first, said
from analyzer.semantics.decision import Decision, Ruling, StageVerdict
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.oracle import decide
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES, Settle, first_option, runs

Its = Mapping[Attribute, tuple[str, ...]]
_TLS = Attribute(Role.REQUEST, Name.TLS)
_TELLS_TLS = frozenset({Name.TLS, Name.IDENTITY})
_OF_THE_SOURCE = frozenset({Name.IDENTITY, Name.REMOTE_IP, Name.FAULT})


@dataclass(frozen=True, slots=True)
class Asked:
    """`named`: the attributes that the question settles; the client chooses all others, so that it gets through if it
    can.  None: the request is as it stands.  `admits_tokens`: the client may choose a valid token.  `settled`: what is
    open elsewhere, and is taken to be so here."""

    named: frozenset[Attribute] | None = None
    admits_tokens: bool = True
    settled: tuple[tuple[OpenFact, bool], ...] = ()

    def settling(self, settle: Settle) -> Settle:
        """Who settles all else."""
        known = dict(self.settled)
        if not known:
            return settle

        def found(fact: OpenFact, options: tuple[str, ...]) -> str:
            is_so = known.get(fact)
            return settle(fact, options) if is_so is None else MATCHES if is_so else DOES_NOT_MATCH

        return found


AS_IT_STANDS = Asked()


def decide_asked(
    cluster: Cluster,
    profile: Profile,
    connection: Connection,
    settle: Settle = first_option,
    asked: Asked = AS_IT_STANDS,
) -> tuple[Decision, Request | None]:
    """The decision, with the request that gets through, or the one that was asked for.  TooManyRequestsError.

    Cilium's rules are asked about requests where no mesh is; else, and by other engines, connections alone are judged.
    """
    request = connection.request
    if request is not None and is_seen_by_engine(profile, cluster):
        from analyzer.semantics.engine_requests import request_through_engine
        from analyzer.semantics.requests import seen_by_engine

        if asked.named is None:
            shown = seen_by_engine(request, connection.src, cluster, profile)
            return decide(cluster, profile, connection, settle, shown), request
        return request_through_engine(
            cluster, profile, connection, settle, asked.named, admits_tokens=asked.admits_tokens
        )
    if request is None or not has_mesh(cluster.mesh) or not isinstance(connection.dst, Pod):
        return decide(cluster, profile, connection, settle), request
    found = None
    for chosen in _ways_in(cluster, profile, connection, settle, asked):
        named = asked.named if asked.named is None else asked.named | {_TLS}
        told = _decided(cluster, profile, replace(connection, request=chosen), settle, replace(asked, named=named))
        if told[0].allowed:
            return told
        found = found or told
    return found or _decided(cluster, profile, connection, settle, asked)


def _ways_in(
    cluster: Cluster, profile: Profile, connection: Connection, settle: Settle, asked: Asked
) -> Iterator[Request]:
    """In plaintext, and in mutual TLS, where the client chooses and the mesh's tunnel takes the latter elsewhere."""
    request = connection.request
    if request is None or asked.named is None or _TELLS_TLS & {it.name for it in asked.named}:
        return
    mutual = replace(request, tls=MTLS, identity=None)
    may_be_mutual = isinstance(connection.src, Pod) or profile.foreign_identities
    inside = replace(connection, request=mutual)
    if may_be_mutual and any(taken(cluster, profile, inside, settle) for taken in (is_tunnelled, takes_either_way)):
        yield replace(request, tls=PLAINTEXT, identity=None)
        yield mutual


def is_tunnelled(cluster: Cluster, profile: Profile, connection: Connection, settle: Settle = first_option) -> bool:
    """The connection comes inside the mesh's own tunnel: what is below it sees nothing but that (istio.md 9)."""
    from analyzer.model.mesh_stage import tunnelled

    about = Situation.of(connection, cluster.nodes, settle).seeing(Role.SELF, connection.dst)
    return is_true(tunnelled(cluster), replace(about, request=attributes_of(connection, cluster, profile)))


def takes_either_way(cluster: Cluster, profile: Profile, connection: Connection, settle: Settle = first_option) -> bool:
    """The client may send the connection inside the tunnel, too, to a sidecar that takes it there."""
    from analyzer.model.mesh_stage import may_be_tunnelled

    return _is_so(may_be_tunnelled(cluster), cluster, profile, connection, settle)


def _below(cluster: Cluster, profile: Profile, connection: Connection, settle: Settle) -> Decision:
    """What is below the mesh says: of the connection, or of the tunnel that it comes in."""
    inside = replace(connection, port=TUNNEL_PORT, through=None)
    if is_tunnelled(cluster, profile, connection, settle):
        return decide(cluster, profile, inside, settle)
    told = decide(cluster, profile, connection, settle)
    if told.allowed or not takes_either_way(cluster, profile, connection, settle):
        return told
    other = decide(cluster, profile, inside, settle)
    return other if other.allowed else told


def _decided(
    cluster: Cluster, profile: Profile, connection: Connection, settle: Settle, asked: Asked
) -> tuple[Decision, Request | None]:
    told, request = _below(cluster, profile, connection, settle), connection.request
    if told.allowed:
        from analyzer.semantics.mesh import request_ruling

        ruling, request = request_ruling(
            cluster, profile, connection, settle, asked.named, admits_tokens=asked.admits_tokens, by_waypoint=False
        )
        told = Decision((*told.stages, ruling))
    return _beside_waypoints(told, request, cluster, profile, connection, settle, asked)


def _beside_waypoints(
    told: Decision,
    found: Request | None,
    cluster: Cluster,
    profile: Profile,
    connection: Connection,
    settle: Settle,
    asked: Asked,
) -> tuple[Decision, Request | None]:
    """What a request in mutual TLS comes to where waypoints are: it may come by one, from whose pods it then comes, and
    may be refused there."""
    from analyzer.model.mesh_stage import STAGE
    from analyzer.model.mesh_waypoints import by_waypoint, refused_by_waypoint

    request = found or connection.request
    assert request is not None
    if not told.allowed and asked.named is not None and not _TELLS_TLS & {it.name for it in asked.named}:
        request = replace(request, tls=MTLS)
    way, verdict = refused_by_waypoint(cluster), StageVerdict.DENIED
    if not told.allowed:
        way, verdict = by_waypoint(cluster, profile), StageVerdict.ALLOWED
    if not _is_so(way, cluster, profile, replace(connection, request=request), settle):
        return told, found
    below = tuple(it for it in told.stages if it.stage != STAGE)
    ruling = Ruling(STAGE, verdict, None, (), said(way))
    comes_straight = all(it.allowed for it in below)
    return Decision((*below, ruling) if comes_straight else (ruling,)), None if told.allowed else request


def _is_so(way: Formula, cluster: Cluster, profile: Profile, connection: Connection, settle: Settle) -> bool:
    about = Situation.of(connection, cluster.nodes, settle).seeing(Role.SELF, connection.dst)
    return is_true(way, as_modelled_first(replace(about, request=attributes_of(connection, cluster, profile))))


def asked_outcomes(
    cluster: Cluster, profile: Profile, connection: Connection, asked: Asked = AS_IT_STANDS
) -> Iterator[tuple[Decision, Request | None]]:
    """The decisions that the ways of settling the open facts lead to, those where every fact takes its first option
    before others.  TooManyRequestsError."""
    for found, _ in runs(lambda settle: decide_asked(cluster, profile, connection, asked.settling(settle), asked)):
        yield found


def attributes_of(connection: Connection, cluster: Cluster, profile: Profile) -> Its | None:
    """What the client asks for, as a proxy sees it."""
    if connection.request is None:
        return None
    from analyzer.semantics.requests import seen

    return seen(connection.request, connection.src, proxy_config(profile, cluster))


def chosen_in(
    request: Request, connection: Connection, cluster: Cluster, profile: Profile
) -> dict[Attribute, tuple[str, ...]]:
    """What of the request the client has chosen, for whatever source to ask again."""
    its = attributes_of(replace(connection, request=request), cluster, profile) or {}
    found = {attribute: texts for attribute, texts in its.items() if attribute.name not in _OF_THE_SOURCE}
    if request.remote_ip is not None or any(name.lower() == "x-forwarded-for" for name, _ in request.headers):
        found |= {attribute: texts for attribute, texts in its.items() if attribute.name is Name.REMOTE_IP}
    if request.identity is not None and not isinstance(connection.src, Pod):
        found |= {attribute: texts for attribute, texts in its.items() if attribute.name is Name.IDENTITY}
    return found
