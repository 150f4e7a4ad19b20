"""The central law: the oracle and the encoding, which share nothing above the model, decide alike.

`python -m benchmarks.agree` asks the same of as many millions of decisions as there is time for.
"""

from __future__ import annotations

from clusters import claims, clusters, connections, isolation_claims, pods, profiles
from evaluators import EVERYTHING, by_encoding, question, truth, truth_of_pod
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.encoding import embed, encode
from analyzer.model.claims import Anything, Claim, Kind
from analyzer.semantics import is_in_scope, isolation_outcomes, outcomes, ties


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_connection_is_decided_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    connection = data.draw(connections(cluster))
    found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
    oracle = "open" if len(found) == 2 else "allow" if True in found else "deny"
    assert by_encoding(cluster, profile, connection) == oracle


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_claim_says_the_same_of_a_connection(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim, connection = data.draw(claims(cluster)), data.draw(connections(cluster))
    wants_denied = claim.kind is Kind.EVERY
    allowed = {decision.allowed for decision in outcomes(cluster, profile, connection)}
    in_scope = is_in_scope(claim, connection, profile)
    expected = {in_scope and a != wants_denied for a in allowed}
    for is_sliced in (True, False):
        obligation = encode(cluster, question(claim, profile, is_sliced=is_sliced))
        values = embed(obligation, connection)
        if values is None:
            assert not in_scope, "sliced away although the claim speaks of it"
            continue
        assert truth(obligation, values) == expected, f"sliced: {is_sliced}"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_isolation_is_decided_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim, pod = data.draw(isolation_claims(cluster)), data.draw(pods(cluster))
    expected = isolation_outcomes(claim, pod, cluster, profile)
    for is_sliced in (True, False):
        found = truth_of_pod(encode(cluster, question(claim, profile, is_sliced=is_sliced)), pod)
        assert found == expected if found is not None else expected == {False}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_ties_are_met_alike(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    connection = data.draw(connections(cluster))
    never_tie = Claim(Kind.NEVER_TIE, Anything(), Anything(), EVERYTHING.ports)
    obligation = encode(cluster, question(never_tie, profile))
    values = embed(obligation, connection)
    assert values is not None
    assert (True in truth(obligation, values)) == bool(ties(cluster, profile, connection))
