"""Scripts are answered by both solvers alike, within a budget, and nothing but questions is ever executed."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from analyzer.errors import SolverError
from analyzer.solving import CVC5, Z3, Budget, Result, fault_of, is_installed, solve_script, solver_version

SOLVERS = (Z3, CVC5)


def pigeons(holes: int) -> str:
    """One pigeon more than there are holes: hard for solvers of their kind."""
    every = [[f"p{i}.{j}" for j in range(holes)] for i in range(holes + 1)]
    lines = [f"(declare-const {name} Bool)" for row in every for name in row]
    lines += [f"(assert (or {' '.join(row)}))" for row in every]
    lines += [f"(assert (not (and {a} {b})))" for col in zip(*every, strict=True) for a, b in combinations(col, 2)]
    return "\n".join(["(set-logic QF_BV)", *lines, "(check-sat)"])


def script(body: str) -> str:
    return f"; a question\n(set-logic QF_BV)\n(declare-const x (_ BitVec 8))\n(assert {body})\n(check-sat)\n(exit)\n"


@pytest.mark.parametrize("solver", SOLVERS)
def test_answers(solver: str) -> None:
    assert solve_script(script("(bvule x (_ bv1 8))"), solver, Budget()).is_sat
    assert solve_script(script("(not (bvule x (_ bv255 8)))"), solver, Budget()).is_unsat


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("budget", [Budget(rlimit=1000), Budget(seconds=0.2)], ids=["work", "time"])
def test_a_spent_budget_is_no_answer(solver: str, budget: Budget) -> None:
    found = solve_script(pigeons(14), solver, budget)
    assert found.result is Result.UNKNOWN
    assert "budget" in found.reason


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_script_that_cannot_be_read(solver: str) -> None:
    with pytest.raises(SolverError, match="cannot read the script"):
        solve_script(script("(bvule x unheard-of)"), solver, Budget())


def test_solvers_are_named_with_their_versions() -> None:
    for solver in SOLVERS:
        assert is_installed(solver)
        assert solver_version(solver)[0].isdigit()


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('(set-option :regular-output-channel "out")', "character"),
        ("(set-option :regular-output-channel out)", "command `set-option`"),
        ("(set-option :produce-models true)", "command `set-option`"),
        ("(include nothing)", "command `include`"),
        ("((set-option :a b))", "command `(`"),
        ("()", "command `)`"),
        ("(check-sat)", "exactly one question"),
        ("(assert (= x (bvmul x x)))", "operator `bvmul`"),
        ("(define-fun y () (_ BitVec 16) (concat x x))", "operator `concat`"),
        ("(define-fun y () (_ BitVec 16) ((_ repeat 2) x))", "index `repeat`"),
        ("(declare-const y (_ BitVec 99999999999))", "index `99999999999`"),
        ("(declare-const y (_ BitVec 129))", "index `129`"),
        ('(set-info :source "a ; b")', "character '\"'"),
        ("(set-info :source |a ; b|)", "character '|'"),
        ("; a comment\r(set-option :a b)", "carriage return"),
        ("(assert (= x x)", "operator `check-sat`"),
        ("(declare-const y (_ BitVec 0000000000129))", "index `0000000000129`"),
        (")(", "parentheses"),
        ("loose", "parentheses"),
        ("(assert (= x é))", r"character '\xe9'"),
        ("(assert " + "(not " * 3000 + "true" + ")" * 3001, "nested"),
    ],
)
def test_only_questions_pass(added: str, said: str, tmp_path: Path) -> None:
    text = script("true").replace("(check-sat)", f"{added}\n(check-sat)")
    assert said in fault_of(text)
    for solver in SOLVERS:
        with pytest.raises(SolverError, match="none that netproof writes"):
            solve_script(text, solver, Budget())
    assert not list(tmp_path.iterdir())


def test_comments_may_hold_anything_but_line_ends() -> None:
    assert fault_of(script("true") + '; "é | (set-option ((( \n') == ""
