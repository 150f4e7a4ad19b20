"""Who beyond the manifests can reach their workloads, or be reached by them, for people."""

from __future__ import annotations

from analyzer.model.policies import Direction
from analyzer.reports import admission_words, exposure_words, parts, words
from analyzer.reports.layout import Ink, Page, Style
from analyzer.verdicts.exposure import Exposure, ExposureReport


def render_exposure_text(found: ExposureReport, style: Style) -> bytes:
    """A paragraph for each set of workloads that the policies treat alike, encoded for `style.encoding`."""
    page = Page(style)
    for members, ingress, egress in found.together():
        page.blank()
        page.paragraph(exposure_words.workloads(members), ink=Ink.STRONG)
        for exposure in (ingress, egress):
            _direction(page, exposure, found)
        _requests(page, {workload.id for workload in members}, found)
    if not style.is_quiet:
        page.rule()
        parts.background(page, found.assumptions, found.unmodelled, found.notices)
    else:
        parts.kept(page, found.notices)
    page.blank()
    for direction in Direction:
        loose = found.unisolated(direction)
        if loose:
            count, names = words.plural(len(loose), "workload"), exposure_words.workloads(loose)
            page.paragraph(f"no policy isolates {count} for {direction.value}: {names}", hang=2)
    if not found.exposures:
        page.paragraph("there are no workloads")
    return bytes(page)


def _requests(page: Page, members: set[str], found: ExposureReport) -> None:
    """What the mesh then makes of requests, a line for each sort of them, of all that it says the same of."""
    said = admission_words.by_line(it for it in found.admissions if it.workload in members)
    for number, (line, workloads) in enumerate(said.items()):
        where = "" if len(workloads) == len(members) else f" ({', '.join(workloads)})"
        page.labelled("" if number else "requests", f"{line}{where}", indent=2, gutter=12)


def _direction(page: Page, exposure: Exposure, found: ExposureReport) -> None:
    entries = [f"{exposure_words.peer(opening)}: {opening.connections}" for opening in exposure.openings]
    rest = exposure_words.rest(exposure, found)
    entries += [rest] if rest else []
    entries = entries or [exposure_words.NOBODY]
    if not exposure.is_isolated:
        entries.append(f"({exposure_words.isolation(exposure)})")
    for number, text in enumerate(entries):
        page.labelled("" if number else exposure_words.HEADINGS[exposure.direction], text, indent=2, gutter=12)
