"""The page for auditors names every control that the built-in packs name, with its queries."""

import re
from pathlib import Path

from analyzer import packs

PAGE = (Path(__file__).resolve().parents[2] / "docs/audits.md").read_text(encoding="utf-8")


def test_the_table_of_controls_is_that_of_the_packs():
    expected: dict[str, list[str]] = {}
    for info in packs.builtin():
        for query in packs.find(info.name).queries:
            for control in query.controls:
                expected.setdefault(control, []).append(f"`{info.name}/{query.id}`")
    _, _, table = PAGE.partition("| control | queries |\n|---|---|\n")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    assert rows == [(control, ", ".join(expected[control])) for control in sorted(expected)]
