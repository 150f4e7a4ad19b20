"""What a change adds to a query that is refuted anyway is a violation that was none, and nothing it adds is missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clusters import clusters, connections, profiles
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from test_proposed_ends import CLAIMS, deny, edited

from analyzer.analysis import CheckSession, Setting, Weighed, check
from analyzer.errors import InternalError
from analyzer.judging import question_of
from analyzer.judging.either_way import unknown_sets
from analyzer.judging.judge import replay_of
from analyzer.judging.mediated import mediated
from analyzer.judging.replay import AnotherRequest, UnconfirmedError
from analyzer.language import parse_query
from analyzer.model.claims import Kind, Pack, Query, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.enforcing import as_enforced
from analyzer.model.mesh import NO_MESH
from analyzer.model.policies import Action, Rule
from analyzer.model.source import NOWHERE
from analyzer.verdicts import Status, Verdict

_ASKED = [text for text in CLAIMS if text.startswith("no ")]


@st.composite
def other_policies(draw: st.DrawFn, before: Cluster) -> Cluster:
    """Some policies gone, and some of another cluster there."""
    gone = draw(st.sets(st.integers(0, max(0, len(before.policies) - 1)), max_size=1))
    kept = [policy for number, policy in enumerate(before.policies) if number not in gone]
    come = [policy for policy in draw(clusters()).policies if draw(st.booleans())][:1]
    if draw(st.booleans()):
        closed, everything = (
            deny(draw(st.sampled_from(before.namespaces)).name),
            Rule(Action.ACCEPT, None, None, 0, NOWHERE),
        )
        come.append(replace(closed, name="open", ingress=(everything,), egress=(everything,)))
    return replace(before, policies=tuple({policy.id: policy for policy in (*kept, *come)}.values()))


def violates(cluster: Cluster, query: Query, connection: Connection, setting: Setting) -> bool | None:
    """Whether the connection is what the claim forbids; None where that hangs on what nobody knows."""
    read = as_enforced(cluster, setting.profile)
    seen, question = mediated(read, question_of(read, query, (), setting))
    if unknown_sets(question.claim):
        return None
    try:
        replay_of(seen, question).connection(connection, allowed=question.claim.kind is not Kind.EVERY, bundle="")
    except (AnotherRequest, UnconfirmedError):
        return None
    except InternalError as error:
        return None if "open" in str(error) else False
    return True


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_policies_add_was_no_violation_and_no_other_is(data: st.DataObject) -> None:
    before, session, setting = session_of(data)
    after = data.draw(other_policies(before))
    weighed = session.weighed(after)
    assert_broken_alike(weighed, session, after, setting)
    for verdict, connection in added_violations(weighed, after, setting):
        if not verdict.counterexamples[0].new_namespaces:
            assert violates(before, verdict.query, connection, setting) is not True
    told = {verdict.query.id for verdict in (*weighed.added, *weighed.untold, *weighed.worse)}
    for now in weighed.after if not weighed.worse else ():
        for connection in data.draw(st.lists(connections(after), max_size=4)) if now.query.id not in told else ():
            if violates(after, now.query, connection, setting) is True:
                event("violated before")
                assert violates(before, now.query, connection, setting) is not False


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_ends_add_is_a_violation(data: st.DataObject) -> None:
    before, session, setting = session_of(data)
    after = data.draw(edited(before))
    weighed = session.weighed(after)
    assert_broken_alike(weighed, session, after, setting)
    for _ in added_violations(weighed, after, setting):
        pass


def added_violations(weighed: Weighed, after: Cluster, setting: Setting) -> Iterator[tuple[Verdict, Connection]]:
    """What the change adds, each with its connection, which violates the query now."""
    for verdict in weighed.added:
        event("added")
        connection = verdict.counterexamples[0].connection
        assert connection is not None
        assert violates(after, verdict.query, connection, setting) is True
        yield verdict, connection


def assert_broken_alike(weighed: Weighed, session: CheckSession, after: Cluster, setting: Setting) -> None:
    """Something is seen to be broken where a fresh run finds it so, and nothing that it does not find refuted."""
    pack = Pack("p", "", tuple(verdict.query for verdict in session.verdicts))
    fresh = check(after, [pack], setting=setting)
    refuted = {verdict.query.id for verdict in fresh.verdicts if verdict.status is Status.REFUTED}
    seen = {verdict.query.id for verdict in weighed.worse if verdict.status is Status.REFUTED}
    truly = Weighed(session.verdicts, fresh.verdicts, (), ()).worse
    event("broken" if seen else "not broken")
    assert seen <= refuted
    assert bool(seen) is any(verdict.status is Status.REFUTED for verdict in truly)


def session_of(data: st.DataObject) -> tuple[Cluster, CheckSession, Setting]:
    before = replace(data.draw(clusters()), unmodelled=(), mesh=NO_MESH)
    if data.draw(st.booleans()):  # so that there is something to break
        before = replace(before, policies=tuple(deny(namespace.name) for namespace in before.namespaces))
    texts = data.draw(st.lists(st.sampled_from(_ASKED), min_size=3, max_size=5, unique=True))
    pack = Pack("p", "", tuple(parse_query(text, f"q{i}") for i, text in enumerate(texts)))
    universe = data.draw(st.sampled_from([Universe.ANY, Universe.NAMESPACES]))
    setting = Setting(universe, data.draw(profiles()), max_counterexamples=1, looks_further=False)
    return before, CheckSession(before, [pack], setting=setting), setting
