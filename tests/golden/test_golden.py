"""Questions with answers reasoned by hand, one file each, found by glob.

title, why   what the case shows, and the paragraph of the specification or of the reference that decides
manifests    what is analysed;  query  a file of the query language;  options  further words of the command line
expect       the verdict;  live  true, false or null, where it is refuted
count        how many counterexamples are shown, if that is the point
rests_on     the names of the policies that a proof needs, if that is the point
mentions     texts that must stand in the report
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from analyzer.cli.app import app

CASES = sorted(Path(__file__).parent.glob("*.yaml"))
EXIT = {"proved": 0, "refuted": 1, "vacuous": 3, "unknown": 3}
FIELDS = {"title", "why", "manifests", "query", "options", "expect", "live", "count", "rests_on", "mentions"}


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_answer(path: Path, tmp_path: Path) -> None:
    case: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(case) <= FIELDS
    assert ("live" in case) == (case["expect"] == "refuted")
    manifests, query = tmp_path / "manifests.yaml", tmp_path / "question.npq"
    manifests.write_text(case["manifests"], encoding="utf-8")
    query.write_text(case["query"], encoding="utf-8")
    words = ["check", str(manifests), "-p", str(query), "--format", "json", "--cross-check", "cvc5"]
    words += ["--evidence", str(tmp_path / "evidence"), *case.get("options", [])]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == EXIT[case["expect"]], done.output
    report = json.loads(done.stdout)
    assert report["cross_check"]["confirmed"] == report["cross_check"]["total"] > 0
    (found,) = report["queries"]
    assert found["verdict"] == case["expect"], found["reason"]
    if "live" in case:
        assert found["live"] is case["live"]
    if "count" in case:
        assert len(found["counterexamples"]) == case["count"]
    if "rests_on" in case:
        assert sorted({rule["name"] for rule in found["rests_on"]}) == sorted(case["rests_on"])
    missing = [text for text in case.get("mentions", []) if text not in done.stdout]
    assert not missing, done.stdout
    again = ["recheck", str(tmp_path / "evidence"), "--manifests", str(manifests), "--cross-check", "cvc5"]
    done = CliRunner().invoke(app, again, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_each_nuance_has_its_case() -> None:
    assert len(CASES) >= 40
