"""An obligation's formula at one point: what its booleans are where the symbols have given values.

The same as asking the solver with the values fixed, at a hundredth of the price: Z3 evaluates the two terms under the
values, and solves only where open facts are left in the result.
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from analyzer.encoding import UNIVERSE, VIOLATION, Obligation

OUTSIDE_THE_UNIVERSE: frozenset[bool] = frozenset()
_CONTEXT = z3.Context()  # one for all: making a context costs more than the rest of an obligation


class Points:
    """One obligation, parsed once by Z3 and asked at many points."""

    def __init__(self, obligation: Obligation) -> None:
        self._context = _CONTEXT
        constants = {
            name: z3.BitVec(name, width, self._context) if width else z3.Bool(name, self._context)
            for name, width in obligation.symbols.items()
        }
        self._declared = {name: constant.decl() for name, constant in constants.items()}
        self._tracks = dict.fromkeys(obligation.tracks, 1)
        self._widths = obligation.symbols
        self._numerals: dict[tuple[int, int], z3.ExprRef] = {}
        self._solved: dict[tuple[int, int], tuple[frozenset[bool], tuple[z3.ExprRef, z3.ExprRef]]] = {}
        self._bodies: dict[str, z3.ExprRef] = {}
        for assertion in z3.parse_smt2_string(obligation.text, ctx=self._context):
            name, body = _named(assertion)
            self._bodies[name] = z3.BoolVal(body, self._context) if isinstance(body, bool) else body

    def truth(self, values: Mapping[str, int]) -> frozenset[bool]:
        """The values that `violation` can take there, every rule counting; empty outside the universe."""
        model = z3.Model(self._context)
        context, declared = self._context.ref(), self._declared
        for name, value in (*self._tracks.items(), *values.items()):
            z3.Z3_add_const_interp(context, model.model, declared[name].ast, self._numeral(name, value).ast)
        violation, universe = (model.eval(self._bodies[name]) for name in (VIOLATION, UNIVERSE))
        is_settled = z3.is_true(violation) or z3.is_false(violation)
        # Completion gives every symbol left a value, for good: it comes last.
        if is_settled and z3.is_true(model.eval(universe, model_completion=True)):
            return frozenset({z3.is_true(violation)})
        return self._solve(universe, violation)

    def _numeral(self, name: str, value: int) -> z3.ExprRef:
        width = self._widths[name]
        found = self._numerals.get((width, value))
        if found is None:
            made = z3.BitVecVal(value, width, self._context) if width else z3.BoolVal(bool(value), self._context)
            found = self._numerals[width, value] = made
        return found

    def _solve(self, universe: z3.ExprRef, violation: z3.ExprRef) -> frozenset[bool]:
        """What is left after the values are put in; equal remainders are solved once, and kept so that ids last."""
        key = (universe.get_id(), violation.get_id())
        if key not in self._solved:
            found = set()
            for expected, term in ((True, violation), (False, z3.Not(violation))):
                solver = z3.Solver(ctx=self._context)
                solver.add(universe, term)
                answer = solver.check()
                assert answer != z3.unknown
                if answer == z3.sat:
                    found.add(expected)
            self._solved[key] = frozenset(found), (universe, violation)
        return self._solved[key][0]


def _named(assertion: z3.BoolRef) -> tuple[str, z3.ExprRef | bool]:
    """`(= name body)`, which the parser folds where the body is a constant."""
    if assertion.num_args() == 2:
        return assertion.arg(0).decl().name(), assertion.arg(1)
    if z3.is_not(assertion):
        return assertion.arg(0).decl().name(), False
    return assertion.decl().name(), True
