"""A recheck for people: a line for each thing that was checked, and for each that was not."""

from __future__ import annotations

from analyzer.reports import words
from analyzer.reports.layout import Ink, Page, Style
from analyzer.verdicts.rechecked import Finding, Rechecked

_GUTTER = 15
_MARKS = {
    Finding.HOLDS: ("✓ holds", Ink.GOOD),
    Finding.FAILS: ("✗ fails", Ink.BAD),
    Finding.UNDECIDED: ("? undecided", Ink.OPEN),
    Finding.SKIPPED: ("– not checked", Ink.FAINT),
}
_SHOWN = 20
_ENDS = {
    Finding.HOLDS: "everything that was checked holds",
    Finding.FAILS: "this bundle is not what it says it is",
    Finding.UNDECIDED: "nothing fails, but not everything could be decided",
}


def render_recheck_text(found: Rechecked, style: Style) -> bytes:
    """The lines in order, then the fingerprint and what they come to."""
    page = Page(style)
    for check in found.checks:
        mark, ink = _MARKS[check.finding]
        page.labelled(mark, f"{check.subject}: {check.text}", gutter=_GUTTER, ink=ink)
        for detail in check.details[:_SHOWN]:
            page.paragraph(detail, indent=_GUTTER, hang=2)
        if len(check.details) > _SHOWN:
            page.paragraph(f"and {len(check.details) - _SHOWN} more", indent=_GUTTER)
    page.rule()
    page.labelled("fingerprint", f"{found.fingerprint} (SHA-256 of evidence.json)", gutter=_GUTTER)
    page.labelled("written", found.created or "unknown", gutter=_GUTTER)
    page.blank()
    mark, ink = _MARKS[found.finding]
    total = words.plural(sum(check.finding is not Finding.SKIPPED for check in found.checks), "check")
    page.labelled(mark, f"{total}: {_ENDS[found.finding]}", gutter=_GUTTER, ink=ink)
    return bytes(page)
