"""The central law: the oracle and the encoding, which share nothing above the model, decide alike.

`python -m benchmarks.agree` asks the same of as many millions of decisions as there is time for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clusters import claims, clusters, connections, isolation_claims, pods, profiles
from evaluators import EVERYTHING, by_encoding, is_asked_about, question, truth_of_pod
from hypothesis import given, settings
from hypothesis import strategies as st
from points import Points

from analyzer.encoding import Obligation, embed, encode
from analyzer.model.claims import Claim, Kind
from analyzer.model.endpoints import Connection, Through
from analyzer.model.ends import ANYTHING
from analyzer.semantics import is_in_scope, isolation_outcomes, outcomes, ties
from analyzer.semantics.ways import leads_to

FEW = 3  # of connections or pods in each cluster: to make its formula takes longer than to ask it at a point


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_every_connection_is_decided_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters(adds_labels=True)), data.draw(profiles())
    for _ in range(FEW):
        connection = data.draw(connections(cluster).filter(is_asked_about))
        found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
        oracle = "open" if len(found) == 2 else "allow" if True in found else "deny"
        assert by_encoding(cluster, profile, connection) == oracle


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_every_claim_says_the_same_of_a_connection(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim = data.draw(claims(cluster))
    wants_denied = claim.kind is Kind.EVERY
    drawn = [data.draw(connections(cluster)) for _ in range(FEW)]
    for is_sliced in (True, False):
        obligation = encode(cluster, question(claim, profile, is_sliced=is_sliced))
        points = Points(obligation)
        for asked in (way for one in drawn for way in (one, *by_way_of_services(one, obligation))):
            allowed = {decision.allowed for decision in outcomes(cluster, profile, asked)}
            in_scope = is_in_scope(claim, asked, profile)
            expected = {in_scope and a != wants_denied for a in allowed}
            values = embed(obligation, asked)
            if values is None:
                assert not in_scope, "sliced away although the claim speaks of it"
                continue
            assert points.truth(values) == expected, f"sliced: {is_sliced}, {asked.through}"


def by_way_of_services(connection: Connection, obligation: Obligation) -> Iterator[Connection]:
    """The connection as it is asked for by each of the Services' addresses that the claim names and that lead to it."""
    for number in obligation.scope.through:
        way = obligation.scope.ways[number - 1]
        if way.address.version == connection.src.ip.version and leads_to(way.port, connection):
            yield replace(connection, through=Through(way.port.service, way.address, way.port.number))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_isolation_is_decided_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim, drawn = data.draw(isolation_claims(cluster)), [data.draw(pods(cluster)) for _ in range(FEW)]
    for is_sliced in (True, False):
        obligation = encode(cluster, question(claim, profile, is_sliced=is_sliced))
        for pod in drawn:
            expected = isolation_outcomes(claim, pod, cluster, profile)
            found = truth_of_pod(obligation, pod)
            assert found == expected if found is not None else expected == {False}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_ties_are_met_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    never_tie = Claim(Kind.NEVER_TIE, ANYTHING, ANYTHING, EVERYTHING.ports)
    obligation = encode(cluster, question(never_tie, profile))
    points = Points(obligation)
    for _ in range(FEW):
        connection = data.draw(connections(cluster))
        values = embed(obligation, connection)
        assert values is not None
        assert (True in points.truth(values)) == bool(ties(cluster, profile, connection))
