"""The formats of the map by name."""

from __future__ import annotations

from analyzer.reports.layout import Style
from analyzer.reports.map_csv import render_map_csv
from analyzer.reports.map_graphs import render_map_dot, render_map_mermaid
from analyzer.reports.map_html import render_map_html
from analyzer.reports.map_json import render_map_json
from analyzer.reports.map_markdown import render_map_markdown
from analyzer.reports.map_svg import render_map_svg
from analyzer.reports.map_text import render_map_text
from analyzer.verdicts.connectivity import ConnectivityMap


def render_map(found: ConnectivityMap, name: str, *, is_grouped: bool, style: Style) -> bytes:
    """The map in a format of `netproof map`; `is_grouped` is for JSON.  KeyError for a name that is none of them."""
    plain = {
        "csv": render_map_csv,
        "markdown": render_map_markdown,
        "dot": render_map_dot,
        "mermaid": render_map_mermaid,
        "svg": render_map_svg,
        "html": render_map_html,
    }
    if name == "text":
        return render_map_text(found, style)
    if name == "json":
        return render_map_json(found, is_grouped=is_grouped)
    return plain[name](found)
