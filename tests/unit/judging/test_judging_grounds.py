"""What a proof rests on: the rules, and the policies that isolate, without which it would not be one."""

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
metadata: {name: a}
---
apiVersion: v1
kind: Namespace
metadata: {name: b}
---
apiVersion: v1
kind: Namespace
metadata: {name: c}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: b}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - {from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: d}}}]}
    - {from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: a}}}], ports: [{port: 80}]}
"""
ADMIN = """
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: anp}
spec:
  priority: 5
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: b}}}
  ingress:
    - {action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP, port: 22}}]}
    - {action: Pass, from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: c}}}]}
    - {action: Allow, from: [{namespaces: {}}]}
"""
OF_NP, OF_ANP = "NetworkPolicy b/np", "AdminNetworkPolicy anp"


@pytest.mark.parametrize(
    ("policies", "claim", "expected"),
    [
        ("", "every namespace a can reach namespace b on tcp/80", {(OF_NP, 1)}),
        ("", "some namespace a can reach namespace b on tcp/80", {(OF_NP, 1)}),
        ("", "no namespace a can reach namespace b on tcp/81", {(OF_NP, None)}),
        ("", "every namespace b is isolated for ingress", {(OF_NP, None)}),
        (ADMIN, "every namespace a can reach namespace b on tcp/80", {(OF_ANP, 2)}),
        (ADMIN, "every namespace a can reach namespace b on tcp/81", {(OF_ANP, 2)}),
        (ADMIN, "some namespace a can reach namespace b on tcp/81", {(OF_ANP, 2)}),
        (ADMIN, "no namespace a can reach namespace b on tcp/22", {(OF_ANP, 0)}),
        (ADMIN, "no namespace c can reach namespace b on tcp/80", {(OF_ANP, 1), (OF_NP, None)}),
        (ADMIN, "every namespace b is isolated for ingress", {(OF_NP, None)}),
    ],
)
def test_proofs_name_the_rules_that_they_rest_on(
    policies: str, claim: str, expected: set[tuple[str, int | None]]
) -> None:
    cluster = load(["-"], stdin=(CLUSTER + policies).encode).cluster
    verdict = judge(cluster, parse_query(claim), (), Setting(Universe.ANY, PROFILES["generic"]))
    assert verdict.status is Status.PROVED, verdict.reason
    found = {(ref.policy.id, None if ref.rule is None else ref.rule.index) for ref in verdict.rests_on}
    assert found == expected
    assert verdict.is_minimal or claim.startswith("some")
