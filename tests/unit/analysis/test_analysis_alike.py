"""Namespaces of which nothing isolates the pods are one cause, and its edit closes each that the queries speak of."""

from __future__ import annotations

import subprocess

import pytest
import yaml
from patched import answered

from analyzer.analysis.findings.asking import Asker
from analyzer.errors import InternalError
from analyzer.verdicts import Status
from analyzer.verdicts.findings import Fault

NAMES = [f"tenant-{number}" for number in range(12)]


@pytest.fixture
def manifests(tmp_path, monkeypatch):
    """Twelve tenants without a policy, and a namespace that no query forbids anything."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    for name in (*NAMES, "shared"):
        labels = {"tenant": name} if name in NAMES else {"shared": "yes"}
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        pods = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
        spec = {"selector": {"matchLabels": {"app": "web"}}, "template": pods}
        web = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": name},
            "spec": spec,
        }
        (tmp_path / "m" / f"{name}.yaml").write_text(yaml.safe_dump_all([space, web]))
    subprocess.run(["git", "init", "-q", "."], check=True)
    return tmp_path / "m"


def one_of(answer):
    (found,) = (it for it in answer.findings if it.fault is Fault.OPEN)
    return found


def added(finding):
    """The policies that its edit adds, by namespace: the types of each."""
    policies = yaml.safe_load_all("\n".join(finding.fix.edit.added))
    return {it["metadata"]["namespace"]: it["spec"]["policyTypes"] for it in policies}


def apply(answer):
    for finding in answer.findings:
        subprocess.run(["git", "apply", "-"], input=finding.fix.edit.patch, text=True, check=True)


def test_a_query_each_is_one_finding(manifests):
    answer = answered([f"no internet can reach namespace {name}" for name in NAMES[:5]])
    found = one_of(answer)
    assert set(found.namespaces) == set(NAMES[:5])
    assert found.summary.endswith("and 2 more namespaces for ingress")
    assert len(found.breaks) == len(found.namespaces)
    assert added(found) == {name: ["Ingress"] for name in NAMES[:5]}


def test_a_query_about_all_finds_those_that_it_does_not_show(manifests):
    """Three counterexamples are shown of twelve; what no query speaks of stays as it is."""
    queries = [
        "no internet can reach pods in namespaces(tenant)",
        "every pods in namespaces(tenant) is isolated for egress",
    ]
    answer = answered(queries)
    found = one_of(answer)
    assert set(found.namespaces) == set(NAMES)
    assert added(found) == {name: ["Ingress", "Egress"] for name in NAMES}
    apply(answer)
    assert {it.status for it in answered(queries).verdicts} == {Status.PROVED}


def test_each_namespace_is_closed_for_what_is_asked_of_it(manifests):
    queries = [
        "no internet can reach pods in namespaces(tenant=tenant-1)",
        "no pods in namespaces(tenant=tenant-2) can reach internet",
    ]
    found = one_of(answered(queries))
    assert added(found) == {"tenant-1": ["Ingress"], "tenant-2": ["Egress"]}


def test_a_namespace_that_is_closed_is_none_of_them(manifests):
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": "tenant-3"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    (manifests / "closed.yaml").write_text(yaml.safe_dump(policy))
    found = one_of(answered(["no internet can reach pods in namespaces(tenant)"]))
    assert set(found.namespaces) == set(NAMES) - {"tenant-3"}


def test_one_that_serves_everybody_is_told_by_itself(manifests):
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "labels": {"tenant": "all"}}}
    (manifests / "system.yaml").write_text(yaml.safe_dump(space))
    answer = answered(["no internet can reach pods in namespaces(tenant)"])
    assert [it.namespaces for it in answer.findings if "kube-system" in it.summary] == [()]
    apply(answer)
    assert answered(["no internet can reach pods in namespaces(tenant)"]).verdicts[0].status is Status.PROVED


def test_tenants_are_closed_towards_one_another(manifests):
    queries = [
        "no pods in namespaces(tenant) can reach pods in namespaces(tenant) "
        "where src.namespace.labels[tenant] != dst.namespace.labels[tenant]"
    ]
    answer = answered(queries)
    found = one_of(answer)
    assert set(found.namespaces) == set(NAMES)
    apply(answer)
    assert answered(queries).verdicts[0].status is Status.PROVED


def test_no_edit_is_told_where_the_edited_manifests_cannot_be_answered(manifests, monkeypatch):
    """The answer of the manifests as they are stays, and the reason says that a report is wanted."""

    def broken(*_):
        raise InternalError("the oracle says otherwise", "bundle")

    monkeypatch.setattr(Asker, "answer", broken)
    fix = one_of(answered(["no internet can reach pods in namespaces(tenant)"])).fix
    assert fix.edit is None
    assert "please report it" in fix.why
