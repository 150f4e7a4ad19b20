"""One obligation's script in Z3, asked many times under different assumptions.

Each session has a Z3 context of its own, so that an answer never depends on what was asked before it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence

import z3

from analyzer.errors import SolverError
from analyzer.solving.bit_vectors import solver_in
from analyzer.solving.outcome import Budget, Outcome, OutOfTimeError, Result

_TICK = 0.01  # seconds: Z3's clock and ours differ by less
_NAME = re.compile(r"[a-z][a-z0-9.-]*")


class Session:
    """`symbols` maps the script's declared symbols to widths (0: Bool).  Literals are names, `!name` denies one.

    `wanted`: the symbols whose values an outcome holds (all of them if None); a large cluster has thousands of others.
    """

    def __init__(
        self, text: str, symbols: Mapping[str, int], budget: Budget, wanted: Iterable[str] | None = None
    ) -> None:
        self._context = z3.Context()
        self._budget = budget
        self._started = time.monotonic()
        self._constants: dict[str, z3.ExprRef] = {
            name: z3.BitVec(name, width, self._context) if width else z3.Bool(name, self._context)
            for name, width in symbols.items()
        }
        self._solver = solver_in(self._context)
        self._solver.set("random_seed", 0)
        self._bodies: dict[str, z3.ExprRef] = {}
        self._literals: dict[str, str] = {}
        self._denied: dict[str, z3.BoolRef] = {}
        self.checks = 0
        self._wanted = tuple(self._constants if wanted is None else wanted)
        for assertion in self._parse(text, {}):
            self._solver.add(assertion)
            if assertion.num_args() == 2 and z3.is_const(assertion.arg(0)):
                self._bodies[assertion.arg(0).decl().name()] = assertion.arg(1)
            elif z3.is_const(assertion):  # the parser folds (= name true) and (= name false)
                self._bodies[assertion.decl().name()] = z3.BoolVal(True, self._context)
            elif z3.is_not(assertion) and z3.is_const(assertion.arg(0)):
                self._bodies[assertion.arg(0).decl().name()] = z3.BoolVal(False, self._context)
        self._base = self._spent_total()

    def _parse(self, text: str, known: Mapping[str, z3.ExprRef]) -> z3.AstVector:
        try:
            return z3.parse_smt2_string(text, decls=dict(known), ctx=self._context)
        except z3.Z3Exception as problem:
            raise SolverError(f"the solver cannot read the obligation: {problem}") from problem

    # -------------------------------------------------------------------------------------------- asking
    def check(self, *literals: str, tells_values: bool = True, at_most: int | None = None) -> Outcome:
        """Whether the script is satisfiable with all of the literals assumed; with `tells_values`, and if so, how.

        Reading the values off a large script can cost more than the search.  `at_most`: the work that the answer is
        worth, in rlimit units, where that is less than the budget.  OutOfTimeError where the wall clock ends it."""
        if refusal := self._allot(at_most):
            return Outcome(Result.UNKNOWN, reason=refusal)
        names = tuple(dict.fromkeys(literals))
        assumed = [self._literal(name).as_ast() for name in names]
        # As z3.Solver.check, which casts each of them anew: that took as long as the search of a small question.
        number = z3.Z3_solver_check_assumptions(
            self._context.ref(), self._solver.solver, len(assumed), (z3.Ast * len(assumed))(*assumed)
        )
        answer = z3.CheckSatResult(number)
        if answer == z3.sat:
            return Outcome(Result.SAT, values=self._values(self._solver.model()) if tells_values else {})
        if answer == z3.unsat:
            found = self._core()
            ids = (z3.Z3_get_ast_id(self._context.ref(), it) for it in assumed)
            return Outcome(Result.UNSAT, core=tuple(n for n, its in zip(names, ids, strict=True) if its in found))
        self._heed_interrupt()
        return Outcome(Result.UNKNOWN, reason=self._exhausted())

    def excluded(self, candidates: Sequence[str], *literals: str) -> frozenset[str] | None:
        """Which of the candidates, literals without `!`, can be true in no solution with all of the literals assumed;
        None if the budget is spent.  One question instead of one for each."""
        if self._allot(None):
            return None
        assumed, asked = ([self._literal(name) for name in names] for names in (literals, candidates))
        answer, implied = self._solver.consequences(assumed, asked)
        if answer == z3.unsat:
            return frozenset(candidates)
        if answer == z3.unknown:
            self._heed_interrupt()
            return None
        heads = (it.arg(1) if z3.is_implies(it) else it for it in implied)
        return frozenset(str(head.arg(0).decl().name()) for head in heads if z3.is_not(head))

    def _allot(self, at_most: int | None) -> str:
        """Give the next question what is left of the budget; why it cannot be asked, if nothing is."""
        left = self._budget.rlimit - self.spent
        if at_most is not None:
            left = min(left, at_most)
        if left <= 0:
            return self._exhausted()
        if self._seconds_left <= 0:
            raise self._out_of_time()
        self._solver.set("rlimit", min(left, 2**32 - 1))
        self._solver.set("timeout", max(1, min(int(self._seconds_left * 1000), 2**32 - 1)))
        self.checks += 1
        return ""

    def _heed_interrupt(self) -> None:
        """Z3 takes the signal for itself and only says so; so it does of the clock."""
        reason = self._solver.reason_unknown()
        if reason == "interrupted from keyboard":
            raise KeyboardInterrupt
        if reason == "timeout" or self._seconds_left <= _TICK:
            raise self._out_of_time()

    @property
    def _seconds_left(self) -> float:
        return self._budget.seconds - (time.monotonic() - self._started)

    def _out_of_time(self) -> OutOfTimeError:
        seconds, work = self._budget.seconds, self._budget.rlimit
        return OutOfTimeError(
            f"the wall clock ended it after {seconds:g} seconds, before the budget of {work:,} solver units was spent"
        )

    def _exhausted(self) -> str:
        if self.spent >= self._budget.rlimit:
            return f"the budget of {self._budget.rlimit:,} solver units is spent"
        reason = self._solver.reason_unknown()
        return f"the solver gave up: {reason}" if "incomplete" in reason else "the solver's budget is spent"

    @property
    def spent(self) -> int:
        """Solver work so far, in rlimit units."""
        return max(0, self._spent_total() - self._base) if hasattr(self, "_base") else 0

    def _spent_total(self) -> int:
        statistics = self._solver.statistics()
        names = statistics.keys()
        return int(statistics.get_key_value("rlimit count")) if "rlimit count" in names else 0

    def _core(self) -> frozenset[int]:
        """The numbers, in Z3's table of terms, of the assumptions that the last answer needed."""
        context, core = self._context.ref(), self._solver.unsat_core()
        return frozenset(
            z3.Z3_get_ast_id(context, z3.Z3_ast_vector_get(context, core.vector, i)) for i in range(len(core))
        )

    def _literal(self, name: str) -> z3.BoolRef:
        if not name.startswith("!"):
            return self._constants[name]
        found = self._denied.get(name)
        if found is None:
            found = self._denied[name] = z3.Not(self._constants[name[1:]])
        return found

    def _values(self, model: z3.ModelRef) -> dict[str, int]:
        found = {}
        for name in self._wanted:
            value = model.eval(self._constants[name], model_completion=True)
            found[name] = int(z3.is_true(value)) if z3.is_bool(value) else value.as_long()
        return found

    # -------------------------------------------------------------------------------------------- adding
    def literal(self, term: str) -> str:
        """A literal that is true iff `term` (SMT-LIB over the script's symbols) is; the same term, the same literal."""
        return self._literals.get(term) or self.literals([term])[0]

    def literals(self, terms: Iterable[str]) -> list[str]:
        """The literals of the terms, in order; those that are new are read in one go."""
        wanted = list(terms)
        new = [term for term in dict.fromkeys(wanted) if term not in self._literals]
        if new:
            for term in new:
                name = self._literals[term] = f"l{len(self._literals)}"
                self._constants[name] = z3.Bool(name, self._context)
            text = "".join(f"(assert (= {self._literals[term]} {term}))" for term in new)
            known = {name: self._constants[name] for name in _NAME.findall(text) if name in self._constants}
            for assertion in self._parse(text, known):
                self._solver.add(assertion)
        return [self._literals[term] for term in wanted]

    def fresh(self, name: str) -> str:
        """Declare one more boolean, to put facts under."""
        self._constants[name] = z3.Bool(name, self._context)
        return name

    def require_instance(self, guard: str, premise: str, conclusion: str, fixed: Mapping[str, int]) -> None:
        """Under the literal `guard`, assert "premise implies conclusion" (names of the script) with the symbols in
        `fixed` replaced by constants: one instance of a universally quantified claim."""
        pairs = [(self._constants[name], self._constant(name, value)) for name, value in fixed.items()]
        bodies = [z3.substitute(self._bodies[name], *pairs) for name in (premise, conclusion)]
        self._solver.add(z3.Implies(self._literal(guard), z3.Implies(*bodies)))

    def _constant(self, name: str, value: int) -> z3.ExprRef:
        constant = self._constants[name]
        if z3.is_bool(constant):
            return z3.BoolVal(bool(value), self._context)
        return z3.BitVecVal(value, constant.size(), self._context)
