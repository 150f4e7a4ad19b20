"""What an answer takes for granted is printed; what speaks against it too."""

from __future__ import annotations

import pytest

from analyzer.analysis import Setting, check
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES

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
