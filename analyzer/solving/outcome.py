"""Solver limits in, raw answer out.  Neither crosses above `verdicts`."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from analyzer.errors import SolverError
from analyzer.records import dataclass


class OutOfTimeError(SolverError):
    """The wall clock ended a question.  It ends all that the question is part of, so that no answer hangs on how busy a
    machine is: what was found by then is unknown, and the message says why."""


@dataclass(frozen=True, slots=True)
class Budget:
    """For one query: `rlimit` in Z3's deterministic work units; `seconds` of wall clock only as a backstop, far beyond
    what that work takes on a quiet machine."""

    rlimit: int = 400_000_000
    seconds: float = 1800.0


class Result(Enum):
    SAT = "sat"
    UNSAT = "unsat"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`values`: every symbol's value if sat (booleans 0 or 1); `core`: the assumed literals that cannot hold together
    if unsat; `reason`: why, if unknown."""

    result: Result
    values: dict[str, int] = field(default_factory=dict)
    core: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_sat(self) -> bool:
        return self.result is Result.SAT

    @property
    def is_unsat(self) -> bool:
        return self.result is Result.UNSAT
