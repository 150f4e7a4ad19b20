"""The one table of exit codes; `--help` and the README show it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a run ends with."""

    PROVED = 0
    REFUTED = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    INTERNAL = 70
    INTERRUPTED = 130


MEANING = {
    ExitCode.PROVED: "every query is proved",
    ExitCode.REFUTED: "some query is refuted",
    ExitCode.BAD_INPUT: "bad usage or bad input; nothing was checked",
    ExitCode.UNDECIDED: "no query is refuted, but some query is unknown or vacuous",
    ExitCode.INTERNAL: "internal error: a defect in netproof, never an answer",
    ExitCode.INTERRUPTED: "interrupted",
}

VERDICT_CODES = {
    "proved": ExitCode.PROVED,
    "refuted": ExitCode.REFUTED,
    "unknown": ExitCode.UNDECIDED,
    "vacuous": ExitCode.UNDECIDED,
}


def exit_table() -> str:
    """The table as text, one line per code."""
    return "\n".join(f"  {code.value:>3}  {MEANING[code]}" for code in ExitCode)
