"""The one table of exit codes; `--help` and the README show it."""

from __future__ import annotations

import textwrap
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.verdicts import Answer
    from analyzer.verdicts.difference import Difference, InventoryDifference


class ExitCode(IntEnum):
    """What a run ends with."""

    PROVED = 0
    REFUTED = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    INTERNAL = 70
    INTERRUPTED = 130


MEANING = {
    ExitCode.PROVED: "every query is proved or excused; diff: nothing changed that --fail-on names; recheck: all holds",
    ExitCode.REFUTED: "some query is refuted; diff: something changed; recheck: something fails",
    ExitCode.BAD_INPUT: "bad usage or bad input; nothing was checked",
    ExitCode.UNDECIDED: "no query is refuted, but some query is unknown or vacuous; diff, recheck: unknown",
    ExitCode.INTERNAL: "internal error: a defect in netproof, never an answer",
    ExitCode.INTERRUPTED: "interrupted",
}

VERDICT_CODES = {
    "proved": ExitCode.PROVED,
    "refuted": ExitCode.REFUTED,
    "unknown": ExitCode.UNDECIDED,
    "vacuous": ExitCode.UNDECIDED,
}

RECHECK_CODES = {
    "holds": ExitCode.PROVED,
    "fails": ExitCode.REFUTED,
    "undecided": ExitCode.UNDECIDED,
}


def answer_code(answer: Answer) -> ExitCode:
    """By the worst verdict; UNDECIDED where all is proved but a second solver did not confirm all of it in time."""
    code = VERDICT_CODES[answer.status.value]
    is_open = answer.cross_check is not None and bool(answer.cross_check.undecided)
    return ExitCode.UNDECIDED if is_open and code is ExitCode.PROVED else code


def exit_table() -> str:
    """The table as text, for the narrowest of terminals."""
    rows = (
        textwrap.fill(MEANING[code], 56, initial_indent=f"  {code.value:>3}  ", subsequent_indent=" " * 7)
        for code in ExitCode
    )
    return "\n".join(rows)


def difference_code(found: Difference | InventoryDifference, fail_on: str) -> ExitCode:
    """REFUTED if something changed that is to fail, UNDECIDED if that cannot be told, or a second solver did not
    confirm it in time; the queries of packs count in any case.

    `fail_on` is `change`, `new-access`, `lost-access` or `queries`.
    """
    ways = (
        ("new-access", found.has_gained, found.is_gain_open),
        ("lost-access", found.has_lost, found.is_loss_open),
    )
    judged = [way for way in ways if fail_on in ("change", way[0])]
    worse = {query.after.status.value for query in found.queries if query.is_worse}
    if any(has_changed for _, has_changed, _ in judged) or "refuted" in worse:
        return ExitCode.REFUTED
    checked = found.background.cross_check
    is_open = any(is_open for _, _, is_open in judged) or (checked is not None and bool(checked.undecided))
    return ExitCode.UNDECIDED if worse or is_open else ExitCode.PROVED
