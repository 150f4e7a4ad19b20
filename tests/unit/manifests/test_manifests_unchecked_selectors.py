"""Selectors that the CRDs of the cluster-wide policies do not check: read in a file and in a dump, and told."""

from __future__ import annotations

from itertools import product

import pytest

from analyzer.model.labels import Selector
from analyzer.model.policies import Direction

ODD = {
    "operator": "{matchExpressions: [{key: a, operator: Like, values: [x]}]}",
    "operator in another case": "{matchExpressions: [{key: a, operator: in, values: [x]}]}",
    "In without values": "{matchExpressions: [{key: a, operator: In}]}",
    "NotIn without values": "{matchExpressions: [{key: a, operator: NotIn, values: []}]}",
    "Exists with values": "{matchExpressions: [{key: a, operator: Exists, values: [x]}]}",
    "DoesNotExist with values": "{matchExpressions: [{key: a, operator: DoesNotExist, values: ['']}]}",
    "key of an expression": "{matchExpressions: [{key: a b, operator: Exists}]}",
    "empty key": "{matchExpressions: [{key: '', operator: Exists}]}",
    "value of an expression": "{matchExpressions: [{key: a, operator: In, values: [x, -x]}]}",
    "key of a label": "{matchLabels: {a/b/c: x}}",
    "value of a label": "{matchLabels: {a: x, b: 'x y'}}",
}
PLACES = {
    "subject": ("subject: {namespaces: %s}, ingress: [{action: Deny, from: [{namespaces: {}}]}]"),
    "pods of the subject": (
        "subject: {pods: {namespaceSelector: {}, podSelector: %s}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]"
    ),
    "ingress": "subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: %s}]}]",
    "egress": "subject: {namespaces: {}}, egress: [{action: Deny, to: [{pods: {namespaceSelector: %s,"
    " podSelector: {}}}]}]",
    "nodes": "subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: %s}]}]",
}
KINDS = {
    "AdminNetworkPolicy": ("v1alpha1", "priority: 1, "),
    "BaselineAdminNetworkPolicy": ("v1alpha1", ""),
    "ClusterNetworkPolicy": ("v1alpha2", "tier: Admin, priority: 1, "),
}


def written(kind: str, place: str, selector: str, metadata: str = "") -> str:
    version, before = KINDS[kind]
    return (
        f"apiVersion: policy.networking.k8s.io/{version}\nkind: {kind}\n"
        f"metadata: {{name: default{metadata}}}\nspec: {{{before}{PLACES[place] % selector}}}\n"
    )


@pytest.mark.parametrize(("kind", "place"), list(product(KINDS, PLACES)))
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("metadata", ["", ", uid: 6d1f"])
def test_every_rule_of_the_policy_is_open_and_a_notice_names_the_selector(loaded, kind, place, odd, metadata):
    cluster = loaded(written(kind, place, ODD[odd], metadata)).cluster
    (policy,) = cluster.policies
    rules = [rule for direction in Direction for rule in policy.rules(direction) or ()]
    assert rules
    assert all(rule.open is not None and rule.open.kind == "unspecified" for rule in rules)
    assert len({rule.open for rule in rules}) == len(rules)
    assert cluster.notices
    assert all("the API does not check it" in notice.message for notice in cluster.notices)
    assert {notice.source.line for notice in cluster.notices} == {4}
    if "subject" in place:
        assert (policy.subject.namespaces.selector, policy.subject.pods) == (Selector.EVERYTHING,) * 2


@pytest.mark.parametrize(("kind", "place"), list(product(KINDS, PLACES)))
def test_what_the_schema_checks_is_refused(problems, kind, place):
    for selector in (
        "{matchLabels: {a: null}}",
        "{matchLabels: {a: 1}}",
        "{matchExpressions: [{key: a}]}",
        "{matchExpressions: [{operator: Exists}]}",
        "{matchExpressions: [{key: a, operator: In, values: [1]}]}",
        "{matchlabels: {a: b}}",
        "{a: b}",
    ):
        assert problems(written(kind, place, selector)), selector
    assert (
        problems(written(kind, place, "{matchLabels: {a: ''}, matchExpressions: [{key: b, operator: Exists}]}")) == ()
    )


def test_the_facts_of_two_revisions_are_one_as_long_as_the_policy_says_the_same(loaded):
    def fact(selector: str, metadata: str = "") -> str:
        (policy,) = loaded(written("AdminNetworkPolicy", "ingress", selector, metadata)).cluster.policies
        return policy.ingress[0].open.id

    assert fact(ODD["operator"]) == fact(ODD["operator"], ", labels: {a: b}")
    assert fact(ODD["operator"]) != fact(ODD["operator"].replace("Like", "Unlike"))
