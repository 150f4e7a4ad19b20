"""SARIF 2.1.0: the findings of a check for code scanning (OASIS, "Static Analysis Results Interchange Format").

A query is a rule, and each cause that refutes it a result of kind `fail` at the peer, selector or field that is guilty,
with its fix; where nobody looked for causes it is each counterexample, at the rule that lets it through.  What is
unknown is `open` and what is vacuous needs `review`; results of a kind other than `fail` have level `none`, as the
format demands (3.27.10).  What waivers or the baseline excuse is suppressed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from analyzer.model.claims import Severity
from analyzer.model.cluster import Cluster
from analyzer.model.source import Source, Topic
from analyzer.reports import finding_words, parts, region_words, verdict_words, words
from analyzer.reports.map_markdown import escaped
from analyzer.reports.places import Place, is_file, places
from analyzer.reports.visible import visible
from analyzer.resources.version import __version__
from analyzer.verdicts.findings import Finding, Fix
from analyzer.verdicts.provenance import Provenance
from analyzer.verdicts.verdict import Answer, Counterexample, Section, Status, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
# Code scanning reads numbers: above 9 is critical, from 7 high, from 4 medium.
SCORES = {Severity.LOW: "2.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
KINDS = {Status.PROVED: "pass", Status.REFUTED: "fail", Status.UNKNOWN: "open", Status.VACUOUS: "review"}
_ROOT = "SRCROOT"
Json = dict[str, Any]


def render_sarif(answer: Answer, cluster: Cluster, *, with_passes: bool = False) -> bytes:
    """One SARIF log with one run, in ASCII.  `with_passes` adds a result of kind `pass` for each proof."""
    writer = _Writer(cluster, {id(finding): number for number, finding in enumerate(answer.findings, 1)})
    told = finding_words.covered(answer)
    for section in answer.sections:
        for verdict in section.verdicts:
            by = finding_words.of_query(answer, section.name, verdict.query.id) if id(verdict) in told else ()
            writer.add(section, verdict, with_passes, by)
    topics = [topic for topic in Topic if any(notice.topic is topic for notice in answer.notices)]
    run: Json = {
        "tool": {
            "driver": {
                "name": "netproof",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": writer.rules,
                "notifications": [_topic(topic) for topic in topics],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": _message("The folder that netproof was run in.")}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": list(_notifications(answer))}],
        "results": writer.results,
        "properties": {
            "verdict": answer.status.value,
            "universe": words.UNIVERSES[answer.universe],
            "assumptions": [f"{stated.name}: {stated.text}" for stated in answer.assumptions],
        },
    }
    if answer.provenance is not None:
        run["artifacts"] = list(_artifacts(answer.provenance))
        lines = parts.made_from(answer.provenance)
        run["properties"]["madeFrom"] = [f"{label}: {visible(text.replace('`', ''))}" for label, text in lines]
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return (json.dumps(log, indent=2) + "\n").encode("ascii")


class _Writer:
    """Collects rules and results; results name their rule by its place in the list.

    A finding is a result of each query that it breaks: `numbers` are those of findings, by identity, as text has them.
    """

    def __init__(self, cluster: Cluster, numbers: Mapping[int, int]) -> None:
        self.cluster = cluster
        self.numbers = numbers
        self.rules: list[Json] = []
        self.results: list[Json] = []

    def add(self, section: Section, verdict: Verdict, with_passes: bool, causes: Sequence[Finding]) -> None:
        rule = _rule(section, verdict)
        self.rules.append(rule)
        if verdict.status is Status.PROVED and not with_passes:
            return
        if causes:
            self.results += (self._of_cause(rule["id"], verdict, finding) for finding in causes)
            return
        for example in verdict.counterexamples or (None,):
            self.results.append(self._result(rule["id"], verdict, example))

    def _result(self, rule: str, verdict: Verdict, example: Counterexample | None) -> Json:
        kind = KINDS[verdict.status]
        found = places(verdict, example, self.cluster)
        if not found:  # code scanning shows nothing that stands nowhere
            files = [name for name in self.cluster.files if is_file(name)][:1]
            found = tuple(Place(Source(name), "the first of the manifests") for name in files)
        result: Json = {
            "ruleId": rule,
            "ruleIndex": len(self.rules) - 1,
            "kind": kind,
            "level": LEVELS[verdict.query.severity] if kind == "fail" else "none",
            "message": _message(_text(verdict, example)),
            "locations": [_location(place) for place in found[:1]],
            "relatedLocations": [
                {"id": number, **_location(place), "message": _message(place.text)}
                for number, place in enumerate(found[1:], 1)
            ],
            "partialFingerprints": {"netproof/v1": _fingerprint(rule, verdict, example)},
            "properties": {"verdict": verdict.status.value, "universe": verdict.universe.value},
        }
        if example is not None:
            result["properties"]["live"] = example.live
        suppressions = list(_suppressions(verdict))
        if suppressions:
            result["suppressions"] = suppressions
        if verdict.baseline is not None and verdict.status is not Status.PROVED:
            result["baselineState"] = "unchanged" if verdict.is_excused and not verdict.waivers else "new"
        return result

    def _of_cause(self, rule: str, verdict: Verdict, finding: Finding) -> Json:
        """A cause of a refuted query, with the edit that mends it."""
        result: Json = {
            "ruleId": rule,
            "ruleIndex": len(self.rules) - 1,
            "kind": "fail",
            "level": LEVELS[verdict.query.severity],
            "message": _message(_cause_text(verdict, finding)),
            "locations": [_spot(finding)] if is_file(finding.spot.source.file) else [],
            "relatedLocations": [],
            "partialFingerprints": {"netproof/v2": _cause_fingerprint(rule, finding)},
            "properties": {
                "verdict": verdict.status.value,
                "universe": verdict.universe.value,
                "live": finding.live,
                "cause": finding.fault.value,
                "finding": self.numbers[id(finding)],
            },
        }
        if not result["locations"]:
            files = [name for name in self.cluster.files if is_file(name)][:1]
            result["locations"] = [_location(Place(Source(name), "the first of the manifests")) for name in files]
        other = finding.other
        if other is not None and is_file(other.source.file):
            place = Place(other.source, finding_words.other_end(finding))
            result["relatedLocations"] = [{"id": 1, **_location(place), "message": _message(visible(place.text))}]
        if finding.fix.edit is not None and is_file(finding.fix.edit.file):
            result["fixes"] = [_fix(finding.fix)]
        if verdict.baseline is not None:
            result["baselineState"] = "new"
        return result


def _spot(finding: Finding) -> Json:
    """The guilty characters of the line."""
    found = _location(Place(finding.spot.source, ""))
    region = found["physicalLocation"].get("region")
    if region is not None and finding.spot.column:
        region["startColumn"] = finding.spot.column
        region["endColumn"] = finding.spot.column + finding.spot.length
    return found


def _fix(fix: Fix) -> Json:
    """The edit as a replacement of whole lines (3.55)."""
    edit = fix.edit
    assert edit is not None
    deleted: Json = {"startLine": edit.line, "startColumn": 1}
    deleted |= {"endLine": edit.line + len(edit.removed), "endColumn": 1}
    text = "".join(f"{line}\n" for line in edit.added)
    change = {"artifactLocation": _artifact(edit.file)}
    replacement = {"deletedRegion": deleted, "insertedContent": {"text": text}}
    return {
        "description": _message(visible(parts.line(fix.text))),
        "artifactChanges": [{**change, "replacements": [replacement]}],
    }


def _cause_text(verdict: Verdict, finding: Finding) -> str:
    said = [f"{verdict_words.word(verdict)}: {verdict_words.title(verdict)}", finding_words.what(finding)]
    said += [finding_words.example(finding), f"fix: {finding_words.fix(finding)}"]
    return "\n".join(visible(parts.line(text)) for text in said if text)


def _cause_fingerprint(rule: str, finding: Finding) -> str:
    """The same for the same cause, wherever its lines have moved."""
    ref = finding.ref
    number = ref.rule.index if ref is not None and ref.rule is not None else ""
    name = f"{ref.policy.id} {ref.direction.value} {number}" if ref is not None else finding.summary
    told = f"{rule}\n{finding.fault.value}\n{name}"
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _rule(section: Section, verdict: Verdict) -> Json:
    query = verdict.query
    title = visible(verdict_words.title(verdict))
    about = [("description", query.description), ("asked", query.text), ("fix", query.remediation)]
    about.append(("controls", ", ".join(query.controls)))
    told = [(label, visible(parts.line(text))) for label, text in about if text]
    return {
        "id": f"{section.name}/{query.id}",
        "name": query.id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": visible(parts.line(query.description or query.title or query.text))},
        "help": {
            "text": "\n\n".join([title, *(f"{label}: {text}" for label, text in told)]),
            "markdown": "\n\n".join(
                [f"**{escaped(title)}**", *(f"*{label}*: {escaped(text)}" for label, text in told)]
            ),
        },
        "defaultConfiguration": {"level": LEVELS[query.severity]},
        "properties": {
            "security-severity": SCORES[query.severity],
            "tags": list(dict.fromkeys(("security", "network-isolation", *query.controls))),
        },
    }


def _text(verdict: Verdict, example: Counterexample | None) -> str:
    """What a result says: the query's title, then what shows it, a sentence each."""
    said = [f"{verdict_words.word(verdict)}: {verdict_words.title(verdict)}"]
    if example is None:
        said += [verdict.reason, *verdict.blame]
        if verdict.status is Status.PROVED and verdict.rests_on:
            said.append(f"the proof rests on {verdict_words.proof(verdict)}")
    else:
        said.append(verdict_words.example(example, verdict.query.claim.kind))
        said += (f"{direction}: {why}" for direction, why in verdict_words.sides(example))
        said.append(f"likewise: {region_words.region(example.region)}")
        said.append(verdict_words.liveness(example.live, (example,)))
    return "\n".join(visible(parts.line(text)) for text in said if text)


def _fingerprint(rule: str, verdict: Verdict, example: Counterexample | None) -> str:
    """The same for the same finding, wherever its lines have moved: the query and the region."""
    shown = region_words.region(example.region) if example else verdict.status.value
    return hashlib.sha256(f"{rule}\n{shown}".encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _suppressions(verdict: Verdict) -> Iterator[Json]:
    if not verdict.is_excused:
        return
    for waiver in verdict.waivers:
        why = f"{waiver.reason} ({waiver.owner}, until {waiver.expires.isoformat()}; {waiver.source})"
        yield {"kind": "external", "status": "accepted", "justification": visible(parts.line(why))}
    if not verdict.waivers:
        yield {"kind": "external", "status": "accepted", "justification": "it is in the baseline"}


def _notifications(answer: Answer) -> Iterator[Json]:
    for notice in (*verdict_words.slips(answer), *answer.notices):
        found = _notification("note", notice.source, notice.message)
        yield found if notice.topic is None else {**found, "descriptor": {"id": notice.topic.value}}
    for it in answer.unmodelled:
        yield _notification("warning", it.source, f"{it.id} is not modelled: {it.why}")


def _topic(topic: Topic) -> Json:
    return {"id": topic.value, "shortDescription": _message(topic.title), "help": _message(f"See {topic.page}.")}


def _notification(level: str, source: Source, text: str) -> Json:
    found: Json = {"level": level, "message": _message(visible(parts.line(text)))}
    if is_file(source.file):
        found["locations"] = [_location(Place(source, ""))]
    return found


def _artifacts(made_from: Provenance) -> Iterator[Json]:
    """The files that were read, with their hashes (3.24)."""
    for it in made_from.manifests:
        if is_file(it.file):
            yield {"location": _artifact(it.file), "length": it.size, "hashes": {"sha-256": it.sha256}}


def _location(place: Place) -> Json:
    physical: Json = {"artifactLocation": _artifact(place.source.file)}
    if place.source.line:
        physical["region"] = {"startLine": place.source.line}
    return {"physicalLocation": physical}


def _artifact(file: str) -> Json:
    """A relative path stands under the folder of the run; an absolute one, or one outside it, for itself."""
    path = file.replace("\\", "/").removeprefix("./")
    if path.startswith("/"):
        return {"uri": f"file://{quote(path, errors='replace')}"}
    return {"uri": quote(path, errors="replace"), "uriBaseId": _ROOT}


def _message(text: str) -> Json:
    """Plain text, in which `[a](b)` would be a link."""
    return {"text": text.replace("](", "] (")}
