"""Where two revisions can differ: what is compared at all follows what changed."""

from dataclasses import replace

import pytest
from in_short import namespace

from analyzer.encoding import Question, align, changed_namespaces, encode_pair
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster, Service, ServicePort, Unmodelled
from analyzer.model.ends import ANYTHING
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source

CLAIM = Claim(Kind.NO_NEW, ANYTHING, ANYTHING, (NumberedPorts(Protocol.TCP),))
QUESTION = Question(CLAIM, (), Universe.ANY, PROFILES["generic"])
TEAM = NamespacesMatching(Selector((Requirement("team", Operator.IN, frozenset({"a"})),)))


def policy(where, *peers, name="p", file="old.yaml"):
    """Lets peers in; without any it is closed."""
    rules = (Rule(Action.ACCEPT, peers, None, 0, Source(file, 2)),) if peers else ()
    subject = PodPeer(NamespaceNamed(where))
    return Policy("NetworkPolicy", where, name, Tier.NETWORK_POLICY, subject, rules, None, Source(file, 1))


def cluster(*policies, namespaces=("a", "b", "c"), **labels):
    return Cluster(tuple(namespace(n, **labels.get(n, {})) for n in namespaces), policies=policies)


def changed(before, after, direction=Direction.INGRESS):
    return set(changed_namespaces(before, after, QUESTION)[direction])


CLOSED = cluster(policy("a"), policy("b"))


@pytest.mark.parametrize(
    "after",
    [
        cluster(policy("a", file="new.yaml"), policy("b", file="new.yaml")),
        cluster(policy("b", name="renamed"), policy("a")),
        cluster(policy("a"), policy("a", name="again"), policy("b")),
    ],
    ids=["elsewhere", "renamed and reordered", "twice"],
)
def test_what_says_the_same_has_not_changed(after):
    assert not changed(CLOSED, after)
    assert encode_pair(CLOSED, after, QUESTION) is None


def test_only_the_namespaces_of_changed_policies_count():
    after = cluster(policy("a"), policy("b", PodPeer(NamespaceNamed("c"))))
    assert changed(CLOSED, after) == {"b"}
    assert not changed(CLOSED, after, Direction.EGRESS)
    obligation = encode_pair(CLOSED, after, QUESTION)
    table = obligation.scope.table
    assert obligation.scope.dst.namespaces == {table.code("b")}
    assert obligation.scope.src.namespaces == {table.code("c")}  # whom the new rule lets in


def test_labels_of_namespaces_change_what_selectors_mean():
    policies = (policy("a", PodPeer(TEAM)), policy("b", PodPeer(NamespaceNamed("c"))))
    before, after = cluster(*policies), cluster(*policies, c={"team": "a"})
    assert changed(before, after) == {"a"}


def test_a_namespace_on_one_side_only_is_taken_as_there_on_both():
    before, after = align(cluster(namespaces=("a",)), cluster(namespaces=("a", "b"), b={"team": "a"}))
    assert [n.name for n in before.namespaces] == [n.name for n in after.namespaces] == ["a", "b"]
    assert before.namespace_by_name["b"].labels["team"] == "a"


def test_declared_labels_count_where_a_namespace_is_merely_mentioned():
    mentioned = Cluster((namespace("a", is_declared=False),))
    before, _ = align(mentioned, cluster(namespaces=("a",), a={"team": "a"}))
    assert before.namespace_by_name["a"].is_declared


def odd(digest):
    return Unmodelled("CiliumNetworkPolicy", "cilium.io/v2", "b", "odd", True, True, False, Source("f", 1), "", digest)


def test_unmodelled_objects_are_told_apart_by_content():
    before, same, other = (replace(CLOSED, unmodelled=(odd(d),)) for d in ("1", "1", "2"))
    assert not changed(before, same)
    assert changed(before, other) == {"b"}


def test_services_change_whom_pods_see():
    front = Service("a", "front", Selector.EVERYTHING, (ServicePort(80, 80, Protocol.TCP),), True, False)
    after = replace(CLOSED, services=(front,))
    assert changed(CLOSED, after) == {"a"}
    assert not changed(CLOSED, after, Direction.EGRESS)


def test_where_no_policy_is_enforced_none_changes_anything():
    question = replace(QUESTION, profile=PROFILES["none"])
    assert encode_pair(CLOSED, cluster(), question) is None
