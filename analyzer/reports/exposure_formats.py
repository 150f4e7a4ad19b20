"""The formats of the exposure by name."""

from __future__ import annotations

from analyzer.reports.exposure_json import render_exposure_json
from analyzer.reports.exposure_markdown import render_exposure_markdown
from analyzer.reports.exposure_text import render_exposure_text
from analyzer.reports.layout import Style
from analyzer.verdicts.exposure import ExposureReport


def render_exposure(found: ExposureReport, name: str, style: Style) -> bytes:
    """The exposure as text, json or markdown.  KeyError for another name."""
    if name == "text":
        return render_exposure_text(found, style)
    return {"json": render_exposure_json, "markdown": render_exposure_markdown}[name](found)
