"""A session answers as a fresh run does, and asks only what can have changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_address

import pytest
from effort import worth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.analysis import CheckSession, Setting, check
from analyzer.analysis.checking.answering import Answerer
from analyzer.judging import question_of
from analyzer.judging.either_way import unknown_sets
from analyzer.judging.judge import replay_of
from analyzer.judging.mediated import mediated
from analyzer.language import parse_query
from analyzer.model.claims import Kind, Pack, Query, Universe
from analyzer.model.cluster import Cluster, Namespace, Service, ServicePort, Workload
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Selector
from analyzer.model.mesh import NO_MESH
from analyzer.model.policies import Action, NamespaceNamed, PodPeer, Policy, Protocol, Rule, Tier
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.verdicts import Counterexample, Status, Verdict
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
def edits(draw: st.DrawFn, before: Cluster, *, only_policies: bool = False) -> Cluster:
    """Another state: policies gone or from elsewhere, and now and then a workload or a namespace too."""
    other = draw(clusters())
    kept = [policy for policy in before.policies if draw(st.booleans())]
    added = [policy for policy in other.policies if draw(st.booleans())]
    policies = tuple({policy.id: policy for policy in (*kept, *added)}.values())
    after = replace(before, policies=policies)
    for part in ("workloads", "namespaces", "nodes", "services", "unmodelled") if not only_policies else ():
        if draw(st.integers(0, 5)) == 0:
            after = replace(after, **{part: getattr(other, part)})
    known = {namespace.name for namespace in after.namespaces}
    return after if all(w.namespace in known for w in after.workloads) else replace(after, namespaces=before.namespaces)


@settings(max_examples=worth(15, 25), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_session_answers_as_a_fresh_run_does(data: st.DataObject) -> None:
    before = data.draw(clusters())
    asked = data.draw(st.lists(claims(before) | isolation_claims(before), min_size=1, max_size=3))
    pack = Pack("p", "", tuple(Query(f"q{i}", "", claim, "") for i, claim in enumerate(asked)))
    universe = data.draw(st.sampled_from(Universe))
    setting = Setting(universe, data.draw(profiles()), max_counterexamples=1, looks_further=False)
    session = CheckSession(before, [pack], setting=setting)
    for _ in range(2):
        after = data.draw(edits(session.cluster))
        assert session.update(after) == check(after, [pack], setting=setting)


def said(verdict: Verdict) -> tuple[object, ...]:
    return verdict.query.id, verdict.status, verdict.live


def assert_refutes(example: Counterexample, verdict: Verdict, after: Cluster, setting: Setting) -> None:
    """The oracle finds it a witness in the cluster as it now is."""
    seen, question = mediated(after, question_of(after, verdict.query, (), setting))
    replay = replay_of(seen, question)
    if example.connection is None:
        assert example.subject is not None
        replay.pod(example.subject, "")
    else:
        replay.connection(example.connection, allowed=question.claim.kind is not Kind.EVERY, bundle="")


@settings(max_examples=worth(30, 60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_proposal_is_answered_as_a_fresh_run_would_and_by_witnesses_of_what_is_proposed(data: st.DataObject) -> None:
    before = data.draw(clusters(adds_labels=data.draw(st.booleans())))
    if data.draw(st.integers(0, 3)):
        before = replace(before, unmodelled=(), mesh=NO_MESH)  # of most that is not known all is asked anew
    asked = data.draw(st.lists(claims(before) | isolation_claims(before), min_size=1, max_size=3))
    pack = Pack("p", "", tuple(Query(f"q{i}", "", claim, "") for i, claim in enumerate(asked)))
    universe = data.draw(st.sampled_from(Universe))
    setting = Setting(universe, data.draw(profiles()), max_counterexamples=2, looks_further=False)
    session = CheckSession(before, [pack], setting=setting)
    answer = session.answer
    for _ in range(2):
        after = data.draw(edits(session.cluster, only_policies=data.draw(st.integers(0, 3)) > 0))
        proposed, fresh = session.propose(after), check(after, [pack], setting=setting)
        assert list(map(said, proposed.verdicts)) == list(map(said, fresh.verdicts))
        assert proposed.notices == fresh.notices
        read = as_enforced(after, setting.profile)
        for verdict in proposed.verdicts:
            for example in verdict.counterexamples if not unknown_sets(verdict.query.claim) else ():
                assert_refutes(example, verdict, read, setting)
        assert session.answer is answer
        if data.draw(st.booleans()):
            answer = session.update(after, is_brief=True)
            assert list(map(said, answer.verdicts)) == list(map(said, fresh.verdicts))


def witnessed(number: int) -> Cluster:
    """Two namespaces with a workload each, and so many policies that close a third."""
    labels = Labels({"app": "web"})
    there = tuple(Workload("Deployment", name, "web", labels) for name in ("green", "red"))
    others = tuple(replace(deny("blue"), name=f"deny-{i}") for i in range(number))
    return replace(cluster(*others), workloads=there)


def test_a_refutation_that_a_change_leaves_standing_is_not_searched_for_again(monkeypatch):
    session = CheckSession(witnessed(0), [PACK], setting=SETTING)
    assert statuses(session) == [Status.REFUTED] * 3
    open_to_all = replace(deny("red"), ingress=None, egress=(), name="some")
    asked: list[str] = []
    answer = Answerer.answer
    monkeypatch.setattr(Answerer, "answer", lambda self, task: asked.append(task.query.id) or answer(self, task))
    elsewhere = replace(session.cluster, policies=(replace(deny("green"), ingress=None),))
    kept = session.propose(elsewhere).verdicts[0]
    assert (kept.status, kept.live, asked) == (Status.REFUTED, True, ["green-blue"])
    closed = session.propose(replace(session.cluster, policies=(open_to_all,))).verdicts
    assert [verdict.status for verdict in closed] == [Status.PROVED, Status.PROVED, Status.REFUTED]
    assert statuses(session) == [Status.REFUTED] * 3


@pytest.mark.parametrize(
    "claim",
    [
        "no namespace red can reach service green/web",
        "every namespace red can reach service green/web",
        "no namespace red can reach internet",
        "only namespace red can reach namespace green",
        "namespace red can reach only namespace green",
        "every namespace red can reach namespace green on tcp/80 except namespace blue can reach namespace green",
        "every namespace green is isolated for ingress",
        "every namespace green is isolated for ingress, egress",
        "policies never tie",
        "some namespace red can reach namespace green",
        "no anything can reach apiserver",
    ],
)
@pytest.mark.parametrize("universe", Universe)
def test_each_kind_of_claim_is_answered_after_a_policy_came_or_went(claim: str, universe: Universe) -> None:
    service = Service("green", "web", Selector.EVERYTHING, (ServicePort(80, 80, Protocol.TCP),), False, False)
    setting, pack = (
        Setting(universe, PROFILES["generic"], looks_further=False),
        Pack("p", "", (parse_query(claim, "q"),)),
    )
    there = replace(witnessed(0), services=(service,))
    states = [replace(there, policies=tuple(map(deny, names))) for names in ((), ("green",), ("green", "red"))]
    fresh = [list(map(said, check(state, [pack], setting=setting).verdicts)) for state in states]
    for before in states:
        session = CheckSession(before, [pack], setting=setting)
        for after, wanted in zip(states, fresh, strict=True):
            assert list(map(said, session.propose(after).verdicts)) == wanted


def test_a_workload_a_service_or_a_namespace_more_has_no_query_searched_anew(monkeypatch):
    """Pods like it could be created before; only namespaces are asked about, each alone."""
    closed = replace(witnessed(0), policies=tuple(map(deny, NAMES)))
    asked = (
        *PACK.queries,
        parse_query("no namespace red can reach internet", "out"),
        parse_query("no anything can reach namespace red", "in"),
    )
    latent = parse_query("no namespace later can reach namespace later2 within any", "latent")
    pack = Pack("p", "", (*asked, latent))
    session = CheckSession(closed, [pack], setting=SETTING)
    monkeypatch.setattr(Answerer, "answer", lambda self, task: pytest.fail(f"{task.query.id} was asked anew"))
    new = Workload("Pod", "red", "new", Labels({"app": "web"}), ips=(ip_address("10.1.2.3"),), is_single=True)
    service = Service("red", "new", Selector.EVERYTHING, (ServicePort(80, 80, Protocol.TCP),), False, False,
                      addresses=(ip_address("10.96.0.9"),))  # fmt: skip
    tools = Namespace("tools", Labels({NAMESPACE_NAME_LABEL: "tools"}), True)
    for change in (
        {"workloads": (*closed.workloads, new)},
        {"workloads": closed.workloads[:1]},
        {"services": (service,)},
        {"services": (service,), "workloads": (*closed.workloads, new)},
        {"namespaces": (*closed.namespaces, tools)},
    ):
        proposed = session.propose(replace(closed, **change))
        assert [v.status for v in proposed.verdicts] == [Status.PROVED] * 5 + [Status.REFUTED]


def test_proposals_run_beside_one_another_and_beside_updates():
    session = CheckSession(witnessed(3), [PACK], setting=SETTING)
    states = [replace(session.cluster, policies=tuple(map(deny, names))) for names in (("red",), ("green",), ())]
    wanted = [[v.status for v in check(state, [PACK], setting=SETTING).verdicts] for state in states]

    def ask(number: int) -> list[Status]:
        if number % 4 == 3:
            session.update(states[number % 3])
        return [verdict.status for verdict in session.propose(states[number % 3]).verdicts]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, range(24)))
    assert found == [wanted[number % 3] for number in range(24)]


def test_of_a_changed_policy_it_is_not_worked_out_what_the_answers_depend_on(monkeypatch):
    closed = tuple(map(deny, NAMES))
    session = CheckSession(replace(witnessed(0), policies=closed), [PACK], setting=SETTING)

    def not_needed(*_: object) -> None:
        raise AssertionError("all that a question can look at was gone through")

    monkeypatch.setattr("analyzer.analysis.checking.session.dependencies_of", not_needed)
    everywhere = Rule(Action.ACCEPT, None, None, 0, closed[0].source)
    opened = [replace(it, name="open", ingress=(everywhere,), egress=(everywhere,)) for it in closed]
    for policies in (closed, closed[1:], (*closed, opened[0]), (*closed, *opened[:2])):
        proposed = replace(session.cluster, policies=policies)
        fresh = check(proposed, [PACK], setting=SETTING)
        assert list(map(said, session.propose(proposed).verdicts)) == list(map(said, fresh.verdicts))
