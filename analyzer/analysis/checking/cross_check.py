"""A second solver on every answer that a verdict rests on, from the text of the scripts alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from analyzer.errors import InternalError
from analyzer.solving import Budget, Result, solve_script, solver_version
from analyzer.verdicts import CrossCheck, Step
from analyzer.verdicts.steps import UNKNOWN


def cross_check(name: str, steps: Iterable[Step], solver: str, budget: Budget) -> CrossCheck:
    """Every step of the answer `name`, answered by `solver` within the budget.

    InternalError, with the script, where it contradicts an answer.  Questions that were never decided are left out.
    """
    confirmed, undecided = 0, []
    until = time.monotonic() + budget.seconds
    for step in steps:
        if step.expected == UNKNOWN:
            continue
        found, left = Result.UNKNOWN, until - time.monotonic()
        if left > 0:
            found = solve_script(step.script, solver, Budget(budget.rlimit, left)).result
        if found is Result.UNKNOWN:
            undecided.append((name, step.purpose))
        elif found.value == step.expected:
            confirmed += 1
        else:
            what = f"{solver} answers `{found.value}` where the first solver answered `{step.expected}`"
            raise InternalError(f"`{name}`, step {step.purpose}: {what}", step.script)
    return CrossCheck(solver, solver_version(solver), confirmed, tuple(undecided))


def together(solver: str, parts: Sequence[CrossCheck]) -> CrossCheck:
    """What was found of several verdicts."""
    undecided = tuple(each for part in parts for each in part.undecided)
    return CrossCheck(solver, solver_version(solver), sum(part.confirmed for part in parts), undecided)
