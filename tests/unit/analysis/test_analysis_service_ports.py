"""A policy that names the Service's port where only the pod's can match is pointed out."""

from __future__ import annotations

import pytest

from analyzer.analysis.notices.service_ports import service_port_slips
from analyzer.manifests import load

CLUSTER = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{port: 80, targetPort: TARGET}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: i, ports: [{containerPort: DECLARED}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: client, namespace: shop}
spec:
  podSelector: {matchLabels: {app: SUBJECT}}
  policyTypes: [Ingress, Egress]
  ingress:
  - ports: [{port: INGRESS}]
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
    ports: [{port: EGRESS}]
"""
PLAIN = {"TARGET": "8080", "DECLARED": "8080", "SUBJECT": "web", "INGRESS": "1", "EGRESS": "8080"}


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"EGRESS": "80"}, 1),
        ({"INGRESS": "80"}, 0),  # its subject is not behind the Service
        ({"INGRESS": "80", "SUBJECT": "db"}, 1),
        ({"EGRESS": "80", "DECLARED": "80"}, 0),  # the pods do listen there
        ({"EGRESS": "80", "TARGET": "80"}, 0),
    ],
)
def test_slips(tmp_path, changes, count):
    text = CLUSTER
    for name, value in {**PLAIN, **changes}.items():
        text = text.replace(name, value)
    (tmp_path / "all.yaml").write_text(text)
    notices = service_port_slips(load([str(tmp_path)]).cluster)
    assert len(notices) == count
    assert all("port 80, which is the port of Service shop/db" in n.message and "8080" in n.message for n in notices)
