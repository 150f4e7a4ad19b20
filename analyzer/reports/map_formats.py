"""The formats of the map by name."""

from __future__ import annotations

from analyzer.reports.layout import Style
from analyzer.reports.map_csv import render_map_csv
from analyzer.reports.map_graphs import render_map_dot, render_map_mermaid
from analyzer.reports.map_json import render_map_json
from analyzer.reports.map_markdown import render_map_markdown
from analyzer.reports.map_text import render_map_text
from analyzer.verdicts.connectivity import ConnectivityMap


def render_map(found: ConnectivityMap, name: str, *, is_grouped: bool, style: Style) -> bytes:
    """The map as text, json, csv, markdown, dot or mermaid; `is_grouped` is for JSON.  KeyError for another name."""
    plain = {
        "csv": render_map_csv,
        "markdown": render_map_markdown,
        "dot": render_map_dot,
        "mermaid": render_map_mermaid,
    }
    if name == "text":
        return render_map_text(found, style)
    if name == "json":
        return render_map_json(found, is_grouped=is_grouped)
    return plain[name](found)
