"""Findings on a terminal: the worst with all that there is to say of it, the others in a few lines each."""

from __future__ import annotations

from analyzer.reports import finding_words, parts
from analyzer.reports.layout import Ink, Page
from analyzer.verdicts.findings import Finding
from analyzer.verdicts.verdict import Answer

_MOST_SHOWN = 25  # in a report that is not verbose
_MOST_CHANGED = 9  # lines of a patch where there are few findings
_MOST_BROKEN = 6
_FEW = 3
_FURTHEST = 50  # the column up to which a line is shown from its beginning
_LEAD = 20  # characters shown before what is guilty, past that
_LONGEST = 200  # characters of a line of a patch: JSON on one line tells nothing
_SMALL = 4  # lines of a patch in any case


def findings(page: Page, answer: Answer) -> None:
    """All of them, numbered; past the first few of very many how many there are."""
    found, folder = answer.findings, finding_words.common_folder(answer)
    is_verbose = page.style.is_verbose
    if found and folder and not is_verbose:
        page.paragraph(f"in {folder}", ink=Ink.FAINT)
    shown = found if is_verbose else found[:_MOST_SHOWN]
    for number, finding in enumerate(shown, 1):
        if (number == 1 and not folder) or is_verbose:
            page.blank()
        if number == 1 or is_verbose:
            _whole(page, number, finding, answer)
        else:
            _short(page, number, finding, answer, folder)
    if len(found) > len(shown):
        page.paragraph(f"and {len(found) - len(shown)} more findings; -v shows all of them")


def _whole(page: Page, number: int, finding: Finding, answer: Answer) -> None:
    gutter = len(str(number)) + 2
    page.labelled(str(number), f"{finding_words.place(finding)}  {finding.severity.value}", gutter=gutter, ink=Ink.BAD)
    page.paragraph(finding_words.what(finding), indent=gutter, ink=Ink.STRONG)
    _frame(page, finding, gutter)

    def told(label: str, text: str) -> None:
        if text:
            page.labelled(label, text, indent=gutter, gutter=8)

    told("shows", finding_words.example(finding))
    told("also", finding_words.other_end(finding))
    told("hides", finding_words.HIDDEN if finding.is_hidden else "")
    is_alone = len(answer.findings) <= _FEW
    tells_cuts = page.style.is_verbose or is_alone
    told("fix", parts.line(finding.fix.text) if tells_cuts else finding_words.fix(finding, is_short=True))
    told("cuts", finding_words.cuts(finding) if tells_cuts else "")
    told("opens", finding_words.opens(finding) if tells_cuts else "")
    _patch(page, finding, gutter + 8, is_alone=is_alone)
    most = 0 if page.style.is_verbose else _MOST_BROKEN
    told("breaks", finding_words.breaks(finding, answer, most))
    if page.style.is_verbose:
        told("about", finding_words.page(finding))


def _patch(page: Page, finding: Finding, indent: int, *, is_alone: bool) -> None:
    """The lines that the fix changes, if they are few or all is told."""
    edit = finding.fix.edit
    if edit is None:
        return
    lines = finding_words.changed_lines(edit)
    most = len(lines) if page.style.is_verbose else _MOST_CHANGED if is_alone else _SMALL
    is_long = any(len(line) > _LONGEST for line in lines)
    if len(lines) > most or (is_long and not page.style.is_verbose):
        return
    if edit.is_new:
        page.verbatim(f"new file {edit.file}", indent=indent)
    for line in lines:
        page.verbatim(line, indent=indent, ink=Ink.GOOD if line.startswith("+") else Ink.BAD)


def _short(page: Page, number: int, finding: Finding, answer: Answer, folder: str) -> None:
    gutter = len(str(number)) + 2
    broken = finding_words.breaks(finding, answer, most=1)
    head = f"{finding_words.place(finding, folder)}  {finding.severity.value}: {broken}"
    page.labelled(str(number), head, gutter=gutter, ink=Ink.BAD)
    shown = finding_words.example(finding, is_short=True)
    text = finding_words.what(finding, is_short=True) + (f": {shown}" if shown else "")
    text += f" ({finding_words.HIDDEN})" if finding.is_hidden else ""
    page.paragraph(text, indent=gutter)
    page.paragraph(f"fix: {finding_words.fix(finding, is_short=True)}", indent=gutter)


def _frame(page: Page, finding: Finding, gutter: int) -> None:
    """The guilty line with a caret below what is guilty."""
    spot = finding.spot
    if not spot.text or not spot.source.line:
        return
    number, text, column = str(spot.source.line), spot.text, spot.column
    if column > _FURTHEST:
        text, column = f"…{text[column - _LEAD :]}", _LEAD + 1
    page.verbatim(f"{number} | {text}", indent=gutter)
    if column:
        page.verbatim(f"{' ' * len(number)} | {' ' * (column - 1)}{'^' * spot.length}", indent=gutter, ink=Ink.BAD)
