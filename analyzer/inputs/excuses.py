"""`--waivers`, `--baseline` and `--today`: what a run is to excuse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from analyzer.errors import InputError, Problem, UsageError
from analyzer.inputs.settings import nearest, of_one_revision, questions, settled
from analyzer.inputs.waivers import file_bytes, read_waivers

if TYPE_CHECKING:
    from analyzer.analysis import Excuses
    from analyzer.model.claims import Pack, Query
    from analyzer.verdicts.baseline import Baseline
    from analyzer.verdicts.waivers import Waiver


def excuses(waivers: str | None, baseline: str | None, today: str | None, *, has_evidence: bool = False) -> Excuses:
    """What the files say, as of that day; InputError with all that is wrong with them."""
    from analyzer.analysis import Excuses

    if has_evidence and (waivers or baseline):
        hint = "leave out --waivers and --baseline, or --evidence"
        raise UsageError("evidence is of what is true, be it excused or not", hint)
    given, known, as_of = settled(
        lambda: read_waivers(waivers) if waivers else (),
        lambda: _baseline(baseline) if baseline else None,
        lambda: day(today),
    )
    return Excuses(given, as_of, known)


def _baseline(path: str) -> Baseline:
    from analyzer.reports.check_json_reading import read_baseline

    return read_baseline(file_bytes(path, "baseline"), path)


def day(text: str | None) -> date:
    """The day that `--today` names, else today."""
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise UsageError(f"`{text}` after --today is no date", "write it as 2026-12-31") from None


def asked(
    names: Sequence[str], claims: Sequence[str], settings: Sequence[str], waivers: Sequence[Waiver]
) -> Sequence[Pack]:
    """What a run asks, and that the waivers are of that."""
    return fitting(of_one_revision(questions(names, claims, settings)), waivers)


def fitting(packs: Sequence[Pack], waivers: Sequence[Waiver]) -> Sequence[Pack]:
    """The packs, if each waiver names one of their queries that can be waived so, or one of a pack not asked this time.

    InputError names each that does not.
    """
    asked = {f"{pack.name}/{query.id}": query for pack in packs for query in pack.queries}
    names = {pack.name for pack in packs}
    problems: list[Problem] = []
    for waiver in waivers:
        query = asked.get(waiver.query)
        message, hint = "", ""
        if query is not None:
            message, hint = _misfit(waiver, query)
        elif waiver.query.rpartition("/")[0] in names or "/" not in waiver.query:
            message, hint = f"no query is called `{waiver.query}`", nearest(waiver.query, asked)
        if message:
            problems.append(Problem(waiver.source.file, waiver.source.line, 0, message, hint))
    if problems:
        raise InputError(problems)
    return packs


def _misfit(waiver: Waiver, query: Query) -> tuple[str, str]:
    """(message, hint) where the query has no such region."""
    from analyzer.model.claims import Kind

    if query.claim.kind is Kind.SOME:
        return (
            f"`{waiver.query}` asks for a connection that is allowed, so no region of it can be waived",
            "leave the query out of the pack, or change it",
        )
    if query.claim.kind is Kind.ISOLATED and not waiver.is_of_pods:
        return f"`{waiver.query}` speaks of pods, not of connections", "name the pods with `from` alone"
    return "", ""
