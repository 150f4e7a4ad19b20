"""What Cilium's policies make of requests, of entities and of a pod's own node (calico-cilium.md 2.4, 2.7, 2.13)."""

from __future__ import annotations

import json

import pytest

from analyzer import explain
from analyzer.cli.batch import answered, read_batch
from analyzer.inputs import chosen_profile
from analyzer.manifests import load
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.explanation import Effect

CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: a, labels: {app: x}}
spec: {nodeName: n1, containers: [{name: main, image: x}]}
status: {phase: Running, podIP: 10.9.1.1, podIPs: [{ip: 10.9.1.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: "y", namespace: a, labels: {app: "y"}}
spec: {nodeName: n2, containers: [{name: main, image: x}]}
status: {phase: Running, podIP: 10.9.1.2, podIPs: [{ip: 10.9.1.2}]}
---
"""
POLICY = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: a}
spec:
  endpointSelector: {matchLabels: {app: x}}
"""


def asked(folder, policy: str, source: str, destination: str, knobs=(), **question) -> str:
    (folder / "manifests.yaml").write_text(
        CLUSTER.replace("name: y,", 'name: "y",').replace("app: y", 'app: "y"') + policy
    )
    (folder / "asked.jsonl").write_text(json.dumps({"id": 1, "from": source, "to": destination, **question}))
    cluster = load([str(folder / "manifests.yaml")]).cluster
    (found,) = answered(read_batch(folder / "asked.jsonl"), cluster, chosen_profile("cilium", list(knobs)), None)
    return found.outcome.value


def http(**request: object) -> dict[str, object]:
    return {"method": "GET", "path": "/", "host": "shop.example", **request}


GET = http()


# ------------------------------------------------------------------------------------------------ requests
@pytest.mark.parametrize(
    ("rule", "request_", "wanted"),
    [
        ("{method: GET}", GET, "allowed"),
        ("{method: GET}", http(method="GETS"), "denied"),
        ("{method: 'GET|HEAD'}", http(method="HEAD"), "allowed"),
        ("{method: get}", GET, "denied"),
        ("{path: '/a/.*'}", http(path="/a/b"), "allowed"),
        ("{path: '/a/.*'}", http(path="/a"), "denied"),
        ("{path: '/a/.*'}", http(path="/a/../b"), "denied"),
        ("{path: '/a'}", http(path="/b/../a"), "allowed"),
        ("{path: '/a'}", http(path="/a?q=1"), "denied"),
        ("{host: '.*[.]example'}", GET, "allowed"),
        ("{host: 'shop'}", GET, "denied"),
        ("{headers: ['X-Token: abc']}", http(headers=[["x-token", "abc"]]), "allowed"),
        ("{headers: ['X-Token: abc']}", http(headers=[["x-token", "abd"]]), "denied"),
        ("{headers: ['X-Token']}", http(headers=[["x-token", "abd"]]), "allowed"),
        ("{headers: ['X-Token']}", GET, "denied"),
        ("{headerMatches: [{name: X-Token, value: abc}]}", GET, "denied"),
        ("{headerMatches: [{name: X-Token, value: abc, mismatch: ADD}]}", GET, "allowed"),
        ("{headerMatches: [{name: X-Token, secret: {name: s, namespace: a}}]}", GET, "unknown"),
        ("{method: GET, path: '/a'}", GET, "denied"),
        ("{}", GET, "allowed"),
        ("{}", {"raw": "tcp"}, "denied"),
        ("{}", http(host=None), "denied"),
    ],
)
def test_what_a_rule_asks_of_requests(tmp_path, rule, request_, wanted):
    ports = f"{{toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {{http: [{rule}]}}}}]}}"
    policy = f"{POLICY}  ingress:\n    - {ports}\n"
    said = {key: value for key, value in request_.items() if value is not None}
    assert asked(tmp_path, policy, "a/y", "a/x", on="tcp/80", request=said) == wanted
    some = asked(tmp_path, policy, "a/y", "a/x", on="tcp/80")
    assert some == ("unknown" if wanted == "unknown" else "allowed")
    assert asked(tmp_path, policy, "a/y", "a/x", on="tcp/81") == "denied"


@pytest.mark.parametrize("rule", ["{path: '/a[^\\x00-\\x{10FFFF}]'}", "{method: ''}", "{path: '[a'}"])
def test_a_pattern_that_nothing_meets_lets_nothing_in(tmp_path, rule):
    policy = (
        f"{POLICY}  ingress: [{{toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {{http: [{rule}]}}}}]}}]\n"
    )
    is_empty = rule.startswith("{path: '/a")
    assert asked(tmp_path, policy, "a/y", "a/x", on="tcp/80") == ("denied" if is_empty else "allowed")


def test_a_rule_without_requests_beside_one_with_lets_all_in(tmp_path):
    ports = "ports: [{port: '80', protocol: TCP}]"
    policy = f"{POLICY}  ingress:\n    - toPorts: [{{{ports}, rules: {{http: [{{method: GET}}]}}}}]\n"
    more = f"{policy}    - fromEndpoints: [{{matchLabels: {{app: 'y'}}}}]\n      toPorts: [{{{ports}}}]\n"
    post = http(method="POST")
    assert asked(tmp_path, policy, "a/y", "a/x", on="tcp/80", request=post) == "denied"
    assert asked(tmp_path, more, "a/y", "a/x", on="tcp/80", request=post) == "allowed"
    assert asked(tmp_path, more, "203.0.113.9", "a/x", on="tcp/80", request=post) == "denied"


# ------------------------------------------------------------------------------------------------ the own node
@pytest.mark.parametrize(
    ("entry", "own", "other"),
    [
        ("ingress: [{}]", "allowed", "denied"),
        ("ingress: [{fromEntities: [host]}]", "allowed", "denied"),
        ("ingress: [{fromEntities: [remote-node]}]", "allowed", "allowed"),
        ("ingressDeny: [{fromEntities: [host]}]", "denied", "denied"),
        ("ingressDeny: [{fromEntities: [remote-node]}]", "allowed", "denied"),
        ("{ingress: [{fromEntities: [all]}], ingressDeny: [{fromEntities: [host]}]}", "denied", "allowed"),
    ],
)
def test_a_pods_own_node_is_host(tmp_path, entry, own, other):
    body = entry.strip("{}") if entry.startswith("{") else entry
    policy = POLICY + "".join(f"  {part}\n" for part in body.split(", ingressDeny")[:1])
    if ", ingressDeny" in body:
        policy += f"  ingressDeny{body.split(', ingressDeny')[1]}\n"
    assert asked(tmp_path, policy, "node:n1", "a/x", on="tcp/80") == own
    assert asked(tmp_path, policy, "node:n2", "a/x", on="tcp/80") == other


# ------------------------------------------------------------------------------------------------ entities
@pytest.mark.parametrize(
    ("entity", "rule", "knobs", "wanted"),
    [
        ("health", "fromEntities: [health]", (), "allowed"),
        ("health", "fromEntities: [world]", (), "denied"),
        ("health", "fromEntities: [cluster]", (), "allowed"),
        ("unmanaged", "fromCIDR: [0.0.0.0/0]", ("policy-cidr-match-mode=nodes,pods",), "denied"),
        ("ingress", "fromEndpoints: [{matchLabels: {'reserved:ingress': ''}}]", (), "allowed"),
        ("kube-apiserver", "fromEntities: [kube-apiserver]", (), "allowed"),
        ("kube-apiserver", "fromEntities: [cluster]", (), "allowed"),
        ("kube-apiserver", "fromEntities: [world]", (), "unknown"),
        ("kube-apiserver", "fromEntities: [remote-node]", (), "unknown"),
        ("kube-apiserver", "fromEntities: [world]", ("kube-apiserver=203.0.113.1",), "allowed"),
        ("kube-apiserver", "fromEntities: [remote-node]", ("kube-apiserver=192.168.0.2",), "allowed"),
        ("kube-apiserver", "fromEndpoints: [{}]", (), "denied"),
    ],
)
def test_an_entity_that_no_object_declares(tmp_path, entity, rule, knobs, wanted):
    policy = f"{POLICY}  ingress: [{{{rule}}}]\n"
    assert asked(tmp_path, policy, f"entity:{entity}", "a/x", knobs, on="tcp/80") == wanted


# ------------------------------------------------------------------------------------------------ explain
SEVERAL = """\
  ingress:
    - toPorts: [{ports: [{port: '80', endPort: 89, protocol: TCP}]}]
    - toPorts: [{ports: [{port: web}]}]
    - {}
  ingressDeny: [{toPorts: [{ports: [{port: '85', protocol: TCP}]}]}]
"""
DNS = "  egress: [{toPorts: [{ports: [{port: '53'}]}]}]\n"


def test_explain_tells_each_rule_and_what_isolates(tmp_path):
    """By ports, those that go by a name among them, and which policy's which rule decides."""
    named = "containers: [{name: main, image: x, ports: [{name: web, containerPort: 9000}]}]"
    text = CLUSTER.replace("containers: [{name: main, image: x}]", named) + POLICY + SEVERAL
    (tmp_path / "manifests.yaml").write_text(text)
    found = explain(str(tmp_path), "a/y", "a/x", profile="cilium").explanation
    wanted = ConnectionSet(tcp=PortSet.of((80, 84), (86, 89), 9000))
    assert found.allowed & ConnectionSet.PORTS == found.certain & ConnectionSet.PORTS == wanted
    told = [(step.effect, step.ref.rule and step.ref.rule.index) for step in found.ingress.steps]
    assert told == [
        (Effect.ISOLATES, None),
        (Effect.DENIES, 0),
        (Effect.ISOLATES, None),
        (Effect.ALLOWS, 0),
        (Effect.ALLOWS, 1),
        (Effect.NO_MATCH, 2),
    ]
    assert found.ingress.steps[-1].why == "it matches nobody"
    assert {step.ref.policy.id for step in found.ingress.steps} == {"CiliumNetworkPolicy a/p"}
    shut = explain(str(tmp_path), "a/y", "a/x", on="tcp/8080", profile="cilium").explanation
    assert not shut.allowed
    assert shut.egress.reason == "no policy selects it"
    closed = POLICY.replace("name: p,", "name: q,").replace("app: x", "app: 'y'") + DNS
    (tmp_path / "closed.yaml").write_text(closed)
    both = explain(str(tmp_path), "a/y", "a/x", profile="cilium").explanation
    assert not both.allowed
    assert both.egress.reason == "allowed by rule 1 of CiliumNetworkPolicy a/q"
    assert shut.ingress.reason == "CiliumNetworkPolicy a/p isolates it and no rule allows this"
