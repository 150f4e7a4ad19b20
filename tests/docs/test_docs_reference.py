"""The pages of reference leave nothing out: every profile and knob, every word of the language, every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.model.profile import PROFILES
from analyzer.resources import grammar_text

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def rows(page):
    """The rows of the tables of a page, as lists of cells."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def test_the_table_of_profiles_is_that_of_the_model():
    title, _, *table = [row for row in rows("profiles.md") if len(row) == len(PROFILES["generic"].knobs()) + 1]
    assert title[1:] == list(PROFILES["generic"].knobs())
    usual = PROFILES["generic"].knobs()
    expected = [
        [f"`{name}`", *(v if v == usual[k] else f"**{v}**" for k, v in profile.knobs().items())]
        for name, profile in PROFILES.items()
    ]
    assert table == expected


@pytest.mark.parametrize("knob", PROFILES["generic"].knobs())
def test_every_knob_has_a_section_with_its_values(knob):
    text = (DOCS / "profiles.md").read_text(encoding="utf-8")
    section = text.partition(f"\n### {knob}\n")[2].partition("\n#")[0]
    assert section
    value = getattr(PROFILES["generic"], knob.replace("-", "_"))
    if not isinstance(value, bool):
        assert [member.value for member in type(value) if f"| `{member.value}` |" not in section] == []


def test_every_word_of_the_language_is_in_its_reference():
    text = (DOCS / "language.md").read_text(encoding="utf-8")
    quoted = " ".join(re.findall(r"`([^`\n]+)`", text))
    words = set(re.findall(r'"([a-z-]{2,}|[!=]=?)"', grammar_text()))
    assert {"assert", "newly", "isolated", "metadata-service", "!=", "="} <= words
    missing = {word for word in words if word not in re.findall(r"[a-z-]{2,}|[!=]=?", quoted)}
    assert missing == set()


def test_the_index_names_every_page():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [
        page.name for page in sorted(DOCS.glob("*.md")) if f"({page.name})" not in index and page.stem != "README"
    ] == []


@pytest.mark.parametrize(
    "page", sorted(str(path.relative_to(ROOT)) for path in [*DOCS.glob("*.md"), ROOT / "README.md"])
)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page}: {link}"
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        anchors = {re.sub(r"[^\w\s-]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, f"{page}: {link}"
