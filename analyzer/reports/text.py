"""The report for people: what it comes to, what is wrong by its cause, and how far the answer reaches."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model.claims import Kind, Universe
from analyzer.model.source import Notice
from analyzer.reports import finding_words, parts, region_words, verdict_words, words
from analyzer.reports.findings_text import findings
from analyzer.reports.layout import Ink, Page, Style
from analyzer.verdicts.verdict import Answer, Counterexample, Section, Status, Verdict

INKS = {
    Status.PROVED: Ink.GOOD,
    Status.REFUTED: Ink.BAD,
    Status.UNKNOWN: Ink.OPEN,
    Status.VACUOUS: Ink.OPEN,
}


def render_text(answer: Answer, style: Style) -> bytes:
    """The whole report, encoded for `style.encoding`: what it comes to, the findings, what no finding tells of, and
    how far the answer reaches.

    Under `is_verbose` every verdict stands below the findings; under `is_quiet` the end is left out but for what every
    report must hold.
    """
    page = Page(style)
    _summary(page, answer)
    findings(page, answer)
    told = frozenset() if style.is_verbose else finding_words.covered(answer)
    for section in answer.sections:
        _section(page, section, answer.universe, told)
    if style.is_quiet:
        parts.kept(page, (*answer.notices, *_slips_of_queries(answer, told)))
    elif style.is_verbose or style.tells_assumptions:
        _footer(page, answer)
        if not style.is_verbose:
            parts.kept(page, _slips_of_queries(answer, told))
    else:
        _reach(page, answer, told)
    return bytes(page)


def _slips_of_queries(answer: Answer, told: frozenset[int]) -> list[Notice]:
    """What queries name and nothing has, of those that no section shows with it."""
    hidden = (it for it in answer.verdicts if it.status is Status.PROVED or it.is_excused or id(it) in told)
    return [notice for verdict in hidden for notice in verdict.notices if notice.is_kept]


def render_verdicts(verdicts: Sequence[Verdict], universe: Universe, style: Style) -> bytes:
    """Some verdicts alone, each as in the whole report."""
    page = Page(style)
    for verdict in verdicts:
        page.blank()
        _verdict(page, verdict, universe)
    return bytes(page)


def _section(page: Page, section: Section, universe: Universe, told: frozenset[int]) -> None:
    """What is not proved and not told yet; all of it in a verbose report."""
    is_whole = page.style.is_verbose and not page.style.is_quiet
    shown = [
        verdict
        for verdict in section.verdicts
        if id(verdict) not in told and (is_whole or (verdict.status is not Status.PROVED and not verdict.is_excused))
    ]
    if not shown:
        return
    page.blank()
    page.paragraph(f"{section.name}: {parts.line(section.title)}" if section.title else section.name, ink=Ink.STRONG)
    alike = {} if is_whole else _alike(shown)
    for verdict in shown:
        group = alike.get((verdict.status, verdict.blame), ())
        if len(group) > 1:
            if verdict is group[0]:
                page.blank()
                _group(page, group)
            continue
        page.blank()
        _verdict(page, verdict, universe)


def _alike(verdicts: Sequence[Verdict]) -> dict[tuple[Status, tuple[str, ...]], list[Verdict]]:
    """Vacuous and unknown verdicts, together where they are so for the same reasons."""
    found: dict[tuple[Status, tuple[str, ...]], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.status in (Status.VACUOUS, Status.UNKNOWN) and verdict.blame:
            found.setdefault((verdict.status, verdict.blame), []).append(verdict)
    return found


def _group(page: Page, verdicts: Sequence[Verdict]) -> None:
    label = f"{verdict_words.mark(verdicts[0])} {verdict_words.word(verdicts[0])}"
    names = ", ".join(verdict.query.id for verdict in verdicts)
    page.labelled(label, f"{words.plural(len(verdicts), 'query')}: {names}", gutter=parts.GUTTER, ink=Ink.OPEN)
    for missing in verdicts[0].blame:
        parts.detail(page, "why" if verdicts[0].status is Status.VACUOUS else "hangs on", parts.line(missing))


def _verdict(page: Page, verdict: Verdict, universe: Universe) -> None:
    title = f"{verdict.query.id}: {verdict_words.title(verdict)}"
    label = f"{verdict_words.mark(verdict)} {verdict_words.word(verdict)}"
    page.labelled(label, title, gutter=parts.GUTTER, ink=Ink.OPEN if verdict.is_excused else INKS[verdict.status])
    if verdict.status is Status.PROVED:
        _proof(page, verdict)
    else:
        if verdict.status is Status.REFUTED:
            page.paragraph(verdict_words.standing(verdict), indent=parts.indent(page))
        if verdict.reason:
            page.paragraph(parts.line(verdict.reason), indent=parts.indent(page))
    are_alike = verdict_words.are_alike(verdict)
    for number, example in enumerate(verdict.counterexamples, 1):
        page.blank()
        shown_number = number if len(verdict.counterexamples) > 1 else 0
        _counterexample(page, example, shown_number, verdict.query.claim.kind)
        if not are_alike:
            word, _, text = verdict_words.liveness(example.live, (example,)).partition(": ")
            parts.detail(page, word, text)
    if verdict.counterexamples:
        page.blank()
    for label, text in verdict_words.background(verdict, universe):
        parts.detail(page, label, text)
    if page.style.is_verbose:
        spent = verdict.statistics
        cost = f"{spent.seconds:.2f} s, {spent.rlimit:,} units of solver work in {words.plural(spent.checks, 'check')}"
        parts.detail(page, "cost", f"{cost}, {words.plural(spent.policies, 'policy')} encoded")


def _proof(page: Page, verdict: Verdict) -> None:
    count = len(verdict.rests_on)
    if verdict.reason and (not count or verdict.query.claim.kind is Kind.SOME):
        latent = "; latent, for only pods that are not there yet show it" if verdict_words.is_latent(verdict) else ""
        page.paragraph(parts.line(verdict.reason) + latent, indent=parts.indent(page))
    if count:
        parts.detail(page, "rests on", verdict_words.proof(verdict))


def _counterexample(page: Page, example: Counterexample, number: int, kind: Kind) -> None:
    text = verdict_words.example(example, kind)
    if not text:
        return
    lead = f"{number}. " if number else ""
    page.paragraph(lead + text, indent=parts.indent(page), hang=len(lead) or 2, ink=Ink.STRONG)
    for direction, why in verdict_words.sides(example):
        parts.detail(page, direction, why)
    likewise = region_words.region(example.region)
    if likewise not in text:
        parts.detail(page, "likewise", likewise)


# ------------------------------------------------------------------------------------------------ footer
def _footer(page: Page, answer: Answer) -> None:
    page.rule()
    parts.entry(page, "covers", words.UNIVERSES[answer.universe])
    used = {verdict.universe for verdict in answer.verdicts} - {answer.universe}
    for universe in (universe for universe in Universe if universe in used):
        parts.entry(page, "", f"within {universe.value}: {words.UNIVERSES[universe]}")
    parts.background(page, answer.assumptions, answer.unmodelled, answer.notices)
    parts.read(page, "read", answer.tally)
    if answer.cross_check is not None:
        parts.entry(page, "checked", f"cross-check: {verdict_words.cross_check(answer.cross_check)}")


def _summary(page: Page, answer: Answer) -> None:
    """`✗ refuted  10 queries: 9 refuted, 1 proved; 9 findings`."""
    mark, word = verdict_words.overall(answer)
    ink = Ink.OPEN if mark == verdict_words.EXCUSED_MARK else INKS[answer.status]
    text = verdict_words.summary(answer)
    if text.endswith(f": 1 {word}"):  # one query: the word stands before it
        text = text.partition(":")[0]
    if answer.findings:
        text += f"; {words.plural(len(answer.findings), 'finding')}"
    page.labelled(f"{mark} {word}", text, gutter=parts.GUTTER, ink=ink)


_MOST_BESIDE = 1  # notices below findings, which are to fit on the screen with the worst of them
_MOST_ALONE = 3


def _reach(page: Page, answer: Answer, told_by_findings: frozenset[int]) -> None:
    """How far the answer reaches, in a line or two; `--assumptions` tells all of it."""
    page.blank()
    latent = [verdict.query.id for verdict in answer.verdicts if verdict_words.is_latent(verdict)]
    if latent:
        page.labelled("note", f"latent: only pods that are not there yet show {words.listed(latent)}", gutter=6)
    told = {finding.ref.source for finding in answer.findings if finding.ref is not None}
    kept, slips, left = parts.grouped(answer.notices, told, _MOST_BESIDE if answer.findings else _MOST_ALONE)
    for each in (*kept, *_slips_of_queries(answer, told_by_findings)):
        page.labelled("note", parts.notice(each), gutter=6)
    for first, *others in slips:
        more = f" (and {len(others)} more like it)" if others else ""
        page.labelled("note", f"{parts.notice(first)}{more}", gutter=6)
    said = parts.reach(answer.universe, answer.profile.name, answer.assumptions, answer.unmodelled, left)
    page.paragraph(said, ink=Ink.FAINT)
    if answer.cross_check is not None:
        page.paragraph(f"cross-check: {verdict_words.cross_check(answer.cross_check)}")
