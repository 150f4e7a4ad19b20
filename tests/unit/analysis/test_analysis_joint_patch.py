"""The patch of all fixes together: what it proves and cuts, and that each finding stands in the user's own text."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from patched import answered

from analyzer.verdicts import Status
from analyzer.verdicts.findings import patch_of

ISTIO, NETWORK, ADMIN = "security.istio.io/v1", "networking.k8s.io/v1", "policy.networking.k8s.io/v1alpha1"
CALICO, CILIUM = "projectcalico.org/v3", "cilium.io/v2"


def thing(api, kind, name, at=None, **spec):
    metadata = {"name": name, **({"namespace": at} if at else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **({"spec": spec} if spec else {})}


def workload(at, name, port):
    container = {"name": "c", "image": "x", "ports": [{"containerPort": port}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    return thing("apps/v1", "Deployment", name, at, selector={"matchLabels": {"app": name}}, template=template)


def replicas(at, name):
    found = workload(at, name, 8080)
    return {**found, "kind": "StatefulSet", "spec": {**found["spec"], "serviceName": name, "replicas": 3}}


FIRST = {"statefulset.kubernetes.io/pod-name": "kv-0"}


def named(name):
    found = thing("v1", "Namespace", name)
    found["metadata"]["labels"] = {"tenant": name} if name in ("red", "blue") else {}
    return found


BASE = [
    *map(named, ("red", "blue", "ops", "kube-system")),
    workload("red", "web", 8080),
    workload("red", "db", 5432),
    workload("blue", "api", 8080),
    workload("ops", "tool", 9000),
]
EVERYBODY = {"namespaceSelector": {}}
OPS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ops"}}}
APART = "no namespace blue can reach namespace red"


def policy(name, at="red", pods=None, **spec):
    return thing(NETWORK, "NetworkPolicy", name, at, podSelector=pods or {}, **spec)


def admin(action, peers):
    subject = {"namespaces": {"matchLabels": {"tenant": "red"}}}
    deny = {"action": "Deny", "from": [{"namespaces": {}}]}
    return thing(
        ADMIN, "AdminNetworkPolicy", "a", priority=1, subject=subject, ingress=[{"action": action, "from": peers}, deny]
    )


def permissive(mode="PERMISSIVE"):
    return thing(ISTIO, "PeerAuthentication", "default", "red", mtls={"mode": mode})


MTLS = [
    {**it, "metadata": {**it["metadata"], "labels": {"istio-injection": "enabled"}}}
    if it["kind"] == "Namespace"
    else it
    for it in BASE
]
IDENTITY = 'request.identity != "cluster.local/ns/red/sa/default"'
TOOLS = "no namespace red can reach namespace ops except namespace red can reach namespace ops on tcp/9000"
OUT = "no pods in namespace red can reach metadata-service"

# What is there, the queries, and words of the fixes, those of each finding in one text.
CASES = {
    "an admin policy": (
        [*BASE, admin("Allow", [{"namespaces": {"matchExpressions": [{"key": "tenant", "operator": "Exists"}]}}])],
        [APART],
        ["name the namespace red in `from`"],
    ),
    "plaintext in a mesh": (
        [*MTLS, permissive()],
        ["no anything can reach pods(app=db) in namespace red on tcp/5432 where request.tls == plaintext"],
        ["set `mtls.mode: STRICT`"],
    ),
    "identities in a mesh": (
        [*MTLS, permissive("STRICT")],
        ["no namespace blue can reach namespace red on tcp/5432 where " + IDENTITY],
        ["add an AuthorizationPolicy for red"],
    ),
    "a default that is not denied": (
        [
            *BASE,
            thing(
                CILIUM, "CiliumNetworkPolicy", "c", "red", endpointSelector={}, enableDefaultDeny={"ingress": False},
                ingress=[{"fromEndpoints": [{}]}],
            ),
        ],
        [APART],
        ["set `enableDefaultDeny.ingress: true`"],
    ),
    "an Allow that is final": (
        [
            *BASE,
            thing(CALICO, "Tier", "security", order=100, defaultAction="Pass"),
            thing(
                CALICO, "GlobalNetworkPolicy", "security.web", tier="security", namespaceSelector="tenant == 'red'",
                types=["Ingress"], ingress=[{"action": "Allow", "protocol": "TCP", "destination": {"ports": [8080]}}],
            ),
            policy("deny", policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": {}}, OPS]}]),
        ],
        [APART],
        ["set `action: Pass`"],
    ),
    "the metadata service among addresses outside": (
        [*BASE, policy("deny", policyTypes=["Ingress"])],
        [OUT],
        ["the outside"],
    ),
    "one peer of two": (
        [
            *BASE,
            policy("deny", policyTypes=["Egress"], egress=[{"to": [{"podSelector": {}}, EVERYBODY]}]),
        ],
        ["no namespace red can reach namespace blue", TOOLS],
        [""],
    ),
    "all that a rule means": (
        [
            *BASE,
            policy("out", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}]}]),
        ],
        [OUT],
        ["remove this rule"],
    ),
    "two policies with one fault": (
        [
            *BASE,
            policy("a", pods={"matchLabels": {"app": "db"}}, ingress=[{"from": [EVERYBODY]}]),
            policy("b", pods={"matchLabels": {"app": "db"}}, ingress=[{"from": [EVERYBODY]}]),
        ],
        ["no namespace blue can reach pods(app=db) in namespace red"],
        ["", ""],
    ),
    "pods that a missing policy leaves open": (
        [
            *BASE,
            policy("db", pods={"matchLabels": {"app": "db"}}, policyTypes=["Ingress"]),
            policy("web", pods={"matchLabels": {"app": "web"}}, policyTypes=["Egress"]),
        ],
        [
            "every namespace red is isolated for ingress",
            "every pods(app=web) in namespace red can reach pods(app=tool) in namespace ops on tcp/9000",
        ],
        ["isolates every pod of red for ingress", ""],
    ),
    "one replica that a policy tells from the others": (
        [
            *BASE,
            replicas("red", "kv"),
            policy("deny", pods={"matchLabels": {"app": "kv"}}, ingress=[]),
            policy("first", pods={"matchLabels": FIRST}, ingress=[{"from": [EVERYBODY], "ports": [{"port": 8080}]}]),
        ],
        ["no pods(app=api) in namespace blue can reach pods(app=kv) in namespace red"],
        [""],
    ),
}  # fmt: skip
WRITERS = {
    "m.yaml": lambda objects: "---\n".join(yaml.safe_dump(it, sort_keys=False) for it in objects),
    "m.json": lambda objects: json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}, indent=2) + "\n",
}


@pytest.mark.parametrize("file", WRITERS)
@pytest.mark.parametrize("case", CASES)
def test_the_patch_proves_all_and_each_finding_is_in_the_users_text(here, case, file):
    objects, queries, fixes = CASES[case]
    text = WRITERS[file](objects)
    (here / file).write_text(text)
    before = answered(queries)
    told = [it.fix.text for it in before.findings]
    assert len(told) == len(fixes), told
    assert all(any(words in it for it in told) for words in fixes), told
    for finding in before.findings:
        assert finding.spot.source.file == f"m/{file}"
        assert 0 < finding.spot.source.line <= text.count("\n")
        if finding.spot.column:
            assert finding.spot.text == text.split("\n")[finding.spot.source.line - 1]
    edits = [it.fix.edit for it in before.findings]
    assert all(edits), [(it.fix.text, it.fix.why) for it in before.findings]
    subprocess.run(["git", "apply", "-"], input=patch_of(edits).encode(), check=True)
    assert {it.status for it in answered(queries).verdicts} == {Status.PROVED}, patch_of(edits)


def test_what_two_policies_cut_together_is_told(here):
    objects, queries, _ = CASES["two policies with one fault"]
    (here / "m.yaml").write_text(WRITERS["m.yaml"](objects))
    found = answered(queries).findings
    (here / "m.yaml").write_text(WRITERS["m.yaml"](objects[:-1]))
    (alone,) = answered(queries).findings
    assert [len(it.fix.cuts) for it in found] == [0, len(alone.fix.cuts)]


def test_an_edit_that_anchors_are_in_the_way_of_says_so(here):
    shared = [{"from": [EVERYBODY]}]  # which is written once, with an anchor
    objects = [*BASE, policy("deny", ingress=shared), policy("other", ingress=shared)]
    (here / "m.yaml").write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": objects}))
    found = [it.fix.why for it in answered([APART]).findings if it.fix.edit is None]
    assert found
    assert all("anchors" in why for why in found)
