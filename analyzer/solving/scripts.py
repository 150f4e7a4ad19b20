"""Closed SMT-LIB scripts, answered from their text alone: by Z3, or by cvc5 where it is installed.

cvc5 is another solver of other authors that shares no code with Z3; it is imported here only, and only when asked for.
"""

from __future__ import annotations

import re
from importlib.util import find_spec

import z3

from analyzer.errors import SolverError
from analyzer.solving.bit_vectors import solver_in
from analyzer.solving.interruption import REASONS, Interruptible
from analyzer.solving.outcome import Budget, Outcome, Result

Z3, CVC5 = "z3", "cvc5"
COMMANDS = frozenset({"set-info", "set-logic", "declare-const", "define-fun", "assert", "check-sat", "exit"})
OPERATORS = frozenset({"and", "or", "not", "=", "ite", "bvuge", "bvule", "_", "(", ")"})
INDEXED = re.compile(r"BitVec|extract|bv[0-9]+")

_COMMENT = re.compile(r";[^\n]*")
_STATUS = re.compile(r"\(set-info :status [a-z]+\)")
_TOKEN = re.compile(r"[()]|[^\s()]+")
_MOST_NESTED = 2_000
_WIDEST = 128
_WORK = 2**32 - 1


def is_installed(solver: str) -> bool:
    return solver == Z3 or find_spec(CVC5) is not None


def solver_version(solver: str) -> str:
    """`4.13.4`; of an installed solver."""
    if solver == Z3:
        return str(z3.get_version_string())
    import cvc5

    return str(cvc5.__version__)


def fault_of(script: str) -> str:
    """Why a script is not closed and harmless, empty if it is.

    Solvers have commands that read and write files, and operators that make a short text a huge term.  Only what
    netproof writes itself passes, with one `check-sat` and without quoted text, in which anything could hide.
    """
    bare = _COMMENT.sub("", script)
    if strange := re.search(r'[^\x20-\x7e\n\t]|["|]', bare):
        return f"it holds the character {strange.group()!a} outside comments"
    if "\r" in script:  # solvers differ in whether it ends a comment
        return "it holds a carriage return"
    depth, before, questions = 0, "", 0
    for token in _TOKEN.findall(bare):
        if before == "(" and token not in (COMMANDS if depth == 1 else OPERATORS):
            return f"it holds the {'command' if depth == 1 else 'operator'} `{token[:40]}`"
        is_huge = token.isdigit() and (len(token) > 3 or int(token) > _WIDEST)
        if is_huge or (before == "_" and not INDEXED.fullmatch(token)):
            return f"it holds the index `{token[:40]}`"
        questions += token == "check-sat"
        before = token
        depth += (token == "(") - (token == ")")
        if depth < 0 or (depth == 0 and token != ")"):
            return "its parentheses do not match"
        if depth > _MOST_NESTED:
            return f"its terms are nested more than {_MOST_NESTED:,} deep"
    if depth:
        return "its parentheses do not match"
    return "" if questions == 1 else "it does not ask exactly one question"


def solve_script(script: str, solver: str, budget: Budget) -> Outcome:
    """The solver's answer, without values.  SolverError if the script is not one of ours or cannot be read."""
    if fault := fault_of(script):
        raise SolverError(f"this script is none that netproof writes: {fault}")
    untold = _STATUS.sub("", script)  # cvc5 takes a status that is not its own answer for an error
    return _by_z3(untold, budget) if solver == Z3 else _by_cvc5(untold, budget)


def _by_z3(script: str, budget: Budget) -> Outcome:
    context = z3.Context()
    answering = solver_in(context)
    answering.set("random_seed", 0)
    answering.set("rlimit", min(budget.rlimit, _WORK))
    answering.set("timeout", max(1, min(int(budget.seconds * 1000), _WORK)))
    try:
        answering.add(z3.parse_smt2_string(script, ctx=context))
        with Interruptible(context):
            answer = answering.check()
    except z3.Z3Exception as problem:
        raise SolverError(f"Z3 cannot read the script: {problem}") from problem
    if answer == z3.unknown and answering.reason_unknown() in REASONS:
        raise KeyboardInterrupt
    return _outcome(str(answer), Z3)


def _by_cvc5(script: str, budget: Budget) -> Outcome:
    """cvc5 counts work in units of its own, which the budget bounds by the same number."""
    import cvc5

    terms = cvc5.TermManager()
    answering, symbols = cvc5.Solver(terms), cvc5.SymbolManager(terms)
    answering.setOption("rlimit-per", str(budget.rlimit))
    answering.setOption("tlimit-per", str(max(1, int(budget.seconds * 1000))))
    parser = cvc5.InputParser(answering, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "script")
    said = ""
    try:
        while not (command := parser.nextCommand()).isNull():
            said += command.invoke(answering, symbols)
    except RuntimeError as problem:
        raise SolverError(f"cvc5 cannot read the script: {problem}") from problem
    return _outcome(said.strip(), CVC5)


def _outcome(word: str, solver: str) -> Outcome:
    if word in ("sat", "unsat"):
        return Outcome(Result(word))
    if not word.startswith(("unknown", "timeout")):
        raise SolverError(f"{solver} answered `{word[:80]}`")
    return Outcome(Result.UNKNOWN, reason=f"{solver} spent its budget")
