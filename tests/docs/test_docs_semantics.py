"""Every citation of the semantics reference, in code, tests and pages, names a section that docs/semantics has.

A section of kubernetes.md is cited as `reference A2.3` or, in brackets, as `(A2.3, B1)`; one of another file with the
file's name, as `calico-cilium.md 2.6` or `istio.md 5.4`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("kubernetes.md", "calico-cilium.md", "istio.md", "aws.md")
SECTION = r"(?:[A-F]\d{1,2}(?:\.\d{1,2})?|[GHV]\d{1,3}[a-z]?|0\.\d)"
FOREIGN = r"(?:\d+(?:\.\d+)*[a-z]?|[A-Z]\d+[a-z]?)"
# What may stand in a list of sections besides them: signs, and a word or two such as `knob` or `and`.
_AFTER_WORD = re.compile(
    rf"\breference (?:[A-I]\b(?!\w)|{SECTION})(?:(?:[,;–/ ]|and|to|of|the)+(?:[A-I]\b(?![\w'])|{SECTION}))*"
)
_IN_BRACKETS = re.compile(rf"\(((?:{SECTION}|[,;–\- ]|and)+)[:;)]")
_WHY = re.compile(r"^why: (.*)$", re.MULTILINE)
_OF_FILE = re.compile(
    rf"\b(?:(?:reference|semantics)/)?({'|'.join(map(re.escape, PAGES))})((?:,? (?:and )?{FOREIGN}\b)*)"
)
_NUMBERED = re.compile(r"(?<![\w./-])([A-E]\d{1,2}\.\d{1,2})(?![\w.-]*\w)")
_PLAIN = re.compile(rf"(?<![\w./-])({SECTION})(?![\w-])")


def texts() -> list[Path]:
    found = [path for room in ("analyzer", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]
    found += [path for path in sorted((ROOT / "tests").rglob("*")) if path.suffix in (".py", ".yaml")]
    pages = [path for path in sorted((ROOT / "docs").rglob("*.md")) if path.parent.name != "semantics"]
    return [path for path in [*found, *pages, ROOT / "ARCHITECTURE.md"] if path != Path(__file__).resolve()]


@cache
def sections(page: str) -> frozenset[str]:
    """What can be cited of a page: headings, numbered paragraphs, rows and items."""
    text = (ROOT / "docs" / "semantics" / page).read_text(encoding="utf-8")
    found = set(re.findall(r"^#+ (?:PART )?([A-I]|[A-I]?\d+(?:\.\d+)*)\b", text, re.MULTILINE))
    found |= set(re.findall(r"^#+ ([A-I])\. ", text, re.MULTILINE))
    found |= set(re.findall(r"\*\*([A-F]\d+(?:\.\d+)?)\b", text))
    found |= set(re.findall(r"^\| ?([A-Z]\d+[a-z]?)[ ,|]", text, re.MULTILINE))
    chapter = ""
    for line in text.splitlines():
        if heading := re.match(r"# ([A-I])\. ", line):
            chapter = heading[1]
        if item := re.match(r"(\d+[a-z]?)\. ", line):
            found.add(f"{chapter}{item[1]}" if chapter else item[1])
    return frozenset(found)


def citations(text: str, suffix: str) -> list[tuple[str, str]]:
    """Each page and section that a text cites."""
    found = [("kubernetes.md", name) for whole in _AFTER_WORD.findall(text) for name in _names(whole)]
    found += [("kubernetes.md", name) for inner in _IN_BRACKETS.findall(text) for name in _PLAIN.findall(inner)]
    found += [("kubernetes.md", name) for name in _NUMBERED.findall(text)]
    if suffix == ".yaml":
        found += [
            ("kubernetes.md", name) for line in _WHY.findall(text) for name in _PLAIN.findall(_OF_FILE.sub("", line))
        ]
    for page, names in _OF_FILE.findall(text):
        found += [(page, name) for name in re.findall(FOREIGN, names)]
    return found


def _names(whole: str) -> list[str]:
    return re.findall(rf"{SECTION}|\b[A-I]\b", whole.removeprefix("reference "))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_sections_and_the_index_names_it(page: str) -> None:
    assert len(sections(page)) > 30
    assert f"semantics/{page}" in (ROOT / "docs" / "README.md").read_text(encoding="utf-8")


def test_every_citation_resolves() -> None:
    told, count = [], 0
    for path in texts():
        text = path.read_text(encoding="utf-8", errors="replace")
        for page, name in citations(text, path.suffix):
            count += 1
            if name not in sections(page):
                told.append(f"{path.relative_to(ROOT)}: {page} {name}")
    assert count > 500
    assert not told


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("as said (reference A2.3; B1.2)", ["A2.3", "B1.2"]),
        ("which is so (A12.3, B2) and (C4)", ["A12.3", "B2", "C4"]),
        ("reference 0.2, A9.5 and D", ["0.2", "A9.5", "D"]),
        ("see calico-cilium.md 2.6, K80 and istio.md 5.4", ["2.6", "K80", "5.4"]),
        ("the row E2E (GA) of Z3", []),
        ("a peer that is empty: A5.1 says so", ["A5.1"]),
    ],
)
def test_citations_are_found(text: str, cited: list[str]) -> None:
    assert list(dict.fromkeys(name for _, name in citations(text, ".py"))) == cited


def test_the_page_of_kubernetes_cites_itself_rightly() -> None:
    text = (ROOT / "docs" / "semantics" / "kubernetes.md").read_text(encoding="utf-8")
    cited = {name for inner in _IN_BRACKETS.findall(text) for name in _PLAIN.findall(inner)}
    assert len(cited) > 50
    assert not cited - sections("kubernetes.md")
