"""Random meshes in several namespaces: a question that reads the policies of some of them and leaves open what the
others say gives no answer that all of them do not give, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_laws import OURS, cluster_of, meshes
from test_mesh_verdict_laws import CONDITIONS

from analyzer.judging import Setting, judge, looking
from analyzer.judging.judge import _Trial, question_of
from analyzer.judging.mediated import mediated
from analyzer.language import parse_query
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.labels import Labels
from analyzer.model.mesh import Attachment, AuthorizationPolicy, Mesh, Verdict
from analyzer.model.profile import PROFILES
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


@settings(max_examples=25, **SLOW)
@given(
    clusters(),
    st.sampled_from(SETS),
    st.sampled_from(["on tcp/8080, tcp/9000", "on tcp/7000", ""]),
    st.sampled_from(CONDITIONS),
    st.sampled_from([Universe.ANY, Universe.NAMESPACES]),
    st.sets(st.sampled_from(SPACES)),
)
def test_what_holds_whatever_other_policies_say_holds(
    cluster: Cluster, members: str, on: str, where: str, universe: Universe, looked_at: set[str]
) -> None:
    query = parse_query(f"no {members} can reach pods in namespaces(istio-injection) {on} {where}", "q")
    setting = Setting(universe, PROFILES["generic"], max_counterexamples=2)
    whole = judge(cluster, query, (), setting)
    mesh, question = mediated(cluster, question_of(cluster, query, (), setting))
    part = _Trial(mesh, query, replace(question, looked_at=frozenset(looked_at)), setting).universal()
    if part.status is not Status.UNKNOWN:
        assert part.status is whole.status
    if looking.is_enough(part, 2) and part.status is Status.REFUTED and part.is_complete:
        assert whole.is_complete or len(whole.counterexamples) == 2


def test_some_answer_is_found_without_the_others(monkeypatch: Any) -> None:
    """Else the laws above would hold of a short cut that is never taken."""
    monkeypatch.setattr(looking, "_FEW", 0)
    monkeypatch.setattr(looking, "_FIRST", 1)
    closed = (AuthorizationPolicy(it, "nothing", Attachment(it), Verdict.ALLOW, ()) for it in SPACES)
    cluster = cluster_of(Mesh(tuple(closed)))
    spaces = (Namespace(name, Labels({**OURS, "kubernetes.io/metadata.name": name}), True) for name in SPACES[1:])
    cluster = replace(cluster, namespaces=(*cluster.namespaces, *spaces))
    query = parse_query("no internet can reach pods in namespaces() on udp/53", "q")
    setting = Setting(Universe.ANY, PROFILES["generic"], max_counterexamples=1)
    mesh, question = mediated(cluster, question_of(cluster, query, (), setting))
    first = looking.looked_at_first(mesh, question, keeps_steps=False)
    assert first is not None
    assert len(first.looked_at or ()) == 1
    verdict = _Trial(mesh, query, first, setting).universal()
    assert verdict.status is Status.REFUTED
    assert looking.is_enough(verdict, 1)
