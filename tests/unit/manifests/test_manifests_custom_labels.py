"""What controllers of custom resources add to labels nobody knows, but for Argo's Rollouts."""

from __future__ import annotations

import pytest

from analyzer import check, load

MAKER = """
apiVersion: v1
kind: Namespace
metadata: {name: x}
---
apiVersion: %s
kind: %s
metadata: {name: r, namespace: x}
spec:
  %s
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b, mine: written}}
    spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: x}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: x}
spec: {podSelector: {matchExpressions: [{key: %s, operator: Exists}]}, policyTypes: [Egress], egress: [{}]}
"""
CLONE_SET = ("apps.kruise.io/v1alpha1", "CloneSet", "replicas: 2")
KNATIVE = ("serving.knative.dev/v1", "Service", "traffic: []")
ROLLOUT = ("argoproj.io/v1alpha1", "Rollout", "replicas: 2")


def role(strategy: str, name: str) -> tuple[str, str, str]:
    return (*ROLLOUT[:2], f"strategy: {{{strategy}: {{{name}Metadata: {{labels: {{role: {name}}}}}}}}}")


@pytest.mark.parametrize(
    ("maker", "key", "wanted"),
    [
        (CLONE_SET, "apps.kruise.io/cloneset-instance-id", "unknown"),
        (CLONE_SET, "anything", "unknown"),
        (CLONE_SET, "mine", "refuted"),
        (KNATIVE, "serving.knative.dev/revision", "unknown"),
        (ROLLOUT, "role", "proved"),
        (ROLLOUT, "rollouts-pod-template-hash", "refuted"),
        (role("canary", "canary"), "role", "unknown"),
        (role("canary", "stable"), "role", "unknown"),
        (role("blueGreen", "preview"), "role", "unknown"),
        (role("blueGreen", "active"), "role", "unknown"),
    ],
)
def test_labels_that_a_controller_may_add_are_open(maker: tuple[str, str, str], key: str, wanted: str) -> None:
    manifests = load(objects=[MAKER % (*maker, key)])
    assert check(manifests, "no workload x/r can reach internet", universe="inventory").status.value == wanted
