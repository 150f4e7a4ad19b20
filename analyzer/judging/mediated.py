"""A cluster as a question sees it that asks the mesh: its objects are read as stages, no more a doubt about
connections."""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding.question import Question
from analyzer.encoding.walk import asked_of_requests, led_ports_of
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.enforcing import still_enforced
from analyzer.model.knobs import MeshEgress
from analyzer.model.memory import remembered
from analyzer.model.mesh import KINDS_OF_MESH, has_mesh
from analyzer.model.request_view import is_looked_at, is_seen_by_engine, looking_stages
from analyzer.model.unmodelled import Unmodelled

_NOT_OF_CONNECTIONS = frozenset({Kind.ISOLATED, Kind.NEVER_TIE})
_OF_REACH = frozenset({Kind.EVERY, Kind.SOME})
_OF_EGRESS = frozenset({"Sidecar", "ServiceEntry"})


def mediated_pair(old: Cluster, new: Cluster, question: Question) -> tuple[Cluster, Cluster, Question]:
    """The same of a comparison, which asks for requests if somebody looks at them on either side.

    What Sidecars, ServiceEntries and routes say of what goes out is a doubt where the revisions say different things.
    """
    sides = zip((old, new), question.of_sides(2), strict=True)
    is_asked = any(is_looked_at(its.profile, side) for side, its in sides)
    if is_asked or any(asked_of_requests(question.claim)):
        question = replace(question, with_requests=True)
    told = [{_told(thing) for thing in side.unmodelled if thing.asks_requests} for side in (old, new)]
    common = frozenset(told[0] & told[1])
    return _compared(old, common), _compared(new, common), question


def _compared(side: Cluster, common: frozenset[tuple[str, str]]) -> Cluster:
    found = side.readings.get((mediated_pair, common))
    if not isinstance(found, Cluster):
        left = tuple(
            replace(thing, ports=None)
            for thing in side.unmodelled
            if not thing.asks_requests or (thing.kind not in KINDS_OF_MESH and _told(thing) not in common)
        )
        found = side if left == side.unmodelled else still_enforced(replace(side, unmodelled=left), side)
        side.readings[mediated_pair, common] = found
    return found


def _told(thing: Unmodelled) -> tuple[str, str]:
    return thing.id, thing.content


def mediated(cluster: Cluster, question: Question) -> tuple[Cluster, Question]:
    """The cluster and the question, which asks for requests if it names them, or some mesh is to be seen, or rules of
    Cilium look at requests: its regions tell which get through, or one request has to get through them at both ends.

    What Sidecars, ServiceEntries and routes say of what goes out keeps nobody from going past them, so that no claim
    of isolation hangs on it unless something else is said to (knob mesh-egress); a claim of reach does (istio.md 7).
    """
    kind = question.claim.kind
    if kind in _NOT_OF_CONNECTIONS:
        return cluster, question
    if has_mesh(cluster.mesh) or any(asked_of_requests(question.claim)) or _is_asked(cluster, question):
        from analyzer.encoding.requests import USUAL

        question = replace(question, with_requests=True, requests=USUAL if kind is Kind.EVERY else ())
    is_enforced = question.profile.mesh_egress is MeshEgress.ENFORCED
    by_service = any(led_ports_of(question.claim))  # where clients dial another port than the pod's
    key = (mediated, kind in _OF_REACH, is_enforced, by_service)
    found = cluster.readings.get(key)
    if not isinstance(found, Cluster):
        left = _doubts(cluster, kind in _OF_REACH, is_enforced, by_service)
        found = cluster if left == cluster.unmodelled else replace(cluster, unmodelled=left)
        cluster.readings[key] = found
    return found, question


@remembered  # the very same where the things are: what is worked out of them holds then
def _doubts(cluster: Cluster, is_of_reach: bool, is_enforced: bool, by_service: bool) -> tuple[Unmodelled, ...]:
    """What is not modelled and bears on connections."""
    return tuple(
        replace(thing, ports=None) if by_service else thing
        for thing in cluster.unmodelled
        if not thing.asks_requests
        or (is_of_reach and thing.kind not in KINDS_OF_MESH)
        or (is_enforced and thing.kind in _OF_EGRESS)
    )


def _is_asked(cluster: Cluster, question: Question) -> bool:
    if not is_seen_by_engine(question.profile, cluster):
        return False
    return question.claim.kind.is_broken_by_requests or len(looking_stages(question.profile, cluster)) > 1
