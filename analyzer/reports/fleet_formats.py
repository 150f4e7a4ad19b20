"""The formats of `netproof fleet` by name."""

from __future__ import annotations

from analyzer.reports.layout import Style
from analyzer.verdicts.fleet import FleetReport


def render_fleet(report: FleetReport, name: str, style: Style) -> bytes:
    """The report; KeyError for a name that is no format."""
    if name == "json":
        from analyzer.reports.fleet_json import render_fleet_json

        return render_fleet_json(report)
    if name == "html":
        from analyzer.reports.fleet_html import render_fleet_html

        return render_fleet_html(report)
    from analyzer.reports.fleet_text import render_fleet_text

    return {"text": render_fleet_text}[name](report, style)
