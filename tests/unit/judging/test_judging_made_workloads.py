"""A workload that the manifests lack may be one that an object makes under a name nobody knows."""

from __future__ import annotations

import pytest

from analyzer import check, load

MAKER = """
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: mon}
spec: {}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: mon}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: c}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: mon}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""


def status(claim: str, universe: str) -> str:
    return check(load(objects=[MAKER]), claim, universe=universe).status.value


@pytest.mark.parametrize("universe", ["any", "namespaces", "inventory"])
@pytest.mark.parametrize(
    ("claim", "wanted"),
    [
        ("no internet can reach workload mon/prometheus-main", "unknown"),
        ("only nodes can reach workload mon/prometheus-main", "unknown"),
        ("workload mon/prometheus-main can reach only nodes", "unknown"),
        ("some internet can reach workload mon/prometheus-main", "unknown"),
        ("no internet can reach workload elsewhere/prometheus-main", "vacuous"),
        ("some internet can reach workload elsewhere/prometheus-main", "refuted"),
    ],
)
def test_a_workload_that_an_object_may_make_is_not_taken_for_missing(claim: str, wanted: str, universe: str) -> None:
    assert status(claim, universe) == wanted
