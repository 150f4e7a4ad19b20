"""Addresses spelt out in a question that lead to pods, asked for from ends that are no pods (A13.5, 0.2).

Every address of every kind of Service, and a node's address where a port leads on, from every kind of end outside: the
answer is what the policies of the pods behind it say.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import yaml

from analyzer.analysis import check
from analyzer.judging import Setting
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status, Verdict

BASE = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Node
metadata: {name: one}
spec: {podCIDR: 10.1.0.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: two}
spec: {podCIDR: 10.1.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.2}]}
"""
PORTS = [{"name": "web", "containerPort": 8080}, {"containerPort": 9090, "hostPort": 9000}]


def workload(name: str, *, node: str = "") -> dict:
    pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i", "ports": PORTS}]}}
    if node:
        pod["spec"]["nodeName"] = node
        return (
            {"apiVersion": "v1", "kind": "Pod"} | pod | {"metadata": pod["metadata"] | {"name": name, "namespace": "a"}}
        )
    spec = {"selector": {"matchLabels": {"app": name}}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "a"}, "spec": spec}


def service(spec: dict, status: dict | None = None) -> dict:
    spec = {"selector": {"app": "w"}, "ports": [{"port": 80, "targetPort": "web"}]} | spec
    found = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "a"}, "spec": spec}
    return found | ({"status": status} if status else {})


def policy(rules: list) -> dict:
    spec = {"podSelector": {"matchLabels": {"app": "w"}}, "policyTypes": ["Ingress"], "ingress": rules}
    meta = {"name": "p", "namespace": "a"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


CHOSEN = [{"port": 80, "targetPort": "web", "nodePort": 30080}]
PLAIN = {"clusterIP": "10.96.0.5"}
BALANCED = PLAIN | {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
# The Service, the address that is asked for and on which ports, and whether that leads to its pods.
ADDRESSES = {
    "cluster IP": (service(PLAIN), "10.96.0.5", "tcp/80", True),
    "cluster IP, another port": (service(PLAIN), "10.96.0.5", "tcp/8080", False),
    "external IP": (service(BALANCED | {"externalIPs": ["198.51.100.9"]}), "198.51.100.9", "tcp/80", True),
    "status": (
        service(BALANCED, {"loadBalancer": {"ingress": [{"ip": "8.8.4.4"}]}}), "8.8.4.0/24", "tcp/80", True,
    ),
    "status in mode Proxy": (
        service(BALANCED, {"loadBalancer": {"ingress": [{"ip": "8.8.4.4", "ipMode": "Proxy"}]}}), "8.8.4.4", "tcp/80",
        False,
    ),
    "nobody's": (service(PLAIN), "9.9.9.9", "tcp/80", False),
    "node port": (service(BALANCED | {"type": "NodePort", "ports": CHOSEN}), "192.168.1.2", "tcp/30080", True),
    "node port, another port": (
        service(BALANCED | {"type": "NodePort", "ports": CHOSEN}), "192.168.1.2", "tcp/30081", False,
    ),
    "node port on whichever": (service(BALANCED | {"type": "NodePort"}), "192.168.1.2", "tcp/30000-32767", True),
    "no node port": (service(PLAIN), "192.168.1.2", "tcp/30080", False),
    "no node port by choice": (
        service(BALANCED | {"allocateLoadBalancerNodePorts": False}), "192.168.1.2", "tcp/30080", False,
    ),
}  # fmt: skip
OUTSIDE = ("internet", "ips 1.1.1.0/24", "nodes", "ips 192.168.1.1", "external")


def asked(folder: Path, claim: str, *manifests: dict) -> Verdict:
    path = folder / "m.yaml"
    path.write_text("---\n".join([BASE.strip() + "\n", *(yaml.safe_dump(one) for one in manifests)]))
    setting = Setting(Universe.ANY, PROFILES["generic"])
    return (
        check(load([str(path)]).cluster, [Pack("p", "", (parse_query(claim),))], setting=setting)
        .sections[0]
        .verdicts[0]
    )


@pytest.mark.parametrize(("source", "name"), list(product(OUTSIDE, ADDRESSES)))
def test_an_address_is_what_it_leads_to(tmp_path: Path, source: str, name: str) -> None:
    its, address, ports, leads_on = ADDRESSES[name]
    pods = workload("w")
    claim = f"no {source} can reach ips {address} on {ports}"
    found = [asked(tmp_path, claim, pods, its, policy(rules)).status for rules in ([{}], [])]
    assert found == ([Status.REFUTED, Status.PROVED] if leads_on else [Status.VACUOUS] * 2)
    some = asked(tmp_path, claim.replace("no ", "some ", 1), pods, its, policy([{}]))
    assert some.status is (Status.PROVED if leads_on else Status.REFUTED)


@pytest.mark.parametrize("source", OUTSIDE)
def test_a_port_that_the_cluster_is_yet_to_choose_may_be_the_one_asked_for(tmp_path: Path, source: str) -> None:
    claim = f"no {source} can reach ips 192.168.1.2 on tcp/30080"
    verdict = asked(tmp_path, claim, workload("w"), service(PLAIN | {"type": "NodePort"}))
    assert verdict.status is Status.UNKNOWN
    closed = asked(tmp_path, claim, workload("w"), service(PLAIN | {"type": "NodePort"}), policy([]))
    assert closed.status in (Status.PROVED, Status.VACUOUS, Status.UNKNOWN)


@pytest.mark.parametrize(
    ("claim", "node", "expected"),
    [
        ("no internet can reach ips 192.168.1.2 on tcp/9000", "two", Status.REFUTED),
        ("no internet can reach ips 192.168.1.2 on tcp/9000", "one", Status.VACUOUS),
        ("no internet can reach ips 192.168.1.0/24 on tcp/9000", "one", Status.REFUTED),
        ("no internet can reach ips 192.168.1.2 on tcp/9090", "two", Status.VACUOUS),
        ("no internet can reach ips 192.168.1.2 on udp/9000", "two", Status.VACUOUS),
        ("no internet can reach ips 192.168.1.2", "", Status.REFUTED),
    ],
)
def test_the_port_of_a_node_may_be_a_pods_own(tmp_path: Path, claim: str, node: str, expected: Status) -> None:
    assert asked(tmp_path, claim, workload("w", node=node)).status is expected


def test_pods_ask_for_a_node_by_its_address(tmp_path: Path) -> None:
    """Their egress rules say who reaches a node, and what stands behind its ports is no part of it."""
    its = service(BALANCED | {"type": "NodePort", "ports": CHOSEN})
    shut = policy([]) | {"spec": {"podSelector": {}, "policyTypes": ["Egress"]}}
    assert (
        asked(tmp_path, "no workload a/w can reach ips 192.168.1.2", workload("w"), its, shut).status is Status.PROVED
    )


def test_the_reason_says_that_nobody_is_there(tmp_path: Path) -> None:
    verdict = asked(tmp_path, "no internet can reach ips 9.9.9.9", workload("w"))
    assert verdict.reason == "policies speak of pods, and neither side holds one or leads to one"
