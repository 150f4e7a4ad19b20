"""Edits are right: each is applied, in every style that manifests are written in, and the queries are then proved."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from patched import answered, read

from analyzer import analysis, inputs
from analyzer.analysis.findings import findings_of
from analyzer.manifests import load
from analyzer.manifests.locating import Locator
from analyzer.manifests.text.writing import block_lines, flow_text
from analyzer.model.claims import Universe
from analyzer.verdicts import Status
from analyzer.verdicts.findings import patch_of


def _listed(values):
    return {"apiVersion": "v1", "kind": "List", "items": values}


def _documents(write, end="\n"):
    return lambda values: f"---{end}".join(write(value).replace("\n", end) for value in values)


def _block(value):
    return "\n".join(block_lines(value)) + "\n"


STYLES = {
    "block": _documents(_block),
    "Windows": _documents(_block, "\r\n"),
    "flow": _documents(lambda value: flow_text(value) + "\n"),
    "lists in flow": _documents(lambda value: yaml.safe_dump(value, sort_keys=False, default_flow_style=None)),
    "a list": lambda values: _block(_listed(values)),
    "JSON": lambda values: json.dumps(_listed(values), indent=2) + "\n",
    "JSON with tabs": lambda values: json.dumps(_listed(values), indent="\t"),
    "JSON on one line": lambda values: json.dumps(_listed(values), separators=(",", ":")),
}
FOUR = ("block", "flow", "JSON", "JSON on one line")


def namespace(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {"tenant": name}}}


def workload(namespace_, name, port=8080):
    container = {"name": "c", "image": "x", "ports": [{"containerPort": port}]}
    spec = {"containers": [container], "serviceAccountName": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace_},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }


def policy(name, api="networking.k8s.io/v1", kind="NetworkPolicy", at="shop", **spec):
    metadata = {"name": name, "namespace": at} if at else {"name": name}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


def calico(**spec):
    return policy("db", "projectcalico.org/v3", selector="app == 'db'", **spec)


def cilium(at="shop", **spec):
    kind = "CiliumNetworkPolicy" if at else "CiliumClusterwideNetworkPolicy"
    return policy("db", "cilium.io/v2", kind, at, endpointSelector={"matchLabels": {"app": "db"}}, **spec)


def istio(*rules):
    selector = {"matchLabels": {"app": "db"}}
    return policy(
        "db", "security.istio.io/v1", "AuthorizationPolicy", selector=selector, action="ALLOW", rules=list(rules)
    )


BASE = [
    namespace("shop"),
    namespace("web"),
    namespace("other"),
    workload("shop", "db", 5432),
    workload("web", "front"),
    workload("other", "stranger"),
]
DNS = policy(
    "dns",
    podSelector={},
    policyTypes=["Egress"],
    egress=[{"to": [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}]}],
)
STRANGERS = "no pods in namespace other can reach pods(app=db) in namespace shop"
FRONT = "some workload web/front can reach workload shop/db on tcp/5432"
ADMIN = "no pods can reach pods(app=db) in namespace shop on tcp/9000"
OUT = "no pods in namespace shop can reach internet"
MESH = [
    namespace("istio-system"),
    *(namespace(name, tenant=name, **{"istio-injection": "enabled"}) for name in ("shop", "web", "other")),
    *BASE[3:],
    policy(
        "default", "security.istio.io/v1", "PeerAuthentication", "istio-system", mtls={"mode": "STRICT"}
    ),
    policy("db", podSelector={"matchLabels": {"app": "db"}}, ingress=[{"ports": [{"port": 5432}]}]),
]  # fmt: skip
CLAIM = "no pods in namespace other can reach pods(app=db) in namespace shop on tcp/5432"

KUBERNETES = {
    "a dash too many": (
        policy(
            "db",
            podSelector={"matchLabels": {"app": "db"}},
            ingress=[{"from": [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"app": "front"}}}]}],
        ),
        (
            "no pods(app!=front) in namespace other can reach pods(app=db) in namespace shop",
            FRONT,
        ),
    ),
    "every namespace": (
        policy(
            "db",
            podSelector={"matchLabels": {"app": "db"}},
            policyTypes=["Ingress"],
            ingress=[{"from": [{"namespaceSelector": {}}]}],
        ),
        (STRANGERS, FRONT),
    ),
    "no ports": (
        policy(
            "db",
            podSelector={"matchLabels": {"app": "db"}},
            ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"tenant": "web"}}}]}],
        ),
        (ADMIN, FRONT),
    ),
    "Ingress alone": (policy("db", podSelector={}, policyTypes=["Ingress"]), (OUT,)),
    "TCP where UDP is meant": (
        policy(
            "db",
            podSelector={"matchLabels": {"app": "db"}},
            ingress=[{"from": [{"namespaceSelector": {}}], "ports": [{"port": 5432}]}],
        ),
        (FRONT, "some workload web/front can reach workload shop/db on udp/5432"),
    ),
    "a selector of the wrong namespace": (
        policy(
            "db",
            podSelector={"matchLabels": {"app": "db"}},
            ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "front"}}}]}],
        ),
        (FRONT, STRANGERS),
    ),
    "a block of addresses that holds pods": (
        policy(
            "db",
            podSelector={"matchLabels": {"app": "db"}},
            ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 5432}]}],
        ),
        (STRANGERS,),
    ),
    "nobody named": (policy("db", podSelector={}, ingress=[{}]), (STRANGERS,)),
}
ENGINES = {
    "Calico, every namespace": ([*BASE, calico(
        types=["Ingress"], ingress=[{"action": "Allow", "source": {"namespaceSelector": "all()"}}]
    )], (STRANGERS, FRONT)),
    "Calico, nobody named": ([*BASE, calico(types=["Ingress"], ingress=[{"action": "Allow"}])], (STRANGERS, FRONT)),
    "Calico, no ports": ([*BASE, calico(
        types=["Ingress"], ingress=[{"action": "Allow", "source": {"namespaceSelector": "tenant == 'web'"}}]
    )], (ADMIN, FRONT)),
    "Calico, Ingress alone": ([*BASE, policy(
        "db", "projectcalico.org/v3", types=["Ingress"], selector="all()"
    )], (OUT,)),
    "Calico, global": ([*BASE, policy(
        "db", "projectcalico.org/v3", "GlobalNetworkPolicy", None, selector="app == 'db'", types=["Ingress"],
        ingress=[{"action": "Allow", "source": {"selector": "all()"}}],
    )], (STRANGERS, FRONT)),
    "Calico, one rule too many": ([*BASE, calico(types=["Ingress"], ingress=[
        {"action": "Allow", "source": {"namespaceSelector": "tenant == 'web'"}},
        {"action": "Allow", "source": {"nets": ["10.0.0.0/8"]}},
    ])], (STRANGERS, FRONT)),
    "Cilium, an entity": ([*BASE, cilium(ingress=[{"fromEntities": ["cluster"]}])], (STRANGERS, FRONT)),
    "Cilium, entities": ([*BASE, cilium(ingress=[
        {"fromEntities": ["host", "all"], "toPorts": [{"ports": [{"port": "5432", "protocol": "TCP"}]}]}
    ])], (STRANGERS, FRONT)),
    "Cilium, every pod of the cluster": ([*BASE, cilium(None, ingress=[{"fromEndpoints": [{}]}])], (STRANGERS, FRONT)),
    "Cilium, every namespace": ([*BASE, cilium(ingress=[{"fromEndpoints": [{"matchExpressions": [
        {"key": "k8s:io.kubernetes.pod.namespace", "operator": "Exists"}
    ]}]}])], (STRANGERS, FRONT)),
    "Cilium, no ports": ([*BASE, cilium(ingress=[{"fromEndpoints": [
        {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "web"}}
    ]}])], (ADMIN, FRONT)),
    "Cilium, nothing closed": ([*BASE, policy(
        "db", "cilium.io/v2", "CiliumNetworkPolicy", endpointSelector={}, ingress=[{"fromEndpoints": [{}]}],
    )], (OUT,)),
    "Cilium, default deny taken back": ([*BASE, policy(
        "db", "cilium.io/v2", "CiliumNetworkPolicy", endpointSelector={}, enableDefaultDeny={"egress": False},
        ingress=[{"fromEndpoints": [{}]}], egress=[{"toEndpoints": [{}]}],
    )], (OUT,)),
    "Istio, every principal": ([*MESH, istio({"from": [{"source": {"principals": ["*"]}}]})], (CLAIM, FRONT)),
    "Istio, every namespace": ([*MESH, istio({"from": [{"source": {"namespaces": ["*"]}}]})], (CLAIM, FRONT)),
    "Istio, a principal and every one": ([*MESH, istio({"from": [{"source": {"principals": [
        "cluster.local/ns/web/sa/front", "*"
    ]}}]})], (CLAIM, FRONT)),
    "Istio, a source too many": ([*MESH, istio({"from": [
        {"source": {"namespaces": ["web"]}}, {"source": {"principals": ["*"]}}
    ]})], (CLAIM, FRONT)),
    "Istio, no source": ([*MESH, istio({"to": [{"operation": {"ports": ["5432"]}}]})], (CLAIM, FRONT)),
}  # fmt: skip


def mended(here, text, queries):
    """The edits of the findings, once they are applied together and everything is proved."""
    (here / "all.yaml").write_bytes(text.encode())
    before = answered(queries)
    assert before.status is Status.REFUTED
    edits = [finding.fix.edit for finding in before.findings]
    assert all(edits), [finding.fix for finding in before.findings]
    patch = patch_of(edits).encode()
    done = subprocess.run(["git", "apply", "-"], input=patch, capture_output=True, check=False)
    assert done.returncode == 0, (done.stderr, patch.decode())
    after = answered(queries)
    assert {verdict.status for verdict in after.verdicts} == {Status.PROVED}, patch.decode()
    return edits


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("slip", KUBERNETES)
def test_a_slip_is_mended_in_every_style(here, style, slip):
    guilty, queries = KUBERNETES[slip]
    mended(here, STYLES[style]([*BASE, guilty]), queries)


@pytest.mark.parametrize("style", FOUR)
@pytest.mark.parametrize("slip", ENGINES)
def test_a_slip_in_an_engines_policy_is_mended(here, style, slip):
    objects, queries = ENGINES[slip]
    mended(here, STYLES[style](objects), queries)


def test_two_edits_of_one_file_are_one_patch(here):
    two = policy(
        "db-again",
        podSelector={"matchLabels": {"app": "db"}},
        policyTypes=["Ingress"],
        ingress=[{"from": [{"namespaceSelector": {}}]}],
    )
    guilty, queries = KUBERNETES["every namespace"]
    assert len(mended(here, STYLES["block"]([*BASE, guilty, two]), queries)) == 2


# ------------------------------------------------------------------------------------------------ no false edit
def test_what_would_break_a_proved_query_is_not_told(here):
    """Whoever may reach the database uses every port of it, as one query asks."""
    guilty, _ = KUBERNETES["no ports"]
    (here / "all.yaml").write_text(STYLES["block"]([*BASE, guilty]))
    answer = answered([ADMIN, "some workload web/front can reach workload shop/db on tcp/6000"])
    (finding,) = answer.findings
    edit = finding.fix.edit
    if edit is not None:
        subprocess.run(["git", "apply", "-"], input=edit.patch.encode(), check=True)
        assert {verdict.status for verdict in answered([ADMIN, FRONT]).verdicts} == {Status.PROVED}
    assert finding.fix.text
    assert "\n" not in finding.fix.text


@pytest.mark.parametrize("slip", ["Calico, every namespace", "Cilium, an entity", "Istio, every principal"])
def test_where_no_edit_is_right_one_line_says_what_to_write(here, slip):
    """The stranger is denied, and has to get through as well."""
    objects, _ = ENGINES[slip]
    (here / "all.yaml").write_text(STYLES["block"](objects))
    (finding,) = answered([CLAIM, "some workload other/stranger can reach workload shop/db on tcp/5432"]).findings
    assert finding.fix.edit is None
    assert finding.fix.text.startswith("name the ")
    assert "\n" not in finding.fix.text


def test_without_a_second_reading_no_edit_is_told(here):
    guilty, queries = KUBERNETES["every namespace"]
    (here / "all.yaml").write_text(STYLES["block"]([*BASE, guilty]))
    cluster = load(["m"], stdin=bytes).cluster
    packs = inputs.questions([], queries, [])
    setting = analysis.Setting(Universe.NAMESPACES, inputs.profile_for(None, (), cluster))
    answer = analysis.check(cluster, packs, setting=setting)
    (finding,) = findings_of(answer, cluster, setting, Locator(read), packs)
    assert finding.fix.edit is None
    assert finding.fix.text
