"""`netproof diff --staged`: what enforcing Calico's staged policies would change (calico-cilium.md 1.10)."""

import json

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {containers: [{name: c, image: i}]}
---
"""
ENFORCED = """
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: db, namespace: a}
spec: {selector: "app == 'db'", types: [Ingress], ingress: [{action: Allow, protocol: TCP}]}
---
"""
STAGED = """
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: {name: db, namespace: a}
spec:
  stagedAction: ACTION
  selector: "app == 'db'"
  types: [Ingress]
  ingress: [{action: Allow, protocol: TCP, destination: {ports: [5432]}}]
"""


def relation(tmp_path, *texts):
    (tmp_path / "all.yaml").write_text("".join(texts))
    done = CliRunner().invoke(app, ["diff", "--staged", str(tmp_path), "--format", "json"])
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["relation"]


@pytest.mark.parametrize(
    ("action", "enforced", "expected"),
    [
        ("Set", "", "less permissive"),
        ("Set", ENFORCED, "less permissive"),
        ("Delete", ENFORCED, "more permissive"),
        ("Learn", ENFORCED, "equivalent"),
        ("Ignore", "", "equivalent"),
    ],
)
def test_a_staged_policy_is_enforced_or_taken_away_or_watched(tmp_path, action, enforced, expected):
    assert relation(tmp_path, PODS, enforced, STAGED.replace("ACTION", action)) == expected


def test_without_staged_policies_there_is_nothing_to_ask(tmp_path):
    (tmp_path / "all.yaml").write_text(PODS + ENFORCED)
    done = CliRunner().invoke(app, ["diff", "--staged", str(tmp_path)])
    assert done.exit_code == 2
    assert "no staged policy of Calico" in done.stderr


def test_a_range_of_revisions_is_another_question(tmp_path):
    done = CliRunner().invoke(app, ["diff", "--staged", "--git", "main..HEAD", str(tmp_path)])
    assert done.exit_code == 2
    assert "--staged compares one revision with itself" in done.stderr
