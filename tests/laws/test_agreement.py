"""The central law: the oracle and the encoding, which share nothing above the model, decide alike.

`python -m benchmarks.agree` asks the same of as many millions of decisions as there is time for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clusters import claims, clusters, connections, isolation_claims, pods, profiles
from evaluators import EVERYTHING, by_encoding, is_asked_about, question, truth, truth_of_pod
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.encoding import Obligation, embed, encode
from analyzer.model.claims import Claim, Kind
from analyzer.model.endpoints import Connection, Through
from analyzer.model.ends import ANYTHING
from analyzer.semantics import is_in_scope, isolation_outcomes, outcomes, ties
from analyzer.semantics.ways import leads_to


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_connection_is_decided_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters(adds_labels=True)), data.draw(profiles())
    connection = data.draw(connections(cluster).filter(is_asked_about))
    found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
    oracle = "open" if len(found) == 2 else "allow" if True in found else "deny"
    assert by_encoding(cluster, profile, connection) == oracle


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_claim_says_the_same_of_a_connection(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim, connection = data.draw(claims(cluster)), data.draw(connections(cluster))
    wants_denied = claim.kind is Kind.EVERY
    for is_sliced in (True, False):
        obligation = encode(cluster, question(claim, profile, is_sliced=is_sliced))
        for asked in (connection, *by_way_of_services(connection, obligation)):
            allowed = {decision.allowed for decision in outcomes(cluster, profile, asked)}
            in_scope = is_in_scope(claim, asked, profile)
            expected = {in_scope and a != wants_denied for a in allowed}
            values = embed(obligation, asked)
            if values is None:
                assert not in_scope, "sliced away although the claim speaks of it"
                continue
            assert truth(obligation, values) == expected, f"sliced: {is_sliced}, {asked.through}"


def by_way_of_services(connection: Connection, obligation: Obligation) -> Iterator[Connection]:
    """The connection as it is asked for by each of the Services' addresses that the claim names and that lead to it."""
    for number in obligation.scope.through:
        way = obligation.scope.ways[number - 1]
        if way.address.version == connection.src.ip.version and leads_to(way.port, connection):
            yield replace(connection, through=Through(way.port.service, way.address, way.port.number))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_isolation_is_decided_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim, pod = data.draw(isolation_claims(cluster)), data.draw(pods(cluster))
    expected = isolation_outcomes(claim, pod, cluster, profile)
    for is_sliced in (True, False):
        found = truth_of_pod(encode(cluster, question(claim, profile, is_sliced=is_sliced)), pod)
        assert found == expected if found is not None else expected == {False}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_ties_are_met_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    connection = data.draw(connections(cluster))
    never_tie = Claim(Kind.NEVER_TIE, ANYTHING, ANYTHING, EVERYTHING.ports)
    obligation = encode(cluster, question(never_tie, profile))
    values = embed(obligation, connection)
    assert values is not None
    assert (True in truth(obligation, values)) == bool(ties(cluster, profile, connection))
