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


DELETED = """
apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata: {name: db, namespace: a}
spec: {stagedAction: Delete}
"""
OWN = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: a}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{}]}
---
"""
STAGED_OWN = """
apiVersion: projectcalico.org/v3
kind: StagedKubernetesNetworkPolicy
metadata: {name: db, namespace: a}
spec: {stagedAction: ACTION, podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}]}
"""
DELETED_OWN = STAGED_OWN.partition("spec")[0] + "spec: {stagedAction: Delete, podSelector: {}}"


def relation(tmp_path, *texts):
    (tmp_path / "all.yaml").write_text("".join(texts))
    done = CliRunner().invoke(app, ["diff", "--staged", str(tmp_path), "--format", "json"])
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["relation"]


@pytest.mark.parametrize(
    ("staged", "enforced", "expected"),
    [
        (STAGED.replace("ACTION", "Set"), "", "less permissive"),
        (STAGED.replace("  stagedAction: ACTION\n", ""), ENFORCED, "less permissive"),
        (DELETED, ENFORCED, "more permissive"),
        (STAGED.replace("ACTION", "Learn"), ENFORCED, "equivalent"),
        (STAGED.replace("ACTION", "Ignore"), "", "equivalent"),
        (STAGED_OWN.replace("ACTION", "Set"), "", "less permissive"),
        (STAGED_OWN.replace("ACTION", "Set"), OWN, "less permissive"),
        (DELETED_OWN, OWN + ENFORCED, "less permissive"),
        (DELETED_OWN, OWN.replace("[{}]", "[]"), "more permissive"),
        (STAGED_OWN.replace("ACTION", "Learn"), "", "equivalent"),
    ],
)
def test_a_staged_policy_is_enforced_or_taken_away_or_watched(tmp_path, staged, enforced, expected):
    assert relation(tmp_path, PODS, enforced, staged) == expected


def test_without_staged_policies_there_is_nothing_to_ask(tmp_path):
    (tmp_path / "all.yaml").write_text(PODS + ENFORCED)
    done = CliRunner().invoke(app, ["diff", "--staged", str(tmp_path)])
    assert done.exit_code == 2
    assert "no staged policy of Calico" in done.stderr


def test_a_range_of_revisions_is_another_question(tmp_path):
    done = CliRunner().invoke(app, ["diff", "--staged", "--git", "main..HEAD", str(tmp_path)])
    assert done.exit_code == 2
    assert "--staged compares one revision with itself" in done.stderr
