"""A cluster as a question sees it that asks the mesh: its objects are read as stages, no more a doubt about
connections."""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding.question import Question
from analyzer.encoding.walk import requests_in
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.mesh import KINDS_OF_MESH, has_mesh
from analyzer.model.request_view import is_seen_by_engine, looking_stages

_NOT_OF_CONNECTIONS = frozenset({Kind.ISOLATED, Kind.NEVER_TIE})
_OF_REACH = frozenset({Kind.EVERY, Kind.SOME})


def mediated(cluster: Cluster, question: Question) -> tuple[Cluster, Question]:
    """The cluster and the question, which asks for requests if it names them, or some mesh is to be seen, or one
    request has to get through rules of Cilium at both ends.

    What Sidecars, ServiceEntries and routes say of what goes out keeps nobody from going past them, so that no claim
    of isolation hangs on it; a claim of reach does (istio.md 7).
    """
    kind = question.claim.kind
    if kind in _NOT_OF_CONNECTIONS:
        return cluster, question
    if has_mesh(cluster.mesh) or any(requests_in(question.claim.where)) or _is_asked_twice(cluster, question):
        from analyzer.encoding.requests import USUAL

        question = replace(question, with_requests=True, requests=USUAL if kind is Kind.EVERY else ())
    key = (mediated, kind in _OF_REACH)
    found = cluster.readings.get(key)
    if not isinstance(found, Cluster):
        left = tuple(
            thing
            for thing in cluster.unmodelled
            if not thing.asks_requests or (kind in _OF_REACH and thing.kind not in KINDS_OF_MESH)
        )
        found = cluster if len(left) == len(cluster.unmodelled) else replace(cluster, unmodelled=left)
        cluster.readings[key] = found
    return found, question


def _is_asked_twice(cluster: Cluster, question: Question) -> bool:
    profile = question.profile
    return is_seen_by_engine(profile, cluster) and len(looking_stages(profile, cluster)) > 1
