"""Pods of which nobody knows the labels, where Istio stands before pods by their labels: what makes them, in which
universe, and what they are in a mesh that takes no plaintext."""

from __future__ import annotations

from itertools import product

import pytest

from analyzer import check, load
from analyzer.verdicts import Status

POD = "{metadata: {labels: {app: k%s}}, spec: {containers: [{name: c, image: i}]}}"
MAKERS = {
    "none": ("", False),
    "Deployment": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: k, namespace: a}\nspec: {template: POD}",
        False,
    ),
    "CloneSet": (
        "apiVersion: apps.kruise.io/v1alpha1\nkind: CloneSet\nmetadata: {name: k, namespace: a}\nspec: {template: POD}",
        True,
    ),
    "Kafka": ("apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: k, namespace: a}\nspec: {}", True),
}
MESH = """
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {istio-injection: enabled, pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
"""
PLAINTEXT = "on tcp/80 where request.tls == plaintext"


@pytest.mark.parametrize(("maker", "universe"), list(product(MAKERS, ("any", "namespaces", "inventory"))))
def test_pods_that_may_be_without_a_proxy_prove_nothing(maker: str, universe: str) -> None:
    manifest, are_unknown = MAKERS[maker]
    cluster = load(objects=MESH + manifest.replace("POD", POD % ""))
    nothing_there = maker == "none" and universe == "inventory"
    for words in ("no external can reach namespace a", "no external can reach workload a/k"):
        is_empty = nothing_there or (maker == "none" and "workload" in words)
        expected = Status.UNKNOWN if are_unknown else Status.VACUOUS if is_empty else Status.PROVED
        assert check(cluster, f"{words} {PLAINTEXT}", universe=universe).verdicts[0].status is expected, words
