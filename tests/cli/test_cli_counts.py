"""Findings and the numbers of their rules are the same in every format, and counted from one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

ASKED = [
    ("examples/multi-tenant/leaky", "tenant-isolation"),
    ("examples/multi-tenant/leaky", "baseline"),
    ("examples/multi-tenant/fixed", "tenant-isolation"),
    ("examples/multi-tenant/leaky", "examples/multi-tenant/checks.npq"),
    ("examples/calico-tiers/leaky", "baseline"),
    ("examples/cilium-saas/leaky", "examples/cilium-saas/checks.npq"),
    ("examples/eks-payments/leaky", "pci-dss"),
    ("examples/ml-platform/leaky", "ml-platform"),
    ("examples/gated-repo/k8s", "baseline"),
    ("tests/examples/tenants/leaky", "tenant-isolation"),
    ("tests/examples/tenants/fixed", "tenant-isolation"),
]
FORMATS = ("text", "json", "sarif", "markdown", "html", "concise", "github")


@pytest.mark.parametrize(("manifests", "pack"), ASKED)
def test_findings_are_counted_alike(manifests: str, pack: str, tmp_path: Path) -> None:
    words = [word for name in FORMATS for word in ("--format", f"{name}={tmp_path / name}")]
    found = CliRunner().invoke(app, ["check", manifests, "-p", pack, "--no-config", *words])
    assert found.exit_code != 2, found.output
    told = {name: (tmp_path / name).read_text(encoding="utf-8") for name in FORMATS}
    report, log = json.loads(told["json"]), json.loads(told["sarif"])
    causes = report["causes"]
    broken = {query for cause in causes for query in cause["breaks"]}

    count = re.match(r".*?; ([0-9]+) findings?$", told["text"].splitlines()[0])
    assert (int(count[1]) if count else 0) == len(causes)
    numbers = [int(number) for number in re.findall(r"(?m)^([0-9]+)  \S", told["text"])]
    assert numbers == list(range(1, len(causes) + 1))

    results = [result for result in log["runs"][0]["results"] if "finding" in result["properties"]]
    assert {result["properties"]["finding"] for result in results} == set(range(1, len(causes) + 1))
    assert len(results) == sum(len(cause["breaks"]) for cause in causes)

    assert len(re.findall(r"(?m)^\*\*(?:critical|high|medium|low)\*\* ", told["markdown"])) == len(causes)
    others = [query for query in report["queries"] if query["verdict"] != "proved" and query["id"] not in broken]
    notices = len(re.findall(r"(?m): notice: ", told["concise"]))
    assert len(told["concise"].splitlines()) == len(causes) + len(others) + notices
    for place, cause in enumerate(causes):
        line = told["concise"].splitlines()[place]
        of_sarif = [it["message"]["text"] for it in results if it["properties"]["finding"] == place + 1]
        for number in rule_numbers(cause):
            assert all(f"rule {number}" in text or "rule `" in text for text in [line, *of_sarif])  # or by its name


def rule_numbers(cause: dict[str, Any]) -> Iterator[int]:
    rule = cause.get("rule")
    if rule and rule.get("rule") is not None:
        yield rule["rule"]
