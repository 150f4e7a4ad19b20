"""Whether the rules of the engine that enforces let some request through, of those that a question leaves open.

Cilium's rules only ever ask for requests in order to let them through: a request gets through both ends, if it meets
what some rule asks at the one, and what some rule asks at the other, or as much as nothing.  So the requests that meet
two such demands are tried, and the pipeline decides each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.formulas import TRUE, All, Attribute, Formula, Not, Role, Some, Test, both, leaves
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.model.request_view import proxy_config
from analyzer.model.requests import Request
from analyzer.semantics.decision import Decision
from analyzer.semantics.fold import rules_of
from analyzer.semantics.formulas import Situation
from analyzer.semantics.oracle import decide
from analyzer.semantics.requests import seen, seen_by_engine
from analyzer.semantics.selecting import selected
from analyzer.semantics.settling import Settle
from analyzer.semantics.some_request import requests_meeting


def request_through_engine(
    cluster: Cluster,
    profile: Profile,
    connection: Connection,
    settle: Settle,
    named: frozenset[Attribute],
    *,
    admits_tokens: bool,
) -> tuple[Decision, Request | None]:
    """The decision on a request that has the attributes in `named` as the connection's has them, and gets through if
    one does, with that request; None where none does.  TooManyRequestsError."""
    assert connection.request is not None
    config = proxy_config(profile, cluster)
    its = seen(connection.request, connection.src, config)
    settled = {attribute: its.get(attribute, ()) for attribute in named}
    about = Situation.of(connection, cluster.nodes, settle)

    def decided(request: Request) -> Decision:
        return decide(cluster, profile, connection, settle, seen_by_engine(request, connection.src, cluster, profile))

    for demand in _demands(cluster, profile, about):
        found = requests_meeting(
            demand, about, config, settled, admits_tokens=admits_tokens, most_atoms=profile.most_atoms
        )
        for request in found:
            told = decided(request)
            if told.allowed:
                return told, request
    return decided(connection.request), None


def _demands(cluster: Cluster, profile: Profile, about: Situation) -> Iterator[Formula]:
    """What rules that select the ends may ask of one request, and nothing."""
    by_stage = []
    for stage in pipeline_of(profile, cluster).stages:
        selecting = selected(stage, cluster, about.seeing(Role.SELF, about.ends[stage.judges]))
        asked = (one for rule in rules_of(selecting) for one in _alternatives(rule.when))
        by_stage.append(tuple(dict.fromkeys((TRUE, *asked))))
    yield from dict.fromkeys(map(both, product(*by_stage)))


def _alternatives(formula: Formula) -> Iterator[Formula]:
    """What a formula can ask of a request, whatever is true of all else."""
    match formula:
        case All(parts):
            yield from map(both, product(*(tuple(dict.fromkeys(_alternatives(part))) for part in parts)))
        case Some(parts):
            for part in parts:
                yield from _alternatives(part)
        case Not(part) if not any(map(_is_of_request, leaves(part))):
            yield TRUE
        case leaf:
            yield leaf if any(map(_is_of_request, leaves(leaf))) else TRUE


def _is_of_request(leaf: Formula) -> bool:
    return isinstance(leaf, Test) and leaf.attribute.role is Role.REQUEST
