"""Every query of every built-in pack is documented and is shown by manifests for which it holds and is violated."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer import analysis, manifests, packs
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.model.source import Topic
from analyzer.solving import CVC5
from analyzer.verdicts.verdict import Status

QUERIES = Path(__file__).resolve().parents[2] / "queries"
PACKS = {folder.name: packs.find(folder.name) for folder in sorted(QUERIES.iterdir()) if folder.is_dir()}
ASKED = [(name, query) for name, pack in PACKS.items() for query in pack.queries]
OUTCOMES = {"holds": Status.PROVED, "violated": Status.REFUTED}
CATALOGUES = {"pci-dss", "cis-kubernetes", "nsa-cisa", "iso-27001", "soc-2"}
SETTING = analysis.Setting(Universe.ANY, PROFILES["generic"], max_counterexamples=1, keeps_steps=True)


def of_query(item):
    return item.id if hasattr(item, "id") else str(item)


def test_there_are_packs():
    assert {"baseline", "tenant-isolation", "data-protection", "ml-platform", "guard-rails"} <= PACKS.keys()
    assert PACKS.keys() >= CATALOGUES
    assert not [entry.name for entry in QUERIES.iterdir() if not entry.is_dir()]


@pytest.mark.parametrize("name", PACKS)
def test_pack_is_documented_and_parses_without_notices(name):
    pack = PACKS[name]
    assert pack.name == name
    assert pack.title
    assert pack.description
    assert pack.notices == ()


@pytest.mark.parametrize("name", sorted(CATALOGUES))
def test_pack_for_a_catalogue_says_what_it_shows_and_what_not(name):
    pack = PACKS[name]
    assert pack.shows
    assert pack.does_not_show
    assert all(sentence.endswith(".") for sentence in (*pack.shows, *pack.does_not_show))
    assert [query.id for query in pack.queries if not query.controls] == []


def test_ids_are_unique_across_packs():
    assert [id for id, count in Counter(query.id for _, query in ASKED).items() if count > 1] == []


@pytest.mark.parametrize(("name", "query"), ASKED, ids=of_query)
def test_query_is_documented(name, query):
    # That a severity is stated shows in the text only: a query without one is of medium severity.
    text = (QUERIES / name / "pack.npq").read_text(encoding="utf-8")
    annotations = text.split(f"\nassert {query.id} ")[0].rsplit("\n\n", 1)[1]
    assert query.title
    assert query.description.endswith(".")
    assert query.remediation.endswith(".")
    assert "@severity(" in annotations


@pytest.mark.parametrize("name", PACKS)
def test_pack_holds_cases_of_its_queries_and_nothing_else(name):
    files = {file.relative_to(QUERIES / name) for file in (QUERIES / name).rglob("*") if file.is_file()}
    expected = {Path("cases", query.id, outcome) for query in PACKS[name].queries for outcome in OUTCOMES}
    assert {file.parent for file in files} == {Path(), *expected}
    assert {file.name for file in files if file.suffix != ".yaml"} == {"pack.npq"}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(("name", "query"), ASKED, ids=of_query)
def test_case(name, query, outcome):
    loaded = manifests.load([str(QUERIES / name / "cases" / query.id / outcome)])
    answer = analysis.check(
        loaded.cluster, [replace(PACKS[name], queries=(query,))], setting=SETTING, second_solver=CVC5
    )
    assert answer.unmodelled == ()
    # A case holds the policies of one query: that they allow no DNS is true, and beside its point.  Which engine the
    # objects speak for is no slip.
    told = [notice for notice in answer.notices if "unless --profile names another" not in notice.message]
    slips = [notice for notice in told if notice.topic is not Topic.NO_DNS]
    assert outcome == "violated" or slips == []
    assert answer.cross_check is not None
    assert answer.cross_check.undecided == ()
    assert answer.cross_check.confirmed >= 2
    verdict = answer.verdicts[0]
    assert verdict.status is OUTCOMES[outcome], verdict.reason
    shown = {step.purpose for step in verdict.steps}
    assert not verdict.counterexamples or {"witness-1", "witness-1-certain", "region-1", "region-1-certain"} <= shown


STRICT = """---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""
NAMED = """---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: allow-named, namespace: shop}
spec: {action: ALLOW, rules: [{from: [{source: {namespaces: [shop]}}]}]}
"""


@pytest.mark.parametrize("more", [STRICT, NAMED, STRICT + NAMED], ids=["strict", "named", "both"])
@pytest.mark.parametrize("query", ["api-without-token", "admin-path-open"])
def test_case_with_what_findings_add_is_answered(query, more):
    """Ports without HTTP are what is left open: a witness there is of no region of requests on the others."""
    text = (QUERIES / "service-mesh" / "cases" / query / "violated" / "manifests.yaml").read_text() + more
    pack = PACKS["service-mesh"]
    asked = replace(pack, queries=tuple(it for it in pack.queries if it.id == query))
    setting = analysis.Setting(Universe.ANY, PROFILES["generic"])
    (verdict,) = analysis.check(manifests.load(["-"], stdin=text.encode).cluster, [asked], setting=setting).verdicts
    assert verdict.status is Status.REFUTED
