"""Claims of reach about a Service speak of connections by its address, whether egress is policed or not."""

from __future__ import annotations

import pytest

from analyzer import check, load

SHOP = """
apiVersion: v1
kind: Service
metadata: {name: s, namespace: x}
spec: {clusterIP: 10.96.0.9, selector: {a: b}, ports: [{name: web, port: 80, targetPort: %s}]}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: x, labels: {a: b}}
spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: q, namespace: w}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in, namespace: x}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: %s}
"""


@pytest.mark.parametrize("universe", ["any", "inventory"])
@pytest.mark.parametrize("profile", ["generic", "calico", "aws-vpc-cni"])
@pytest.mark.parametrize("target", ["8080", "http"])
@pytest.mark.parametrize("destination", ["service x/s on tcp/80", "service x/s", "ips 10.96.0.9 on tcp/80"])
def test_reach_of_a_service_hangs_on_what_stands_behind(
    destination: str, target: str, profile: str, universe: str
) -> None:
    for ingress, wanted in (("[]", "refuted"), ("[{}]", "proved")):
        manifests = load(objects=[SHOP % (target, ingress)])
        for quantifier in ("every", "some"):
            claim = f"{quantifier} workload w/q can reach {destination}"
            assert check(manifests, claim, universe=universe, profile=profile).status.value == wanted, (claim, ingress)
