"""JUnit XML: a test suite for each pack, a test case for each query.

A refuted query is a failure.  An unknown or vacuous one is an error: the test could not tell, and a run that cannot
tell has not passed.  What waivers or the baseline excuse is skipped, with who answers for it.  Times differ from run to
run and are told under `with_statistics` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from analyzer.reports import parts, region_words, verdict_words, words
from analyzer.reports.visible import visible
from analyzer.verdicts.verdict import Answer, Section, Status, Verdict

ELEMENTS = {Status.REFUTED: "failure", Status.UNKNOWN: "error", Status.VACUOUS: "error"}


def render_junit(answer: Answer, *, with_statistics: bool = False) -> bytes:
    """One XML document in UTF-8."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f"<testsuites{_attributes(name='netproof', **_counts(answer.verdicts))}>")
    for section in answer.sections:
        lines += _suite(answer, section, with_statistics)
    lines.append("</testsuites>")
    return ("\n".join(lines) + "\n").encode("utf-8")


def _suite(answer: Answer, section: Section, with_statistics: bool) -> Iterator[str]:
    timing = {"time": f"{sum(v.statistics.seconds for v in section.verdicts):.3f}"} if with_statistics else {}
    yield f"  <testsuite{_attributes(name=section.name, **_counts(section.verdicts), **timing)}>"
    yield "    <properties>"
    yield _property("universe", words.UNIVERSES[answer.universe])
    if answer.provenance is not None:
        for label, text in parts.made_from(answer.provenance):
            yield _property(label, text.replace("`", ""))
    for stated in answer.assumptions:
        yield _property(f"{stated.kind}:{stated.name}", stated.text)
    for notice in answer.notices:
        yield _property(f"notice:{notice.topic.value}" if notice.topic else "notice", parts.notice(notice))
    yield "    </properties>"
    for verdict in section.verdicts:
        yield from _case(answer, section, verdict, with_statistics)
    yield "  </testsuite>"


def _property(name: str, value: str) -> str:
    return f"      <property{_attributes(name=name, value=value)}/>"


def _case(answer: Answer, section: Section, verdict: Verdict, with_statistics: bool) -> Iterator[str]:
    source = verdict.query.source
    place = {"file": source.file, "line": str(source.line)} if source.line else {}
    timing = {"time": f"{verdict.statistics.seconds:.3f}"} if with_statistics else {}
    yield f"    <testcase{_attributes(classname=section.name, name=verdict.query.id, **place, **timing)}>"
    message = f"{verdict_words.word(verdict)}: {verdict_words.title(verdict)}"
    told = "\n".join(_told(answer, verdict))
    if verdict.status is Status.PROVED:
        yield f"      <system-out>{_text(told)}</system-out>"
    elif verdict.is_excused:
        why = "; ".join(f"{label} {text}" for label, text in verdict_words.excuses(verdict))
        yield f"      <skipped{_attributes(message=f'{message}; {why}')}/>"
        yield f"      <system-out>{_text(told)}</system-out>"
    else:
        element = ELEMENTS[verdict.status]
        kind = verdict.query.severity.value if element == "failure" else verdict.status.value
        yield f"      <{element}{_attributes(message=message, type=kind)}>{_text(told)}</{element}>"
    yield "    </testcase>"


def _told(answer: Answer, verdict: Verdict) -> Iterator[str]:
    """The verdict in lines: the reason, what shows it, what surrounds it."""
    if verdict.status is Status.REFUTED:
        yield verdict_words.standing(verdict)
    if verdict.reason:
        yield parts.line(verdict.reason)
    if verdict.rests_on:
        yield f"rests on: {verdict_words.proof(verdict)}"
    for example in verdict.counterexamples:
        yield verdict_words.example(example, verdict.query.claim.kind)
        yield from (f"  {direction}: {why}" for direction, why in verdict_words.sides(example))
        yield f"  likewise: {region_words.region(example.region)}"
    for label, text in verdict_words.background(verdict, answer.universe):
        yield f"{label}: {text}" if label else text


def _counts(verdicts: Sequence[Verdict]) -> dict[str, str]:
    failing = [ELEMENTS.get(v.status) for v in verdicts if not v.is_excused]
    return {
        "tests": str(len(verdicts)),
        "failures": str(failing.count("failure")),
        "errors": str(failing.count("error")),
        "skipped": str(sum(v.is_excused for v in verdicts)),
    }


def _attributes(**values: str) -> str:
    return "".join(f" {name}={quoteattr(visible(value))}" for name, value in values.items())


def _text(text: str) -> str:
    """Text of an element; lines stay, what XML cannot hold becomes a visible escape."""
    return escape("\n".join(map(visible, text.split("\n"))))
