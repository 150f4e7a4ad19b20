"""One finding in words, for every report.  Phrases have no full stop; nothing here is escaped."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.policies import RuleRef
from analyzer.reports import parts, words
from analyzer.verdicts.findings import NONE_RIGHT, Broken, Edit, Finding
from analyzer.verdicts.verdict import Answer, Status, Verdict

_STANDING = {True: "live", False: "latent", None: "may be live"}


def place(finding: Finding, folder: str = "") -> str:
    """`team-a/policies.yaml:61:11`, told from the folder."""
    source = finding.spot.source
    text = str(source).removeprefix(folder) if source.file else "the manifests"
    return f"{text}:{finding.spot.column}" if finding.spot.column and source.line else text


def common_folder(answer: Answer) -> str:
    """The folder that all findings stand in, with a slash behind it; empty if they have none in common."""
    files = [finding.spot.source.file for finding in answer.findings]
    if len(files) < 2 or any("/" not in file for file in files):
        return ""
    folder = (
        posixpath.commonpath([posixpath.dirname(file) for file in files])
        if len({f[:1] == "/" for f in files}) == 1
        else ""
    )
    return f"{folder}/" if folder not in ("", "/") else ""


def rule(ref: RuleRef) -> str:
    """`NetworkPolicy shop/web, ingress rule 2`."""
    if ref.rule is None:
        return ref.policy.id
    name = f"`{ref.rule.name}`" if ref.rule.name else str(ref.rule.index + 1)
    return f"{ref.policy.id}, {ref.direction.value} rule {name}"


def what(finding: Finding, *, is_short: bool = False) -> str:
    """`NetworkPolicy shop/web, ingress rule 2, lets in every pod of every namespace`; `is_short`: without the rule,
    whose place is told."""
    summary = parts.line(finding.summary)
    if finding.ref is None:
        return summary
    who = finding.ref.policy.id.removeprefix("NetworkPolicy ") if is_short else rule(finding.ref)
    if summary.split(" ", 1)[0] not in _VERBS:
        return f"{who}: {summary}"
    return f"{who}{' ' if is_short or finding.ref.rule is None else ', '}{summary}"


_VERBS = ("lets", "selects", "names", "isolates", "denies", "allows", "has")
_KIND = re.compile(r"(?<=[a-z0-9])\[[A-Za-z]+\]")


def title(finding: Finding) -> str:
    """A few words for the head of an annotation: `rule-allows: team-a/allow-scrape`."""
    policy = finding.policy
    name = f": {f'{policy.namespace}/' if policy.namespace else ''}{policy.name}" if policy is not None else ""
    return f"{finding.fault.value}{name}"


def example(finding: Finding, *, is_short: bool = False) -> str:
    """`team-b/portal → team-a/shop on TCP 9090 (live)`."""
    standing = "" if is_short and finding.live else f" ({_STANDING[finding.live]})"
    if finding.example is None:
        return f"{_KIND.sub('', finding.subject)}{standing}" if finding.subject else ""
    if is_short and any(
        isinstance(end, Pod) and end.workload is None for end in (finding.example.src, finding.example.dst)
    ):
        service = finding.example.service
        return f"{_end(finding.example.src)} → {_end(finding.example.dst)} on {service}{standing}"
    flow = words.flow(finding.example, finding.new_namespaces).removesuffix(",")
    return f"{_KIND.sub('', flow)}{standing}"


HIDDEN = "shows once the fixes of the other findings are made"


def cuts(finding: Finding) -> str:
    """`ops/debug → shop/db on TCP 5432, and 3 more that are open now`: what the fix denies and no query forbids."""
    return _counted(finding.fix.cuts, "open now")


def opens(finding: Finding) -> str:
    """`ops/debug → shop/db on TCP 5432, which is closed now`: what the fix allows and no query asks for."""
    return _counted(finding.fix.opens, "closed now")


def _counted(found: Sequence[Connection], how: str) -> str:
    if not found:
        return ""
    first = f"{_pair(found[0])} on {found[0].service}"
    return f"{first}, which is {how}" if len(found) == 1 else f"{first}, and {len(found) - 1} more that are {how}"


def fix(finding: Finding, *, is_short: bool = False) -> str:
    """What to do, and what that cuts and opens."""
    text, cut, opened = parts.line(finding.fix.text), finding.fix.cuts, finding.fix.opens
    if finding.fix.why == NONE_RIGHT:
        return f"{text} (tried: not right by itself)" if is_short else f"{text}; {finding.fix.why}"
    if is_short:
        counts = [f"cuts {len(cut)} open"] if cut else []
        counts += [f"opens {len(opened)} closed"] if opened else []
        return f"{text} ({', '.join(counts)})" if counts else text
    text += f"; that cuts {cuts(finding)}" if cut else ""
    return text + (f"; that opens {opens(finding)}" if opened else "")


def _pair(connection: Connection) -> str:
    return f"{_end(connection.src)} → {_end(connection.dst)}"


def _end(end: End) -> str:
    if not isinstance(end, Pod) or end.workload is not None:
        return _KIND.sub("", words.end(end))
    return f"a pod of {end.namespace}"


def breaks(finding: Finding, answer: Answer, most: int = 0) -> str:
    """The queries' ids with their severities where they change; of several packs each with its pack.  `most`: how many
    are named, all if 0."""
    is_plain = len(answer.sections) < 2
    shown: Sequence[Broken] = finding.breaks[:most] if most else finding.breaks
    told, last = [], ""
    for broken in shown:
        severity = broken.query.severity.value
        name = broken.query.id if is_plain else f"{broken.pack}/{broken.query.id}"
        told.append(name if severity == last or most == 1 else f"{name} ({severity})")
        last = severity
    more = len(finding.breaks) - len(shown)
    return ", ".join(told) + (f" +{more}" if more else "")


def other_end(finding: Finding) -> str:
    """The rule at the connection's other end; empty if no rule lets it through there."""
    if finding.other is None:
        return ""
    way = "out" if finding.other.direction.value == "egress" else "in"
    return f"{words.rule(finding.other)} lets it {way}; closing one end is enough"


def changed_lines(edit: Edit) -> list[str]:
    """The lines of the patch that change something."""
    lines = edit.patch.splitlines()[2:]
    return [line for line in lines if line[:1] in "+-"]


def page(finding: Finding) -> str:
    """Where the documentation tells of such findings."""
    return f"docs/findings.md#{finding.fault.value}"


def covered(answer: Answer) -> frozenset[int]:
    """The verdicts, by `id()`, that findings tell of."""
    told = {(broken.pack, broken.query.id) for finding in answer.findings for broken in finding.breaks}
    return frozenset(
        id(verdict)
        for section in answer.sections
        for verdict in section.verdicts
        if is_refutation(verdict) and (section.name, verdict.query.id) in told
    )


def of_query(answer: Answer, pack: str, query: str) -> list[Finding]:
    """The causes that refute the query."""
    return [it for it in answer.findings if any((b.pack, b.query.id) == (pack, query) for b in it.breaks)]


def is_refutation(verdict: Verdict) -> bool:
    return verdict.status is Status.REFUTED and not verdict.is_excused
