"""The frame of every report that is one HTML page: it needs nothing but itself, runs no script, and prints well.

Everything that comes from manifests, packs and queries goes through `escaped`; a policy in the page forbids scripts and
anything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template

from analyzer.reports import parts
from analyzer.reports.visible import visible
from analyzer.resources.version import __version__

_PAGE = files("analyzer.reports") / "page"


def html_page(
    kind: str, title: str, heading: str, body: Iterable[str], facts: Iterable[str] = (), has_legend: bool = True
) -> bytes:
    """The page in UTF-8, of parts that are HTML already.  `kind` stands above the heading, a legend explains badges."""
    page = Template(_read("report.html")).substitute(
        kind=kind,
        title=title,
        style=_read("report.css"),
        heading=heading,
        facts="\n".join(facts),
        body="\n".join(body),
        legend=_read("legend.html") if has_legend else "",
        version=escaped(__version__),
    )
    return page.encode("utf-8")


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def escaped(text: str) -> str:
    """The text on one line, of which HTML makes nothing but itself."""
    return escape(visible(parts.line(text)))


def badge(kind: str, word: str) -> str:
    return f'<span class="badge {kind}">{escaped(word)}</span>'
