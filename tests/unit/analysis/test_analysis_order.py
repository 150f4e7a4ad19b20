"""An Allow that comes before a Deny, or the other way round: the cause is the order, and so is the fix."""

from __future__ import annotations

import subprocess

import pytest
from patched import answered

from analyzer.verdicts import Status
from analyzer.verdicts.findings import Fault, patch_of

HEAD = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {0}, labels: {{team: {0}}}}}\n---\n"
POD = """apiVersion: v1
kind: Pod
metadata: {{name: {0}, namespace: {0}, labels: {{app: {0}}}}}
spec: {{containers: [{{name: c, image: x, ports: [{{containerPort: 80}}]}}]}}
---
"""
BASE = "".join(it.format(name) for name in ("a", "b") for it in (HEAD, POD))
CALICO = """apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {{name: {0}}}
spec:
  {1}namespaceSelector: team == "b"
  types: [Ingress]
  ingress: [{2}]
---
"""
ADMIN = """apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {{name: {0}}}
spec:
  {1}subject: {{namespaces: {{matchLabels: {{team: b}}}}}}
  ingress: [{2}]
---
"""
OF_CALICO = {it: f'{{action: {it}, source: {{namespaceSelector: team == "a"}}}}' for it in ("Allow", "Deny")}
OF_ADMIN = {it: f"{{action: {it}, from: [{{namespaces: {{matchLabels: {{team: a}}}}}}]}}" for it in ("Allow", "Deny")}
QUERIES = {
    "Deny": "no namespace a can reach namespace b",
    "Allow": "some workload a/a can reach workload b/b on tcp/80",
}
PLACES = {
    "calico": [("order: 10\n  ", "order: 20\n  "), ("order: 1\n  ", "order: 2\n  "), ("order: 7.5\n  ", "")],
    "admin": [("priority: 10\n  ", "priority: 50\n  "), ("priority: 0\n  ", "priority: 1\n  ")],
}
KINDS = {"calico": (CALICO, OF_CALICO), "admin": (ADMIN, OF_ADMIN)}


@pytest.mark.parametrize("meant", ["Deny", "Allow"])
@pytest.mark.parametrize(("engine", "places"), [(engine, it) for engine, its in PLACES.items() for it in its])
def test_of_two_policies_the_one_that_is_meant_comes_first(here, engine, places, meant):
    policy, rules = KINDS[engine]
    first = "Allow" if meant == "Deny" else "Deny"
    text = policy.format("first", places[0], rules[first]) + policy.format("second", places[1], rules[meant])
    is_mended(here, text, meant, 2)


@pytest.mark.parametrize("meant", ["Deny", "Allow"])
@pytest.mark.parametrize("engine", PLACES)
def test_of_two_rules_the_one_that_is_meant_comes_first(here, engine, meant):
    policy, rules = KINDS[engine]
    first = "Allow" if meant == "Deny" else "Deny"
    is_mended(here, policy.format("one", PLACES[engine][0][0], f"{rules[first]}, {rules[meant]}"), meant, 1)


def is_mended(here, text, meant, count):
    (here / "all.yaml").write_text(BASE + text.removesuffix("---\n"))
    before = answered([QUERIES[meant]])
    assert before.status is Status.REFUTED
    (finding,) = before.findings
    assert finding.fault is (Fault.ALLOWS if meant == "Deny" else Fault.DENIES)
    verb = "denies" if meant == "Deny" else "allows"
    assert verb in finding.summary
    assert ("comes first" if count == 2 else "before rule 1") in finding.fix.text, finding.fix
    subprocess.run(["git", "apply", "-"], input=patch_of([finding.fix.edit]).encode(), check=True)
    assert answered([QUERIES[meant]]).status is Status.PROVED, finding.fix
