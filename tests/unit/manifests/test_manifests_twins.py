"""Two objects of one identity: one if they say the same, an error naming both places if they do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analyzer.model.cluster import Cluster
from analyzer.model.source import NOWHERE

META = "metadata: {name: p, namespace: shop%s}\n"
NETWORK = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" + META
ADMIN = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: p%s}\n"
SPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop%s}\n"
POD = "apiVersion: v1\nkind: Pod\n" + META
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\n" + META
SERVICE = "apiVersion: v1\nkind: Service\n" + META
NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: w%s}\n"
ROUTE = "apiVersion: gateway.networking.k8s.io/%s\nkind: HTTPRoute\nmetadata: {name: p, namespace: shop}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\n" + META
CUSTOM = "apiVersion: example.com/%s\nkind: Thing\nmetadata: {name: p, namespace: shop}\nspec: {a: %s}\n"

STORED = (
    ", uid: 6d1f, resourceVersion: '7', generation: 2, creationTimestamp: '2026-01-31T12:00:00Z',"
    " managedFields: [{manager: kubectl}]"
)
RULES = "spec:\n  podSelector: {matchLabels: {a: x, b: z}}\n  ingress: [{ports: [{port: 80}]}]\n"
RULES_DEFAULTED = (
    "spec:\n  policyTypes: [Ingress]\n  ingress: [{ports: [{port: 80, protocol: TCP}]}]\n"
    "  podSelector: {matchLabels: {b: z, a: x}}\n"
)
SUBJECT = "spec: {priority: 1, subject: {namespaces: {}}}\n"
CONTAINER = "spec: {containers: [{name: m, ports: [{containerPort: 80}]}]}\n"
CONTAINER_DEFAULTED = (
    "spec: {serviceAccountName: default, hostNetwork: false, nodeName: w,"
    " containers: [{name: m, ports: [{containerPort: 80, protocol: TCP}]}]}\n"
)
PORT = "spec: {selector: {a: b}, ports: [{port: 80}]}\n"
PORT_FILLED_IN = (
    "spec: {selector: {a: b}, type: ClusterIP, clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7],"
    " ports: [{port: 80, targetPort: 80, protocol: TCP}]}\n"
)

EQUAL = {
    "namespace": (SPACE % ", labels: {t: a}", SPACE % ", labels: {kubernetes.io/metadata.name: shop, t: a}"),
    "namespace stored": (SPACE % "", SPACE % STORED + "spec: {finalizers: [kubernetes]}\nstatus: {phase: Active}\n"),
    "policy": (NETWORK % "" + RULES, NETWORK % "" + RULES_DEFAULTED),
    "policy stored": (NETWORK % "" + RULES, NETWORK % STORED + RULES_DEFAULTED + "status: {}\n"),
    "admin policy": (ADMIN % "" + SUBJECT, ADMIN % STORED + SUBJECT),
    "pod": (POD % "" + CONTAINER, POD % STORED + CONTAINER_DEFAULTED + "status: {podIP: 10.1.2.3}\n"),
    "pod bound": (
        POD % "" + CONTAINER,
        POD % STORED.replace(", uid", ", labels: {topology.kubernetes.io/zone: z1}, uid") + CONTAINER_DEFAULTED,
    ),
    "pod finished": (POD % "" + CONTAINER, POD % STORED + CONTAINER_DEFAULTED + "status: {phase: Succeeded}\n"),
    "service": (SERVICE % "" + PORT, SERVICE % STORED + PORT_FILLED_IN),
    "service balanced": (
        SERVICE % "" + PORT,
        SERVICE % STORED + PORT_FILLED_IN + "status: {loadBalancer: {ingress: [{ip: 192.0.2.7}]}}\n",
    ),
    "node": (NODE % "", NODE % STORED + "spec: {podCIDR: 10.1.0.0/24}\nstatus: {addresses: []}\n"),
    "versions": (ROUTE % "v1beta1", ROUTE % "v1"),
    "irrelevant": (CONFIG % "" + "data: {a: b, c: d}\n", CONFIG % STORED + "data: {c: d, a: b}\n"),
    "unmodelled": (CUSTOM % ("v1", "b"), CUSTOM % ("v1beta1", "b")),
}


@pytest.mark.parametrize("name", EQUAL)
def test_two_that_are_equal_are_one(loaded, name):
    one, other = EQUAL[name]
    alone = [_content(loaded(text).cluster) for text in (one, other)]
    for text in (f"{one}---\n{other}", f"{other}---\n{one}", f"{one}---\n{one}", f"{other}---\n{other}"):
        assert _content(loaded(text).cluster) in alone


@pytest.mark.parametrize("is_stored_first", [True, False])
def test_what_a_server_filled_in_is_kept(loaded, is_stored_first):
    pods, services = EQUAL["pod"], EQUAL["service balanced"]
    order = -1 if is_stored_first else 1
    cluster = loaded("---\n".join([*pods[::order], *services[::order]])).cluster
    assert [str(ip) for ip in cluster.workloads[0].ips] == ["10.1.2.3"]
    assert [str(ip) for ip in cluster.services[0].addresses] == ["10.96.0.7", "192.0.2.7"]


def test_of_two_that_are_stored_the_later_is_kept(loaded):
    texts = [
        POD % f", resourceVersion: '{version}'" + CONTAINER_DEFAULTED + f"status: {{podIP: {ip}}}\n"
        for version, ip in (("9", "10.1.2.9"), ("10", "10.1.2.10"), ("8", "10.1.2.8"))
    ]
    assert [str(ip) for ip in loaded("---\n".join(texts)).cluster.workloads[0].ips] == ["10.1.2.10"]


DIFFERENT = {
    "namespace": (SPACE % ", labels: {t: a}", SPACE % ", labels: {t: b}"),
    "namespace stored": (SPACE % "", SPACE % STORED.replace(", uid", ", labels: {t: a}, uid")),
    "policy": (NETWORK % "" + RULES, NETWORK % "" + RULES.replace("80", "81")),
    "policy types": (NETWORK % "" + RULES, NETWORK % "" + RULES + "  policyTypes: [Ingress, Egress]\n"),
    "admin policy": (ADMIN % "" + SUBJECT, ADMIN % STORED + SUBJECT.replace("1", "2")),
    "pod": (POD % "" + CONTAINER, POD % "" + CONTAINER.replace("80", "81")),
    "deployment": (
        DEPLOYMENT % "" + "spec: {template: {metadata: {labels: {a: b}}}}\n",
        DEPLOYMENT % "" + "spec: {template: {metadata: {labels: {a: c}}}}\n",
    ),
    "service": (SERVICE % "" + PORT, SERVICE % STORED + PORT_FILLED_IN.replace("a: b", "a: c")),
    "service from files": (SERVICE % "" + PORT, SERVICE % "" + PORT_FILLED_IN),
    "node": (NODE % ", labels: {t: a}", NODE % ""),
    "irrelevant": (CONFIG % "" + "data: {a: b}\n", CONFIG % "" + "data: {a: c}\n"),
    "unmodelled": (CUSTOM % ("v1", "b"), CUSTOM % ("v1", "c")),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_two_that_differ_are_an_error_that_names_both(problems, name):
    one, other = DIFFERENT[name]
    for first, second in ((one, other), (other, one)):
        (problem,) = problems(f"{first}---\n{second}")
        assert "stands in the manifests twice and is not the same, first in <stdin>:1" in problem.message
        assert problem.line == first.count("\n") + 2


def _content(cluster: Cluster) -> list[Any]:
    things = [*cluster.namespaces, *cluster.workloads, *cluster.nodes, *cluster.services, *cluster.unmodelled]
    shapes: list[Any] = [replace(thing, source=NOWHERE) for thing in things]
    shapes += [(policy.id, policy.priority, str(policy.subject.pods)) for policy in cluster.policies]
    return [*shapes, *(route.id for route in cluster.routes)]
