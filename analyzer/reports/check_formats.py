"""The formats of `netproof check` by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from analyzer.model.cluster import Cluster
from analyzer.reports.layout import Style
from analyzer.verdicts.verdict import Answer


def render_check(answer: Answer, name: str, cluster: Cluster, style: Style, as_of: date) -> bytes:
    """The report in a format of `netproof check`; KeyError for a name that is none of them.

    `cluster` is where the objects that an answer names stand.  `style.is_verbose` adds what each query cost, where the
    format has a place for it, and to SARIF what is proved.
    """
    return _RENDERERS[name](answer, cluster, style, as_of)


def _text(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.text import render_text

    return render_text(answer, style)


def _json(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.check_json import render_json

    return render_json(answer, with_statistics=style.is_verbose)


def _sarif(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.check_sarif import render_sarif

    return render_sarif(answer, cluster, with_passes=style.is_verbose)


def _junit(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.check_junit import render_junit

    return render_junit(answer, with_statistics=style.is_verbose)


def _markdown(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.check_markdown import render_markdown

    return render_markdown(answer)


def _html(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.check_html import render_html

    return render_html(answer, as_of)


def _concise(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.check_lines import render_concise

    return render_concise(answer)


def _github(answer: Answer, cluster: Cluster, style: Style, as_of: date) -> bytes:
    from analyzer.reports.check_lines import render_github

    return render_github(answer, style.folder, style.root)


_RENDERERS: dict[str, Callable[[Answer, Cluster, Style, date], bytes]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "junit": _junit,
    "markdown": _markdown,
    "html": _html,
    "concise": _concise,
    "github": _github,
}
