"""The report of a fleet as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.reports.fleet_text import summary, told
from analyzer.reports.html_page import badge, escaped, html_page
from analyzer.reports.verdict_words import MARKS
from analyzer.verdicts.fleet import FleetReport


def render_fleet_html(report: FleetReport) -> bytes:
    status = report.status.value
    title = f"Network isolation of a fleet: {status}"
    facts = [f"<dt>universe</dt><dd>{escaped(report.universe)}</dd>"]
    heading = f"{badge(status, status)} {escaped(summary(report))}"
    return html_page("Network isolation report", title, heading, [*_table(report), *_trends(report)], facts)


def _table(report: FleetReport) -> Iterator[str]:
    yield '<section><h2>Sources and queries</h2><div style="overflow-x:auto"><table><thead><tr><th>source</th>'
    yield "".join(f"<th title={_quoted(it.title)}>{escaped(it.name)}</th>" for it in report.columns)
    yield "</tr></thead><tbody>"
    for row in report.rows:
        cells = "".join(
            f"<td title={_quoted(it.said)}>{badge(it.status.value, f'{MARKS[it.status]} {it.status.value}')}</td>"
            for it in row.cells
        )
        error = f"<br><small>{escaped(row.error)}</small>" if row.error else ""
        yield f"<tr><th>{escaped(row.source)}{error}</th>{cells}</tr>"
    yield "</tbody></table></div></section>"


def _trends(report: FleetReport) -> Iterator[str]:
    if report.trends is not None:
        yield "<section><h2>What changed</h2><ul>"
        yield from (f"<li>{escaped(told(it))}</li>" for it in report.trends)
        yield "</ul></section>" if report.trends else "<li>nothing</li></ul></section>"


def _quoted(text: str) -> str:
    return f'"{escaped(text)}"'
