"""A session answers as a fresh run does, and asks only what can have changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.analysis import CheckSession, Setting, check
from analyzer.language import parse_query
from analyzer.model.claims import Pack, Query, Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import NamespaceNamed, PodPeer, Policy, Tier
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.verdicts import Status
from tests.laws.clusters import claims, clusters, isolation_claims, profiles

NAMES = ("red", "green", "blue")
SETTING = Setting(Universe.NAMESPACES, PROFILES["generic"])
PAIRS = (("red", "green"), ("red", "blue"), ("green", "blue"))
PACK = Pack("p", "", tuple(parse_query(f"no namespace {a} can reach namespace {b}", f"{a}-{b}") for a, b in PAIRS))


def deny(namespace: str) -> Policy:
    """Nothing comes in, nothing goes out."""
    subject, place = PodPeer(NamespaceNamed(namespace)), Source("p.yaml", 1)
    return Policy("NetworkPolicy", namespace, "deny", Tier.NETWORK_POLICY, subject, (), (), place)


def cluster(*policies: Policy) -> Cluster:
    namespaces = (Namespace(n, Labels({NAMESPACE_NAME_LABEL: n}), True) for n in sorted(NAMES))
    return Cluster(tuple(namespaces), policies=policies)


def statuses(session: CheckSession) -> list[Status]:
    return [verdict.status for verdict in session.answer.verdicts]


def test_only_queries_that_look_at_the_changed_namespace_are_asked_again():
    session = CheckSession(cluster(deny("red")), [PACK], setting=SETTING)
    assert session.asked == ("red-green", "red-blue", "green-blue")
    assert statuses(session) == [Status.PROVED, Status.PROVED, Status.REFUTED]
    session.change(put=[deny("green")])
    assert session.asked == ("red-green", "green-blue")
    assert statuses(session) == [Status.PROVED] * 3
    session.change(removed=["NetworkPolicy red/deny"])
    assert session.asked == ("red-green", "red-blue")
    assert statuses(session) == [Status.PROVED, Status.REFUTED, Status.PROVED]
    session.change()
    assert session.asked == ()


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_what_an_engine_read_of_policies_that_are_gone_is_forgotten(name):
    setting = Setting(Universe.NAMESPACES, PROFILES[name])
    session = CheckSession(cluster(deny("red"), deny("green")), [PACK], setting=setting)
    answer = session.change(removed=["NetworkPolicy red/deny"])
    assert answer == check(cluster(deny("green")), [PACK], setting=setting)


def test_a_new_label_of_a_namespace_is_looked_at():
    session = CheckSession(cluster(deny("red")), [PACK], setting=SETTING)
    named = tuple(replace(n, labels=Labels({**n.labels, "team": "x"})) for n in session.cluster.namespaces)
    fresh = check(replace(session.cluster, namespaces=named), [PACK], setting=SETTING)
    assert session.update(replace(session.cluster, namespaces=named)) == fresh


@st.composite
def edits(draw: st.DrawFn, before: Cluster) -> Cluster:
    """Another state: policies gone or from elsewhere, and now and then a workload or a namespace too."""
    other = draw(clusters())
    kept = [policy for policy in before.policies if draw(st.booleans())]
    added = [policy for policy in other.policies if draw(st.booleans())]
    policies = tuple({policy.id: policy for policy in (*kept, *added)}.values())
    after = replace(before, policies=policies)
    for part in ("workloads", "namespaces", "nodes", "services", "unmodelled"):
        if draw(st.integers(0, 5)) == 0:
            after = replace(after, **{part: getattr(other, part)})
    known = {namespace.name for namespace in after.namespaces}
    return after if all(w.namespace in known for w in after.workloads) else replace(after, namespaces=before.namespaces)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_session_answers_as_a_fresh_run_does(data: st.DataObject) -> None:
    before = data.draw(clusters())
    asked = data.draw(st.lists(claims(before) | isolation_claims(before), min_size=1, max_size=3))
    pack = Pack("p", "", tuple(Query(f"q{i}", "", claim, "") for i, claim in enumerate(asked)))
    setting = Setting(data.draw(st.sampled_from(Universe)), data.draw(profiles()), max_counterexamples=1)
    session = CheckSession(before, [pack], setting=setting)
    for _ in range(2):
        after = data.draw(edits(session.cluster))
        assert session.update(after) == check(after, [pack], setting=setting)
