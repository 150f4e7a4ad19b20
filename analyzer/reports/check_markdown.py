"""The verdicts, fit for a comment on a pull request: the summary first, details folded, never too long for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from analyzer.reports import finding_words, parts, region_words, verdict_words, words
from analyzer.reports.controls import control_rows
from analyzer.reports.map_markdown import escaped
from analyzer.reports.visible import visible
from analyzer.verdicts.findings import Finding
from analyzer.verdicts.verdict import Answer, Counterexample, Status, Verdict

LONGEST = 65_000  # bytes; a comment may have 65,536 characters, and what posts it may add a line of its own
_SHOWN_ENTRIES = 20
_PLAIN = re.compile(r"[\w./:@+ -]+")


def render_markdown(answer: Answer) -> bytes:
    """UTF-8, at most `LONGEST` bytes; what does not fit is left out in whole blocks, and said to be.

    Every character of the input that Markdown or HTML gives a meaning is escaped.
    """
    mark, word = verdict_words.overall(answer)
    head = [f"### {mark} Network isolation: {word}", ""]
    head.append(f"{verdict_words.summary(answer)}.")
    page = _Page(head)
    missing = sum(not page.took(_finding(answer, finding)) for finding in answer.findings)
    if missing:
        page.note(f"No room here for {words.plural(missing, 'finding')}; `--format text -v` tells all.")
    slips = [f"- note: {escaped(parts.notice(notice))}" for notice in verdict_words.slips(answer)]
    if slips and not page.took(["", *slips]):
        page.note(f"No room here for {words.plural(len(slips), 'notice')} on queries; `--format text` tells all.")
    graded = [(section, verdict) for section in answer.sections for verdict in section.verdicts]
    graded.sort(key=lambda it: it[1].is_excused)
    cut = left_out = 0
    for section, verdict in graded:
        if verdict.status is Status.PROVED or page.took(_verdict(answer, section.name, verdict)):
            continue
        cut += 1
        left_out += not page.took(_headline(section.name, verdict))
    if cut:
        named = f", and {left_out:,} of them are not named at all" if left_out else ""
        page.note(f"No room here for the details of {words.plural(cut, 'query')}{named}; `--format text` tells all.")
    blocks = [
        ("what is proved", list(_proved(answer))),
        ("the controls", list(_controls(answer))),
        ("what this covers and assumes", list(_background(answer))),
    ]
    for what, block in blocks:
        if block and not page.took(block):
            page.note(f"No room here for {what}; `--format text` tells all.")
    return bytes(page)


class _Page:
    """Blocks of lines, as long as there is room; the last of it is kept for notes."""

    _RESERVE = 500

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._size = _size(lines)

    def took(self, block: list[str]) -> bool:
        """Whether the block fitted; it is added whole or not at all."""
        size = _size(block)
        if self._size + size > LONGEST - self._RESERVE:
            return False
        self._lines += block
        self._size += size
        return True

    def note(self, text: str) -> None:
        self._lines += ["", text]

    def __bytes__(self) -> bytes:
        return ("\n".join(self._lines) + "\n").encode("utf-8")


def _size(lines: list[str]) -> int:
    return sum(len(line.encode("utf-8", "surrogatepass")) + 1 for line in lines)


def _finding(answer: Answer, finding: Finding) -> list[str]:
    """A cause: what is wrong where, what shows it, what it breaks, and its patch folded."""
    what = escaped(finding_words.what(finding))
    lines = ["", f"**{finding.severity.value}** {_place(finding_words.place(finding))}: {what}", ""]
    if finding.spot.text:
        lines += _fenced([finding.spot.text.strip()], "yaml")
    shown, other = finding_words.example(finding), finding_words.other_end(finding)
    lines += [f"- shows: {escaped(shown)}"] if shown else []
    lines += [f"- also: {escaped(other)}"] if other else []
    lines.append(f"- breaks: {escaped(finding_words.breaks(finding, answer))}")
    lines.append(f"- fix: {escaped(finding_words.fix(finding))}")
    if finding.fix.edit is not None:
        lines += ["", "<details><summary>patch</summary>", ""]
        lines += [*_fenced(finding.fix.edit.patch.splitlines(), "diff"), "", "</details>"]
    return lines


def _place(text: str) -> str:
    """A file and its line as code, unless its name holds what Markdown or HTML may take for more."""
    return f"`{text}`" if _PLAIN.fullmatch(text) else escaped(text)


def _fenced(lines: list[str], language: str) -> list[str]:
    """A block of code; its fence is longer than any in it."""
    shown = [visible(line) for line in lines]
    ticks = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, ticks + 1)
    return [f"{fence}{language}", *shown, fence]


def _verdict(answer: Answer, section: str, verdict: Verdict) -> list[str]:
    word = f"{verdict_words.mark(verdict)} {verdict_words.word(verdict)}"
    name = f"{section}/{verdict.query.id}"
    lines = ["", "<details>", f"<summary>{word} <b>{_html(name)}</b>: {_html(verdict_words.title(verdict))}</summary>"]
    lines.append("")
    if verdict.status is Status.REFUTED:
        lines += [escaped(verdict_words.standing(verdict)), ""]
    if verdict.reason:
        lines.append(escaped(parts.line(verdict.reason)))
    for example in verdict.counterexamples:
        lines += _counterexample(verdict, example)
    lines.append("")
    told = {parts.notice(notice) for notice in verdict.notices if notice.is_kept}  # above, where nothing is folded
    for label, text in verdict_words.background(verdict, answer.universe):
        if label == "note" and text in told:
            continue
        lines.append(f"- {label}{': ' if label else ''}{escaped(text)}")
    return [*lines, "", "</details>"]


def _headline(section: str, verdict: Verdict) -> list[str]:
    word = f"{verdict_words.mark(verdict)} {verdict_words.word(verdict)}"
    return ["", f"{word} **{escaped(f'{section}/{verdict.query.id}')}**: {escaped(verdict_words.title(verdict))}"]


def _counterexample(verdict: Verdict, example: Counterexample) -> Iterator[str]:
    yield from ("", f"**{escaped(verdict_words.example(example, verdict.query.claim.kind))}**", "")
    for direction, why in verdict_words.sides(example):
        yield f"- {direction}: {escaped(why)}"
    yield f"- likewise: {escaped(region_words.region(example.region))}"
    if not verdict_words.are_alike(verdict):
        yield f"- {escaped(verdict_words.liveness(example.live, (example,)))}"


def _proved(answer: Answer) -> Iterator[str]:
    proofs = [(s.name, v) for s in answer.sections for v in s.verdicts if v.status is Status.PROVED]
    if not proofs:
        return
    yield from ("", f"<details><summary>✓ {words.plural(len(proofs), 'query')} proved</summary>", "")
    for section, verdict in proofs:
        rests = f"; rests on {verdict_words.proof(verdict)}" if verdict.rests_on else ""
        yield f"- **{escaped(f'{section}/{verdict.query.id}')}**: {escaped(verdict_words.title(verdict) + rests)}"
    yield from ("", "</details>")


def _controls(answer: Answer) -> Iterator[str]:
    rows = control_rows(answer)
    if not rows:
        return
    yield from ("", "<details><summary>Controls</summary>", "", "| control | verdict | queries |", "|---|---|---|")
    for row in rows:
        named = ", ".join(f"{name} ({verdict_words.word(verdict)})" for name, verdict in row.verdicts)
        yield f"| {escaped(row.control)} | {row.word} | {escaped(named)} |"
    yield from ("", "</details>")


def _background(answer: Answer) -> Iterator[str]:
    yield from ("", "<details><summary>What this covers and assumes</summary>", "")
    yield f"- covers: {escaped(words.UNIVERSES[answer.universe])}"
    if answer.cross_check is not None:
        yield f"- cross-check: {escaped(verdict_words.cross_check(answer.cross_check))}"
    if answer.provenance is not None:
        told = parts.made_from(answer.provenance)
        yield from (f"- {label}: {escaped(text.replace('`', ''))}" for label, text in told)
    for label, entries in parts.by_label(answer.assumptions).items():
        yield from (f"- {label}: {escaped(text)}" for text in entries)
    for it in answer.unmodelled[:_SHOWN_ENTRIES]:
        yield f"- unmodelled: {escaped(f'{it.id} ({it.source})')}"
    yield from (f"- note: {escaped(parts.notice(notice))}" for notice in answer.notices[:_SHOWN_ENTRIES])
    rest = len(answer.unmodelled[_SHOWN_ENTRIES:]) + len(answer.notices[_SHOWN_ENTRIES:])
    if rest:
        yield f"- and {rest:,} more; `--format text` tells all"
    yield from ("", "</details>")


def _html(text: str) -> str:
    """Text inside HTML, where Markdown is not read."""
    return escape(visible(text))
