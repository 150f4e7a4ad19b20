"""JUnit XML: what counts as failure, error and skipped, and nothing that XML cannot hold."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from report_samples import EVERYTHING, PROVED, REFUTED, UNKNOWN, VACUOUS, WITH_EXCUSES, answer, query

from analyzer.reports.check_junit import render_junit


def suites(sample, **options):
    return ElementTree.fromstring(render_junit(sample, **options))


def test_a_suite_for_each_pack_counts_its_cases():
    root = suites(WITH_EXCUSES)
    assert [suite.get("name") for suite in root] == ["tenants"]
    for element in (root, root[0]):
        counts = {key: element.get(key) for key in ("tests", "failures", "errors", "skipped")}
        assert counts == {"tests": "6", "failures": "1", "errors": "2", "skipped": "2"}


@pytest.mark.parametrize(
    ("found", "element", "kind"),
    [(REFUTED, "failure", "critical"), (UNKNOWN, "error", "unknown"), (VACUOUS, "error", "vacuous")],
)
def test_what_is_not_proved_fails_its_case(found, element, kind):
    (case,) = suites(answer(found)).iter("testcase")
    (child,) = case
    assert (child.tag, child.get("type")) == (element, kind)
    assert case.get("classname") == "tenants"


def test_a_proof_passes_and_says_what_it_rests_on():
    (case,) = suites(answer(PROVED)).iter("testcase")
    assert [child.tag for child in case] == ["system-out"]
    assert "NetworkPolicy shop/deny (shop.yaml:3)" in case[0].text


def test_what_is_excused_is_skipped_with_who_answers_for_it():
    cases = {case.get("name"): case for case in suites(WITH_EXCUSES).iter("testcase")}
    assert "team-billing, until 2026-12-31" in cases["old-billing"].find("skipped").get("message")
    assert "known: unknown there" in cases["legacy"].find("skipped").get("message")


def test_times_only_where_they_are_asked_for():
    assert b"time=" not in render_junit(EVERYTHING)
    (case,) = suites(answer(REFUTED), with_statistics=True).iter("testcase")
    assert case.get("time") == "0.500"


def test_nothing_of_the_input_becomes_markup():
    nasty = '<&>"]]>\x00\x1b\ud800￾'
    (case,) = suites(answer(replace(UNKNOWN, query=query(nasty, nasty), reason=nasty))).iter("testcase")
    assert case.get("name") == '<&>"]]>\\x00\\e\\ud800\\ufffe'
    assert case[0].text.startswith('<&>"]]>\\x00\\e')
