"""A vacuous query names the label that is missing and guesses it; a refuted `some` names what denies it."""

import itertools
import json

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{key}: {value}}}}}\n"
PACK = """pack own "Own"
param key = "{asked}"
assert apart "Apart": no pods in namespaces($key) can reach pods in namespaces($key) within namespaces
assert closed "Closed": every pods in namespaces($key) is isolated for ingress within namespaces
"""
POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: closed, namespace: shop}}
spec: {{podSelector: {{}}, policyTypes: [{type}]}}
"""
PODS = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: c, image: i, ports: [{{containerPort: 8080}}]}}]}}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*words):
    return CliRunner().invoke(app, ["check", "m.yaml", *words])


def save(*documents):
    with open("m.yaml", "w", encoding="utf-8") as file:
        file.write("---\n".join(documents))


@pytest.mark.parametrize(("asked", "key"), list(itertools.permutations(("tenant", "team", "customer"), 2)))
def test_the_label_that_parts_the_namespaces_is_guessed(asked, key):
    save(*(NAMESPACE.format(name=f"ns-{value}", key=key, value=value) for value in ("a", "b")))
    with open("own.npq", "w", encoding="utf-8") as file:
        file.write(PACK.format(asked=asked))
    found = run("-p", "own.npq")
    told = " ".join(found.stdout.split())
    assert found.exit_code == 3
    assert "2 queries: apart, closed" in told
    assert f"no namespace has the label `{asked}`; --set key={key} takes `{key}`, which is `a`, `b` there" in told
    assert run("-p", "own.npq", "--set", f"key={key}").exit_code == 1


SCOPED = """pack own "Own"
param scope = "pci-scope"
param cde = "cde"
assert closed "Closed": no internet can reach pods in namespaces($scope=$cde) within namespaces
"""


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("compliance: cde", "--set scope=compliance takes `compliance`, which is `cde`, `other` there"),
        ("data: CDE", "--set scope=data takes `data`, which is `CDE`, `other` there, and --set cde=… names its values"),
        (
            "example.com/pci: in",
            "--set scope=example.com/pci takes `example.com/pci`, which is `in`, `other` there, and --set cde=… names",
        ),
        ("team: red", "they have `team`, and --set scope=KEY takes another"),  # who owns it is no scope
        ("app.kubernetes.io/name: red", "they have `app.kubernetes.io/name`, and --set scope=KEY takes another"),
    ],
)
def test_a_label_is_guessed_by_the_values_that_are_asked_for(label, said):
    key, _, value = label.partition(": ")
    save(*(NAMESPACE.format(name=f"ns-{n}", key=key, value=it) for n, it in enumerate((value, "other"))))
    with open("own.npq", "w", encoding="utf-8") as file:
        file.write(SCOPED)
    assert f"no namespace has the label `pci-scope`; {said}" in " ".join(run("-p", "own.npq").stdout.split())


def test_a_label_that_workloads_have_is_told():
    pods = PODS.format(name="web", namespace="shop").replace("labels: {", "labels: {pci-scope: cde, ")
    save(NAMESPACE.format(name="shop", key="team", value="red"), pods)
    with open("own.npq", "w", encoding="utf-8") as file:
        file.write(SCOPED)
    told = " ".join(run("-p", "own.npq").stdout.split())
    assert "workloads have it, as shop/web, and this asks of their namespaces" in told


def test_a_value_that_no_namespace_has_is_told_with_those_there_are():
    save(*(NAMESPACE.format(name=f"ns-{value}", key="team", value=value) for value in ("a", "b")))
    found = run("-q", "no pods in namespaces(team=c) can reach internet within namespaces", "--format", "json")
    (query,) = json.loads(found.stdout)["queries"]
    assert query["blame"] == ["no namespace has `c` as its `team`; there are `a`, `b`"]


@pytest.mark.parametrize("type_", ["Ingress", "Egress"])
def test_a_refuted_some_has_a_finding_that_names_what_denies_it(type_):
    save(
        PODS.format(name="web", namespace="shop"), PODS.format(name="api", namespace="shop"), POLICY.format(type=type_)
    )
    found = run(
        "-q", "some pods(app=web) in namespace shop can reach pods(app=api) in namespace shop", "--format", "json"
    )
    (cause,) = json.loads(found.stdout)["causes"]
    assert cause["fault"] == "rule-misses"
    assert cause["rule"]["name"] == "closed"
    assert cause["rule"]["direction"] == type_.lower()
    assert cause["example"]["port"] == 8080
    assert "kind: NetworkPolicy" in cause["patch"]


@pytest.mark.parametrize(("label", "is_latent"), [("web", False), ("ghost", True)])
def test_a_some_that_nothing_there_shows_is_latent(label, is_latent):
    save(PODS.format(name="web", namespace="shop"), PODS.format(name="api", namespace="shop"))
    claim = f"some pods(app={label}) in namespace shop can reach pods(app=api) in namespace shop"
    found = run("-q", claim)
    assert found.exit_code == 0
    assert ("latent: only pods that are not there yet show q1" in found.stdout) is is_latent
    (query,) = json.loads(run("-q", claim, "--format", "json").stdout)["queries"]
    assert query["live"] is (False if is_latent else None)
