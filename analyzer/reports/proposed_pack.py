"""A proposed pack as a query file: what holds as assertions, what does not as comments to decide on."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Sequence

from analyzer.model.claims import Query
from analyzer.reports import words
from analyzer.reports.visible import visible
from analyzer.verdicts.proposals import Chapter, ProposedPack
from analyzer.verdicts.verdict import Counterexample, Status, Verdict

_WIDTH = 80
_MODIFIERS = re.compile(r" (?=where |within )")


def render_proposed_pack(pack: ProposedPack) -> bytes:
    """The text of a query file in UTF-8.  Its assertions are those of the pack's queries that are proved; those that
    nothing could go against are named and left out."""
    read = words.listed([words.counted(count, nouns) for nouns, count in pack.tally if count], shown=20)
    total = sum(verdict.status is not Status.VACUOUS for verdict in pack.verdicts)
    lines = [
        *_comment(
            f"A pack to start from, written by `netproof init` after reading {read}. Of {words.plural(total, 'query')} "
            f"{pack.holding} hold today, for every pod that could be created: these stand as assertions, and a change "
            "that breaks one will be told. The others are commented out, each with a connection that goes against it: "
            "decide of each whether the policies are to change (then take the comment signs away) or the query."
        ),
        "",
        '@description("What policies kept apart when this was written, to stay so.")',
        'pack start "What is isolated today stays isolated"',
    ]
    for chapter in pack.chapters:
        lines += ["", *_heading(chapter)]
        for verdict in _in_order(chapter):
            lines += ["", *_statement(verdict)]
        if idle := [verdict for verdict in chapter.verdicts if verdict.status is Status.VACUOUS]:
            lines += ["", *(line for verdict in idle for line in _comment(_left_out(verdict)))]
    return ("\n".join(lines) + "\n").encode("utf-8")


def summary(pack: ProposedPack, file: str, manifests: Sequence[str]) -> str:
    """In one line what was written to `file` of the manifests, and how to go on."""
    left = sum(verdict.status in (Status.REFUTED, Status.UNKNOWN) for verdict in pack.verdicts)
    name = visible(shlex.quote(file))
    command = f"netproof check {visible(shlex.join(manifests))} -p {name}"
    return f"wrote {name}: {words.plural(pack.holding, 'assertion')}, {left} to decide on; ask it with `{command}`"


def _in_order(chapter: Chapter) -> list[Verdict]:
    """What says something; what holds first, else as asked."""
    said = [verdict for verdict in chapter.verdicts if verdict.status is not Status.VACUOUS]
    return sorted(said, key=lambda verdict: verdict.status is not Status.PROVED)


def _heading(chapter: Chapter) -> list[str]:
    rule = f"# {'-' * (_WIDTH - len(chapter.title) - 4)} {visible(chapter.title)}"
    return [rule, *(line for remark in chapter.remarks for line in _comment(remark))]


def _statement(verdict: Verdict) -> list[str]:
    written = _assertion(verdict.query)
    if verdict.status is Status.PROVED:
        return written
    return [*_comment(_why_not(verdict)), *(f"# {line}" for line in written)]


def _assertion(query: Query) -> list[str]:
    title = visible(query.title).replace("\\", "").replace('"', "")
    parts = _MODIFIERS.split(query.text)
    claim = [line for part in parts for line in textwrap.wrap(part, _WIDTH - 6, break_on_hyphens=False)]
    begin = [f"@severity({query.severity.value})", f'assert {query.id} "{title}":', f"  {claim[0]}"]
    return [*begin, *(f"    {line}" for line in claim[1:])]


def _why_not(verdict: Verdict) -> str:
    match verdict:
        case Verdict(status=Status.REFUTED, counterexamples=(first, *_)):
            latent = "" if first.live else ", a pod not there yet" if first.live is False else ", perhaps"
            return f"TO DECIDE. Against it: {_shown(first)}{latent}."
        case _:
            return f"TO DECIDE. {verdict.status.value}: {verdict.reason}."


def _left_out(verdict: Verdict) -> str:
    return f"LEFT OUT: {verdict.query.id} ({verdict.query.title}). Nothing can go against it: {verdict.reason}."


def _shown(example: Counterexample) -> str:
    if example.connection is not None:
        return words.flow(example.connection, example.new_namespaces)
    return words.end(example.subject, example.new_namespaces) if example.subject else "some pod"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        visible(text),
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
