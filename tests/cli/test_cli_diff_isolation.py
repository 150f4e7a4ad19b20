"""What an inventory diff says first: who is isolated no longer, or newly, by policies of every kind."""

import json

import pytest
from published_schemas import follow
from typer.testing import CliRunner

from analyzer.cli.app import app

PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: redis, namespace: shop, labels: {app: redis}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
"""
OPEN = {"ingress": "ingress: [{}]", "egress": "egress: [{}]"}
CLOSED = {"ingress": "policyTypes: [Ingress]", "egress": "policyTypes: [Egress]"}


def policy(more, selector="{matchLabels: {app: redis}}"):
    return f"""---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: redis, namespace: shop}}
spec: {{podSelector: {selector}, {more}}}
"""


CALICO = """---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: redis, namespace: shop}
spec: {selector: app == "redis", types: [Egress], egress: [{action: Pass}]}
"""
CILIUM = """---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: redis, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: redis}}, ingress: [{fromEndpoints: [{}]}]}
"""


@pytest.fixture
def isolation(tmp_path):
    def of(old, new, form="json"):
        for name, text in (("old", old), ("new", new)):
            (tmp_path / f"{name}.yaml").write_text(PODS + text)
        sides = [str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")]
        done = CliRunner().invoke(app, ["diff", *sides, "--universe", "inventory", "--format", form])
        if form != "json":
            return done.stdout
        found = json.loads(done.stdout)
        follow(found, "diff-2")
        return [(it["workloads"], it["direction"], it["isolated"]) for it in found["isolation"]]

    return of


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_policy_that_goes_leaves_its_pods_open(isolation, direction):
    redis = ["shop/redis[Pod]"]
    assert isolation(policy(CLOSED[direction]), "") == [(redis, direction, False)]
    assert isolation("", policy(CLOSED[direction])) == [(redis, direction, True)]
    text = isolation(policy(CLOSED[direction]), "", "text")
    assert text.splitlines()[0] == f"+ shop/redis[Pod] is no longer isolated for {direction}"


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_the_other_direction_is_told_apart(isolation, direction):
    """`policyTypes` that lose one direction: the common slip."""
    other = {"ingress": "egress", "egress": "ingress"}[direction]
    both = "policyTypes: [Ingress, Egress]"
    assert isolation(policy(both), policy(CLOSED[other])) == [(["shop/redis[Pod]"], direction, False)]


def test_opening_everything_is_not_losing_isolation(isolation):
    """The pairs tell it; a policy still selects the pod."""
    assert isolation(policy(CLOSED["ingress"]), policy(OPEN["ingress"])) == []


def test_those_alike_are_told_together(isolation):
    found = isolation(policy(CLOSED["ingress"], "{}"), "")
    assert found == [(["shop/redis[Pod]", "shop/web[Pod]"], "ingress", False)]


@pytest.mark.parametrize(("policies", "direction"), [(CALICO, "egress"), (CILIUM, "ingress")])
def test_policies_of_engines_isolate_too(isolation, policies, direction):
    assert isolation(policies, "") == [(["shop/redis[Pod]"], direction, False)]
