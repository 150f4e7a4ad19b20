"""`netproof/check/2`: the report for programs (design 5; schemas/check-2.json).

The same answer gives the same bytes: what differs from run to run (time) is told under `with_statistics` only.
"""

from __future__ import annotations

import json
from typing import Any

from analyzer.model.cluster import Unmodelled
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.policies import RuleRef, Tier
from analyzer.model.source import Notice
from analyzer.reports import finding_words
from analyzer.reports.region_json import constraints, other
from analyzer.reports.request_json import request
from analyzer.reports.words import UNIVERSES
from analyzer.semantics.decision import Decision, Ruling
from analyzer.verdicts.findings import Finding
from analyzer.verdicts.provenance import Provenance
from analyzer.verdicts.verdict import (
    Answer,
    Beyond,
    Counterexample,
    CrossCheck,
    Section,
    StatedAssumption,
    Verdict,
)
from analyzer.verdicts.waivers import Waiver

SCHEMA = "netproof/check/2"
Json = dict[str, Any]


def render_json(answer: Answer, *, with_statistics: bool = False) -> bytes:
    """One JSON object, indented, in ASCII, with a newline at its end."""
    content: Json = {
        "schema": SCHEMA,
        "verdict": answer.status.value,
        "universe": answer.universe.value,
        "universe_text": UNIVERSES[answer.universe],
        "profile": {"name": answer.profile.name, "knobs": answer.profile.knobs()},
        "assumptions": [assumption(a) for a in answer.assumptions],
        "unmodelled": [unmodelled(u) for u in answer.unmodelled],
        "notices": [notice(n) for n in answer.notices],
        "tally": dict(answer.tally),
        "known": {"namespaces": list(answer.namespaces), "workloads": list(answer.workloads), "requests": True},
        "waivers": [{**waiver(given), "standing": standing.value} for given, standing in answer.waivers],
        "baseline": answer.baseline or None,
        "queries": [_query(s, v, with_statistics) for s in answer.sections for v in s.verdicts],
        "causes": [cause(finding) for finding in answer.findings],
    }
    if answer.cross_check is not None:
        content["cross_check"] = cross_check(answer.cross_check)
    if answer.provenance is not None:
        content["made_from"] = _made_from(answer.provenance)
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def _made_from(it: Provenance) -> Json:
    return {
        "versions": dict(it.versions),
        "revision": it.revision or None,
        "changed": it.is_changed if it.revision else None,
        "sha256": it.digest,
        "manifests": [{"file": r.file, "size": r.size, "sha256": r.sha256} for r in it.manifests],
        "packs": [
            {"name": p.name, "file": p.file, "sha256": p.sha256, "parameters": dict(p.parameters)} for p in it.packs
        ],
    }


def cross_check(it: CrossCheck) -> Json:
    undecided = [{"query": query, "step": step} for query, step in it.undecided]
    return {
        "solver": it.solver,
        "version": it.version,
        "confirmed": it.confirmed,
        "total": it.total,
        "undecided": undecided,
    }


def _query(section: Section, verdict: Verdict, with_statistics: bool) -> Json:
    query = verdict.query
    found: Json = {
        "id": query.id,
        "pack": section.name,
        "title": query.title,
        "description": query.description,
        "severity": query.severity.value,
        "controls": list(query.controls),
        "remediation": query.remediation,
        "text": query.text,
        "file": query.source.file,
        "line": query.source.line,
        "universe": verdict.universe.value,
        "verdict": verdict.status.value,
        "live": verdict.live,
        "reason": verdict.reason,
        "complete": verdict.is_complete,
        "counterexamples": [_counterexample(c) for c in verdict.counterexamples],
        "beyond": _beyond(verdict.beyond),
        "rests_on": [rule(r) for r in verdict.rests_on],
        "rests_on_minimal": verdict.is_minimal,
        "blame": list(verdict.blame),
        "excused": verdict.is_excused,
        "waivers": [waiver(given) for given in verdict.waivers],
        "baseline": verdict.baseline.value if verdict.baseline else None,
        "notices": [notice(n) for n in verdict.notices],
    }
    if with_statistics:
        spent = verdict.statistics
        found["statistics"] = {
            "seconds": round(spent.seconds, 3),
            "rlimit": spent.rlimit,
            "checks": spent.checks,
            "policies": spent.policies,
        }
    return found


def _beyond(it: Beyond | None) -> Json | None:
    """The regions outside of those that the counterexamples tell."""
    if it is None:
        return None
    return {"complete": it.is_complete, "regions": [constraints(region.constraints) for region in it.regions]}


def cause(finding: Finding) -> Json:
    """One finding: `file`, `line`, `column` and `end_column` are where it stands, columns counted from 1 and null for
    the line as a whole; `patch` is a unified diff, null where no edit is known, and `no_patch` says why.  `cuts`: what
    the patch denies that is open now and no query forbids, one connection for each pair of ends; `opens`: what it
    allows that is closed now and no query asks for.  `hidden`: it shows once the others' patches are applied.
    `namespaces`: those of which nothing isolates the pods."""
    spot, shown, edit = finding.spot, finding.example, finding.fix.edit
    return {
        "fault": finding.fault.value,
        "summary": finding.summary,
        "severity": finding.severity.value,
        "live": finding.live,
        "hidden": finding.is_hidden,
        "file": spot.source.file,
        "line": spot.source.line,
        "column": spot.column or None,
        "end_column": spot.column + spot.length if spot.column else None,
        "rule": rule(finding.ref) if finding.ref is not None else None,
        "other": rule(finding.other) if finding.other is not None else None,
        "example": _shown(shown) if shown is not None else None,
        "breaks": [broken.query.id for broken in finding.breaks],
        "left": list(finding.left),
        "namespaces": list(finding.namespaces),
        "fix": finding.fix.text,
        "patch": edit.patch if edit is not None else None,
        "no_patch": finding.fix.why or None,
        "cuts": [_shown(it) for it in finding.fix.cuts],
        "opens": [_shown(it) for it in finding.fix.opens],
        "page": finding_words.page(finding),
    }


def _shown(connection: Connection) -> Json:
    return {
        "src": endpoint(connection.src),
        "dst": endpoint(connection.dst),
        "protocol": connection.protocol.value,
        "port": connection.port,
        **other(connection),
    }


def waiver(given: Waiver) -> Json:
    return {
        "query": given.query,
        "region": given.text,
        "reason": given.reason,
        "owner": given.owner,
        "expires": given.expires.isoformat(),
        "file": given.source.file,
        "line": given.source.line,
    }


def _counterexample(example: Counterexample) -> Json:
    connection, decision = example.connection, example.decision
    src = connection.src if connection else example.subject
    return {
        "src": endpoint(src) if src else None,
        "dst": endpoint(connection.dst) if connection else None,
        "protocol": connection.protocol.value if connection else None,
        "port": connection.port if connection else None,
        **(other(connection) if connection else {}),
        "request": request(connection.request) if connection else None,
        "allowed": decision.allowed if decision else None,
        "live": example.live,
        "depends_on": list(example.depends_on),
        "region": constraints(example.region.constraints),
        "stages": stages(decision) if decision else [stage(ruling) for ruling in example.isolation],
    }


def endpoint(end: End) -> Json:
    """E of design 5."""
    match end:
        case External():
            return {"kind": "external", "ip": str(end.ip)}
        case Host():
            return {"kind": "node", "name": end.name, "ip": str(end.ip)}
        case Pod():
            return {
                "kind": "pod",
                "namespace": end.namespace,
                "namespace_labels": dict(sorted(end.namespace_labels.items())),
                "labels": dict(sorted(end.labels.items())),
                "workload": end.workload,
                "ip": str(end.ip),
                "service_account": end.service_account,
                "host_network": end.host_network,
                "ports": [{"name": p.name, "port": p.number, "protocol": p.protocol.value} for p in end.ports],
            }


def rule(ref: RuleRef) -> Json:
    """RULE of design 5, with the direction; `rule` counts from 1, null means the policy as a whole."""
    return {
        "kind": ref.policy.kind,
        "namespace": ref.policy.namespace,
        "name": ref.policy.name,
        "rule": ref.rule.index + 1 if ref.rule else None,
        "direction": ref.direction.value,
        "file": ref.source.file,
        "line": ref.source.line,
    }


def stages(decision: Decision) -> list[Json]:
    """STAGE of design 5 for each stage that decides the connection, in order."""
    return [stage(ruling) for ruling in decision.stages]


def stage(ruling: Ruling) -> Json:
    """`verdict` is `none` where the stage does not judge this end."""
    return {
        "stage": ruling.stage,
        "verdict": ruling.verdict.value,
        "tier": ruling.tier.value if isinstance(ruling.tier, Tier) else ruling.tier,
        "rules": [rule(ref) for ref in ruling.rules],
        "reason": ruling.reason,
    }


def assumption(stated: StatedAssumption) -> Json:
    return {"name": stated.name, "text": stated.text, "kind": stated.kind, "option": stated.override}


def unmodelled(it: Unmodelled) -> Json:
    return {
        "kind": it.kind,
        "api_version": it.api_version,
        "namespace": it.namespace,
        "name": it.name,
        "may_allow": it.may_allow,
        "may_deny": it.may_deny,
        "adds_pods": it.adds_pods,
        "why": it.why,
        "file": it.source.file,
        "line": it.source.line,
    }


def notice(notice: Notice) -> Json:
    found: Json = {"file": notice.source.file, "line": notice.source.line, "message": notice.message}
    if notice.files:
        found["files"] = list(notice.files)
    if notice.topic is not None:
        found |= {"topic": notice.topic.value, "page": notice.topic.page}
    return found
