"""A verdict that is given stands without the assumptions that a declared workload breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from clusters import claims, clusters, conditions, namespaces_matching, profiles, selectors
from evaluators import EVERYTHING
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.analysis.checking.premises import breaches_of, judge_on
from analyzer.judging import Setting, judge
from analyzer.model.claims import Assumption, Kind, Query, Universe
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.endpoints import Pod, pod_of
from analyzer.model.ends import pods_in
from analyzer.model.formulas import Role, either
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import Direction, NamespacesMatching
from analyzer.model.profile import PROFILES
from analyzer.semantics import holds, is_member
from analyzer.sets import AddressSet
from analyzer.verdicts import Status

PODS = AddressSet.of("10.0.0.0/28", "fd00::/124")


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_answer_stands_on_a_broken_assumption(data: st.DataObject) -> None:
    cluster = data.draw(clusters())
    members = st.builds(pods_in, namespaces_matching(), selectors())
    assumptions = tuple(
        Assumption(name, "", data.draw(members), data.draw(conditions((Role.SELF,)))) for name in ("one", "two")
    )
    query = Query("q", "", data.draw(claims(cluster)), "")
    setting = Setting(data.draw(st.sampled_from(Universe)), data.draw(profiles()), PODS, max_counterexamples=1)
    broken = {
        assumption
        for assumption in assumptions
        for workload in cluster.workloads
        for there in [cluster.namespace_by_name[workload.namespace]]
        for pod in [pod_of(workload, there.labels, workload.ips[0])]
        if there.is_declared and is_member(assumption.members, pod) and not holds(assumption.condition, subject=pod)
    }
    assert {breach.assumption for breach in breaches_of(cluster, assumptions)} == broken
    found = judge_on(cluster, query, assumptions, setting)
    bare = judge(cluster, query, tuple(a for a in assumptions if a not in broken), setting)
    assert found.status in (bare.status, Status.UNKNOWN)
    if found.status is not bare.status:
        assert judge(cluster, query, assumptions, setting).status is not bare.status
        assert broken


@pytest.mark.parametrize("universe", [Universe.ANY, Universe.NAMESPACES])
@pytest.mark.parametrize("kind", [Kind.NO, Kind.ISOLATED])
def test_a_declared_workload_keeps_what_is_assumed_of_its_namespace(kind: Kind, universe: Universe) -> None:
    """Its witness has the labels that the assumption leaves to a namespace of which no manifest tells them."""
    said = Namespace("said", Labels({NAMESPACE_NAME_LABEL: "said"}), is_declared=False)
    workload = Workload("Pod", "said", "w", Labels({"k": "b"}), is_single=True)
    without_k = NamespacesMatching(Selector((Requirement("k", Operator.DOES_NOT_EXIST),)))
    nobody_there = Assumption("given", "", pods_in(without_k, Selector.EVERYTHING), either(()))
    claim = replace(EVERYTHING, kind=kind)
    if kind is Kind.ISOLATED:
        claim = replace(claim, destinations=None, ports=(), directions=tuple(Direction))
    found = judge(
        Cluster((said,), (workload,)),
        Query("q", "", claim, ""),
        (nobody_there,),
        Setting(universe, PROFILES["generic"], PODS),
    )
    assert found.status is Status.REFUTED
    ends = (
        [end for it in found.counterexamples for end in (it.connection.src, it.connection.dst)]
        if kind is Kind.NO
        else []
    )
    assert all("k" in end.namespace_labels for end in ends if isinstance(end, Pod))
