"""Edits keep what works: DNS, and workloads that a peer serves already."""

from __future__ import annotations

import subprocess
from ipaddress import ip_address

import pytest
from patched import answered

from analyzer.model.endpoints import External
from analyzer.verdicts import Status
from analyzer.verdicts.findings import patch_of

HEAD = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {0}, labels: {{tenant: {0}}}}}\n---\n"
POD = """apiVersion: v1
kind: Pod
metadata: {{name: {1}, namespace: {0}, labels: {{app: {1}}}}}
spec: {{containers: [{{name: c, image: x, ports: [{{containerPort: {2}}}]}}]}}
---
"""
POLICY = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {1}, namespace: {0}}}
spec:
  podSelector: {2}
  policyTypes: {3}
"""
BASE = [
    *(HEAD.format(name) for name in ("shop", "web", "ops", "kube-system")),
    POD.format("shop", "db", 5432),
    POD.format("shop", "front", 8080),
    POD.format("web", "front", 8080),
    POD.format("ops", "tool", 8080),
]
DNS_OF_SHOP = (
    "some pods(app=front) in namespace shop can reach pods(k8s-app=kube-dns) in namespace kube-system on udp/53"
)

# The policies, the queries that are broken, and what works and has to go on.
KEPT = {
    "a peer that serves its own namespace": (
        POLICY.format("shop", "db", "{matchLabels: {app: db}}", "[Ingress]")
        + "  ingress:\n  - from:\n    - podSelector: {matchLabels: {app: front}}\n    ports: [{port: 5432}]\n",
        ["some pods(app=front) in namespace web can reach pods(app=db) in namespace shop on tcp/5432"],
        ["some workload shop/front can reach workload shop/db on tcp/5432"],
    ),
    "a label that others have": (
        POLICY.format("shop", "db", "{matchLabels: {app: db}}", "[Ingress]")
        + "  ingress:\n  - from:\n    - podSelector: {matchLabels: {app: front}}\n    ports: [{port: 5432}]\n",
        ["some workload ops/tool can reach workload shop/db on tcp/5432"],
        ["some workload shop/front can reach workload shop/db on tcp/5432"],
    ),
    "egress for DNS to everybody": (
        POLICY.format("shop", "all", "{}", "[Egress]")
        + "  egress:\n  - ports: [{port: 53, protocol: UDP}, {port: 53}]\n",
        ["no namespace shop can reach internet"],
        [DNS_OF_SHOP],
    ),
    "egress to everybody": (
        POLICY.format("shop", "all", "{}", "[Egress]") + "  egress:\n  - {}\n",
        ["no namespace shop can reach internet"],
        [DNS_OF_SHOP, "some workload shop/front can reach workload shop/db on tcp/5432"],
    ),
    "ingress from everybody": (
        POLICY.format("shop", "db", "{matchLabels: {app: db}}", "[Ingress]") + "  ingress:\n  - {}\n",
        ["no namespace ops can reach namespace shop"],
        [
            "some workload shop/front can reach workload shop/db on tcp/5432",
            "some workload web/front can reach workload shop/db on tcp/5432",
        ],
    ),
    "Egress that is not listed": (
        POLICY.format("shop", "all", "{}", "[Ingress]") + "  ingress:\n  - from: [{podSelector: {}}]\n",
        ["no namespace shop can reach internet"],
        [DNS_OF_SHOP, "some workload shop/front can reach workload shop/db on tcp/5432"],
    ),
    "no policy at all": (
        "",
        ["no namespace ops can reach namespace shop"],
        [
            "some workload shop/front can reach workload shop/db on tcp/5432",
            "some workload web/front can reach workload shop/db on tcp/5432",
            "some internet can reach workload shop/front on tcp/8080",
        ],
    ),
    "two policies with the same fault": (
        POLICY.format("shop", "a", "{matchLabels: {app: db}}", "[Ingress]")
        + "---\n"
        + POLICY.format("shop", "b", "{matchLabels: {app: front}}", "[Ingress]")
        + "  ingress: [{}]\n",
        ["no pods(app in (db, front)) in namespace shop can reach internet"],
        [DNS_OF_SHOP, DNS_OF_SHOP.replace("front", "db", 1)],
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_works_goes_on_once_the_patch_is_applied(here, case):
    policies, broken, kept = KEPT[case]
    (here / "all.yaml").write_text("".join(BASE) + policies)
    assert {it.status for it in answered(kept).verdicts} == {Status.PROVED}
    before = answered(broken)
    assert before.status is Status.REFUTED
    cuts = [cut for it in before.findings for cut in it.fix.cuts]
    assert not [it for it in cuts if it.dst != External(ip_address("169.254.169.254"))]  # which somebody may ask
    patch = patch_of([it.fix.edit for it in before.findings])
    subprocess.run(["git", "apply", "-"], input=patch.encode(), check=True)
    assert {it.status for it in answered([*broken, *kept]).verdicts} == {Status.PROVED}, patch


def test_what_is_cut_all_the_same_is_told(here):
    (here / "all.yaml").write_text("".join(BASE))
    (finding,) = answered(["every pods in namespace shop is isolated for ingress"]).findings
    told = {(it.src.workload, it.dst.workload) for it in finding.fix.cuts if hasattr(it.src, "workload")}
    assert ("web/front[Pod]", "shop/db[Pod]") in told
    assert ("shop/front[Pod]", "shop/db[Pod]") not in told
    assert not [pair for pair in told if pair[1].startswith("ops/")]
