"""Every format of `netproof check`, byte for byte, for one answer.

To write the files anew after a change that is meant: NETPROOF_UPDATE_GOLDEN=1 python -m pytest -n 0 THIS_FILE
"""

import os
from datetime import date
from pathlib import Path

import pytest
from report_samples import WITH_EXCUSES, WITH_FINDINGS

from analyzer.model.cluster import Cluster
from analyzer.reports import check_sarif, html_page
from analyzer.reports.check_formats import render_check
from analyzer.reports.layout import Style

FOLDER = Path(__file__).parent / "golden"
FORMATS = ("text", "json", "sarif", "junit", "markdown", "html", "concise", "github")
OF_FINDINGS = ("text", "json", "sarif", "markdown", "html", "concise", "github")
ANSWERS = {"check": (WITH_EXCUSES, FORMATS), "findings": (WITH_FINDINGS, OF_FINDINGS)}


@pytest.mark.parametrize(("what", "name"), [(what, name) for what, (_, names) in ANSWERS.items() for name in names])
def test_the_report_is_as_it_was(what, name, monkeypatch):
    for module in (check_sarif, html_page):
        monkeypatch.setattr(module, "__version__", "0.0.0")
    report = render_check(ANSWERS[what][0], name, Cluster(files=("shop.yaml",)), Style(), date(2026, 11, 21))
    file = FOLDER / f"{what}.{name}"
    if os.environ.get("NETPROOF_UPDATE_GOLDEN"):
        file.write_bytes(report)
    assert report.decode() == file.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_format():
    wanted = {f"{what}.{name}" for what, (_, names) in ANSWERS.items() for name in names}
    assert {file.name for file in FOLDER.iterdir()} == wanted
