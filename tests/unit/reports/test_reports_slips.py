"""What a query names and nothing has is told in every format, whatever the verdict, with what is near."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from analyzer import analysis
from analyzer.cli.formats import CheckFormat
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.reports.check_formats import render_check
from analyzer.reports.layout import Style
from analyzer.verdicts import Answer, Status

MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: front}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
"""
QUERIES = {
    Status.PROVED: "no pods(app=wbe) can reach namespace shop",
    Status.REFUTED: "no pods(app=wbe) can reach internet",
    Status.VACUOUS: "no pods(app=wbe) can reach internet within inventory",
}


STYLES = (Style(), Style(is_quiet=True), Style(is_verbose=True), Style(tells_assumptions=True))


def answer(claim: str, path: Path) -> Answer:
    path.write_text(MANIFESTS)
    pack = parse_pack(f"assert q: {claim}\n", "q.npq")
    setting = analysis.Setting(Universe.ANY, PROFILES["generic"], None)
    return analysis.check(load([str(path)]).cluster, [pack], setting=setting)


@pytest.mark.parametrize("status", QUERIES)
@pytest.mark.parametrize("name", [name.value for name in CheckFormat])
@pytest.mark.parametrize("style", STYLES)
def test_a_slip_of_a_query_is_in_every_format_once(status: Status, name: str, style: Style, tmp_path: Path) -> None:
    found = answer(QUERIES[status], tmp_path / "m.yaml")
    assert found.status is status
    report = render_check(found, name, load([str(tmp_path)]).cluster, style, date(2026, 11, 21)).decode()
    plain = re.sub(r"[\\`*]", "", unescape(re.sub(r"<[^>]+>", "", report)))
    told = " ".join(plain.split())
    assert len(re.findall(r"asks for pods labelled app=wbe, which no manifest has; is app=web meant\?", told)) == 1


@pytest.mark.parametrize("name", [name.value for name in CheckFormat])
def test_a_slip_in_a_namespace_is_in_every_format(name: str, tmp_path: Path) -> None:
    found = answer("no namespace shpo can reach internet", tmp_path / "m.yaml")
    report = render_check(found, name, load([str(tmp_path)]).cluster, Style(), date(2026, 11, 21)).decode()
    assert re.search(r"is\s+\S*shop\S*\s+meant", unescape(report))
