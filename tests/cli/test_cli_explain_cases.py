"""`netproof explain` of a workload whose pods differ: every case is told."""

from __future__ import annotations

import json
from pathlib import Path

from published_schemas import follow
from typer.testing import CliRunner

from analyzer.cli.app import app

MANIFESTS = """
apiVersion: apps/v1
kind: {kind}
metadata: {{name: db, namespace: a}}
spec:
  template:
    metadata: {{labels: {{app: db}}}}
    spec: {{containers: [{{name: c, image: i}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: deny, namespace: a}}
spec: {{podSelector: {{}}, policyTypes: [Ingress]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: open, namespace: a}}
spec:
  podSelector: {{matchLabels: {{{label}}}}}
  policyTypes: [Ingress]
  ingress: [{{}}]
"""


def explained(tmp_path: Path, kind: str, label: str) -> dict:
    (tmp_path / "m.yaml").write_text(MANIFESTS.format(kind=kind, label=label))
    run = ["explain", str(tmp_path / "m.yaml"), "--from", "8.8.8.8", "--to", "a/db", "--on", "tcp/80"]
    result = CliRunner().invoke(app, [*run, "--format", "json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    follow(report, "explain-2")
    return report


def test_each_replica_is_a_case(tmp_path: Path) -> None:
    found = explained(tmp_path, "StatefulSet", "statefulset.kubernetes.io/pod-name: db-0")
    assert (found["allowed"]["TCP"], found["certain"]["TCP"]) == ([[80, 80]], [])
    notes = "\n".join(found["notices"])
    assert "a/db[StatefulSet]/db-0: allowed on TCP 80" in notes
    assert "a/db[StatefulSet]: denied" in notes
    cases = {case["when"]: (case["verdict"], case["stages"][1]["verdict"]) for case in found["cases"]}
    assert cases["a/db[StatefulSet]/db-0"] == ("allowed", "allowed")
    assert cases["a/db[StatefulSet]"] == ("denied", "denied")


def test_a_hash_that_nobody_knows_is_a_case(tmp_path: Path) -> None:
    found = explained(tmp_path, "Deployment", "pod-template-hash: 6d4cf56db6")
    assert (found["allowed"]["TCP"], found["certain"]["TCP"]) == ([[80, 80]], [])
    assert any("if it has pod-template-hash=6d4cf56db6" in note for note in found["notices"])


def test_a_value_that_the_controller_never_gives_is_none(tmp_path: Path) -> None:
    found = explained(tmp_path, "Deployment", "pod-template-hash: canary")
    assert found["allowed"]["TCP"] == []
    assert "cases" not in found


def test_exposure_tells_the_replicas_apart(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        MANIFESTS.format(kind="StatefulSet", label="statefulset.kubernetes.io/pod-name: db-0")
    )
    result = CliRunner().invoke(app, ["map", "--exposure", str(tmp_path / "m.yaml"), "--format", "json"])
    assert result.exit_code == 0, result.output
    assert "a/db[StatefulSet]/db-0" in result.stdout


def test_a_service_that_asks_for_a_hash_says_what_is_taken_as_given(tmp_path: Path) -> None:
    front = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front", "namespace": "a"}}
    for selector, is_supposed in (({"app": "db", "pod-template-hash": "6d4cf56db6"}, True), ({"app": "db"}, False)):
        front["spec"] = {"selector": selector, "ports": [{"port": 80}], "clusterIP": "10.96.0.7"}
        (tmp_path / "m.yaml").write_text(MANIFESTS.format(kind="Deployment", label="app: db"))
        (tmp_path / "front.json").write_text(json.dumps(front))
        run = ["explain", str(tmp_path), "--from", "8.8.8.8", "--to", "service a/front", "--format", "json"]
        notices = json.loads(CliRunner().invoke(app, run).output)["notices"]
        supposed = "nobody knows whether its pods have pod-template-hash=6d4cf56db6; this is about pods that do"
        assert (supposed in notices) is is_supposed
