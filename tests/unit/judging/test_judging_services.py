"""Services and their addresses in queries: `service`, `ips`, `apiserver`, and nodes' addresses."""

from __future__ import annotations

import pytest

from analyzer.analysis import Setting, check
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status, Verdict

PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: a, labels: {app: x}}
spec: {containers: [{name: main, image: "registry.example/x:1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {containers: [{name: main, image: "registry.example/db:1", ports: [{name: pg, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDR: 10.244.0.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: a}
spec:
  clusterIP: 10.96.0.7
  selector: {app: db}
  ports: [{name: sql, port: 80, targetPort: pg}, {name: metrics, port: 9100}]
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: a}
spec: {type: ExternalName, externalName: db.example.org}
---
apiVersion: v1
kind: Service
metadata: {name: far, namespace: a}
spec: {clusterIP: 10.96.0.8, ports: [{port: 443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: far-1, namespace: a, labels: {kubernetes.io/service-name: far}}
addressType: IPv4
ports: [{port: 8443}]
endpoints: [{addresses: [203.0.113.5]}]
---
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: a}
spec: {podSelector: {matchLabels: {app: x}}, policyTypes: [Egress], egress: [EGRESS]}
"""
KUBERNETES = """
---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {clusterIP: 10.96.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
ports: [{name: https, port: 6443}]
endpoints: [{addresses: [192.168.0.9]}]
"""
TO_DB = "{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}"
TO_API = "{to: [{ipBlock: {cidr: 192.168.0.0/16}}], ports: [{port: 6443}]}"
TO_BLOCK = "{to: [{ipBlock: {cidr: CIDR}}], ports: [{port: PORT}]}"


def asked(query: str, egress: str, profile: str = "calico", more: str = "", knob: str = "") -> Verdict:
    text = PODS + POLICY.replace("EGRESS", egress) + more
    cluster = load(["-"], stdin=text.encode).cluster
    chosen = PROFILES[profile].with_knob("kube-apiserver", knob) if knob else PROFILES[profile]
    (verdict,) = check(cluster, [Pack("p", "", (parse_query(query),))], setting=Setting(Universe.ANY, chosen)).verdicts
    return verdict


def block(cidr: str, port: int) -> str:
    return TO_BLOCK.replace("CIDR", cidr).replace("PORT", str(port))


@pytest.mark.parametrize(
    ("query", "egress", "expected"),
    [
        ("every workload a/x can reach service a/db on tcp/80", TO_DB, Status.REFUTED),
        ("some workload a/x can reach service a/db on tcp/80", TO_DB, Status.PROVED),
        ("some workload a/x can reach service a/db on tcp/sql", TO_DB, Status.PROVED),
        ("some workload a/x can reach service a/db on tcp/9100", TO_DB, Status.REFUTED),
        ("some workload a/x can reach service a/db on tcp/metrics", TO_DB, Status.REFUTED),
        ("some workload a/x can reach service a/db on tcp/5432", TO_DB, Status.REFUTED),
        ("no workload a/x can reach service a/db", TO_DB, Status.REFUTED),
        ("no workload a/x can reach service a/db on tcp/9100", TO_DB, Status.PROVED),
        ("no workload a/x can reach ips 10.96.0.7", TO_DB, Status.REFUTED),
        ("no workload a/x can reach ips 10.96.0.7 on tcp/9100", TO_DB, Status.PROVED),
        ("workload a/x can reach only service a/db on tcp/5432", TO_DB, Status.REFUTED),
        ("workload a/x can reach only pods(app=db) or service a/db", TO_DB, Status.PROVED),
        ("no workload a/x can reach service a/far", block("203.0.113.0/24", 8443), Status.REFUTED),
        ("every workload a/x can reach service a/far on tcp/443", block("203.0.113.0/24", 8443), Status.PROVED),
        ("every workload a/x can reach ips 10.96.0.8 on tcp/443", block("203.0.113.0/24", 8443), Status.PROVED),
        ("every workload a/x can reach ips 10.96.0.8 on tcp/443", block("10.96.0.0/16", 443), Status.REFUTED),
        ("no workload a/x can reach service a/alias", block("203.0.113.0/24", 8443), Status.UNKNOWN),
        ("no workload a/x can reach service a/alias", TO_DB, Status.PROVED),
        ("no workload a/x can reach service a/nobody", TO_DB, Status.VACUOUS),
        ("no workload a/x can reach ips 192.168.0.1", block("192.168.0.0/16", 80), Status.REFUTED),
        ("only ips 192.168.0.1 can reach workload a/db on tcp/1", TO_DB, Status.REFUTED),
    ],
)
def test_what_a_query_means_after_translation(query: str, egress: str, expected: Status) -> None:
    assert asked(query, egress).status is expected


@pytest.mark.parametrize(
    ("query", "egress", "post", "pre"),
    [
        ("every workload a/x can reach service a/far", block("203.0.113.0/24", 8443), Status.PROVED, Status.REFUTED),
        ("every workload a/x can reach service a/far", block("10.96.0.0/16", 443), Status.REFUTED, Status.PROVED),
        ("some workload a/x can reach service a/far", block("10.96.0.0/16", 443), Status.REFUTED, Status.PROVED),
        ("no workload a/x can reach ips 203.0.113.5", block("10.96.0.0/16", 443), Status.PROVED, Status.REFUTED),
        ("no workload a/x can reach pods(app=db)", block("10.96.0.0/16", 80), Status.PROVED, Status.REFUTED),
        ("no workload a/x can reach pods(app=db)", block("10.96.0.0/16", 443), Status.PROVED, Status.PROVED),
        ("workload a/x can reach only ips 10.96.0.7", block("10.96.0.7/32", 80), Status.PROVED, Status.PROVED),
    ],
)
def test_before_translation_and_by_whom_nobody_knows(query: str, egress: str, post: Status, pre: Status) -> None:
    assert asked(query, egress, "calico").status is post
    assert asked(query, egress, "aws-vpc-cni").status is pre
    assert asked(query, egress, "generic").status is (post if post is pre else Status.UNKNOWN)


@pytest.mark.parametrize(
    ("query", "egress", "knob", "more", "expected"),
    [
        ("no workload a/x can reach apiserver", TO_DB, "", "", Status.PROVED),
        ("every workload a/x can reach apiserver on tcp/443", TO_DB, "", "", Status.REFUTED),
        ("every workload a/x can reach apiserver on tcp/443", block("192.168.0.0/16", 6443), "", "", Status.UNKNOWN),
        ("no workload a/x can reach apiserver", block("192.168.0.0/16", 6443), "", "", Status.UNKNOWN),
        ("only apiserver can reach workload a/db", TO_DB, "", "", Status.REFUTED),
        ("some workload a/x can reach apiserver", block("192.168.0.0/16", 6443), "", "", Status.UNKNOWN),
        ("some workload a/x can reach apiserver", TO_DB, "", "", Status.REFUTED),
        (
            "every workload a/x can reach apiserver on tcp/443",
            block("192.168.0.0/16", 6443),
            "",
            KUBERNETES,
            Status.PROVED,
        ),
        (
            "every workload a/x can reach apiserver on tcp/6443",
            block("192.168.0.0/16", 6443),
            "",
            KUBERNETES,
            Status.PROVED,
        ),
        ("no workload a/x can reach apiserver", block("192.168.0.8/32", 6443), "", KUBERNETES, Status.PROVED),
        ("no workload a/x can reach apiserver", block("192.168.0.8/32", 6443), "192.168.0.8:6443", "", Status.REFUTED),
        ("no workload a/x can reach apiserver", block("192.168.0.8/32", 443), "192.168.0.8:6443", "", Status.PROVED),
        ("no workload a/x can reach apiserver", block("192.168.0.8/32", 443), "192.168.0.8", "", Status.REFUTED),
    ],
)
def test_the_api_server(query: str, egress: str, knob: str, more: str, expected: Status) -> None:
    assert asked(query, egress, knob=knob, more=more).status is expected


def test_a_refutation_says_what_is_not_known() -> None:
    verdict = asked("no workload a/x can reach apiserver", block("192.168.0.0/16", 6443))
    assert any("API server" in text for text in verdict.blame)
