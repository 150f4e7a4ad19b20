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


@pytest.mark.parametrize(
    ("claim", "wanted"),
    [
        ("no workload w/q can reach service x/s", "refuted"),  # on 8080, which is no port of the Service
        ("no workload w/q can reach service x/s on tcp/8080", "refuted"),
        ("no workload w/q can reach service x/s on tcp/80", "proved"),  # nothing translates 80
    ],
)
def test_a_headless_service_stands_for_its_pods_on_their_own_ports(claim: str, wanted: str) -> None:
    headless = (SHOP % ("8080", "[{ports: [{port: 8080}]}]")).replace("10.96.0.9", "None")
    assert check(load(objects=[headless]), claim, universe="inventory").status.value == wanted
