"""Comparisons of workloads of which the manifests do not tell all, their addresses and the hash of their template, held
to all that these may be: what is called equivalent, more or less is so however the pods turn out."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import analyzer
from analyzer.verdicts.difference import Relation

PLACES, HASHES = ("10.1.0.1", "10.2.0.1", "10.3.0.1"), ("5d9f8b7c6", "7bc4d6f85", "6f6d8b9c5")
BLOCKS = ("10.1.0.0/16", "10.2.0.0/16", "10.0.0.0/8", "203.0.113.0/24")
NAMES = ("api", "front")
DEPLOYMENT = """---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: a}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c}}]}}}}
"""
POD = """---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a, labels: {{app: {name}, pod-template-hash: {hash}}}}}
spec: {{containers: [{{name: c}}]}}
status: {{podIP: {ip}}}
"""
POLICY = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: a}}
spec: {{podSelector: {{matchLabels: {{app: api}}}}, ingress: [{rules}]}}
"""
RULES = [
    f"{{from: [{peer}], ports: [{{port: {port}}}]}}"
    for peer in (
        "{podSelector: {matchLabels: {app: front}}}",
        *(f"{{podSelector: {{matchLabels: {{pod-template-hash: {it}}}}}}}" for it in HASHES[:2]),
        *(f"{{ipBlock: {{cidr: {block}}}}}" for block in BLOCKS),
    )
    for port in (80, 443)
]
FRONT, FRONT_TLS, ONE_HASH, _, OTHER_HASH = RULES[:5]
BLOCK, OTHER_BLOCK = RULES[6], RULES[8]
NEVER = {
    Relation.EQUIVALENT: {Relation.MORE, Relation.LESS, Relation.INCOMPARABLE},
    Relation.MORE: {Relation.LESS, Relation.INCOMPARABLE},
    Relation.LESS: {Relation.MORE, Relation.INCOMPARABLE},
}
RULE_LISTS: Any = st.lists(st.sampled_from(RULES), max_size=3, unique=True)


def related(was: list[str], now: list[str], workloads: list[str]) -> Relation:
    sides = (
        analyzer.load(objects="".join([*workloads, POLICY.format(rules=", ".join(rules))])) for rules in (was, now)
    )
    return analyzer.diff(*sides, universe="inventory").relation


@settings(max_examples=30, deadline=None)
@given(RULE_LISTS, RULE_LISTS)
@example([BLOCK], [OTHER_BLOCK])
@example([ONE_HASH], [OTHER_HASH])
@example([ONE_HASH, FRONT_TLS], [OTHER_HASH])
@example([FRONT_TLS], [ONE_HASH])
@example([ONE_HASH], [FRONT_TLS])
@example([ONE_HASH], [ONE_HASH, FRONT_TLS])
@example([BLOCK], [BLOCK, FRONT_TLS])
def test_what_is_said_of_unknown_pods_is_so_of_each(was: list[str], now: list[str]) -> None:
    said = related(was, now, [DEPLOYMENT.format(name=name) for name in NAMES])
    for ips, hashes in product(pairwise(PLACES), product(HASHES, repeat=2)):
        pods = [POD.format(name=n, hash=h, ip=i) for n, h, i in zip(NAMES, hashes, ips, strict=True)]
        assert related(was, now, pods) not in NEVER.get(said, ()), (said, ips, hashes)


@pytest.mark.parametrize(("before", "after", "expected"), [([], [FRONT_TLS], "MORE"), ([FRONT_TLS], [], "LESS")])
def test_what_is_unknown_on_both_sides_alike_hides_no_direction(
    before: list[str], after: list[str], expected: str
) -> None:
    workloads = [DEPLOYMENT.format(name=name) for name in NAMES]
    assert related([ONE_HASH, *before], [ONE_HASH, *after], workloads) is Relation[expected]
