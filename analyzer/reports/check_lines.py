"""A finding per line: `file:line:column: …` for editors and logs, and annotations of a GitHub workflow.

What no finding tells of, refuted, unknown or vacuous, is a line of its own, where its query stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import join, normpath

from analyzer.model.claims import Severity
from analyzer.model.source import Notice, Source
from analyzer.records import dataclass
from analyzer.reports import finding_words, parts, verdict_words
from analyzer.reports.places import is_file
from analyzer.reports.visible import visible
from analyzer.verdicts.findings import Finding
from analyzer.verdicts.verdict import Answer, Status, Verdict

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}


@dataclass(frozen=True, slots=True)
class _Line:
    """`word`: the severity, or the verdict where nothing is refuted; `level` as GitHub has it.  Columns count from 1;
    `column` 0: the whole line."""

    source: Source
    word: str
    level: str
    title: str
    text: str
    column: int = 0
    end_column: int = 0


def render_concise(answer: Answer) -> bytes:
    """`team-a/policies.yaml:61:11: critical: …`, one line each, slips in queries and in policies last; nothing where
    all is proved or excused and there are none."""
    return "".join(f"{_place(it)}: {it.word}: {visible(it.text)}\n" for it in _lines(answer)).encode()


def render_github(answer: Answer, folder: str = "", root: str = "") -> bytes:
    """Workflow commands, which GitHub shows beside the lines of a pull request.  It looks for files from the root of
    the repository on: `root`, empty if there is none, and `folder`, where relative names start, are absolute."""
    lines = [_command(it, folder, root) for it in _lines(answer)]
    lines += [_command(_notice(it), folder, root) for it in answer.notices if it.is_kept and it.topic is None]
    return "".join(f"{line}\n" for line in lines).encode()


def _lines(answer: Answer) -> Iterator[_Line]:
    for finding in answer.findings:
        spot, text = finding.spot, _text(finding, answer)
        end = spot.column + spot.length if spot.column else 0
        level = _LEVELS[finding.severity]
        yield _Line(spot.source, finding.severity.value, level, finding_words.title(finding), text, spot.column, end)
    told = finding_words.covered(answer)
    for verdict in answer.verdicts:
        if verdict.status is not Status.PROVED and not verdict.is_excused and id(verdict) not in told:
            yield _of_verdict(verdict)
    yield from map(_notice, verdict_words.slips(answer))
    yield from (_notice(it) for it in answer.notices if it.topic is not None)


def _notice(it: Notice) -> _Line:
    text = parts.line(it.message) + (f" [{it.topic.value}]" if it.topic is not None else "")
    return _Line(it.source, "notice", "notice", it.topic.value if it.topic is not None else "netproof", text)


def _text(finding: Finding, answer: Answer) -> str:
    shown = finding_words.example(finding, is_short=True)
    what = finding_words.what(finding) + (f": {shown}" if shown else "")
    return f"{what}; fix: {finding_words.fix(finding)} [{finding_words.breaks(finding, answer, most=1)}]"


def _of_verdict(verdict: Verdict) -> _Line:
    is_refuted = verdict.status is Status.REFUTED
    said = [verdict_words.title(verdict), parts.line(verdict.reason), *map(parts.line, verdict.blame)]
    text = ": ".join(part for part in said if part) + f" [{verdict.query.id}]"
    word = verdict.query.severity.value if is_refuted else verdict.status.value
    level = _LEVELS[verdict.query.severity] if is_refuted else "warning"
    return _Line(verdict.query.source, word, level, f"{verdict.status.value}: {verdict.query.id}", text)


def _place(it: _Line) -> str:
    if not it.source.file:
        return "netproof"
    return visible(f"{it.source.file}:{max(1, it.source.line)}:{max(1, it.column)}")


def _command(it: _Line, folder: str, root: str) -> str:
    """`::error file=…,line=…,col=…,title=…::…` (GitHub Docs, "Workflow commands")."""
    about: dict[str, object] = {}
    if is_file(it.source.file):
        about["file"] = _from_root(it.source.file, folder, root)  # GitHub finds no `./pol.yaml`
        if it.source.line:
            about["line"] = it.source.line
        if it.column:
            about |= {"col": it.column, "endColumn": it.end_column}
    about["title"] = it.title
    told = ",".join(f"{key}={_property(str(value))}" for key, value in about.items())
    return f"::{it.level} {told}::{_data(it.text)}"


def _from_root(file: str, folder: str, root: str) -> str:
    whole = normpath(join(folder, file))
    return whole[len(root) + 1 :] if root and whole.startswith(f"{root}/") else normpath(file)


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
