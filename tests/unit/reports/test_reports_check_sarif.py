"""SARIF: valid by the published schema, and each finding where a reader looks for it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, FormatChecker
from report_samples import (
    DENIAL,
    EVERYTHING,
    LATENT,
    LIVE,
    OPEN_POD,
    PROVED,
    REFUTED,
    UNKNOWN,
    VACUOUS,
    WEB,
    WITH_EXCUSES,
    answer,
    query,
    verdict,
)

from analyzer.model.claims import Severity
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.labels import Labels
from analyzer.model.source import Source
from analyzer.reports.check_sarif import render_sarif
from analyzer.verdicts.verdict import Status

SCHEMA = json.loads((Path(__file__).parent / "sarif_schema" / "sarif-schema-2.1.0.json").read_text())
CLUSTER = Cluster(
    namespaces=(Namespace("shop", Labels({}), True, Source("ns.yaml", 1)),),
    workloads=(Workload("Deployment", "shop", "web", Labels({}), source=Source("web.yaml", 4)),),
    files=("<stdin>", "web.yaml"),
)


def run(*verdicts, cluster=CLUSTER, **options):
    report = json.loads(render_sarif(answer(*verdicts), cluster, **options))
    Draft7Validator(SCHEMA, format_checker=FormatChecker()).validate(report)
    return report["runs"][0]


def results(*verdicts, **options):
    return run(*verdicts, **options)["results"]


def line_of(place):
    physical = place["physicalLocation"]
    return f"{physical['artifactLocation']['uri']}:{physical.get('region', {}).get('startLine', 0)}"


@pytest.mark.parametrize("sample", [EVERYTHING, WITH_EXCUSES, answer()])
def test_it_is_valid(sample):
    Draft7Validator(SCHEMA, format_checker=FormatChecker()).validate(json.loads(render_sarif(sample, CLUSTER)))


def test_the_schema_can_refuse():
    report = json.loads(render_sarif(EVERYTHING, CLUSTER))
    report["runs"][0]["results"][0]["kind"] = "refuted"
    assert not Draft7Validator(SCHEMA).is_valid(report)


@pytest.mark.parametrize(
    ("found", "kind", "level"),
    [(UNKNOWN, "open", "none"), (VACUOUS, "review", "none"), (replace(REFUTED, counterexamples=()), "fail", "error")],
)
def test_kinds_and_levels(found, kind, level):
    (result,) = results(found)
    assert (result["kind"], result["level"]) == (kind, level)


def test_proofs_are_results_where_that_is_asked_for():
    assert results(PROVED) == []
    (result,) = results(PROVED, with_passes=True)
    assert (result["kind"], result["level"]) == ("pass", "none")
    assert "NetworkPolicy shop/deny (shop.yaml:3)" in result["message"]["text"]


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        (Severity.LOW, "note", "2.0"),
        (Severity.MEDIUM, "warning", "5.0"),
        (Severity.HIGH, "error", "8.0"),
        (Severity.CRITICAL, "error", "9.5"),
    ],
)
def test_severities(severity, level, score):
    (rule,) = run(verdict("x", Status.PROVED, query=query("x", severity=severity)))["tool"]["driver"]["rules"]
    assert rule["defaultConfiguration"]["level"] == level
    assert rule["properties"]["security-severity"] == score


@pytest.mark.parametrize(
    ("example", "place", "others"),
    [
        (LATENT, "shop.yaml:19", ["ns.yaml:1", "rules.npq:7"]),  # the rule that lets it in
        (DENIAL, "shop.yaml:3", ["web.yaml:4", "ns.yaml:1", "rules.npq:7"]),  # the policy that denies it
        (LIVE, "web.yaml:4", ["ns.yaml:1", "rules.npq:7"]),  # no policy: the workload
        (replace(OPEN_POD, subject=replace(WEB, workload=None)), "ns.yaml:1", ["rules.npq:7"]),  # its namespace
    ],
)
def test_where_a_finding_stands(example, place, others):
    (result,) = results(replace(REFUTED, counterexamples=(example,)))
    assert [line_of(at) for at in result["locations"]] == [place]
    assert [line_of(at) for at in result["relatedLocations"]] == others
    assert all(at["message"]["text"] for at in result["relatedLocations"])


def test_a_claim_of_the_command_line_stands_in_the_first_file():
    asked = replace(UNKNOWN, query=query("q1", source=Source("-q", 1)))
    (result,) = results(asked)
    assert [line_of(at) for at in result["locations"]] == ["web.yaml:0"]
    assert results(asked, cluster=Cluster(files=("<stdin>",)))[0]["locations"] == []


@pytest.mark.parametrize(
    ("file", "uri", "base"),
    [("./a b/c:d.yaml", "a%20b/c%3Ad.yaml", "SRCROOT"), ("/k8s/ä.yaml", "file:///k8s/%C3%A4.yaml", None)],
)
def test_paths_are_uris(file, uri, base):
    (result,) = results(replace(UNKNOWN, query=query("x", source=Source(file, 2))))
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert (artifact["uri"], artifact.get("uriBaseId")) == (uri, base)


def test_fingerprints_outlive_moved_lines_and_tell_findings_apart():
    first, second = (r["partialFingerprints"] for r in results(REFUTED))
    assert first != second
    moved = replace(REFUTED, query=replace(REFUTED.query, source=Source("elsewhere.npq", 70)))
    assert results(moved)[0]["partialFingerprints"] == first
    assert results(replace(REFUTED, query=query("another")))[0]["partialFingerprints"] != first


def test_what_is_excused_is_suppressed():
    found = {r["ruleId"]: r for r in json.loads(render_sarif(WITH_EXCUSES, CLUSTER))["runs"][0]["results"]}
    (waived,) = found["tenants/old-billing"]["suppressions"]
    assert "team-billing, until 2026-12-31" in waived["justification"]
    assert found["tenants/legacy"]["baselineState"] == "unchanged"
    assert "suppressions" not in found["tenants/internet-egress"]


def test_text_of_manifests_is_no_link_and_no_control_character():
    (result,) = results(replace(UNKNOWN, reason="see [this](http://x)\x1b[31m"))
    assert "[this] (http://x)\\e[31m" in result["message"]["text"]
