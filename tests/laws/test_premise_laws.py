"""A verdict that is given stands without the assumptions that a declared workload breaks."""

from __future__ import annotations

from clusters import claims, clusters, conditions, namespaces_matching, profiles, selectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.analysis.premises import breaches_of, judge_on
from analyzer.judging import Setting, judge
from analyzer.model.claims import Assumption, Query, Universe
from analyzer.model.endpoints import pod_of
from analyzer.model.ends import pods_in
from analyzer.model.formulas import Role
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
