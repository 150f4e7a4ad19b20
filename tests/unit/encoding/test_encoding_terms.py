"""Folding keeps the meaning, and `within` is membership: held to Z3 on random terms."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.encoding.terms import (
    FALSE,
    TRUE,
    Script,
    bits,
    choose,
    conj,
    disj,
    equal,
    iff,
    implies,
    neg,
    number,
    pick,
    within,
)
from analyzer.sets.intervals import Intervals, canonical, contains
from analyzer.solving import Budget, Session

ATOMS = {"a": False, "b": True}
BOOLEANS = {TRUE: True, FALSE: False, **ATOMS, "(not a)": True, "(not b)": False}


def value(term: str) -> bool:
    """What Z3 makes of a closed boolean term over `a` (false) and `b` (true)."""
    text = "(declare-const a Bool)(declare-const b Bool)(declare-const it Bool)"
    session = Session(f"{text}(assert (not a))(assert b)(assert (= it {term}))", {"it": 0}, Budget())
    return session.check("it").is_sat


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(BOOLEANS)), max_size=4))
def test_conjunction_and_disjunction(terms: list[str]) -> None:
    values = [BOOLEANS[t] for t in terms]
    assert value(conj(terms)) is all(values)
    assert value(disj(terms)) is any(values)
    assert value(neg(conj(terms))) is not all(values)


@settings(max_examples=80, deadline=None)
@given(*(st.sampled_from(sorted(BOOLEANS)) for _ in range(3)))
def test_conditionals(condition: str, then: str, other: str) -> None:
    c, t, o = (BOOLEANS[x] for x in (condition, then, other))
    assert value(choose(condition, then, other)) is (t if c else o)
    assert value(implies(condition, then)) is (not c or t)
    assert value(iff(condition, then)) is (c is t)


def test_constants_are_folded_away() -> None:
    assert conj([TRUE, "a", "a"]) == "a"
    assert conj(["a", FALSE]) == FALSE
    assert disj([]) == FALSE
    assert conj([]) == TRUE
    assert neg(neg("(f x)")) == "(f x)"
    assert pick(TRUE, "x", "") == "x"
    assert pick(FALSE, "", "y") == "y"
    assert equal("x", "x") == TRUE
    assert disj(["x", FALSE, "x"]) == "x"
    assert choose(TRUE, "x", "y") == choose("c", "x", "x") == "x"
    assert [iff(TRUE, "x"), iff("x", TRUE), iff(FALSE, "x"), iff("x", FALSE)] == ["x", "x", "(not x)", "(not x)"]
    assert [iff(a, b) for a in (TRUE, FALSE) for b in (TRUE, FALSE)] == [TRUE, FALSE, FALSE, TRUE]


def intervals(top: int) -> st.SearchStrategy[Intervals]:
    pairs = st.tuples(st.integers(0, top), st.integers(0, top)).map(lambda p: (min(p), max(p)))
    return st.lists(pairs, max_size=4).map(canonical)


@settings(max_examples=80, deadline=None)
@given(intervals(255), st.integers(0, 255))
def test_within_is_membership(spans: Intervals, member: int) -> None:
    assert value(within(number(member, 8), spans, 8)) is contains(spans, member)


@pytest.mark.parametrize("width", [16, 32, 128])
@pytest.mark.parametrize("spans", [(), ((0, -1),), ((0, 0),), ((5, 9),)])
def test_within_at_the_edges(width: int, spans: Intervals) -> None:
    top = 2**width - 1
    spans = canonical((low, top if high == -1 else high) for low, high in spans)
    for member in (0, 5, 9, 10, top):
        assert value(within(number(member, width), spans, width)) is contains(spans, member)


def test_within_every_set_of_three_bits_and_every_interval_of_five() -> None:
    sets = [[v for v in range(8) if chosen >> v & 1] for chosen in range(256)]
    wrong = [neg(iff(within("v", canonical((v, v) for v in values), 3), among("v", values, 3))) for values in sets]
    spans = [(low, high) for high in range(32) for low in range(high + 1)]
    wrong += [neg(iff(within("w", (span,), 5), among("w", range(span[0], span[1] + 1), 5))) for span in spans]
    text = "(declare-const v (_ BitVec 3))(declare-const w (_ BitVec 5))(declare-const it Bool)"
    text += f"(assert (= it {disj(wrong)}))"
    assert Session(text, {"it": 0}, Budget()).check("it").is_unsat


def among(symbol: str, values: Iterable[int], width: int) -> str:
    return "(or false " + " ".join(f"(= {symbol} {number(v, width)})" for v in values) + ")"


def test_bits_tell_values_apart() -> None:
    assert [bits(n) for n in (0, 1, 2, 3, 4, 5, 256, 257)] == [1, 1, 1, 2, 2, 3, 8, 9]


def test_a_script_shares_long_terms_and_declares_once() -> None:
    script = Script()
    assert script.boolean("p") == script.boolean("p") == "p"
    script.vector("v", 8)
    long = conj([f"(= v {number(i, 8)})" for i in range(4)])
    assert script.share("p") == "p"
    assert script.share(long) == script.share(long) != long
    script.comment("an → arrow\nand a line break")
    script.name("it", long)
    assert script.sorts == {"p": 0, "v": 8, "it": 0}
    assert "; an → arrow?and a line break\n" in script.text
    assert script.text.count("declare-const p") == 1
    assert f"(define-fun t0 () Bool {long})\n" in script.text  # Z3 takes other spellings, other solvers do not
    assert Session(script.text, script.sorts, Budget()).check("it").is_unsat
