"""The report of a fleet for people: sources × queries as marks, what is not proved, what changed."""

from __future__ import annotations

from collections import Counter

from analyzer.reports import words
from analyzer.reports.layout import Page, Style
from analyzer.reports.parts import line
from analyzer.reports.verdict_words import MARKS
from analyzer.verdicts.fleet import FleetReport, Trend
from analyzer.verdicts.verdict import Status

_WIDTH = 3


def render_fleet_text(report: FleetReport, style: Style) -> bytes:
    page = Page(style)
    page.paragraph(f"{MARKS[report.status]} {summary(report)}")
    page.blank()
    widest = max((len(row.source) for row in report.rows), default=0)
    room = max(10, (style.columns - widest - 2) // _WIDTH)
    for first in range(0, len(report.columns), room):
        numbers = range(first, min(first + room, len(report.columns)))
        page.paragraph(" " * widest + "  " + "".join(f"{number + 1:>{_WIDTH}}" for number in numbers))
        for row in report.rows:
            marks = "".join(f"{MARKS[row.cells[number].status]:>{_WIDTH}}" for number in numbers)
            page.paragraph(f"{row.source:<{widest}}  {marks}")
        page.blank()
    for number, column in enumerate(report.columns, 1):
        page.paragraph(f"{number:>{_WIDTH}}  {column.name}: {line(column.title)}", indent=_WIDTH + 2)
    for row in report.rows:
        open_ = [cell for cell in row.cells if cell.status is not Status.PROVED] if not row.error else []
        if open_ or row.error:
            page.blank()
            page.paragraph(f"{row.source}: {line(row.error)}" if row.error else row.source)
        for cell in open_:
            page.paragraph(f"{MARKS[cell.status]} {cell.query}: {line(cell.said)}", indent=4)
    if report.trends is not None:
        page.blank()
        page.paragraph(
            f"since then: {words.plural(len(report.trends), 'change')}" if report.trends else "nothing changed"
        )
        for trend in report.trends:
            page.paragraph(told(trend), indent=4)
    return bytes(page)


def summary(report: FleetReport) -> str:
    """`3 sources, 10 queries each: 2 refuted, 28 proved`."""
    counts = Counter(cell.status for row in report.rows for cell in row.cells)
    told_counts = ", ".join(f"{counts[status]} {status.value}" for status in reversed(Status) if counts[status])
    queries = words.plural(len(report.columns), "query")
    return f"{words.plural(len(report.rows), 'source')}, {queries} each: {told_counts or 'nothing'}"


def told(trend: Trend) -> str:
    was, now = (it.value if it is not None else "not asked" for it in (trend.was, trend.now))
    mark = "worse" if trend.is_worse else "better" if trend.now is not None and trend.was is not None else "other"
    return f"{mark}: {trend.source}: {trend.query}: {was} → {now}"
