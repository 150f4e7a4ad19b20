"""Pods that istiod makes for a Gateway are no workload of the manifests: where the inventory's answer is another with
them it is unknown, and names the Gateway."""

import pytest

from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts.verdict import Status, Verdict

CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: edge, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: edge, labels: {app: other}}
spec: {serviceAccountName: other, containers: [{name: c}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: edge}
spec: {gatewayClassName: CLASS, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: only-gw, namespace: shop}
spec: {rules: [{from: [{source: {principals: ["cluster.local/ns/edge/sa/gw-istio"]}}]}]}
"""
STORED = """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gw-istio, namespace: edge}
spec:
  selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: gw}}
  template:
    metadata: {labels: {gateway.networking.k8s.io/gateway-name: gw, sidecar.istio.io/inject: "false"}}
    spec: {serviceAccountName: gw-istio, containers: [{name: istio-proxy}]}
"""


def judged(claim: str, class_name: str, more: str = "", universe: Universe = Universe.INVENTORY) -> Verdict:
    text = CLUSTER.replace("CLASS", class_name) + more
    cluster = load(["-"], stdin=text.encode).cluster
    return judge(cluster, parse_query(claim, "q"), (), Setting(universe, PROFILES["generic"]))


@pytest.mark.parametrize(
    ("claim", "is_another"),
    [
        ("no namespace edge can reach namespace shop on tcp/8080", True),
        ("some namespace edge can reach namespace shop on tcp/8080", True),
        ("no anything can reach namespace shop on tcp/8080 where has request.identity", True),
        ("only namespace edge can reach namespace shop on tcp/8080", False),
        ("no workload edge/other can reach namespace shop on tcp/8080", False),
        ("every namespace edge can reach namespace shop on tcp/8080", False),
        ("no internet can reach namespace shop on tcp/8080", False),
    ],
)
def test_what_they_change_is_unknown(claim: str, is_another: bool) -> None:
    found = judged(claim, "istio")
    assert (found.status is Status.UNKNOWN) is is_another
    if is_another:
        assert "Gateway edge/gw" in " ".join(found.blame)


@pytest.mark.parametrize(
    ("class_name", "more", "universe"),
    [
        ("nginx", "", Universe.INVENTORY),  # no pods of istiod's
        ("istio", STORED, Universe.INVENTORY),  # a dump shows them
        ("istio", "", Universe.ANY),  # any pod could be one
    ],
)
def test_where_nothing_is_missing_nothing_is_unknown(class_name: str, more: str, universe: Universe) -> None:
    found = judged("no namespace edge can reach namespace shop on tcp/8080", class_name, more, universe)
    assert found.status is (Status.PROVED if class_name == "nginx" else Status.REFUTED)
