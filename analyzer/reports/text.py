"""The report for people: what was asked, what is true, what shows it, and how far the answer reaches."""

from __future__ import annotations

from collections import Counter

from analyzer.model.claims import Kind, Universe
from analyzer.reports import parts, words
from analyzer.reports.layout import Ink, Page, Style
from analyzer.verdicts.verdict import Answer, Counterexample, Section, Status, Verdict

MARKS = {
    Status.PROVED: ("✓", Ink.GOOD),
    Status.REFUTED: ("✗", Ink.BAD),
    Status.UNKNOWN: ("?", Ink.OPEN),
    Status.VACUOUS: ("∅", Ink.OPEN),
}
STANDING = {
    True: ("live", "workloads in these manifests are a witness"),
    False: ("latent", "only a pod that is not there yet is a witness"),
    None: ("may be live", "depends on "),
}


def render_text(answer: Answer, style: Style) -> bytes:
    """The whole report, encoded for `style.encoding`; under `is_quiet` what is proved and the footer are left out."""
    page = Page(style)
    for section in answer.sections:
        _section(page, section, answer.universe)
    if not style.is_quiet:
        _footer(page, answer)
    page.blank()
    _summary(page, answer)
    return bytes(page)


def _section(page: Page, section: Section, universe: Universe) -> None:
    shown = [v for v in section.verdicts if not (page.style.is_quiet and v.status is Status.PROVED)]
    if not shown:
        return
    page.blank()
    page.paragraph(f"{section.name}: {parts.line(section.title)}" if section.title else section.name, ink=Ink.STRONG)
    for verdict in shown:
        page.blank()
        _verdict(page, verdict, universe)


def _verdict(page: Page, verdict: Verdict, universe: Universe) -> None:
    mark, ink = MARKS[verdict.status]
    query = verdict.query
    title = f"{query.id}: {parts.line(query.title or query.text)}"
    page.labelled(f"{mark} {verdict.status.value}", title, gutter=parts.GUTTER, ink=ink)
    if verdict.status is Status.PROVED:
        _proof(page, verdict)
    else:
        if verdict.status is Status.REFUTED:
            page.paragraph(_standing(verdict), indent=parts.indent(page))
        if verdict.reason:
            page.paragraph(parts.line(verdict.reason), indent=parts.indent(page))
    are_alike = len({(example.live, example.depends_on) for example in verdict.counterexamples}) < 2
    for number, example in enumerate(verdict.counterexamples, 1):
        page.blank()
        shown_number = number if len(verdict.counterexamples) > 1 else 0
        _counterexample(page, example, shown_number, verdict.query.claim.kind)
        if not are_alike:
            word, _, text = _liveness(example.live, (example,)).partition(": ")
            parts.detail(page, word, text)
    if verdict.counterexamples:
        page.blank()
    _background(page, verdict, universe)


def _background(page: Page, verdict: Verdict, universe: Universe) -> None:
    """What surrounds a verdict: what it hangs on, what to do, what exactly was asked."""
    query = verdict.query
    if verdict.counterexamples and not verdict.is_complete:
        parts.detail(page, "more", "there are further counterexamples; --max-counterexamples shows more of them")
    for hanging in verdict.blame if verdict.status is Status.UNKNOWN else ():
        parts.detail(page, "hangs on", parts.line(hanging))
    if verdict.status is Status.REFUTED and query.remediation:
        parts.detail(page, "fix", parts.line(query.remediation))
    if query.controls and verdict.status is not Status.PROVED:
        parts.detail(page, "controls", ", ".join(query.controls))
    if verdict.universe is not universe:
        parts.detail(page, "within", f"{verdict.universe.value} only")
    if verdict.status is not Status.PROVED and query.title:
        place = f" ({query.source})" if query.source.file else ""
        parts.detail(page, "asked", f"{parts.line(query.text)}{place}")
    for notice in verdict.notices:
        parts.detail(page, "note", parts.notice(notice))
    if page.style.is_verbose:
        spent = verdict.statistics
        cost = f"{spent.seconds:.2f} s, {spent.rlimit:,} units of solver work in {words.plural(spent.checks, 'check')}"
        parts.detail(page, "cost", f"{cost}, {words.plural(spent.policies, 'policy')} encoded")


def _standing(verdict: Verdict) -> str:
    """How grave a refutation is: the severity, and whether workloads that exist show it."""
    severity = f"severity {verdict.query.severity.value}"
    if not verdict.counterexamples:
        return severity
    return f"{severity}, {_liveness(verdict.live, verdict.counterexamples)}"


def _liveness(live: bool | None, examples: tuple[Counterexample, ...]) -> str:
    word, text = STANDING[live]
    if live is None:
        hanging = dict.fromkeys(parts.line(fact) for example in examples for fact in example.depends_on)
        text += words.listed(list(hanging)) or "what the manifests leave open"
    return f"{word}: {text}"


def _proof(page: Page, verdict: Verdict) -> None:
    count = len(verdict.rests_on)
    if verdict.reason and (not count or verdict.query.claim.kind is Kind.SOME):
        page.paragraph(parts.line(verdict.reason), indent=parts.indent(page))
    if not count:
        return
    # Another proof may rest on other policies, so being part of this one does not make a policy indispensable.
    need = ""
    if count > 1:
        need = "; this proof needs all of them" if verdict.is_minimal else "; perhaps not all of them are needed"
    parts.detail(page, "rests on", words.rules(verdict.rests_on) + need)


def _counterexample(page: Page, example: Counterexample, number: int, kind: Kind) -> None:
    if example.connection is not None and example.decision is not None:
        sides = [(side, parts.side(side)) for side in (example.decision.egress, example.decision.ingress)]
        ruling = "is allowed" if example.decision.allowed else "is denied"
        if kind is Kind.NEVER_TIE:
            ruling = "meets policies that disagree"
        text = f"{words.flow(example.connection, example.new_namespaces)} {ruling}"
    elif example.subject is not None:
        sides = [(side, side.reason) for side in example.isolation if side.allowed]
        directions = words.listed([side.direction.value for side, _ in sides])
        text = f"{words.end(example.subject, example.new_namespaces)} is not isolated for {directions}"
    else:
        return
    lead = f"{number}. " if number else ""
    page.paragraph(lead + text, indent=parts.indent(page), hang=len(lead) or 2, ink=Ink.STRONG)
    for side, why in sides:
        parts.detail(page, side.direction.value, why)
    likewise = words.region(example.region)
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


def _summary(page: Page, answer: Answer) -> None:
    counts = Counter(verdict.status for verdict in answer.verdicts)
    mark, ink = MARKS[answer.status]
    total = words.plural(len(answer.verdicts), "query")
    tally = [f"{counts[status]} {status.value}" for status in reversed(Status) if counts[status]]
    page.labelled(f"{mark} {answer.status.value}", f"{total}: {', '.join(tally)}", gutter=parts.GUTTER, ink=ink)
