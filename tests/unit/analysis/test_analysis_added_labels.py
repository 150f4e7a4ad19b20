"""Labels that controllers add, where something else than a policy asks for them: Services, routes, assumptions."""

from __future__ import annotations

import pytest

from analyzer.analysis.checking.premises import breaches_of
from analyzer.analysis.connectivity.ingress import _behind
from analyzer.inputs.service_ends import backend
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.leading import behind, led_ports

MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: a}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, image: i}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: a}
spec:
  completionMode: Indexed
  completions: 3
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: i}]}}
---
apiVersion: v1
kind: Service
metadata: {name: one, namespace: a}
spec: {clusterIP: 10.96.0.7, selector: {%s}, ports: [{port: 80}]}
"""
SELECTORS = [
    ("statefulset.kubernetes.io/pod-name: db-0", "db"),
    ("statefulset.kubernetes.io/pod-name: db-17, app: db", "db"),
    ("apps.kubernetes.io/pod-index: '1'", "db"),
    ("batch.kubernetes.io/job-name: once", "once"),
    ("batch.kubernetes.io/job-completion-index: '2'", "once"),
    ("statefulset.kubernetes.io/pod-name: db-x", None),
    ("statefulset.kubernetes.io/pod-name: other-0", None),
    ("batch.kubernetes.io/job-completion-index: '3'", None),
]


def cluster(selector: str) -> Cluster:
    return load(["-"], stdin=lambda: (MANIFESTS % selector).encode()).cluster


@pytest.mark.parametrize(("selector", "name"), SELECTORS)
def test_a_service_leads_to_the_pods_that_have_what_is_added(selector: str, name: str | None) -> None:
    found = cluster(selector)
    service = found.services[0]
    assert [w.name for w in _behind(service, found)] == ([name] if name else [])
    stands = backend("service", [behind("service", led_ports(found, service))], found)
    words = stands.words if stands is not None else ""
    assert words.startswith(f"a/{name}[") if name else "[" not in words


@pytest.mark.parametrize(
    ("condition", "is_broken"),
    [
        ("not has labels[statefulset.kubernetes.io/pod-name]", True),
        ("labels[statefulset.kubernetes.io/pod-name] == db-0", True),
        ("labels[statefulset.kubernetes.io/pod-name] != db-5", True),
        ("labels[statefulset.kubernetes.io/pod-name] != other-5", False),
        ("labels[apps.kubernetes.io/pod-index] in (0, 1)", True),
        ("labels[controller-revision-hash] != canary", False),
        ("labels[controller-revision-hash] == db-6d4cf56db6", False),  # it may be this one
        ("labels[controller-revision-hash] == canary", True),
    ],
)
def test_an_assumption_is_broken_by_some_pod_of_a_workload(condition: str, is_broken: bool) -> None:
    text = f"assume a: every pods(app=db) in namespace a has {condition}\nassert b: no anything can reach anything\n"
    pack = parse_pack(text, "q.npq")
    assert bool(breaches_of(cluster("app: db"), pack.assumptions)) is is_broken
