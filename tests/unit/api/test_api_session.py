"""A session answers as `check` does, and a what-if leaves it as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

import analyzer

SHOP = Path(__file__).resolve().parents[3] / "examples/gated-repo/k8s"
QUERIES = [
    "some workload shop/web can reach workload shop/orders",
    "no internet can reach namespace shop",
    "every pods in namespaces(team=shop) is isolated for ingress",
    "no namespace blog can reach pods(app=web) in namespace shop",
]
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec: {podSelector: {}, ingress: [{}]}
"""
CHANGES = {
    "a policy goes": {"removed": "NetworkPolicy shop/web-to-orders"},
    "a policy comes": {"put": POLICY},
    "a namespace gets labels": {
        "put": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late", "labels": {"team": "shop"}}}
    },
    "a workload gets labels": {
        "put": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "orders"}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
    },
    "a workload goes": {"removed": ["Deployment shop/web"]},
    "a namespace goes": {"removed": "Namespace blog"},
}


def said(result):
    return [(v.status, v.live, v.reason) for v in result.verdicts], result.answer.assumptions, result.answer.tally


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_propose_is_the_answer_of_check_and_leaves_the_session_as_it_was(change):
    shop = analyzer.load(SHOP)
    session = analyzer.Session(shop, *QUERIES)
    before = session.result
    found = session.propose(**change)
    assert said(found) == said(analyzer.check(shop.changed(**change), *QUERIES))
    assert session.result == before
    assert session.manifests is shop
    assert said(session.propose(**change)) == said(found)
    assert said(session.change(**change)) == said(found)
    assert said(session.update(shop)) == said(before)


def test_what_a_propose_changes_is_told_by_query():
    session = analyzer.Session(SHOP, *QUERIES)
    proposed = session.propose(put=POLICY)
    changed = proposed.changed_since(session.result)
    assert [now.query.id for _, now in changed] == ["q2"]


def test_only_what_a_change_can_have_changed_is_asked():
    session = analyzer.Session(SHOP, *QUERIES)
    assert session.asked == ("q1", "q2", "q3", "q4")
    policy = next(p for p in session.manifests.cluster.policies if p.name == "web-to-orders")
    session.change(put=policy)
    assert session.asked == ()


# ------------------------------------------------------------------------------------------------ findings
OPENED = "no internet can reach namespace shop"


def findings(result):
    return [
        (it.ref.policy.id, it.fault.value, [broken.query.id for broken in it.breaks], it.fix.text)
        for it in result.findings
    ]


def test_check_tells_findings_with_edits_that_can_be_applied(tmp_path):
    for file in SHOP.glob("*.yaml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "open.yaml").write_text(POLICY)
    result = analyzer.check(tmp_path, OPENED)
    (finding,) = result.findings
    assert (finding.ref.policy.name, finding.spot.source.file) == ("open", str(tmp_path / "open.yaml"))
    edit = finding.fix.edit
    lines = (tmp_path / "open.yaml").read_text().split("\n")
    lines[edit.line - 1 : edit.line - 1 + len(edit.removed)] = edit.added
    (tmp_path / "open.yaml").write_text("\n".join(lines))
    assert analyzer.check(tmp_path, OPENED).is_proved
    assert not analyzer.check(tmp_path, OPENED).findings


def test_a_session_tells_findings_of_its_answer_and_of_what_is_proposed():
    session = analyzer.Session(SHOP, OPENED)
    assert not session.result.findings
    proposed = session.propose(put=POLICY)
    assert findings(proposed) == findings(analyzer.check(analyzer.load(SHOP, objects=POLICY), OPENED))
    assert findings(proposed)[0][:3] == ("NetworkPolicy shop/open", "rule-allows", ["q1"])
    assert not session.result.findings
    assert findings(session.change(put=POLICY)) == findings(proposed)


def test_findings_of_objects_without_a_text_have_no_edit():
    cluster = analyzer.load(SHOP, objects=POLICY).cluster
    (finding,) = analyzer.check(cluster, OPENED).findings
    assert finding.fix.edit is None
    assert finding.fix.text
