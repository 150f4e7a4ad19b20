"""However busy the machine is, an answer is the one of a quiet machine, or unknown because of the wall clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.analysis import Setting
from analyzer.judging import judge
from analyzer.judging.compare import Revisions, gained
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status
from analyzer.verdicts.verdict import Statistics

SHOP = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: main, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{ipBlock: {cidr: 203.0.113.0/24}}, {namespaceSelector: {matchLabels: {a: b}}}]
    ports: [{port: 80}]
"""
SETTING = Setting(Universe.ANY, PROFILES["generic"], keeps_steps=True)
CLOCK = "the wall clock ended it"


def cluster() -> Cluster:
    return load(["-"], stdin=SHOP.encode).cluster


class Clock:
    """Stands still for so many looks, then leaps past every end at each."""

    def __init__(self, most: int) -> None:
        self.most, self.looks = most, 0

    def monotonic(self) -> float:
        self.looks += 1
        return 1e9 * max(0, self.looks - self.most)


@pytest.mark.parametrize(
    "claim",
    [
        "no pods can reach pods(app=web) in namespace shop",
        "no internet can reach pods(app=db) in namespace shop",
        "some pods can reach pods(app=web) in namespace shop on tcp/80",
        "some pods can reach pods(app=db) in namespace shop",
        "every namespace shop is isolated for ingress",
        "no pods(a in (b), a notin (b)) can reach namespace shop",
    ],
)
def test_the_clock_makes_an_answer_unknown_and_changes_none(claim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock runs out at each look at it, one after the other: in the first question, in widening, in a core."""
    query = parse_query(claim)
    quiet = replace(judge(cluster(), query, (), SETTING), statistics=Statistics())
    clock = Clock(2**60)
    monkeypatch.setattr("analyzer.solving.session.time", clock)
    judge(cluster(), query, (), SETTING)
    total = clock.looks
    assert total > 2
    seen = set()
    for most in sorted({*range(1, total, max(1, total // 12)), total - 1, total}):
        monkeypatch.setattr("analyzer.solving.session.time", Clock(most))
        found = replace(judge(cluster(), query, (), SETTING), statistics=Statistics())
        seen.add(found.status)
        assert found == quiet or (found.status is Status.UNKNOWN and found.reason.startswith(CLOCK)), most
        assert found != quiet or most >= total - 1
    assert seen == {quiet.status, Status.UNKNOWN}


def test_the_clock_leaves_open_what_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = replace(cluster(), policies=cluster().policies[:1]), cluster()
    quiet = gained(Revisions(new, old), SETTING, 5)
    assert quiet.changes
    clock = Clock(2**60)
    monkeypatch.setattr("analyzer.solving.session.time", clock)
    gained(Revisions(new, old), SETTING, 5)
    for most in range(1, clock.looks, max(1, clock.looks // 8)):
        monkeypatch.setattr("analyzer.solving.session.time", Clock(most))
        found = gained(Revisions(new, old), SETTING, 5)
        assert (found.changes, found.reason.startswith(CLOCK)) == ((), True)
