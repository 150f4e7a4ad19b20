"""Markdown for a pull request: the summary first, nothing from manifests as markup, and never too long."""

from dataclasses import replace

import pytest
from report_samples import EVERYTHING, LIVE, PROVED, REFUTED, UNKNOWN, WITH_EXCUSES, answer, query

from analyzer.reports.check_markdown import LONGEST, render_markdown


def lines(sample):
    return render_markdown(sample).decode().splitlines()


def test_the_summary_is_first():
    assert lines(EVERYTHING)[:3] == [
        "### ✗ Network isolation: refuted",
        "",
        "4 queries: 1 refuted, 1 unknown, 1 vacuous, 1 proved.",
    ]


def test_excused_queries_come_last_and_say_who_answers():
    text = render_markdown(WITH_EXCUSES).decode()
    assert text.index("refuted <b>tenants/internet-egress") < text.index("~ waived <b>tenants/old-billing")
    assert "team-billing, until 2026-12-31" in text


def test_details_open_and_close_in_pairs():
    text = render_markdown(WITH_EXCUSES).decode()
    assert text.count("<details>") == text.count("</details>") == text.count("</summary>")


def test_nothing_of_the_input_becomes_markup():
    nasty = "</details><script>*|`[x](y)"
    text = render_markdown(answer(replace(UNKNOWN, query=query("x", nasty), reason=nasty))).decode()
    assert "&lt;/details&gt;&lt;script&gt;*|`[x](y)</summary>" in text
    assert r"\</details\>\<script\>\*\|\`\[x\]\(y\)" in text
    assert text.count("</details>") == text.count("<details>")


@pytest.mark.parametrize("count", [100, 2000])
def test_a_long_report_is_cut_at_whole_blocks_and_says_so(count):
    many = [replace(REFUTED, query=query(f"q{i}", "Title " * 9), counterexamples=(LIVE,) * 3) for i in range(count)]
    report = render_markdown(answer(*many, PROVED))
    assert len(report) <= LONGEST
    text = report.decode()
    assert text.count("<details>") == text.count("</details>")
    shown = text.count("<summary>✗")
    assert 0 < shown < count
    assert f"No room here for the details of {count - shown:,} queries" in text
    named = sum(line.startswith("✗ refuted **") for line in text.splitlines())
    assert (f"and {count - shown - named:,} of them are not named at all" in text) == (named + shown < count)
