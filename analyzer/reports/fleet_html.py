"""The report of a fleet as one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

from analyzer.reports.fleet_text import summary, told
from analyzer.reports.parts import line
from analyzer.reports.verdict_words import MARKS
from analyzer.reports.visible import visible
from analyzer.resources.version import __version__
from analyzer.verdicts.fleet import FleetReport

_PAGE = files("analyzer.reports") / "page"


def render_fleet_html(report: FleetReport) -> bytes:
    page = Template((_PAGE / "check.html").read_text(encoding="utf-8"))
    status = report.status.value
    content = page.substitute(
        title=f"Network isolation of a fleet: {status}",
        style=(_PAGE / "check.css").read_text(encoding="utf-8"),
        badge=_badge(status, status),
        summary=_text(summary(report)),
        facts=f"<dt>universe</dt><dd>{_text(report.universe)}</dd>",
        body="\n".join([*_table(report), *_trends(report)]),
        version=_text(__version__),
    )
    return content.encode("utf-8")


def _table(report: FleetReport) -> Iterator[str]:
    yield '<section><h2>Sources and queries</h2><div style="overflow-x:auto"><table><thead><tr><th>source</th>'
    yield "".join(f"<th title={_quoted(it.title)}>{_text(it.name)}</th>" for it in report.columns)
    yield "</tr></thead><tbody>"
    for row in report.rows:
        cells = "".join(
            f"<td title={_quoted(it.said)}>{_badge(it.status.value, f'{MARKS[it.status]} {it.status.value}')}</td>"
            for it in row.cells
        )
        error = f"<br><small>{_text(row.error)}</small>" if row.error else ""
        yield f"<tr><th>{_text(row.source)}{error}</th>{cells}</tr>"
    yield "</tbody></table></div></section>"


def _trends(report: FleetReport) -> Iterator[str]:
    if report.trends is not None:
        yield "<section><h2>What changed</h2><ul>"
        yield from (f"<li>{_text(told(it))}</li>" for it in report.trends)
        yield "</ul></section>" if report.trends else "<li>nothing</li></ul></section>"


def _badge(kind: str, word: str) -> str:
    return f'<span class="badge {kind}">{_text(word)}</span>'


def _text(text: str) -> str:
    return escape(visible(line(text)))


def _quoted(text: str) -> str:
    return f'"{_text(text)}"'
