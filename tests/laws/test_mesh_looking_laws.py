"""Random meshes in several namespaces: a question that reads the policies of some of them and leaves open what the
others say gives no answer that all of them do not give, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_laws import DST, OURS, PORTS, SOURCES, WORLD, cluster_of, meshes
from test_mesh_verdict_laws import CONDITIONS

from analyzer.judging import Setting, judge, looking
from analyzer.judging.generalise import generalise
from analyzer.judging.judge import _Trial, question_of
from analyzer.judging.mediated import mediated
from analyzer.language import parse_query
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.endpoints import Connection
from analyzer.model.labels import Labels
from analyzer.model.mesh import Attachment, AuthorizationPolicy, Mesh, MeshRule, Verdict
from analyzer.model.mesh_stage import mesh_stages, stages_among
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.semantics import mesh as semantics
from analyzer.semantics.mesh import request_ruling
from analyzer.verdicts import Status

SPACES = ("foo", "qux", "zoo", "app")
SETS = ("namespace dev", "anything", "internet", "namespace foo")
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@st.composite
def clusters(draw: Any) -> Cluster:
    """Each namespace has policies of its own, be they alike or not."""
    drawn = [draw(meshes()) for _ in range(draw(st.integers(1, 2)))]
    objects: list[Any] = []
    for number, space in enumerate(SPACES):
        for it in drawn[number % len(drawn)].objects:
            name = space if it.namespace == "foo" else it.namespace
            if number < len(drawn) or it.namespace == "foo":
                own = replace(it, namespace=name, attached=replace(it.attached, namespace=name))
                objects.append(
                    replace(own, name=f"{it.name}-{number}") if isinstance(own, AuthorizationPolicy) else own
                )
    found = cluster_of(Mesh(tuple(objects)))
    spaces = (Namespace(name, Labels({**OURS, "kubernetes.io/metadata.name": name}), True) for name in SPACES[1:])
    return replace(found, namespaces=(*found.namespaces, *spaces))


@settings(max_examples=20, **SLOW)
@given(
    clusters(),
    st.sampled_from(SETS),
    st.sampled_from(["on tcp/8080, tcp/9000", "on tcp/7000", "on tcp/8080", ""]),
    st.sampled_from(CONDITIONS),
    st.sampled_from(["no", "only"]),
    st.sampled_from([Universe.ANY, Universe.NAMESPACES, Universe.INVENTORY]),
    st.sets(st.sampled_from(SPACES)),
)
def test_what_holds_whatever_other_policies_say_holds(
    cluster: Cluster, members: str, on: str, where: str, kind: str, universe: Universe, looked_at: set[str]
) -> None:
    query = parse_query(f"{kind} {members} can reach pods in namespaces(istio-injection) {on} {where}", "q")
    setting = Setting(universe, PROFILES["generic"], max_counterexamples=2)
    whole = judge(cluster, query, (), setting)
    mesh, question = mediated(cluster, question_of(cluster, query, (), setting))
    asked = replace(question, looked_at=frozenset(looked_at))
    held = _Trial(mesh, query, replace(asked, others_let_in=True), setting).held()
    refuted = _Trial(mesh, query, asked, setting).refuted()
    assert held is None or held.status is whole.status
    assert refuted is None or (whole.status, whole.live) == (Status.REFUTED, refuted.live)
    if looked_at == set(SPACES):
        assert (held is None) is (whole.status not in (Status.PROVED, Status.VACUOUS))
        assert (refuted is None) is (whole.status is not Status.REFUTED)


@settings(max_examples=25, **SLOW)
@given(clusters(), st.sampled_from(SOURCES), st.sampled_from([*PORTS, 5555]))
def test_pods_are_judged_by_what_binds_their_namespace_alone(cluster: Cluster, src: Any, port: int) -> None:
    """What is read for one namespace, and for some, decides as all that is read."""
    profile = PROFILES["generic"]
    whole = mesh_stages(cluster, profile.ext_authz)
    some = stages_among(cluster, profile.ext_authz, frozenset(SPACES[:2]))
    for space in SPACES:
        for request in WORLD[::3]:
            asked = Connection(src, replace(DST, namespace=space), Protocol.TCP, port, request=request)
            found, _ = request_ruling(cluster, profile, asked)
            for stages in (whole, some) if space in SPACES[:2] else (whole,):
                with patch.object(semantics, "_stages_at", lambda *_, its=stages: its):
                    assert request_ruling(cluster, profile, asked)[0] == found


@settings(max_examples=20, **SLOW)
@given(clusters(), st.sampled_from(SETS), st.sampled_from(["on tcp/8080", ""]), st.sampled_from(CONDITIONS))
def test_what_is_wished_for_changes_no_answer(cluster: Cluster, members: str, on: str, where: str) -> None:
    """A violation that reads plainly is looked for first, and what rules one out is not asked again without the wish:
    one is found as long as there is any."""
    query = parse_query(f"no {members} can reach pods in namespaces(istio-injection) {on} {where}", "q")
    setting = Setting(Universe.NAMESPACES, PROFILES["generic"])
    mesh, question = mediated(cluster, question_of(cluster, query, (), setting))
    session = _Trial(mesh, query, question, setting).session
    opens, outside = tuple(session.obligation.opens), list[str]()
    for _ in range(6):
        found, plain = session.certain(opens, *outside), session._certain(opens, *outside)
        assert (found.result, found.values is None) == (plain.result, plain.values is None)
        if found.values is None:
            break
        outside.append(f"!{session.inside(generalise(session, found.values))}")


@settings(max_examples=15, **SLOW)
@given(clusters(), st.sampled_from(SETS), st.sampled_from(["on tcp/8080", ""]), st.sampled_from(CONDITIONS))
def test_the_answer_is_that_of_all_policies(cluster: Cluster, members: str, on: str, where: str) -> None:
    query = parse_query(f"no {members} can reach pods in namespaces(istio-injection) {on} {where}", "q")
    setting = Setting(Universe.NAMESPACES, PROFILES["generic"], max_counterexamples=1)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for few in (0, len(SPACES)):
            patch.setattr(looking, "_FEW", few)
            patch.setattr(looking, "_FIRST", 1)
            verdict = judge(cluster, query, (), setting)
            found.append((verdict.status, verdict.live))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("on", "status"), [("udp/53", Status.REFUTED), ("tcp/8080", Status.PROVED), ("tcp/22", Status.REFUTED)]
)
def test_some_answer_is_found_without_the_others(monkeypatch: Any, on: str, status: Status) -> None:
    """Else the laws above would hold of a short cut that is never taken."""
    monkeypatch.setattr(looking, "_FEW", 0)
    monkeypatch.setattr(looking, "_FIRST", 1)
    closed = (AuthorizationPolicy(it, "nothing", Attachment(it), Verdict.ALLOW, ()) for it in SPACES)
    everywhere = AuthorizationPolicy(
        "istio-system", "none", Attachment("istio-system"), Verdict.DENY, (MeshRule((), (), (), 0),)
    )
    cluster = cluster_of(Mesh((*closed, everywhere)))
    spaces = (Namespace(name, Labels({**OURS, "kubernetes.io/metadata.name": name}), True) for name in SPACES[1:])
    cluster = replace(cluster, namespaces=(*cluster.namespaces, *spaces))
    query = parse_query(f"no internet can reach pods in namespaces(istio-injection) on {on}", "q")
    setting = Setting(Universe.NAMESPACES, PROFILES["generic"], max_counterexamples=1)
    mesh, question = mediated(cluster, question_of(cluster, query, (), setting))
    first = looking.looked_at_first(mesh, question, keeps_steps=False)
    assert first is not None
    assert len(first.looked_at or ()) == 1
    if status is Status.PROVED:
        verdict = _Trial(mesh, query, replace(first, others_let_in=True), setting).held()
    else:
        verdict = _Trial(mesh, query, first, setting).refuted()
    assert verdict is not None
    assert verdict.status is status
    assert looking.is_enough(verdict, 1)
