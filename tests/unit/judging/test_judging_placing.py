"""Which node a pod comes to is chosen by whoever makes it: of pods to come a claim has to hold for each choice."""

from __future__ import annotations

import pytest

from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {{name: a}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: w, namespace: a}}
spec:
  selector: {{matchLabels: {{app: w}}}}
  template: {{metadata: {{labels: {{app: w}}}}, spec: {{containers: [{{name: c, image: c}}]}}}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: a}}
spec: {{endpointSelector: {{}}, {rules}}}
"""
NODE = """
---
apiVersion: v1
kind: Node
metadata: {name: one}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}
"""
REFUTED, PROVED, UNKNOWN = Status.REFUTED, Status.PROVED, Status.UNKNOWN


@pytest.mark.parametrize(
    ("rules", "none", "every"),
    [
        ("egress: [{toEntities: [host]}]", REFUTED, REFUTED),
        ("egress: [{toEntities: [remote-node]}]", REFUTED, REFUTED),
        ("egress: [{toEntities: [host, remote-node]}]", REFUTED, PROVED),
        ("egress: [{toEntities: [kube-apiserver]}]", REFUTED, REFUTED),
        ("egress: [{toEntities: [kube-apiserver, host]}]", REFUTED, REFUTED),
        ("egress: [{toEntities: [cluster]}]", REFUTED, PROVED),
        ("egress: [{toEntities: [world]}]", PROVED, REFUTED),
        ("egress: [{toEntities: [all]}], egressDeny: [{toEntities: [host]}]", REFUTED, REFUTED),
        ("egress: [{toEntities: [host]}], egressDeny: [{toEntities: [host]}]", PROVED, REFUTED),
        ("egress: [{toEntities: [host]}], egressDeny: [{toEntities: [host, remote-node]}]", PROVED, REFUTED),
    ],
)
def test_claims_about_nodes(rules: str, none: Status, every: Status) -> None:
    text = CLUSTER.format(rules=rules)
    for word, expected in (("no", none), ("every", every)):
        verdict = asked(text, f"{word} namespace a can reach nodes on tcp/10250", Universe.ANY)
        assert verdict.status is expected, verdict.reason
        if expected is REFUTED:
            assert verdict.counterexamples


def test_of_pods_that_are_there_nobody_knows() -> None:
    text = CLUSTER.format(rules="egress: [{toEntities: [host]}]")
    claim = "no namespace a can reach nodes on tcp/10250"
    assert asked(text + NODE, claim, Universe.INVENTORY).status is UNKNOWN
    verdict = asked(text, claim, Universe.ANY)
    assert (verdict.status, verdict.live) == (REFUTED, False)
    assert verdict.reason.endswith("the node is the pod's own")


def asked(text: str, claim: str, universe: Universe):
    cluster = load(["-"], stdin=text.encode).cluster
    return judge(cluster, parse_query(claim, "q"), (), Setting(universe, PROFILES["cilium"], max_counterexamples=1))
