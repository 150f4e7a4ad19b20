"""What an answer takes for granted is printed; what speaks against it too."""

from __future__ import annotations

import pytest

from analyzer.analysis import Setting, check
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.sets import AddressSet

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {team: red}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a, labels: {team: TEAM}}
spec: {containers: [{name: c, image: i}]}
"""
PACK = """
assume pinned "Admission pins the team label":
  every pods in namespaces(team) has labels[team] == namespace.labels[team]
assert q: no namespace a can reach internet
"""


@pytest.mark.parametrize(("team", "count"), [("red", 0), ("blue", 1)])
def test_an_assumption_that_the_manifests_breach_is_pointed_out(tmp_path, team, count):
    (tmp_path / "a.yaml").write_text(CLUSTER.replace("TEAM", team))
    pack = parse_pack(PACK, "p.npq")
    answer = check(load([str(tmp_path)]).cluster, [pack], setting=Setting(Universe.ANY, PROFILES["generic"]))
    found = [n for n in answer.notices if "`pinned` does not hold of a/p[Pod]" in n.message]
    assert len(found) == count
    assert [a.name for a in answer.assumptions if a.name == "pinned"] == ["pinned"]


@pytest.mark.parametrize(
    ("universe", "level", "kinds"),
    [
        (Universe.ANY, "restricted", {"fact", "assumed"}),
        (Universe.NAMESPACES, "restricted", {"fact"}),
        (Universe.NAMESPACES, "privileged", {"assumed"}),
        (Universe.INVENTORY, "restricted", set()),
    ],
)
def test_pod_security_makes_a_fact_of_an_assumption(tmp_path, universe, level, kinds):
    text = CLUSTER.replace("TEAM", "red").replace(
        "{team: red}}", f"{{pod-security.kubernetes.io/enforce: {level}}}}}", 1
    )
    (tmp_path / "a.yaml").write_text(text)
    answer = check(load([str(tmp_path)]).cluster, [], setting=Setting(universe, PROFILES["generic"]))
    assert {a.kind for a in answer.assumptions if a.name == "no-host-network"} == kinds


SERVICE = """
---
apiVersion: v1
kind: Service
metadata: {{name: db, namespace: a}}
spec: {{{spec}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: a}}
spec:
  podSelector: {{}}
  policyTypes: [{direction}]
  {rules}: [{{{peers}: [{{ipBlock: {{cidr: {block}}}}}]}}]
"""
LEADS = "selector: {app: db}, ports: [{port: 80}]"
TOLD = "assert q: no namespace a can reach ips 10.96.0.0/12"
SAID = {
    "a range that egress rules name": ({}, {}),
    "one asked for": ({"block": "0.0.0.0/0"}, {"pack": TOLD}),
    "by a load balancer": ({"spec": f"type: LoadBalancer, {LEADS}"}, {}),
    "before translation": ({}, {"profile": "aws-vpc-cni"}),
    "beside the pods' addresses": ({}, {"pods": "10.0.0.0/16"}),
}
UNSAID = {
    "an address told": ({"spec": f"clusterIP: 10.96.0.7, {LEADS}"}, {}),
    "headless": ({"spec": f"clusterIP: None, {LEADS}"}, {}),
    "another name": ({"spec": "type: ExternalName, externalName: a.example"}, {}),
    "leading nowhere": ({"spec": "ports: [{port: 80}]"}, {}),
    "every address": ({"block": "0.0.0.0/0"}, {}),
    "ingress rules": ({"direction": "Ingress", "rules": "ingress", "peers": "from"}, {}),
    "after translation": ({}, {"profile": "calico"}),
    "no policy enforced": ({}, {"profile": "none"}),
    "pods' addresses": ({}, {"pods": "10.0.0.0/8"}),
}
CASES = [(*case, is_said) for cases, is_said in ((SAID, True), (UNSAID, False)) for case in cases.values()]


@pytest.mark.parametrize(("written", "asked", "is_said"), CASES, ids=[*SAID, *UNSAID])
def test_services_without_an_address_are_named_where_it_could_matter(tmp_path, written, asked, is_said):
    usual = {"spec": LEADS, "direction": "Egress", "rules": "egress", "peers": "to", "block": "10.96.0.0/12"}
    (tmp_path / "a.yaml").write_text(CLUSTER + SERVICE.format(**(usual | written)))
    pods = AddressSet.of(asked["pods"]) if "pods" in asked else None
    setting = Setting(Universe.ANY, PROFILES[asked.get("profile", "generic")], pod_addresses=pods)
    answer = check(load([str(tmp_path)]).cluster, [parse_pack(asked.get("pack", PACK), "p.npq")], setting=setting)
    found = [it for it in answer.assumptions if it.name == "service-addresses"]
    assert len(found) == is_said
    assert all("a/db" in it.text and "kubectl" in (it.override or "") for it in found)
