"""Packs for people: which there are, and what each query of one claims."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model.claims import Pack, Query
from analyzer.reports.layout import Ink, Page, Style
from analyzer.reports.words import plural


def render_pack_list(packs: Sequence[tuple[str, str, int]], style: Style) -> bytes:
    """One entry for each (name, title, number of queries)."""
    page = Page(style)
    gutter = max((len(name) for name, _, _ in packs), default=0) + 2
    for name, title, count in packs:
        page.labelled(name, f"{title} ({plural(count, 'query')})", gutter=gutter, ink=Ink.STRONG)
    page.blank()
    page.paragraph("netproof packs show NAME tells what a pack asks; netproof check … -p NAME asks it.", ink=Ink.FAINT)
    return bytes(page)


def render_pack(pack: Pack, style: Style) -> bytes:
    """Everything a pack says of itself: parameters, assumptions, and each query with its claim and remedy."""
    page = Page(style)
    page.paragraph(f"{pack.name}: {pack.title}" if pack.title else pack.name, ink=Ink.STRONG)
    if pack.description:
        page.paragraph(" ".join(pack.description.split()), indent=2)
    for label, sentences in (("shows", pack.shows), ("not shown", pack.does_not_show)):
        for sentence in sentences:
            page.labelled(label, " ".join(sentence.split()), indent=2, gutter=11)
    for name, value in pack.parameters:
        page.labelled("parameter", f"{name} = {value} (--set {name}=…)", indent=2, gutter=11)
    for assumption in pack.assumptions:
        page.labelled("assumes", f"{assumption.name}: {assumption.title}", indent=2, gutter=11)
    for query in pack.queries:
        page.blank()
        _query(page, query)
    return bytes(page)


def _query(page: Page, query: Query) -> None:
    page.labelled(
        query.id, f"{query.title} (severity {query.severity.value})", gutter=len(query.id) + 2, ink=Ink.STRONG
    )
    if query.description:
        page.paragraph(" ".join(query.description.split()), indent=2)
    page.labelled("claim", query.text, indent=2, gutter=11)
    if query.universe is not None:
        page.labelled("within", query.universe.value, indent=2, gutter=11)
    if query.controls:
        page.labelled("controls", ", ".join(query.controls), indent=2, gutter=11)
    if query.remediation:
        page.labelled("fix", " ".join(query.remediation.split()), indent=2, gutter=11)
