"""One question gets one answer: `explain` and a line of `explain --batch` are asked the same questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.cli.batch import Asked, answered
from analyzer.errors import InputError
from analyzer.inputs import endpoints
from analyzer.inputs.explaining import explained
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.verdicts.explanation import Answer

CLUSTER = """
apiVersion: v1
kind: Node
metadata: {name: one, labels: {topology.kubernetes.io/zone: z1}}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: two, labels: {topology.kubernetes.io/zone: z2}}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {nodeName: one, containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: a, labels: {app: agent}}
spec: {nodeName: one, hostNetwork: true, containers: [{name: c, image: i}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: a}
spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps.kruise.io/v1alpha1
kind: CloneSet
metadata: {name: clone, namespace: a}
spec: {template: {metadata: {labels: {app: clone}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: twin, namespace: a}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: twin, namespace: a}
spec: {template: {metadata: {labels: {app: other}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: a}
spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: a}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
    - from: [{podSelector: {matchLabels: {apps.kubernetes.io/pod-index: "0"}}}, {podSelector: {matchLabels: {tier: x}}}]
    - {from: [{ipBlock: {cidr: 8.8.0.0/16}}], ports: [{port: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: a}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  egress: [{to: [{podSelector: {matchLabels: {app: web}}}]}]
"""
ENDS = (
    "a/web", "a/agent", "a/db", "a/clone", "a/twin", "8.8.8.8", "1.1.1.0/24", "192.168.0.1", "10.96.0.7", "node:one",
    "node:two", "service a/front", "apiserver", "pods(app=web) in namespace a", "pods(tier=x) in namespace b", "nodes",
    "entity:ingress", "entity:init", "entity:health", "entity:kube-apiserver", "a/none", "entity:none",
)  # fmt: skip
NO_QUESTION = ("neither end is a pod", "both ends are the same pod")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    path: Path = tmp_path_factory.mktemp("m") / "m.yaml"
    path.write_text(CLUSTER)
    return load([str(path)]).cluster


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_question_has_one_answer(cluster: Cluster, data: st.DataObject) -> None:
    source, destination = data.draw(st.sampled_from(ENDS)), data.draw(st.sampled_from(ENDS))
    on = data.draw(st.sampled_from(("tcp/80", "tcp/8080", "tcp/1-65535", "udp/53", "other")))
    profile = PROFILES[data.draw(st.sampled_from(sorted(PROFILES)))]
    ports = endpoints.ports([on], True)
    assert ports is not None
    try:
        alone = explained(cluster, profile, source, destination, ports, is_everything=False)
    except InputError as error:
        if any(part in str(error) for part in NO_QUESTION):  # told where one is asked, and answered among many
            assert _of_batch(cluster, profile, source, destination, on, ports) is not None
        else:
            assert _of_batch(cluster, profile, source, destination, on, ports) is None
        return
    among = _of_batch(cluster, profile, source, destination, on, ports)
    assert among is not None
    assert (among.src, among.dst, among.outcome, among.reason) == (alone.src, alone.dst, alone.outcome, alone.why)
    assert set(among.notes) >= set(alone.notes) - {notice.message for notice in cluster.notices}


def _of_batch(cluster, profile, source, destination, on, ports) -> Answer | None:
    """None where an end is unknown."""
    asked = Asked("q", source, destination, on, ports, "batch.jsonl", 1)
    try:
        (answer,) = answered((asked,), cluster, profile, None)
    except InputError:
        return None
    return answer


@pytest.mark.parametrize("profile", ["generic", "calico"])
def test_what_an_answer_hangs_on_is_not_taken_for_the_first_pod(cluster: Cluster, profile: str) -> None:
    """Workloads of one name, ordinals of a StatefulSet, labels that nobody wrote: all of them count in both."""
    engine, ports = PROFILES[profile], endpoints.ports(["tcp/8080"], True)
    for source, outcome in (("a/db", "unknown"), ("a/clone", "unknown"), ("a/twin", "denied"), ("node:one", "allowed")):
        found = explained(cluster, engine, source, "a/web", ports, is_everything=False)
        among = _of_batch(cluster, engine, source, "a/web", "tcp/8080", ports)
        assert among is not None
        assert (found.outcome.value, among.outcome.value) == (outcome, outcome), source
