"""The report for people: what was asked, what is true, what shows it, and how far the answer reaches."""

from __future__ import annotations

from collections import Counter

from analyzer.model.claims import Kind, Universe
from analyzer.model.source import Notice
from analyzer.reports import words
from analyzer.reports.layout import Ink, Page, Style
from analyzer.semantics.decision import Side
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

_GUTTER = 11  # "✗ refuted  "
_ROOMY = 60  # from this width on, details stand in a column of their own
_SHOWN_OBJECTS = 20


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
    page.paragraph(f"{section.name}: {_line(section.title)}" if section.title else section.name, ink=Ink.STRONG)
    for verdict in shown:
        page.blank()
        _verdict(page, verdict, universe)


def _verdict(page: Page, verdict: Verdict, universe: Universe) -> None:
    mark, ink = MARKS[verdict.status]
    query = verdict.query
    title = f"{query.id}: {_line(query.title or query.text)}"
    page.labelled(f"{mark} {verdict.status.value}", title, gutter=_GUTTER, ink=ink)
    if verdict.status is Status.PROVED:
        _proof(page, verdict)
    else:
        if verdict.status is Status.REFUTED:
            page.paragraph(_standing(verdict), indent=_indent(page))
        if verdict.reason:
            page.paragraph(_line(verdict.reason), indent=_indent(page))
    are_alike = len({(example.live, example.depends_on) for example in verdict.counterexamples}) < 2
    for number, example in enumerate(verdict.counterexamples, 1):
        page.blank()
        shown_number = number if len(verdict.counterexamples) > 1 else 0
        _counterexample(page, example, shown_number, verdict.query.claim.kind)
        if not are_alike:
            word, _, text = _liveness(example.live, (example,)).partition(": ")
            _detail(page, word, text)
    if verdict.counterexamples:
        page.blank()
    _background(page, verdict, universe)


def _background(page: Page, verdict: Verdict, universe: Universe) -> None:
    """What surrounds a verdict: what it hangs on, what to do, what exactly was asked."""
    query = verdict.query
    if verdict.counterexamples and not verdict.is_complete:
        _detail(page, "more", "there are further counterexamples; --max-counterexamples shows more of them")
    for hanging in verdict.blame if verdict.status is Status.UNKNOWN else ():
        _detail(page, "hangs on", _line(hanging))
    if verdict.status is Status.REFUTED and query.remediation:
        _detail(page, "fix", _line(query.remediation))
    if query.controls and verdict.status is not Status.PROVED:
        _detail(page, "controls", ", ".join(query.controls))
    if verdict.universe is not universe:
        _detail(page, "within", f"{verdict.universe.value} only")
    if verdict.status is not Status.PROVED and query.title:
        place = f" ({query.source})" if query.source.file else ""
        _detail(page, "asked", f"{_line(query.text)}{place}")
    for notice in verdict.notices:
        _detail(page, "note", _notice(notice))
    if page.style.is_verbose:
        spent = verdict.statistics
        cost = f"{spent.seconds:.2f} s, {spent.rlimit:,} units of solver work in {words.plural(spent.checks, 'check')}"
        _detail(page, "cost", f"{cost}, {words.plural(spent.policies, 'policy')} encoded")


def _standing(verdict: Verdict) -> str:
    """How grave a refutation is: the severity, and whether workloads that exist show it."""
    severity = f"severity {verdict.query.severity.value}"
    if not verdict.counterexamples:
        return severity
    return f"{severity}, {_liveness(verdict.live, verdict.counterexamples)}"


def _liveness(live: bool | None, examples: tuple[Counterexample, ...]) -> str:
    word, text = STANDING[live]
    if live is None:
        hanging = dict.fromkeys(_line(fact) for example in examples for fact in example.depends_on)
        text += words.listed(list(hanging)) or "what the manifests leave open"
    return f"{word}: {text}"


def _proof(page: Page, verdict: Verdict) -> None:
    count = len(verdict.rests_on)
    if verdict.reason and (not count or verdict.query.claim.kind is Kind.SOME):
        page.paragraph(_line(verdict.reason), indent=_indent(page))
    if not count:
        return
    # Another proof may rest on other policies, so being part of this one does not make a policy indispensable.
    need = ""
    if count > 1:
        need = "; this proof needs all of them" if verdict.is_minimal else "; perhaps not all of them are needed"
    _detail(page, "rests on", words.rules(verdict.rests_on) + need)


def _counterexample(page: Page, example: Counterexample, number: int, kind: Kind) -> None:
    if example.connection is not None and example.decision is not None:
        sides = [(side, _side(side)) for side in (example.decision.egress, example.decision.ingress)]
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
    page.paragraph(lead + text, indent=_indent(page), hang=len(lead) or 2, ink=Ink.STRONG)
    for side, why in sides:
        _detail(page, side.direction.value, why)
    likewise = words.region(example.region)
    if likewise not in text:
        _detail(page, "likewise", likewise)


def _side(side: Side) -> str:
    """`allowed by rule 2 of NetworkPolicy shop/web (web.yaml:14)`: the oracle's reason, and where its rules stand."""
    ruling = "allowed" if side.allowed else "denied"
    text = side.reason if side.reason.startswith(ruling) else f"{ruling}: {side.reason}"
    match side.rules:
        case ():
            return text
        case (only,):
            return f"{text} ({only.source})"
        case several if side.allowed and any(ref.rule is not None for ref in several):
            return f"allowed by {words.rules(several)}"
        case several:
            return f"{text} ({words.listed([str(ref.source) for ref in several], shown=2)})"


# ------------------------------------------------------------------------------------------------ footer
def _footer(page: Page, answer: Answer) -> None:
    page.rule()
    _entry(page, "covers", words.UNIVERSES[answer.universe])
    used = {verdict.universe for verdict in answer.verdicts} - {answer.universe}
    for universe in (universe for universe in Universe if universe in used):
        _entry(page, "", f"within {universe.value}: {words.UNIVERSES[universe]}")
    for label, entries in _assumptions(answer).items():
        for number, text in enumerate(entries):
            _entry(page, "" if number else label, text)
    shown = answer.unmodelled[:_SHOWN_OBJECTS]
    for unmodelled in shown:
        why = f": {_line(unmodelled.why)}" if unmodelled.why else ""
        _entry(page, "unmodelled", f"{unmodelled.id} ({unmodelled.source}){why}")
    if len(answer.unmodelled) > len(shown):
        _entry(page, "unmodelled", f"and {len(answer.unmodelled) - len(shown)} more; --format json lists them all")
    for notice in answer.notices:
        _entry(page, "note", _notice(notice))
    read = [words.counted(count, nouns) for nouns, count in answer.tally if count]
    if read:
        _entry(page, "read", words.listed(read, shown=20))


def _assumptions(answer: Answer) -> dict[str, list[str]]:
    """By label: what the profile says, what the manifests make a fact, what is taken as given."""
    labels = {"profile": "profile", "fact": "given", "assumed": "assumes"}
    found: dict[str, list[str]] = {label: [] for label in labels.values()}
    for stated in answer.assumptions:
        text = _line(stated.text)
        if stated.kind != "profile":
            text = f"{stated.name}: {text}"
        if stated.override:
            text += f" (to change it: {stated.override})"
        found[labels[stated.kind]].append(text)
    return found


def _summary(page: Page, answer: Answer) -> None:
    counts = Counter(verdict.status for verdict in answer.verdicts)
    mark, ink = MARKS[answer.status]
    total = words.plural(len(answer.verdicts), "query")
    parts = [f"{counts[status]} {status.value}" for status in reversed(Status) if counts[status]]
    page.labelled(f"{mark} {answer.status.value}", f"{total}: {', '.join(parts)}", gutter=_GUTTER, ink=ink)


def _entry(page: Page, label: str, text: str) -> None:
    page.labelled(label, text, gutter=_GUTTER)


def _detail(page: Page, label: str, text: str) -> None:
    page.labelled(label, text, indent=_indent(page))


def _indent(page: Page) -> int:
    return _GUTTER if page.style.columns >= _ROOMY else 2


def _notice(notice: Notice) -> str:
    return f"{notice.source}: {_line(notice.message)}" if notice.source.file else _line(notice.message)


def _line(text: str) -> str:
    """A pack's prose may be broken over lines in its file; here it is one paragraph."""
    return " ".join(text.split(" ")) if "\n" not in text else " ".join(text.split())
