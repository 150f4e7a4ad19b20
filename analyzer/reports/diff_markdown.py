"""What differs between two revisions, fit for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.reports import diff_words, inventory_words, parts, region_words, verdict_words, words
from analyzer.reports.map_markdown import escaped
from analyzer.verdicts.difference import Change, Difference, InventoryDifference, QueryDifference, Shift

_SHOWN_PAIRS = 100
_SHOWN_ENTRIES = 20


def render_diff_markdown(found: Difference | InventoryDifference) -> bytes:
    """UTF-8; every character of the input that Markdown or HTML gives a meaning is escaped."""
    told = words.sentence(diff_words.RELATIONS[found.relation])
    lines = [f"### Network access: {found.relation.value}", "", told]
    if isinstance(found, Difference):
        lines += [*_shift(found.gained, "New access"), *_shift(found.lost, "Lost access")]
    else:
        lines += _pairs(found)
    lines += _queries(found.queries)
    lines += _background(found)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _shift(shift: Shift, title: str) -> Iterator[str]:
    if shift.is_empty:
        return
    yield from ("", f"#### {title}", "")
    if shift.changes:
        yield from ("| who | to whom | on | shown by | old | new |", "|---|---|---|---|---|---|")
        yield from (_change(change) for group in diff_words.by_rules(shift.changes) for change in group)
    rest = diff_words.rest(shift)
    if rest:
        yield from ("", escaped(words.sentence(rest)))
    for hanging in shift.blame:
        yield f"- {escaped(parts.line(hanging))}"


def _change(change: Change) -> str:
    region = change.region
    live = {True: "live", False: "latent", None: "may be live"}[change.live]
    ends = [region_words.end_region(region.src), region_words.end_region(region.dst) if region.dst else ""]
    on = ", ".join((str(change.connections), *region_words.conditions(region)))
    flow = f"{words.flow(change.connection, change.new_namespaces)} ({live})"
    rulings = ["; ".join(f"{d} {why}" for d, why in diff_words.ruling(side)) for side in (change.before, change.after)]
    return f"| {' | '.join(map(escaped, (*ends, on, flow, *rulings)))} |"


def _pairs(found: InventoryDifference) -> Iterator[str]:
    ends = inventory_words.Ends(found)
    if found.isolation:
        yield ""
    yield from (f"- **{escaped(inventory_words.isolation(change, ends))}**" for change in found.isolation)
    rows = [
        (block.change, ends.of(sources), ends.destinations(block))
        for sources, blocks in inventory_words.folded(found)
        for block in blocks
    ]
    rows += [(change, end, diff_words.OWN_PODS) for end, change in found.own_pods()]
    if rows:
        yield from ("", "| | from | to | before | after |", "|---|---|---|---|---|")
    for change, src, dst in rows[:_SHOWN_PAIRS]:
        sides = map(diff_words.compared, (change.before, change.after))
        yield f"| {' | '.join(map(escaped, (change.word, src, dst, *sides)))} |"
    if len(rows) > _SHOWN_PAIRS:
        yield from ("", f"And {len(rows) - _SHOWN_PAIRS:,} more rows.")
    if found.reason:
        yield from ("", escaped(words.sentence(found.reason)))
    for hanging in found.blame:
        yield f"- {escaped(parts.line(hanging))}"


def _queries(queries: tuple[QueryDifference, ...]) -> Iterator[str]:
    shown = [query for query in queries if diff_words.is_of_note(query)]
    if queries:
        yield from ("", "#### Queries", "")
    if shown:
        yield from ("| query | verdict | |", "|---|---|---|")
    for query in shown:
        title = parts.line(query.query.title or query.query.text)
        yield f"| {' | '.join(map(escaped, (query.query.id, diff_words.asked(query), title)))} |"
    if queries and len(shown) < len(queries):
        yield from ("", f"{len(queries) - len(shown)} of {words.plural(len(queries), 'query')} as before.")


def _background(found: Difference | InventoryDifference) -> Iterator[str]:
    base = found.background
    yield from ("", "<details><summary>What this covers and assumes</summary>", "")
    yield f"- covers: {escaped(diff_words.COVERS[found.universe])}"
    for label, entries in parts.by_label(base.assumptions).items():
        yield from (f"- {label}: {escaped(text)}" for text in entries)
    yield from (f"- {escaped(text)}" for text in base.one_sided)
    for it in base.unmodelled[:_SHOWN_ENTRIES]:
        yield f"- unmodelled: {escaped(f'{it.id} ({it.source})')}"
    yield from (f"- note: {escaped(parts.notice(notice))}" for notice in base.notices[:_SHOWN_ENTRIES])
    if base.cross_check is not None:
        yield f"- cross-check: {escaped(verdict_words.cross_check(base.cross_check))}"
    yield from ("", "</details>")
