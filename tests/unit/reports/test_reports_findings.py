"""What formats have of their own to say of findings; the golden files hold the rest."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from report_samples import FINDING, OPENING, WITH_FINDINGS

from analyzer.model.cluster import Cluster
from analyzer.model.source import Source
from analyzer.reports.check_json import render_json
from analyzer.reports.check_lines import render_concise, render_github
from analyzer.reports.check_markdown import render_markdown
from analyzer.reports.check_sarif import render_sarif
from analyzer.reports.layout import Style
from analyzer.reports.schema import schema_text
from analyzer.reports.text import render_text
from analyzer.verdicts.findings import Edit, Fault

DOCS = Path(__file__).resolve().parents[3] / "docs/findings.md"
SCHEMA = json.loads(schema_text("check-2"))
HOSTILE = "a\x1b[31m%\n::error::x, `]("


def with_(**changes):
    return replace(WITH_FINDINGS, findings=(replace(FINDING, **changes), OPENING))


@pytest.mark.parametrize("fault", list(Fault))
def test_each_fault_has_its_page(fault):
    assert f"\n## {fault.value}\n" in DOCS.read_text()
    allowed = SCHEMA["$defs"]["cause"]["properties"]["fault"]["enum"]
    assert fault.value in allowed


def test_json_is_as_its_schema_says():
    Draft202012Validator(SCHEMA).validate(json.loads(render_json(WITH_FINDINGS)))


def test_a_concise_line_is_one_line_whatever_names_hold():
    lines = render_concise(with_(summary=HOSTILE)).decode().splitlines()
    assert lines[0].startswith("k8s/shop.yaml:19:11: critical: ")
    assert all(re.match(r"(netproof|[^:]+:\d+:\d+): (critical|high|medium|low|unknown|vacuous): ", it) for it in lines)
    assert "\x1b" not in "".join(lines)


def test_annotations_hold_no_command_of_others():
    file = "k8s/a,line=3:x.yaml"
    spot = replace(FINDING.spot, source=Source(file, 19))
    lines = render_github(with_(summary=HOSTILE, spot=spot)).decode().splitlines()
    assert lines[0].startswith("::error file=k8s/a%2Cline=3%3Ax.yaml,line=19,col=11,endColumn=32,title=rule-allows%3A ")
    assert all(re.match(r"::(error|warning|notice) ", line) for line in lines)
    assert not any(line.startswith("::error::x") for line in lines)


def test_a_fence_in_markdown_is_longer_than_what_it_holds():
    edit = Edit("k8s/shop.yaml", 19, ("a: ```",), ("b: ````",))
    text = render_markdown(with_(fix=replace(FINDING.fix, edit=edit))).decode()
    assert "`````diff\n" in text


def test_a_sarif_result_covers_what_is_guilty_and_replaces_whole_lines():
    (run,) = json.loads(render_sarif(WITH_FINDINGS, Cluster(files=("k8s/shop.yaml",))))["runs"]
    first = run["results"][0]
    region = first["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 19, "startColumn": 11, "endColumn": 32}
    (change,) = first["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"] == {"startLine": 19, "startColumn": 1, "endLine": 20, "endColumn": 1}
    assert first["ruleId"] == "tenants/internet-egress"


def test_past_many_the_rest_is_a_count():
    many = replace(WITH_FINDINGS, findings=(FINDING,) * 40)
    text = render_text(many, Style()).decode()
    assert "and 15 more findings; -v shows all of them" in text
    assert len(render_text(many, Style(is_verbose=True)).splitlines()) > len(text.splitlines())


def test_what_no_finding_tells_of_is_told_in_full():
    text = render_text(WITH_FINDINGS, Style()).decode()
    assert "internet-egress: No pod" not in text
    assert "unknown  db-closed" in text
