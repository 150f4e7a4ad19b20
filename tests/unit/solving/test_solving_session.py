"""A session answers under assumptions, names cores, and says so when its budget does not reach."""

from __future__ import annotations

import pytest

from analyzer.errors import SolverError
from analyzer.solving import Budget, OutOfTimeError, Result, Session

TEXT = """
(declare-const x (_ BitVec 8))
(declare-const p Bool)
(declare-const q Bool)
(declare-const small Bool)
(declare-const big Bool)
(declare-const always Bool)
(assert (= small (bvult x (_ bv10 8))))
(assert (= big (bvugt x (_ bv20 8))))
(assert (= always true))
"""
SYMBOLS = {"x": 8, "p": 0, "q": 0, "small": 0, "big": 0, "always": 0}
HARD = f"""
(declare-const a (_ BitVec 64))
(declare-const b (_ BitVec 64))
(declare-const it Bool)
(assert (= it (and (= (bvmul a b) (_ bv{4294967291 * 4294967279} 64)) (bvult (_ bv1 64) a)
  (bvult a (_ bv4294967296 64)) (bvult b (_ bv4294967296 64)))))
"""

# Beyond any solver, so that a clock that is late on a busy machine still comes first.
HARDER = f"""
(declare-const a (_ BitVec 128))
(declare-const b (_ BitVec 128))
(declare-const it Bool)
(assert (= it (and (= (bvmul a b) (_ bv{(2**61 - 1) * (2**61 - 31)} 128)) (bvult (_ bv1 128) a)
  (bvult a (_ bv{2**64} 128)) (bvult b (_ bv{2**64} 128)))))
"""


def session(budget: Budget | None = None) -> Session:
    return Session(TEXT, SYMBOLS, budget or Budget())


def test_values_and_cores() -> None:
    asked = session()
    found = asked.check("small", "!p")
    assert found.is_sat
    assert found.values["x"] < 10
    assert (found.values["small"], found.values["big"], found.values["p"]) == (1, 0, 0)
    clash = asked.check("p", "small", "q", "big")
    assert clash.is_unsat
    assert clash.core == ("small", "big")
    assert asked.checks == 2


def test_an_answer_does_not_hang_on_earlier_ones() -> None:
    fresh, used = session(), session()
    used.check("big")
    used.literal("(= x (_ bv7 8))")
    assert fresh.check("small").is_sat
    assert used.check("small").is_sat
    assert used.check("small", "big").is_unsat


def test_literals_mean_their_terms() -> None:
    asked = session()
    seven = asked.literal("(= x (_ bv7 8))")
    assert seven == asked.literal("(= x (_ bv7 8))")
    assert asked.check(seven, "big").is_unsat
    assert asked.check(f"!{seven}", "small").is_sat
    assert asked.check(seven).values["x"] == 7
    assert asked.check(asked.literal("true")).is_sat
    assert asked.check(asked.literal("false")).is_unsat


def test_an_instance_holds_under_its_guard_only() -> None:
    asked = session()
    guard = asked.fresh("g1")
    asked.require_instance(guard, "always", "small", {"x": 30})  # 30 is not small: the guard cannot hold
    assert asked.check(guard).is_unsat
    assert asked.check("small").is_sat
    other = asked.fresh("g2")
    asked.require_instance(other, "always", "big", {"x": 30})
    assert asked.check(other, "small").is_sat


@pytest.mark.parametrize("budget", [Budget(rlimit=0), Budget(rlimit=1), Budget(rlimit=-5)])
def test_no_budget_no_answer(budget: Budget) -> None:
    asked = Session(HARD, {"a": 64, "b": 64, "it": 0}, budget)
    first, second = asked.check("it"), asked.check("it")
    assert second.result is Result.UNKNOWN
    assert "budget" in second.reason
    assert first.result is Result.UNKNOWN


def test_the_wall_clock_is_a_backstop() -> None:
    for seconds in (0.0, 0.02):
        asked = Session(HARDER, {"a": 128, "b": 128, "it": 0}, Budget(rlimit=2**40, seconds=seconds))
        with pytest.raises(OutOfTimeError, match=f"the wall clock ended it after {seconds:g} seconds"):
            asked.check("it")
        with pytest.raises(OutOfTimeError):
            asked.excluded(("it",))


@pytest.mark.parametrize("seconds", [10.0**9, 2**32 / 1000])
def test_large_budgets_are_taken(seconds: float) -> None:
    assert session(Budget(rlimit=10**15, seconds=seconds)).check("small").is_sat


def test_work_is_counted_alike_each_time() -> None:
    counts = []
    for _ in range(2):
        asked = session()
        asked.check("small", "p")
        asked.check("big")
        counts.append(asked.spent)
    assert counts[0] == counts[1] > 0


def test_a_text_that_is_no_script_is_an_error() -> None:
    with pytest.raises(SolverError, match="cannot read"):
        Session("(assert (= p", {"p": 0}, Budget())


def test_what_the_literals_exclude() -> None:
    asked = session()
    seven, eight = (asked.literal(f"(= x (_ bv{n} 8))") for n in (7, 8))
    assert asked.excluded(("big", "p", seven), "small") == {"big"}
    assert asked.excluded((seven, eight, "big"), "!small", "!big") == {seven, eight, "big"}
    assert asked.excluded(("p", "big"), "big", "small") == {"p", "big"}  # nothing is left
    assert asked.excluded(("p", "q"), "small") == frozenset()
    assert asked.checks == 4


@pytest.mark.parametrize("budget", [Budget(rlimit=0), Budget(rlimit=1000)])
def test_without_budget_nothing_is_said_to_be_excluded(budget: Budget) -> None:
    asked = Session(HARD, {"a": 64, "b": 64, "it": 0}, budget)
    odd = asked.literal("(= ((_ extract 0 0) a) (_ bv1 1))")
    assert asked.excluded((odd,), "it") is None
