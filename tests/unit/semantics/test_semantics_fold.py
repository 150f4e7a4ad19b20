"""What the fold joins: worlds of which one is so, and policies of which nobody knows which goes first."""

from analyzer.semantics.fold import Matches, Span
from analyzer.sets import PortSet

ONE, TWO, BOTH, NONE = PortSet.of(1), PortSet.of(2), PortSet.of(1, 2), PortSet.of()


def test_of_two_worlds_what_is_so_in_either_may_be_and_in_both_is_sure():
    assert Span(ONE, NONE).or_else(Span(TWO, NONE)) == Span(BOTH, NONE)
    assert Span(BOTH, BOTH).or_else(Span(TWO, TWO)) == Span(BOTH, TWO)


def test_what_is_unsure_may_be_and_is_not_sure():
    assert Span(BOTH, ONE).unsure() == Span(BOTH, NONE)


def test_of_two_that_tie_either_may_be_the_first_to_match():
    one, other = Matches(ONE, NONE, ONE, BOTH), Matches(NONE, TWO, TWO, TWO)
    assert one.tied_with(other) == other.tied_with(one) == Matches(ONE, TWO, BOTH, TWO)
