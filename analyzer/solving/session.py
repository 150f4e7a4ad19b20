"""One obligation's script in Z3, asked many times under different assumptions.

Each session has a Z3 context of its own, so that an answer never depends on what was asked before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import z3

from analyzer.errors import SolverError
from analyzer.solving.bit_vectors import solver_in
from analyzer.solving.interruption import REASONS, Interruptible
from analyzer.solving.outcome import Budget, Outcome, OutOfTimeError, Result

_TICK = 0.01  # seconds: Z3's clock and ours differ by less
_NEAR = 1.02  # a limit may be passed by this much
_SMALL = 300_000  # rlimit units, a third of a second or so
_LONG = 1_000_000  # characters: to read such a text in takes longer than a small question


class Session:
    """`symbols` maps the script's declared symbols to widths (0: Bool).  Literals are names, `!name` denies one.

    `wanted`: the symbols whose values an outcome holds (all of them if None); a large cluster has thousands of others.
    """

    def __init__(
        self, text: str, symbols: Mapping[str, int], budget: Budget, wanted: Iterable[str] | None = None
    ) -> None:
        self._context = z3.Context()
        self._parser = z3.ParserContext(self._context)
        self._budget = budget
        self._started = time.monotonic()
        self._symbols = symbols
        self._constants: dict[str, z3.ExprRef] = {}  # those that somebody asked for
        self._interruptible = Interruptible(self._context)
        self._solver = solver_in(self._context)
        self._solver.set("random_seed", 0)
        self._literals: dict[str, str] = {}
        self._denied: dict[str, z3.BoolRef] = {}
        self._spent, self._unread = 0, 0
        self._limits = 0, 0
        self._is_timed = len(text) > _LONG
        self._base = 0
        self.checks = 0
        self._wanted = tuple(symbols if wanted is None else dict.fromkeys(wanted))
        self._asserted = self._parse(text)
        self._add(self._asserted)
        self._base = self._spent_total()

    def _parse(self, text: str) -> z3.AstVector:
        """What the text asserts; it may speak of all that earlier texts declare."""
        try:
            return self._parser.from_string(text)
        except z3.Z3Exception as problem:
            raise SolverError(f"the solver cannot read the obligation: {problem}") from problem

    def _add(self, assertions: z3.AstVector) -> None:
        context, solver = self._context.ref(), self._solver.solver
        for assertion in assertions:
            z3.Z3_solver_assert(context, solver, assertion.ast)

    def _named(self, name: str) -> z3.ExprRef:
        found = self._constants.get(name)
        if found is None:
            width = self._symbols[name]
            made = z3.BitVec(name, width, self._context) if width else z3.Bool(name, self._context)
            found = self._constants[name] = made
        return found

    @cached_property
    def _bodies(self) -> dict[str, z3.ExprRef]:
        """What the script says that its names mean."""
        found: dict[str, z3.ExprRef] = {}
        for assertion in self._asserted:
            if assertion.num_args() == 2 and z3.is_const(assertion.arg(0)):
                found[assertion.arg(0).decl().name()] = assertion.arg(1)
            elif z3.is_const(assertion):  # the parser folds (= name true) and (= name false)
                found[assertion.decl().name()] = z3.BoolVal(True, self._context)
            elif z3.is_not(assertion) and z3.is_const(assertion.arg(0)):
                found[assertion.arg(0).decl().name()] = z3.BoolVal(False, self._context)
        return found

    @cached_property
    def _told(self) -> list[tuple[str, z3.FuncDeclRef, bool]]:
        """The wanted symbols, as a model knows them, and whether they are booleans."""
        return [(name, self._named(name).decl(), not self._symbols[name]) for name in self._wanted]

    # -------------------------------------------------------------------------------------------- asking
    def check(self, *literals: str, tells_why: bool = True, at_most: int | None = None) -> Outcome:
        """Whether the script is satisfiable with all of the literals assumed; if not, which of them rule it out; if so,
        and with `tells_why`, how.

        Reading the latter off a large script can cost more than the search.  `at_most`: the work that the answer is
        worth, in rlimit units, where that is less than the budget.  OutOfTimeError where the wall clock ends it."""
        with self._interruptible:
            return self._checked(tuple(dict.fromkeys(literals)), tells_why, at_most)

    def _checked(self, names: tuple[str, ...], tells_why: bool, at_most: int | None) -> Outcome:
        assumed = [self._literal(name).ast for name in names]
        array = (z3.Ast * len(assumed))(*assumed)
        # As z3.Solver.check, which casts each of them anew: that took as long as the search of a small question.
        context, solver = self._context.ref(), self._solver.solver
        answer = self._answered(at_most, lambda: z3.Z3_solver_check_assumptions(context, solver, len(assumed), array))
        if isinstance(answer, str):
            return Outcome(Result.UNKNOWN, reason=answer)
        if answer == z3.Z3_L_TRUE:
            return Outcome(Result.SAT, values=self._values() if tells_why else {})
        found = self._core()
        return Outcome(Result.UNSAT, core=tuple(n for n, it in zip(names, assumed, strict=True) if it.value in found))

    def excluded(self, candidates: Sequence[str], *literals: str) -> frozenset[str] | None:
        """Which of the candidates, literals without `!`, can be true in no solution with all of the literals assumed;
        None if the budget is spent.  One question instead of one for each."""
        assumed, asked = ([self._literal(name) for name in names] for names in (literals, candidates))
        implied: list[z3.ExprRef] = []

        def ask() -> int:
            answer, implied[:] = self._solver.consequences(assumed, asked)
            return int(answer.r)

        with self._interruptible:
            answer = self._answered(None, ask)
        if isinstance(answer, str):
            return None
        if answer == z3.Z3_L_FALSE:
            return frozenset(candidates)
        heads = (it.arg(1) if z3.is_implies(it) else it for it in implied)
        return frozenset(str(head.arg(0).decl().name()) for head in heads if z3.is_not(head))

    def _answered(self, at_most: int | None, ask: Callable[[], int]) -> int | str:
        """Z3's answer to one question, or why there is none.

        To set a clock starts and stops a thread, which takes ten times as long as a small question: as long as none
        was large the work alone ends them.  One that it ends is asked again, under the clock.
        """
        self.checks += 1
        while True:
            work = self._allotted(at_most)
            if work <= 0:
                return self._exhausted()
            answer = ask()
            self._unread += work
            if answer != z3.Z3_L_UNDEF:
                return answer
            if self._is_cut_short():
                continue
            if self._is_timed or work < _SMALL:
                return self._exhausted()
            self._is_timed = True

    def _allotted(self, at_most: int | None) -> int:
        """Give the next question what is left of the budget, or of a small one's: how much that is."""
        most = min(2**32 - 1 if self._is_timed else _SMALL, self._budget.rlimit if at_most is None else at_most)
        work = min(most, self._budget.rlimit - self._spent - self._unread)
        if work < most:  # unless less was spent than allotted
            work = min(most, self._budget.rlimit - self.spent)
        if work > 0:
            if self._seconds_left <= 0:
                raise self._out_of_time()
            self._limit(work, max(1, min(int(self._seconds_left * 1000), 2**32 - 1)) if self._is_timed else 0)
        return work

    def _limit(self, work: int, milliseconds: int) -> None:
        """Nearly the same limits stand: to set them takes as long as a small question."""
        if not all(
            wanted <= known <= wanted * _NEAR for wanted, known in zip((work, milliseconds), self._limits, strict=True)
        ):
            self._solver.set("rlimit", work, *(("timeout", milliseconds) if milliseconds else ()))
            self._limits = work, milliseconds

    def _is_cut_short(self) -> bool:
        """By the signal that an earlier search was meant to hear: of one of its own Python's handler has spoken by now.
        OutOfTimeError where the clock ended it."""
        reason = self._solver.reason_unknown()
        if reason in REASONS:
            return True
        if reason == "timeout" or self._seconds_left <= _TICK:
            raise self._out_of_time()
        return False

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
        if self._unread:
            self._spent, self._unread = max(0, self._spent_total() - self._base), 0
        return self._spent

    def _spent_total(self) -> int:
        context, statistics = self._context.ref(), self._solver.statistics()
        for place in range(len(statistics)):
            if z3.Z3_stats_get_key(context, statistics.stats, place) == "rlimit count":
                return int(z3.Z3_stats_get_uint_value(context, statistics.stats, place))
        return 0

    def _core(self) -> frozenset[int]:
        """Where Z3 keeps the assumptions that the last answer needed: there is one of each term.

        Without an object of z3py's, and so of models: a signal that comes while one is finalised is lost.
        """
        context = self._context.ref()
        core = z3.Z3_solver_get_unsat_core(context, self._solver.solver)
        z3.Z3_ast_vector_inc_ref(context, core)
        try:
            places = range(z3.Z3_ast_vector_size(context, core))
            return frozenset(z3.Z3_ast_vector_get(context, core, place).value for place in places)
        finally:
            z3.Z3_ast_vector_dec_ref(context, core)

    def _literal(self, name: str) -> z3.BoolRef:
        if not name.startswith("!"):
            return self._named(name)
        found = self._denied.get(name)
        if found is None:
            found = self._denied[name] = z3.Not(self._named(name[1:]))
        return found

    def _values(self) -> dict[str, int]:
        """As `ModelRef.eval` with completion, which takes five times as long: what the model does not say is 0."""
        context, found = self._context.ref(), {}
        model = z3.Z3_solver_get_model(context, self._solver.solver)
        z3.Z3_model_inc_ref(context, model)
        try:
            for name, declared, is_bool in self._told:
                value = z3.Z3_model_get_const_interp(context, model, declared.ast)
                if not value:
                    found[name] = 0
                elif is_bool:
                    found[name] = int(z3.Z3_get_bool_value(context, value) == z3.Z3_L_TRUE)
                else:
                    found[name] = int(z3.Z3_get_numeral_string(context, value))
        finally:
            z3.Z3_model_dec_ref(context, model)
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
            names = [self._literals[term] for term in new]
            text = "".join(f"(declare-const {name} Bool)" for name in names)
            text += "".join(f"(assert (= {name} {term}))" for name, term in zip(names, new, strict=True))
            self._add(self._parse(text))
        return [self._literals[term] for term in wanted]

    def fresh(self, name: str) -> str:
        """Declare one more boolean, to put facts under."""
        made = self._constants[name] = z3.Bool(name, self._context)
        self._parser.add_decl(made.decl())
        return name

    def require_instance(self, guard: str, premise: str, conclusion: str, fixed: Mapping[str, int]) -> None:
        """Under the literal `guard`, assert "premise implies conclusion" (names of the script) with the symbols in
        `fixed` replaced by constants: one instance of a universally quantified claim."""
        pairs = [(self._named(name), self._constant(name, value)) for name, value in fixed.items()]
        bodies = [z3.substitute(self._bodies[name], *pairs) for name in (premise, conclusion)]
        self._solver.add(z3.Implies(self._literal(guard), z3.Implies(*bodies)))

    def _constant(self, name: str, value: int) -> z3.ExprRef:
        constant = self._named(name)
        if z3.is_bool(constant):
            return z3.BoolVal(bool(value), self._context)
        return z3.BitVecVal(value, constant.size(), self._context)
