"""Texts that keep within bounds meet the patterns in every way in which the atoms' texts that keep within them do."""

from itertools import combinations

import pytest

from analyzer.sets.strings import atoms, contains, exact, prefix, regex, suffix, texts_within

PATTERNS = [exact("/a"), prefix("/a"), suffix("b"), contains("//"), contains("%2"), regex("/[a-c]*/x?")]
LASTING = [(regex("(?s:.*)//(?s:.*)"), False), (regex("(?s:.*)%2[fF](?s:.*)"), False)]
KEPT = [(regex("/[a-c/%2fFx]*"), True)]


@pytest.mark.parametrize("chosen", [each for size in (1, 2, 3) for each in combinations(PATTERNS, size)])
@pytest.mark.parametrize("bounds", [LASTING, KEPT, LASTING + KEPT])
def test_no_way_is_missed(chosen, bounds):
    def sort(text):
        return tuple(pattern.matches(text) for pattern in chosen)

    def keeps(text):
        return all(bound.matches(text) is wanted for bound, wanted in bounds)

    every = (atom.witness for atom in atoms({*chosen, *(bound for bound, _ in bounds)}).atoms)
    wanted = {sort(text) for text in every if text is not None and keeps(text)}
    assert {sort(text) for text in texts_within(chosen, bounds) if keeps(text)} == wanted
