"""Domain names in questions that can be the cluster's own: they may stand for pods and nodes (reference 0.2)."""

import pytest

import analyzer

CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: a}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b}}
---
{apiVersion: v1, kind: Pod, metadata: {name: client, namespace: a}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: b, labels: {app: db}}, spec: {containers: [{name: c}]}}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: a}
spec: {type: ExternalName, externalName: NAME}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data: {Corefile: ".:53 {\\n  kubernetes corp.internal in-addr.arpa\\n}\\n"}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: a}
spec: {podSelector: {}, policyTypes: [Egress], egress: PEERS}
"""
PODS, OWN_PODS, NOBODY, NODES = (
    "[{to: [{namespaceSelector: {}}]}]",
    "[{to: [{podSelector: {}}]}]",
    "[]",
    "[{to: [{ipBlock: {cidr: 192.168.0.1/32}}]}]",
)
NODE = """---
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}
"""
NAMES = ["db.b.svc.cluster.local", "db.b.svc", "x.db.b.svc.cluster.local.", "10-1-0-6.b.pod.cluster.local"]
NAMES += ["db.b.svc.corp.internal", "DB.B.SVC.CLUSTER.LOCAL"]
OUTSIDE = ["db.example.com", "svc.example.com", "cluster.local"]
CASES = [
    *((name, PODS, "unknown") for name in NAMES),
    *((name, OWN_PODS, "proved") for name in NAMES),
    *((name, NODES, "unknown") for name in NAMES),
    *((name, NOBODY, "proved") for name in NAMES),
    *((name, PODS, "proved") for name in OUTSIDE),
]


@pytest.mark.parametrize(("name", "peers", "expected"), CASES)
@pytest.mark.parametrize("asked", ["service a/alias", 'domains "NAME"'])
def test_a_name_of_the_cluster_may_be_pods_and_nodes(name, peers, expected, asked):
    cluster = analyzer.load(objects=CLUSTER.replace("NAME", name).replace("PEERS", peers) + NODE)
    found = analyzer.check(cluster, f"no namespace a can reach {asked.replace('NAME', name)}")
    assert found.verdicts[0].status.value == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, "unknown") for name in ("*.svc.cluster.local", "*.local", "*.b.svc", "*.corp.internal")),
        *((name, "proved") for name in ("*.c.svc.cluster.local", "*.example.org")),
    ],
)
def test_wildcards_that_cover_names_of_the_cluster(name, expected):
    peers = "[{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]"
    cluster = analyzer.load(objects=CLUSTER.replace("NAME", "a.example").replace("PEERS", peers))
    found = analyzer.check(cluster, f'no namespace a can reach domains "{name}"')
    assert found.verdicts[0].status.value == expected
