"""Findings: causes of what is refuted, each where it stands, with a fix that does what it says."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from analyzer import analysis, inputs
from analyzer.analysis.findings import NoTexts, findings_of
from analyzer.inputs.excuses import asked
from analyzer.manifests import load
from analyzer.manifests.changing import Rules, keep
from analyzer.manifests.locating import Locator
from analyzer.model.claims import Kind, Universe
from analyzer.reports.layout import Style
from analyzer.reports.text import render_text
from analyzer.verdicts import Status
from analyzer.verdicts.findings import Fault

ROOT = Path(__file__).resolve().parents[3]
CASES = sorted(ROOT.glob("queries/*/cases/*/violated"))


def read(name):
    try:
        return Path(name).read_bytes()
    except OSError:
        return None


def answer_of(path, *packs, query=None, texts=True):
    """The answer to packs, or to one query of theirs, with its findings."""
    cluster = load([path], stdin=bytes).cluster
    found = asked(packs, (), (), ())
    if query is not None:
        found = tuple(replace(p, queries=tuple(q for q in p.queries if q.id == query)) for p in found)
    setting = analysis.Setting(Universe.ANY, inputs.profile_for(None, (), cluster))
    answer = analysis.check(cluster, found, setting=setting)
    again = keep([path], (), Rules())
    placed = Locator(read, lambda files: again.with_texts(files).loaded.cluster) if texts else NoTexts()
    findings = findings_of(answer, cluster, setting, placed, found)
    return replace(answer, findings=findings)


def apply(*findings):
    for finding in findings:
        patch = finding.fix.edit.patch
        done = subprocess.run(["git", "apply", "-"], input=patch, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stderr, patch)


@cache
def found_in_leaky():
    """The answer before anything is mended, the same in every copy of the example."""
    return answer_of("leaky", "tenant-isolation")


@pytest.fixture
def leaky(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples/multi-tenant/leaky", tmp_path / "leaky")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ------------------------------------------------------------------------------------------------ the example
PLANTED = {
    "leaky/team-a/policies.yaml:22": Fault.ALLOWS,
    "leaky/team-a/policies.yaml:61": Fault.ALLOWS,
    "leaky/team-a/policies.yaml:102": Fault.ALLOWS,
    "leaky/team-b/policies.yaml:10": Fault.OPEN,
    "leaky/team-b/policies.yaml:33": Fault.ALLOWS,
    "leaky/team-c/policies.yaml:20": Fault.MISSES,
    "leaky/team-c/policies.yaml:73": Fault.ALLOWS,
    "leaky/team-c/policies.yaml:95": Fault.ALLOWS,
    "leaky/namespaces.yaml:23": Fault.NO_POLICY,
}


@pytest.mark.usefixtures("leaky")
def test_every_planted_cause_is_found_where_it_stands_and_no_other():
    answer = found_in_leaky()
    assert {str(it.spot.source): it.fault for it in answer.findings} == PLANTED
    broken = {broken.query.id for finding in answer.findings for broken in finding.breaks}
    assert broken == {verdict.query.id for verdict in answer.verdicts if verdict.status is Status.REFUTED}


@pytest.mark.usefixtures("leaky")
def test_the_patches_together_make_every_query_proved():
    apply(*found_in_leaky().findings)
    after = answer_of("leaky", "tenant-isolation")
    assert {verdict.status for verdict in after.verdicts} == {Status.PROVED}
    assert not after.findings


@pytest.mark.parametrize("place", PLANTED)
@pytest.mark.usefixtures("leaky")
def test_a_patch_takes_its_own_cause_away_and_leaves_the_others(place):
    before = found_in_leaky()
    (finding,) = (it for it in before.findings if str(it.spot.source) == place)
    apply(finding)
    after = answer_of("leaky", "tenant-isolation")
    assert len(after.findings) == len(before.findings) - 1
    assert finding.summary not in {it.summary for it in after.findings if it.policy == finding.policy}


@pytest.mark.usefixtures("leaky")
def test_three_packs_at_once_are_mended_too():
    packs = ("baseline", "tenant-isolation", str(ROOT / "examples/multi-tenant/checks.npq"))
    apply(*(it for it in answer_of("leaky", *packs).findings if it.fix.edit is not None))
    assert {verdict.status for verdict in answer_of("leaky", *packs).verdicts} == {Status.PROVED}


@pytest.mark.usefixtures("leaky")
def test_the_report_fits_on_two_screens_and_the_worst_finding_on_one():
    answer = found_in_leaky()
    lines = render_text(answer, Style(width=80)).decode().splitlines()
    assert len(lines) <= 48
    assert lines[0].startswith("✗ refuted  10 queries: 9 refuted, 1 proved; 9 findings")
    (second,) = (number for number, line in enumerate(lines) if line.startswith("2  "))
    assert second <= 24
    for finding in answer.findings:
        assert any(finding.fix.text.split(" ")[0] in line for line in lines)


# ------------------------------------------------------------------------------------------------ every pack's cases
_has_edits = {}
"""By case, of those that this process has found causes for."""


def are_edits(findings):
    return bool(findings) and all(finding.fix.edit is not None for finding in findings)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parts[-4]}/{case.parts[-2]}")
def test_each_violation_has_a_cause_and_its_edit_is_right(case, tmp_path, monkeypatch):
    shutil.copytree(case, tmp_path / "m")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    pack, query = case.parts[-4], case.parts[-2]
    before = answer_of("m", pack, query=query)
    _has_edits[case] = are_edits(before.findings)
    (verdict,) = before.verdicts
    if verdict.query.claim.kind is Kind.SOME:
        return
    assert before.findings
    for finding in before.findings:
        assert finding.breaks[0].query.id == query
        assert finding.fix.text
        lines = Path(finding.spot.source.file).read_text().splitlines()
        assert finding.spot.column <= len(lines[finding.spot.source.line - 1])
    if any(finding.fix.edit is None for finding in before.findings):
        return
    apply(*before.findings)
    after = answer_of("m", pack, query=query).verdicts[0]
    assert after.status is Status.PROVED


def test_most_cases_have_an_edit():
    """The test above looks on where there is none."""
    for case in CASES:
        if case not in _has_edits:
            _has_edits[case] = are_edits(answer_of(str(case), case.parts[-4], query=case.parts[-2]).findings)
    assert sum(_has_edits.values()) >= 55


def test_without_texts_there_are_findings_all_the_same():
    answer = answer_of(str(ROOT / "examples/multi-tenant/leaky"), "tenant-isolation", texts=False)
    assert len(answer.findings) == 9
    assert all(it.fix.text for it in answer.findings)
    assert all(it.fix.edit is None or it.fix.edit.is_new for it in answer.findings)
