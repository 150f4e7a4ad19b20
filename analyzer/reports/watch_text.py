"""What a save changed, for people: one line for the files, one for each verdict that is another now, and the sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from analyzer.reports import finding_words, verdict_words, words
from analyzer.reports.findings_text import findings
from analyzer.reports.layout import Page, Style
from analyzer.reports.text import INKS, render_verdicts
from analyzer.reports.visible import visible
from analyzer.verdicts.verdict import Answer, Status, Verdict

_MOST_FILES = 3


def render_change(
    files: Sequence[str],
    answer: Answer,
    changes: Sequence[tuple[Verdict, Verdict]],
    style: Style,
    *,
    asked: int,
    how: Mapping[str, str],
    at: str,
    seconds: float,
) -> bytes:
    """What was saved `at` some time of the day, and `how` (new, changed, gone); which verdicts changed and to what, and
    how all stand now."""
    page = Page(style)
    page.blank()
    total = words.plural(len(answer.verdicts), "query")
    page.paragraph(f"{at}  {_saved(files, how)}; {asked} of {total} asked again, {seconds:.2f} s")
    for was, now in changes:
        same = f"still {now.status.value}, by other connections" if was.status is now.status else ""
        turn = same or f"{was.status.value} -> {now.status.value}"
        page.paragraph(f"{verdict_words.mark(now)} {turn}  {now.query.id}", ink=INKS[now.status])
    turned = {id(now) for _, now in changes if now.status is not Status.PROVED}
    causes = _causes(answer, turned)
    covered = finding_words.covered(causes)
    told = [now for _, now in changes if id(now) in turned and id(now) not in covered]
    page.paragraph(verdict_words.summary(answer) if changes else f"no verdict changed; {verdict_words.summary(answer)}")
    findings(page, causes)
    return bytes(page) + (render_verdicts(told, answer.universe, style) if told else b"")


def _saved(files: Sequence[str], how: Mapping[str, str]) -> str:
    """`a.yaml changed, b.yaml is new`; past three `and 2 more`."""
    verbs = {"new": "is new", "gone": "is gone"}
    told = [f"{visible(file)} {verbs.get(how.get(file, ''), 'changed')}" for file in files[:_MOST_FILES]]
    more = f" and {len(files) - _MOST_FILES} more" if len(files) > _MOST_FILES else ""
    return f"{', '.join(told)}{more}" if told else "nothing changed"


def _causes(answer: Answer, turned: Set[int]) -> Answer:
    """The answer with those of its findings alone that break a query whose verdict turned, by `id()`."""
    now = {(section.name, v.query.id) for section in answer.sections for v in section.verdicts if id(v) in turned}
    kept = (it for it in answer.findings if any((broken.pack, broken.query.id) in now for broken in it.breaks))
    return replace(answer, findings=tuple(kept))
