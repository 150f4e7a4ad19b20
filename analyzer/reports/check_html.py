"""The report for auditors as one HTML page; everything that comes from manifests and packs goes through `_text`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from html import escape

from analyzer.model.policies import RuleRef
from analyzer.reports import finding_words, parts, region_words, verdict_words, words
from analyzer.reports.controls import control_rows
from analyzer.reports.html_page import badge, escaped, html_page
from analyzer.reports.visible import visible
from analyzer.verdicts.verdict import Answer, Counterexample, Section, Status, Verdict

_CODE = re.compile(r"`([^`]+)`")


def render_html(answer: Answer, as_of: date | None = None) -> bytes:
    """The page in UTF-8.  `as_of` is the day that it says it was made on."""
    body = [
        *_findings(answer),
        *_overview(answer),
        *_controls(answer),
        *(line for section in answer.sections for line in _section(answer, section)),
        *_waivers(answer),
        *_grounds(answer),
    ]
    word = verdict_words.overall(answer)[1]
    heading = f"{_badge(word)} {_text(verdict_words.summary(answer))}"
    return html_page("Network isolation report", f"Network isolation: {word}", heading, body, _facts(answer, as_of))


def _text(text: str) -> str:
    """The text, of which HTML makes nothing but itself; what stands in backticks is set as code."""
    return _CODE.sub(r"<code>\1</code>", escaped(text))


def _badge(word: str) -> str:
    kind = "excused" if word in (verdict_words.WAIVED, verdict_words.KNOWN) else word
    return badge(kind, word)


def _pair(label: str, text: str) -> str:
    return f"<dt>{label}</dt><dd>{text}</dd>"


def _table(heads: Iterable[str], rows: Iterable[str]) -> Iterator[str]:
    yield '<div class="table"><table><thead><tr>'
    yield "".join(f"<th>{head}</th>" for head in heads)
    yield "</tr></thead><tbody>"
    yield from rows
    yield "</tbody></table></div>"


def _row(*cells: str, wraps: bool = False) -> str:
    first, *rest = cells
    return f"<tr><td{' class=wraps' if wraps else ''}>{first}</td>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"


# ------------------------------------------------------------------------------------------------ the whole
def _facts(answer: Answer, as_of: date | None) -> Iterator[str]:
    if as_of is not None:
        yield _pair("made on", f'<time datetime="{as_of.isoformat()}">{as_of.isoformat()}</time>')
    yield _pair("covers", _text(words.UNIVERSES[answer.universe]))
    yield _pair("enforcement", f"profile {_text(answer.profile.name)}")
    counts = [words.counted(count, nouns) for nouns, count in answer.tally if count]
    if counts:
        yield _pair("read", _text(words.listed(counts, shown=20)))
    if answer.cross_check is not None:
        yield _pair("cross-check", _text(verdict_words.cross_check(answer.cross_check)))
    if answer.baseline:
        yield _pair("baseline", f"<code>{_text(answer.baseline)}</code>")
    if answer.provenance is not None:
        yield from (_pair(label, _text(text)) for label, text in parts.made_from(answer.provenance))


def _findings(answer: Answer) -> Iterator[str]:
    """What is wrong by its cause, the worst first."""
    if not answer.findings:
        return
    yield '<h2 id="findings">Findings</h2>'
    for number, finding in enumerate(answer.findings, 1):
        yield f'<article id="finding-{number}" class="is-refuted">'
        yield f"<h3>{number}. {_text(finding_words.what(finding))}</h3>"
        place = f'<code class="place">{_text(finding_words.place(finding))}</code>'
        yield f'<p class="id">severity {finding.severity.value} · {finding.fault.value} · {place}</p>'
        if finding.spot.text:
            yield f"<pre>{_verbatim(finding.spot.text)}</pre>"
        told = (
            ("shows", finding_words.example(finding)),
            ("also", finding_words.other_end(finding)),
            ("breaks", finding_words.breaks(finding, answer)),
            ("fix", finding_words.fix(finding)),
        )
        yield f"<dl>{''.join(_pair(label, _text(text)) for label, text in told if text)}</dl>"
        if finding.fix.edit is not None:
            yield f"<pre>{_verbatim(finding.fix.edit.patch)}</pre>"
        yield "</article>"


def _verbatim(text: str) -> str:
    """Lines as they are."""
    return "\n".join(escape(visible(line)) for line in text.rstrip("\n").split("\n"))


def _anchor(section: Section, verdict: Verdict) -> str:
    return escape(f"{section.name}/{verdict.query.id}", quote=True).replace(" ", "-")


def _overview(answer: Answer) -> Iterator[str]:
    yield "<h2>Verdicts</h2>"
    rows = (
        _row(
            _badge(verdict_words.word(verdict)),
            f'<a href="#{_anchor(section, verdict)}">{_text(verdict_words.title(verdict))}</a>',
            verdict.query.severity.value,
            _text(section.name),
        )
        for section in answer.sections
        for verdict in section.verdicts
    )
    yield from _table(("verdict", "claim", "severity", "pack"), rows)


def _controls(answer: Answer) -> Iterator[str]:
    rows = control_rows(answer)
    if not rows:
        return
    yield '<h2 id="controls">Controls</h2>'
    yield "<p>Which controls the queries speak to. What a query shows of a control is what its claim says, no more.</p>"
    anchors = {
        f"{section.name}/{verdict.query.id}": _anchor(section, verdict)
        for section in answer.sections
        for verdict in section.verdicts
    }
    shown = (
        _row(
            _text(row.control),
            _badge(row.word),
            "<br>".join(
                f'{_badge(verdict_words.word(verdict))} <a href="#{anchors[name]}">{_text(name)}</a>'
                for name, verdict in row.verdicts
            ),
            wraps=True,
        )
        for row in rows
    )
    yield from _table(("control", "together", "queries"), shown)


def _section(answer: Answer, section: Section) -> Iterator[str]:
    title = f"{section.name}: {section.title}" if section.title else section.name
    yield f"<h2>{_text(title)}</h2>"
    if section.description:
        yield f"<p>{_text(section.description)}</p>"
    for label, sentences in (("What this shows", section.shows), ("What it does not show", section.does_not_show)):
        if sentences:
            yield f"<h4>{label}</h4>"
            yield _list(map(_text, sentences))
    for verdict in section.verdicts:
        yield from _verdict(answer, section, verdict)


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


# ------------------------------------------------------------------------------------------------ one verdict
def _verdict(answer: Answer, section: Section, verdict: Verdict) -> Iterator[str]:
    query = verdict.query
    kind = "excused" if verdict.is_excused else verdict.status.value
    yield f'<article id="{_anchor(section, verdict)}" class="is-{kind}">'
    yield f"<h3>{_badge(verdict_words.word(verdict))} {_text(verdict_words.title(verdict))}</h3>"
    place = f" · {_text(str(query.source))}" if query.source.file else ""
    yield f'<p class="id">{_text(f"{section.name}/{query.id}")} · severity {query.severity.value}{place}</p>'
    if query.description:
        yield f"<p>{_text(query.description)}</p>"
    yield f"<pre>{_text(query.text)}</pre>"
    if verdict.counterexamples:
        yield f"<p>{_text(_because(verdict))}</p>"
    elif verdict.reason:
        yield f"<p>{_text(words.sentence(verdict.reason))}</p>"
    for example in verdict.counterexamples:
        yield from _counterexample(verdict, example)
    if verdict.rests_on:
        yield "<h4>Evidence</h4>"
        yield f"<p>{_text(_need(verdict))}</p>"
        yield _list(map(_rule, verdict.rests_on))
    surroundings = verdict_words.background(verdict, answer.universe)
    shown = [_pair(label, _text(text)) for label, text in surroundings if label != "asked"]
    if shown:
        yield f"<dl>{''.join(shown)}</dl>"
    yield "</article>"


def _because(verdict: Verdict) -> str:
    told = words.sentence(verdict.reason) if verdict.reason else ""
    if verdict.status is Status.REFUTED and verdict_words.are_alike(verdict):
        told += f" {words.sentence(verdict_words.liveness(verdict.live, verdict.counterexamples))}"
    return told


def _need(verdict: Verdict) -> str:
    if len(verdict.rests_on) == 1:
        return "The proof rests on"
    need = "it needs all of them" if verdict.is_minimal else "perhaps not all of them are needed"
    return f"The proof rests on these; {need}:"


def _rule(ref: RuleRef) -> str:
    told, place = words.rule(ref), f" ({ref.source})" if ref.source.file else ""
    return f'{_text(told.removesuffix(place))} <code class="place">{_text(str(ref.source))}</code>'


def _counterexample(verdict: Verdict, example: Counterexample) -> Iterator[str]:
    yield f'<p class="flow">{_text(verdict_words.example(example, verdict.query.claim.kind))}</p>'
    yield "<dl>"
    for direction, why in verdict_words.sides(example):
        yield _pair(direction, _text(why))
    yield _pair("likewise", _text(region_words.region(example.region)))
    if not verdict_words.are_alike(verdict):
        word, _, text = verdict_words.liveness(example.live, (example,)).partition(": ")
        yield _pair(word, _text(text))
    yield "</dl>"


# ------------------------------------------------------------------------------------------------ what it stands on
def _waivers(answer: Answer) -> Iterator[str]:
    if not answer.waivers:
        return
    yield '<h2 id="waivers">Waivers</h2>'
    rows = (
        _row(
            standing.value,
            _text(waiver.query),
            f"{_text(waiver.text)}<br>{_text(waiver.reason)}",
            _text(waiver.owner),
            f'{waiver.expires.isoformat()}<br><code class="place">{_text(str(waiver.source))}</code>',
        )
        for waiver, standing in answer.waivers
    )
    yield from _table(("", "query", "region and reason", "owner", "until"), rows)


def _grounds(answer: Answer) -> Iterator[str]:
    titles = {"profile": "What enforces the policies", "given": "Facts", "assumes": "Assumptions"}
    for label, entries in parts.by_label(answer.assumptions).items():
        if entries:
            yield f"<h2>{titles[label]}</h2>"
            yield _list(map(_text, entries))
    if answer.unmodelled:
        yield "<h2>Not modelled</h2>"
        yield "<p>These objects were read and are not modelled; a query that one of them could change is unknown.</p>"
        yield _list(
            f'{_text(f"{it.id}: {it.why}")} <code class="place">{_text(str(it.source))}</code>'
            for it in answer.unmodelled
        )
    if answer.notices:
        yield "<h2>Notes</h2>"
        yield _list(_text(parts.notice(notice)) for notice in answer.notices)
    if answer.provenance is not None and answer.provenance.manifests:
        yield '<h2 id="files">Files</h2>'
        rows = (_row(_text(it.file), f"<code>{it.sha256}</code>", wraps=True) for it in answer.provenance.manifests)
        yield from _table(("manifest", "sha256"), rows)
