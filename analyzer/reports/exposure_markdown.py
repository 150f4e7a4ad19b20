"""Exposure as a Markdown table: one line for each opening."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.policies import Direction
from analyzer.reports import exposure_words
from analyzer.reports.map_markdown import escaped
from analyzer.verdicts.exposure import Exposure, ExposureReport


def render_exposure_markdown(found: ExposureReport) -> bytes:
    """UTF-8; every character of the input that Markdown or HTML gives a meaning is escaped."""
    lines = ["| workloads | direction | beyond the manifests | on |", "|---|---|---|---|"]
    for members, *exposures in found.together():
        for exposure in exposures:
            head = f"| {escaped(exposure_words.workloads(members))} | {exposure.direction.value}"
            lines += [f"{head} | {who} | {ports} |" for who, ports in _rows(exposure, found)]
    for direction in Direction:
        loose = found.unisolated(direction)
        if loose:
            names = escaped(exposure_words.workloads(loose))
            lines += ["", f"No policy isolates for {direction.value}: {names}."]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _rows(exposure: Exposure, found: ExposureReport) -> Iterator[tuple[str, str]]:
    for opening in exposure.openings:
        yield escaped(exposure_words.peer(opening)), escaped(str(opening.connections))
    rest = exposure_words.rest(exposure, found)
    if rest:
        yield escaped(rest), ""
    elif not exposure.openings:
        yield exposure_words.NOBODY, ""
