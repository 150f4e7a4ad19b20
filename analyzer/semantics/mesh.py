"""What the mesh says of a connection with its request, and whether it lets any request through (design 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.formulas import (
    FALSE,
    TRUE,
    AtAddress,
    Attribute,
    Formula,
    Leaf,
    Member,
    OnPorts,
    Open,
    Role,
    Test,
    leaves,
    with_leaves,
)
from analyzer.model.mesh import Waypoint
from analyzer.model.mesh_stage import STAGE, mesh_stages, stages_for, waypoint_stage
from analyzer.model.mesh_waypoints import waypoint_of
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Stage
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.model.requests import MTLS, PLAINTEXT, Request, in_words
from analyzer.semantics.deciding import ruling_of, with_doubts
from analyzer.semantics.decision import Ruling, StageVerdict
from analyzer.semantics.fold import rules_of
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.requests import own_identity, seen
from analyzer.semantics.selecting import selected
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES, Settle, first_option
from analyzer.semantics.some_request import TooManyRequestsError, some_request
from analyzer.sets import PortSet

_NO_PROXY = Ruling(STAGE, StageVerdict.NONE, None, (), "no proxy of the mesh stands before it there")


def request_ruling(
    cluster: Cluster,
    profile: Profile,
    connection: Connection,
    settle: Settle = first_option,
    named: frozenset[Attribute] | None = None,
    *,
    admits_tokens: bool = True,
    by_waypoint: bool = True,
) -> tuple[Ruling, Request | None]:
    """The ruling on the connection's request; without one, on the request that gets farthest, with that request.

    With `named`, of the requests that have these attributes as the connection's has them.  TooManyRequestsError where
    there are too many to tell whether one gets through.  Without `by_waypoint` it goes past any.
    """
    waypoint = (
        None if connection.through is None or not by_waypoint else waypoint_of(cluster, connection.through.service)
    )
    if waypoint is not None and connection.request is not None and connection.request.tls == MTLS:
        return _by_waypoint(cluster, profile, connection, waypoint, settle)
    about = Situation.of(connection, cluster.nodes, settle).seeing(Role.SELF, connection.dst)
    stages = _stages_at(cluster, profile, connection.dst)
    stage = next((each for each in stages if is_true(each.applies, about)), None)
    if stage is None:
        return _NO_PROXY, connection.request
    if connection.request is not None and named is None:
        return _ruling(stage, cluster, connection, connection.request, about), connection.request
    settled: dict[Attribute, tuple[str, ...]] = {}
    if connection.request is not None:
        its = seen(connection.request, connection.src, cluster.mesh.config)
        settled = {attribute: its.get(attribute, ()) for attribute in named or ()}
    selecting = selected(stage, cluster, about)
    found = some_request(
        stage,
        selecting,
        about,
        cluster.mesh.config,
        settled,
        admits_tokens=admits_tokens,
        most_atoms=profile.most_atoms,
        is_anybody=profile.foreign_identities,
    )
    if found is None:
        usual = [
            Request(method="GET", host="any.host", tls=mode)
            for mode in ((MTLS, PLAINTEXT) if own_identity(connection.src, cluster.mesh.config) else (PLAINTEXT,))
        ]
        told = [(each, _ruling(stage, cluster, connection, each, about)) for each in usual]
        return _nothing_gets_through(told), None
    ruling = _ruling(stage, cluster, connection, found, about)
    if not ruling.allowed:
        raise TooManyRequestsError
    return ruling, found


def _nothing_gets_through(told: Sequence[tuple[Request, Ruling]]) -> Ruling:
    """Told of the usual request that a policy denies; where the proxy does so by itself, of the first."""
    asked, ruling = next(((asked, ruling) for asked, ruling in told if ruling.rules), told[0])
    if any(ruling.allowed for _, ruling in told):  # the usual requests are none of those
        why = "no request with what the question names gets through"
        return replace(ruling, verdict=StageVerdict.DENIED, rules=(), reason=why)
    return replace(ruling, reason=f"no request gets through; {in_words(asked)}: {ruling.reason}")


def asked_of(cluster: Cluster, profile: Profile, dst: End) -> Iterator[Leaf]:
    """What the mesh asks of a connection to this destination, whatever it is: its port, addresses, its request.  Port
    names are told as numbers."""
    about = Situation(Protocol.TCP, None, {Role.SELF: dst, Role.DST: dst}, cluster.nodes)
    for stage in _stages_at(cluster, profile, dst):
        selecting = selected(stage, cluster, about)
        for formula in (stage.applies, *(rule.when for rule in rules_of(selecting))):
            yield from leaves(_known_of(formula, about))


def _stages_at(cluster: Cluster, profile: Profile, dst: End) -> tuple[Stage, ...]:
    if isinstance(dst, Pod):
        return stages_for(cluster, profile.ext_authz, dst.namespace)
    return mesh_stages(cluster, profile.ext_authz)


def _known_of(formula: Formula, about: Situation) -> Formula:
    """What is left to be said once the destination is known, but for its address."""

    def known(leaf: Leaf) -> Formula:
        match leaf:
            case OnPorts(name=name) if name:
                pod = about.ends.get(Role.DST)
                numbers = (p.number for p in pod.ports if p.name == name) if isinstance(pod, Pod) else ()
                return replace(leaf, ports=PortSet.of(*numbers), name="")
            case OnPorts() | Open() | Member(_, AtAddress()) | Test(Attribute(Role.REQUEST)):
                return leaf
            case _:
                return TRUE if is_true(leaf, about) else FALSE

    return with_leaves(formula, known)


def _by_waypoint(
    cluster: Cluster, profile: Profile, connection: Connection, waypoint: Waypoint, settle: Settle
) -> tuple[Ruling, Request | None]:
    """What the waypoint says, and then what stands before the pods says of the waypoint.

    Whether the latter happens at all is open: a waypoint can be told to go past it (istio.md 6).
    """
    through, request, config = connection.through, connection.request, cluster.mesh.config
    assert through is not None
    assert request is not None
    stage = waypoint_stage(cluster, profile.ext_authz, waypoint, through.service, through.number)
    there = replace(connection, port=through.number)
    about = Situation.of(there, cluster.nodes, settle).seeing(Role.SELF, connection.dst)
    ruling = _ruling(stage, cluster, there, request, about)
    ruling = replace(ruling, reason=f"at waypoint {waypoint.namespace}/{waypoint.name}: {ruling.reason}")
    if not ruling.allowed:
        return ruling, request
    own = config.identity(waypoint.namespace, waypoint.name)
    behind = replace(connection, through=None, request=replace(request, identity=own))
    at_pod, _ = request_ruling(cluster, profile, behind, settle)
    text = f"whether ztunnel refuses waypoint {waypoint.namespace}/{waypoint.name} is not known: {at_pod.reason}"
    if at_pod.allowed or settle(OpenFact("mesh-waypoint", waypoint.name, text), (MATCHES, DOES_NOT_MATCH)) == MATCHES:
        return ruling, request
    return at_pod, request


def _ruling(stage: Stage, cluster: Cluster, connection: Connection, request: Request, about: Situation) -> Ruling:
    about = replace(about, request=seen(request, connection.src, cluster.mesh.config))
    return with_doubts(stage, ruling_of(stage, selected(stage, cluster, about), about), about)
