"""What differs between two revisions as one HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.reports import diff_words, inventory_words, parts, region_words, verdict_words, words
from analyzer.reports.html_page import badge, escaped, html_page
from analyzer.verdicts.difference import (
    Change,
    Difference,
    InventoryDifference,
    QueryDifference,
    Relation,
    Shift,
)

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
    word = found.relation.value
    summary = escaped(words.sentence(diff_words.RELATIONS[found.relation]))
    heading = f"{badge(_KINDS.get(found.relation, 'refuted'), word)} {summary}"
    return html_page("Network access, old and new", f"Network access: {word}", heading, body, has_legend=False)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f'<div class="table"><table><thead><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr></thead><tbody>'
    for row in rows:
        yield f"<tr>{''.join(f'<td class=wraps>{escaped(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"


def _list(said: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{escaped(text)}</li>" for text in said]
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
        yield f"<p>{escaped(words.sentence(rest))}</p>"
    yield from _list(shift.blame)


def _change(change: Change) -> Iterator[str]:
    region = change.region
    ends = [region_words.end_region(end) for end in (region.src, region.dst) if end]
    on = ", ".join((str(change.connections), *region_words.conditions(region)))
    flow = f"{words.flow(change.connection, change.new_namespaces)} ({_LIVE[change.live]})"
    old, new = ("; ".join(f"{d} {why}" for d, why in diff_words.ruling(side)) for side in (change.before, change.after))
    yield f"<article><h3>{escaped(' → '.join(ends))}, on {escaped(on)}</h3><dl>"
    for label, text in (("shown by", flow), ("old", old), ("new", new)):
        yield f"<dt>{label}</dt><dd>{escaped(text)}</dd>"
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
        yield f"<p>{escaped(words.sentence(found.reason))}</p>"
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
    yield from (f"<dt>{escaped(label)}</dt><dd>{escaped(text)}</dd>" for label, text in told)
    yield "</dl>"
