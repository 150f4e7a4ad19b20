"""Exposure as a Markdown table: one line for each opening; what a mesh then makes of requests in one of its own."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.policies import Direction
from analyzer.reports import admission_words, exposure_words, words
from analyzer.reports.map_markdown import escaped
from analyzer.verdicts.exposure import Exposure, ExposureReport


def render_exposure_markdown(found: ExposureReport) -> bytes:
    """UTF-8; every character of the input that Markdown or HTML gives a meaning is escaped."""
    lines = ["| workloads | direction | beyond the manifests | on |", "|---|---|---|---|"]
    for members, *exposures in found.together():
        for exposure in exposures:
            head = f"| {escaped(exposure_words.workloads(members))} | {exposure.direction.value}"
            lines += [f"{head} | {who} | {ports} |" for who, ports in _rows(exposure, found)]
    said = admission_words.by_line(found.admissions)
    if said:
        lines += ["", "| workloads | requests that proxies of the mesh then let in |", "|---|---|"]
        lines += [f"| {escaped(words.listed(these))} | {escaped(line)} |" for line, these in said.items()]
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
