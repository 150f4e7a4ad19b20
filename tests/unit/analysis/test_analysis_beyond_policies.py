"""A finding about pods on their node's network: no policy can mend it, and their own manifest is the place."""

import json

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

TEXT = """\
apiVersion: v1
kind: Namespace
metadata: {name: watch}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: exporter, namespace: watch}
spec:
  selector: {matchLabels: {app: exporter}}
  template:
    metadata: {labels: {app: exporter}}
    spec: {hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 9100}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: watch}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""


@pytest.mark.parametrize(
    "query", ["no internet can reach workload watch/exporter", "no workload watch/exporter can reach internet"]
)
def test_pods_on_their_nodes_network_are_told_with_their_manifest(tmp_path, query):
    (tmp_path / "m.yaml").write_text(TEXT)
    done = CliRunner().invoke(app, ["check", str(tmp_path), "-q", query, "--format", "json"])
    (cause,) = json.loads(done.stdout)["causes"]
    assert "uses its node's network" in cause["summary"]
    assert "no policy can close it" in cause["fix"]
    assert cause["line"] == 5
