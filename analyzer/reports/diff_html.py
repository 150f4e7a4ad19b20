"""What differs between two revisions as one HTML page that needs nothing but itself, no script, and prints well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from string import Template

from analyzer.reports import diff_words, inventory_words, parts, region_words, verdict_words, words
from analyzer.reports.visible import visible
from analyzer.resources.version import __version__
from analyzer.verdicts.difference import (
    Change,
    Difference,
    InventoryDifference,
    QueryDifference,
    Relation,
    Shift,
)

_PAGE = files("analyzer.reports") / "page"
_LIVE = {True: "live", False: "latent", None: "may be live"}
_SHOWN_ROWS = 1_000
_KINDS = {Relation.EQUIVALENT: "proved", Relation.UNKNOWN: "unknown"}


def render_diff_html(found: Difference | InventoryDifference) -> bytes:
    """The page in UTF-8; everything that comes from manifests and queries is escaped."""
    body: list[str] = []
    if isinstance(found, Difference):
        body += [*_shift(found.gained, "New access"), *_shift(found.lost, "Lost access")]
    else:
        body += _pairs(found)
    body += [*_queries(found.queries), *_background(found)]
    page = Template((_PAGE / "diff.html").read_text(encoding="utf-8"))
    content = page.substitute(
        title=f"Network access: {found.relation.value}",
        style=(_PAGE / "check.css").read_text(encoding="utf-8"),
        kind=_KINDS.get(found.relation, "refuted"),
        word=_text(found.relation.value),
        summary=_text(words.sentence(diff_words.RELATIONS[found.relation])),
        body="\n".join(body),
        version=_text(__version__),
    )
    return content.encode("utf-8")


def _text(text: str) -> str:
    """The text, of which HTML makes nothing but itself."""
    return escape(visible(parts.line(text)))


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f'<div class="table"><table><thead><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr></thead><tbody>'
    for row in rows:
        yield f"<tr>{''.join(f'<td class=wraps>{_text(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"


def _list(said: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{_text(text)}</li>" for text in said]
    if items:
        yield f"<ul>{''.join(items)}</ul>"


def _shift(shift: Shift, title: str) -> Iterator[str]:
    if shift.is_empty:
        return
    yield f"<h2>{title}</h2>"
    for group in diff_words.by_rules(shift.changes):
        for change in group:
            yield from _change(change)
    if rest := diff_words.rest(shift):
        yield f"<p>{_text(words.sentence(rest))}</p>"
    yield from _list(shift.blame)


def _change(change: Change) -> Iterator[str]:
    region = change.region
    ends = [region_words.end_region(end) for end in (region.src, region.dst) if end]
    on = ", ".join((str(change.connections), *region_words.conditions(region)))
    flow = f"{words.flow(change.connection, change.new_namespaces)} ({_LIVE[change.live]})"
    old, new = ("; ".join(f"{d} {why}" for d, why in diff_words.ruling(side)) for side in (change.before, change.after))
    yield f"<article><h3>{_text(' → '.join(ends))}, on {_text(on)}</h3><dl>"
    for label, text in (("shown by", flow), ("old", old), ("new", new)):
        yield f"<dt>{label}</dt><dd>{_text(text)}</dd>"
    yield "</dl></article>"


def _pairs(found: InventoryDifference) -> Iterator[str]:
    ends = inventory_words.Ends(found)
    yield from _list(inventory_words.isolation(change, ends) for change in found.isolation)
    rows = [
        (block.change, ends.of(sources), ends.destinations(block))
        for sources, blocks in inventory_words.folded(found)
        for block in blocks
    ]
    rows += [(change, end, diff_words.OWN_PODS) for end, change in found.own_pods()]
    if rows:
        told = (
            (change.word, src, dst, *map(diff_words.compared, (change.before, change.after)))
            for change, src, dst in rows[:_SHOWN_ROWS]
        )
        yield from _table(("", "from", "to", "before", "after"), told)
    if len(rows) > _SHOWN_ROWS:
        yield f"<p>And {len(rows) - _SHOWN_ROWS:,} more rows.</p>"
    if found.reason:
        yield f"<p>{_text(words.sentence(found.reason))}</p>"
    yield from _list(found.blame)


def _queries(queries: tuple[QueryDifference, ...]) -> Iterator[str]:
    shown = [query for query in queries if diff_words.is_of_note(query)]
    if queries:
        yield "<h2>Queries</h2>"
    if shown:
        rows = ((it.query.id, diff_words.asked(it), it.query.title or it.query.text) for it in shown)
        yield from _table(("query", "verdict", ""), rows)
    if len(shown) < len(queries):
        yield f"<p>{len(queries) - len(shown)} of {words.plural(len(queries), 'query')} as before.</p>"


def _background(found: Difference | InventoryDifference) -> Iterator[str]:
    base = found.background
    yield "<h2>What this covers and assumes</h2><dl>"
    told = [("covers", diff_words.COVERS[found.universe])]
    told += [(label, text) for label, entries in parts.by_label(base.assumptions).items() for text in entries]
    told += [("of one", text) for text in base.one_sided]
    told += [("unmodelled", f"{it.id} ({it.source})") for it in base.unmodelled]
    told += [("note", parts.notice(it)) for it in base.notices]
    if base.cross_check is not None:
        told.append(("cross-check", verdict_words.cross_check(base.cross_check)))
    yield from (f"<dt>{_text(label)}</dt><dd>{_text(text)}</dd>" for label, text in told)
    yield "</dl>"
