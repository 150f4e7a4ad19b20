"""Answers that hang on a selector which no API checks: unknown, and only these."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from analyzer.cli.app import app

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: other, labels: {team: b}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: main}]}
---
apiVersion: v1
kind: Pod
metadata: {name: back, namespace: other}
spec: {containers: [{name: main}]}
---
"""
ODD = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: odd}
spec:
  priority: 5
  subject: {namespaces: {matchLabels: {team: a}}}
  ingress:
    - action: Deny
      from: [{namespaces: {matchExpressions: [{key: team, operator: Like, values: [b]}]}}]
      ports: [{portRange: {start: 80, end: 89}}]
"""
"""Its rule may deny what comes to namespace shop on 80 to 89, and nothing else."""
EVEN = ODD.replace("odd", "even").replace("operator: Like", "operator: In").replace("Deny", "Allow")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def saved(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("no namespace other can reach namespace shop on tcp/80", 3),
        ("every namespace other can reach namespace shop on tcp/80", 3),
        ("every namespace other can reach namespace shop on tcp/90", 0),
        ("every namespace shop can reach namespace other on tcp/80", 0),
        ("no namespace shop can reach namespace other on tcp/80", 1),
        ("policies never tie", 0),
    ],
)
def test_answers_that_hang_on_it_are_unknown(query, code):
    done = run("check", saved("all.yaml", CLUSTER + ODD), "-q", query)
    assert done.exit_code == code, done.output
    assert ("ingress rule 1 of AdminNetworkPolicy odd" in " ".join(done.output.split())) is (code == 3)


def test_a_tie_that_hangs_on_it_is_unknown():
    done = run("check", saved("all.yaml", CLUSTER + ODD + "---\n" + EVEN), "-q", "policies never tie")
    assert done.exit_code == 3, done.output


def test_explain_and_map_say_may():
    file = saved("all.yaml", CLUSTER + ODD)
    said = " ".join(run("explain", file, "--from", "other/back", "--to", "shop/web", "--on", "tcp/80").output.split())
    assert "is not specified: the selector at" in said
    assert "note: whether ingress rule 1 of AdminNetworkPolicy odd" in said
    assert "may be" in run("map", file).output


def test_revisions_that_hold_the_same_are_equivalent():
    one = saved("one.yaml", CLUSTER + ODD)
    same = saved("same.yaml", "# moved\n" + CLUSTER + ODD)
    other = saved("other.yaml", CLUSTER + ODD.replace("Like", "Unlike"))
    assert run("diff", one, same).exit_code == 0
    assert run("diff", one, other).exit_code == 3
