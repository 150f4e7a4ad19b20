"""What differs between two revisions, for people."""

from __future__ import annotations

from analyzer.reports import diff_words, inventory_words, parts, region_words, verdict_words, words
from analyzer.reports.layout import Ink, Page, Style
from analyzer.reports.text import INKS
from analyzer.verdicts.difference import (
    Background,
    Change,
    ChangedPairs,
    Difference,
    InventoryDifference,
    QueryDifference,
    Relation,
    Shift,
)
from analyzer.verdicts.verdict import Status

_MARKS = {
    Relation.EQUIVALENT: ("✓", Ink.GOOD),
    Relation.MORE: ("+", Ink.BAD),
    Relation.LESS: ("-", Ink.BAD),
    Relation.INCOMPARABLE: ("±", Ink.BAD),
    Relation.UNKNOWN: ("?", Ink.OPEN),
}
_WORDS = {"added": "+", "removed": "-", "changed": "±"}
_SHOWN_PAIRS = 400
_SHOWN_REGIONS = 4


def render_diff_text(found: Difference | InventoryDifference, style: Style) -> bytes:
    """The whole report, encoded for `style.encoding`.

    What it stands on is one line, all of it under `tells_assumptions`; `is_quiet` leaves it out, and what did not
    change.
    """
    page = Page(style)
    if isinstance(found, Difference):
        _shift(page, found.gained, "New access", "+")
        _shift(page, found.lost, "Lost access", "-")
    else:
        _pairs(page, found)
    _queries(page, found.queries)
    if style.is_quiet:
        parts.kept(page, found.background.notices)
    elif style.tells_assumptions:
        _footer(page, found)
    else:
        _reach(page, found)
    page.blank()
    _summary(page, found)
    return bytes(page)


# ------------------------------------------------------------------------------------------------ any pod
def _shift(page: Page, shift: Shift, title: str, mark: str) -> None:
    if shift.is_empty:
        return
    page.blank()
    page.paragraph(title, ink=Ink.STRONG)
    for group in diff_words.by_rules(shift.changes):
        page.blank()
        _changes(page, group, mark)
    rest = diff_words.rest(shift)
    if rest:
        page.blank()
        page.labelled("? unknown" if shift.reason else "…", rest, gutter=parts.GUTTER, ink=Ink.OPEN)
    for hanging in shift.blame:
        parts.detail(page, "hangs on", parts.line(hanging))


def _changes(page: Page, group: list[Change], mark: str, indent: int = 0) -> None:
    """What the same rules make: each region, and of one of them what shows it; a live one, if one is."""
    for change in group[:_SHOWN_REGIONS]:
        page.paragraph(f"{mark} {region_words.region(change.region)}", indent=indent, hang=2, ink=Ink.STRONG)
    if len(group) > _SHOWN_REGIONS:
        rest = f"and {len(group) - _SHOWN_REGIONS} more regions by the same rules; --format json lists them"
        page.paragraph(f"{mark} {rest}", indent=indent, hang=2)
    change = min(group, key=lambda it: it.live is False)
    details = [("shown by", words.flow(change.connection, change.new_namespaces)), ("", diff_words.standing(change))]
    for label, decision in (("old", change.before), ("new", change.after)):
        for number, (direction, why) in enumerate(diff_words.ruling(decision)):
            details.append(("" if number else label, f"{direction} {why}"))
    for label, text in details:
        page.labelled(label, text, indent=indent + 2, gutter=10)


# ------------------------------------------------------------------------------------------------ inventory
def _pairs(page: Page, found: InventoryDifference) -> None:
    ends = inventory_words.Ends(found)
    _isolation(page, found, ends)
    groups = inventory_words.folded(found)
    for sources, blocks in groups[:_SHOWN_PAIRS]:
        page.blank()
        page.paragraph(ends.of(sources), ink=Ink.STRONG)
        for block in blocks:
            page.paragraph(f"{_WORDS[block.change.word]} → {ends.destinations(block)}", indent=2, hang=4)
            page.paragraph(_before_and_after(block.change), indent=6, hang=2)
    if len(groups) > _SHOWN_PAIRS:
        page.blank()
        page.labelled("…", f"and {len(groups) - _SHOWN_PAIRS:,} more sources; --format json lists them all", gutter=3)
    _among(page, list(found.own_pods()))
    if found.reason:
        page.blank()
        page.labelled("? unknown", found.reason, gutter=parts.GUTTER, ink=Ink.OPEN)
    for hanging in found.blame:
        parts.detail(page, "hangs on", parts.line(hanging))


def _isolation(page: Page, found: InventoryDifference, ends: inventory_words.Ends) -> None:
    """What a reader must not miss comes first: who is open now, or closed, in a whole direction."""
    if found.isolation:
        page.blank()
    for change in found.isolation:
        mark, ink = ("-", Ink.GOOD) if change.is_isolated else ("+", Ink.BAD)
        page.paragraph(f"{mark} {inventory_words.isolation(change, ends)}", hang=2, ink=ink)


def _among(page: Page, changes: list[tuple[str, ChangedPairs]]) -> None:
    """What the pods of one workload may open to each other."""
    for workload, change in changes[:_SHOWN_PAIRS]:
        page.blank()
        page.paragraph(workload, ink=Ink.STRONG)
        page.paragraph(f"{_WORDS[change.word]} → {diff_words.OWN_PODS}", indent=2, hang=4)
        page.paragraph(_before_and_after(change), indent=6, hang=2)
    if len(changes) > _SHOWN_PAIRS:
        page.blank()
        page.labelled("…", f"and {len(changes) - _SHOWN_PAIRS:,} more workloads among themselves", gutter=3)


def _before_and_after(change: ChangedPairs) -> str:
    text = f"{diff_words.compared(change.before)} → {diff_words.compared(change.after)}"
    for word, ports in (("more", change.more), ("fewer", change.fewer)):
        if ports:
            text += f"; {word} requests get in on TCP {ports}"
    if not change.gained and not change.lost:
        text += " (as far as this may be allowed at all)"
    return text


# ------------------------------------------------------------------------------------------------ queries
def _queries(page: Page, queries: tuple[QueryDifference, ...]) -> None:
    shown = [q for q in queries if diff_words.is_of_note(q) or not page.style.is_quiet]
    if not shown:
        return
    page.blank()
    page.paragraph("Queries", ink=Ink.STRONG)
    for query in sorted(shown, key=lambda q: not diff_words.is_of_note(q)):
        ink = INKS[query.after.status]
        title = f"{query.query.id}: {parts.line(query.query.title or query.query.text)}"
        page.paragraph(
            f"{_mark(query)} {diff_words.asked(query)}  {title}",
            hang=2,
            ink=ink if diff_words.is_of_note(query) else Ink.PLAIN,
        )
        if query.before is None and query.after.status is not Status.PROVED:
            page.paragraph(parts.line(query.after.reason), indent=2)
        for group in diff_words.by_rules(query.shift.changes) if query.shift else ():
            _changes(page, group, "+", indent=2)
        for hanging in query.after.blame if diff_words.is_of_note(query) else ():
            parts.detail(page, "hangs on", parts.line(hanging))


def _mark(query: QueryDifference) -> str:
    return verdict_words.MARKS[query.after.status] if diff_words.is_of_note(query) else " "


# ------------------------------------------------------------------------------------------------ footer
def _footer(page: Page, found: Difference | InventoryDifference) -> None:
    base: Background = found.background
    page.rule()
    parts.entry(page, "covers", diff_words.COVERS[found.universe])
    parts.background(page, base.assumptions, base.unmodelled, base.notices)
    for text in base.one_sided:
        parts.entry(page, "one side", text)
    if base.cross_check is not None:
        parts.entry(page, "checked", f"cross-check: {verdict_words.cross_check(base.cross_check)}")
    for label, tally in zip(("read old", "read new"), base.tallies, strict=True):
        parts.read(page, label, tally)


def _reach(page: Page, found: Difference | InventoryDifference) -> None:
    """How far the comparison reaches, in a line or two."""
    base: Background = found.background
    page.blank()
    kept, _, left = parts.grouped(base.notices, (), 0)
    for each in kept:
        page.labelled("note", parts.notice(each), gutter=6)
    left += len(base.one_sided)
    page.paragraph(
        parts.reach(found.universe, base.profile.name, base.assumptions, base.unmodelled, left), ink=Ink.FAINT
    )
    if base.cross_check is not None:
        page.paragraph(f"cross-check: {verdict_words.cross_check(base.cross_check)}")


def _summary(page: Page, found: Difference | InventoryDifference) -> None:
    mark, ink = _MARKS[found.relation]
    label = f"{mark} {found.relation.value}"
    page.labelled(label, diff_words.RELATIONS[found.relation], gutter=len(label) + 2, ink=ink)
