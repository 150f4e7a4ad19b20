"""Laws of the comparison of two revisions, against the oracle and against itself."""

from __future__ import annotations

from clusters import connections, profiles
from evaluators import EVERYTHING, question, truth
from hypothesis import given, settings
from hypothesis import strategies as st
from revisions import revisions, seen_by

from analyzer.encoding import align, embed, encode_pair
from analyzer.semantics import outcomes


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_encoding_finds_the_change_that_the_oracle_finds(data: st.DataObject) -> None:
    before, after = data.draw(revisions())
    profile = data.draw(profiles())
    aligned = align(before, after)
    connection = seen_by(data.draw(connections(aligned[1])), aligned[1])
    was, now = (
        {d.allowed for d in outcomes(side, profile, seen_by(connection, sides))}
        for side, sides in zip((before, after), aligned, strict=True)
    )
    if was == {False} and now == {True}:
        expected = {True}
    elif True not in now or False not in was:
        expected = {False}
    else:
        return  # hangs on open facts, which may be the same on both sides
    for is_sliced in (True, False):
        obligation = encode_pair(before, after, question(EVERYTHING, profile, is_sliced=is_sliced))
        values = None if obligation is None else embed(obligation, connection)
        found = {False} if obligation is None or values is None else truth(obligation, values)
        assert found == expected, f"sliced: {is_sliced}"
