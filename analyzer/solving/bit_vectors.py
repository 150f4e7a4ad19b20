"""The kind of solver that every question is put to."""

from __future__ import annotations

import z3

LOGIC = "QF_BV"


def solver_in(context: z3.Context) -> z3.Solver:
    """A solver for bit-vectors without quantifiers, which leaves SIGINT to `interruption`.

    `z3.SolverFor` names the logic in a context of its own, which takes as long to make as a small question to answer.
    """
    made = z3.Solver(z3.Z3_mk_solver_for_logic(context.ref(), z3.to_symbol(LOGIC, context)), context)
    made.set("ctrl_c", False)
    return made
