"""Notices of slips: few and grouped where people read them at once, all of them elsewhere, each with its page."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from report_samples import WITH_FINDINGS

from analyzer.model.cluster import Cluster
from analyzer.model.source import Notice, Source, Topic
from analyzer.reports.check_formats import render_check
from analyzer.reports.layout import Style
from analyzer.reports.schema import schema_text

ROOT = Path(__file__).resolve().parents[3]
NOTICES = tuple(
    Notice(Source(f"{topic.value}.yaml", number), f"slip {number} about {topic.value}", topic=topic)
    for topic in Topic
    for number in (1, 2, 3)
)


def rendered(name, notices, **style):
    answer = replace(WITH_FINDINGS, notices=notices)
    return render_check(answer, name, Cluster(files=("shop.yaml",)), Style(**style), date(2026, 11, 21)).decode()


def test_every_topic_has_its_page_and_stands_in_the_schema():
    page = (ROOT / "docs/notices.md").read_text()
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert [topic.value for topic in Topic] == headings[: len(Topic)]
    assert {topic.page for topic in Topic} == {f"docs/notices.md#{heading}" for heading in headings[: len(Topic)]}
    enum = json.loads(schema_text("check-2"))["$defs"]["notice"]["properties"]["topic"]["enum"]
    assert enum == [topic.value for topic in Topic]


@pytest.mark.parametrize("count", range(len(NOTICES) + 1))
def test_brief_text_tells_few_lines_and_counts_the_rest(count):
    """Whatever the number of slips: no topic twice, and nothing is dropped without being counted."""
    text = rendered("text", NOTICES[:count])
    shown = [line for line in text.splitlines() if line.startswith("note  ")]
    assert len(shown) <= 1
    told = sum(f"about {topic.value}" in text for topic in Topic)
    assert told == len(shown)
    words = " ".join(text.split())
    like = sum(map(int, re.findall(r"[(]and ([0-9]+) more like it", words)))
    left = (
        int(words.partition(" notices more")[0].split()[-1]) if " notices more" in words else "1 notice more" in words
    )
    assert len(shown) + like + left == count


@pytest.mark.parametrize("name", ["json", "sarif", "junit", "html", "concise", "github", "markdown"])
def test_other_formats_tell_each(name):
    few = NOTICES[::3]
    text = rendered(name, few)
    for notice in few:
        assert notice.message in text
    if name in ("json", "sarif", "concise", "github"):
        assert all(text.count(topic.value) > 2 for topic in Topic)


def test_a_verbose_report_tells_all():
    text = " ".join(rendered("text", NOTICES, is_verbose=True).split())
    assert all(notice.message in text for notice in NOTICES)
