"""The formats of a difference, by name."""

from __future__ import annotations

from analyzer.reports.diff_json import render_diff_json
from analyzer.reports.diff_markdown import render_diff_markdown
from analyzer.reports.diff_text import render_diff_text
from analyzer.reports.layout import Style
from analyzer.verdicts.difference import Difference, InventoryDifference


def render_diff(found: Difference | InventoryDifference, name: str, style: Style) -> bytes:
    """The difference as `text`, `json`, `markdown` or `html`."""
    match name:
        case "json":
            return render_diff_json(found)
        case "markdown":
            return render_diff_markdown(found)
        case "html":
            from analyzer.reports.diff_html import render_diff_html

            return render_diff_html(found)
        case _:
            return render_diff_text(found, style)
