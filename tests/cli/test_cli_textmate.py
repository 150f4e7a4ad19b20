"""The TextMate grammar colours every word of the language, and what a query holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from analyzer.language.syntax import reserved_words

ROOT = Path(__file__).resolve().parents[2]
GRAMMAR = json.loads((ROOT / "integrations/editors/npq.tmLanguage.json").read_text(encoding="utf-8"))
PACKS = sorted((ROOT / "queries").glob("*/pack.npq"))


def matched_by(line: str, at: int) -> str:
    """The rule that goes first at this place, as an editor tries them in order."""
    for rule in GRAMMAR["patterns"]:
        name = rule["include"][1:]
        entry = GRAMMAR["repository"][name]
        if re.compile(entry.get("match") or entry["begin"]).match(line, at):
            return str(name)
    return ""


def test_every_rule_compiles_and_is_used() -> None:
    used = {rule["include"][1:] for rule in GRAMMAR["patterns"]}
    assert used == GRAMMAR["repository"].keys()
    for entry in GRAMMAR["repository"].values():
        for key in ("match", "begin", "end"):
            re.compile(entry.get(key, ""))


@pytest.mark.parametrize("word", sorted(reserved_words()))
def test_every_word_of_the_language_is_coloured(word: str) -> None:
    assert matched_by(f" {word} ", 1) in {"quantifier", "set", "keyword"}


@pytest.mark.parametrize(
    ("line", "at", "rule"),
    [
        ("# pods", 0, "comment"), ('"no pods"', 0, "string"), ("@severity(high)", 0, "annotation"),
        ("let db = pods", 0, "declaration"), ("namespace $tenant", 10, "parameter"), ("src.labels[x]", 0, "attribute"),
        ("on tcp/9000-9100", 3, "ports"), ("ips 10.0.0.0/8", 4, "addresses"), ("ips 2001:db8::/32", 4, "addresses"),
        ("pods(app=web)", 0, "selector"), ("namespace shop can", 0, "name"), ("no pods", 0, "quantifier"),
        ("for ingress", 4, "constant"), ("a == b", 2, "operator"), ("no-pods", 0, ""), ("my.only", 3, ""),
    ],
)  # fmt: skip
def test_what_a_query_holds_is_coloured(line: str, at: int, rule: str) -> None:
    assert matched_by(line, at) == rule


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.parent.name)
def test_statements_of_the_packs_are_coloured_as_declarations(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    declared = [line for line in lines if re.match(r"(?:pack|param|let|assume|assert)\s", line)]
    assert declared
    assert {matched_by(line, 0) for line in declared} == {"declaration"}
