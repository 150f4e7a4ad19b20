"""A smaller universe never says less, and map, explain and the table of diff say what `check` proves (design 1)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from clusters import claims, clusters, isolation_claims, profiles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from revisions import revisions
from test_map_laws import mapped_clusters

from analyzer.analysis import connectivity, inventory_difference
from analyzer.analysis.connectivity.pairwise import Pair
from analyzer.judging import Setting, judge
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.model.claims import Claim, Kind, Query, Universe
from analyzer.model.cluster import Cluster, Unmodelled, Workload
from analyzer.model.ends import external, pods_of_workload
from analyzer.model.policies import NumberedPorts, Protocol
from analyzer.model.profile import Profile
from analyzer.model.source import Source
from analyzer.sets import AddressSet
from analyzer.verdicts import Status
from analyzer.verdicts.connectivity import AddressRange

PODS = AddressSet.of("10.0.0.0/29", "fd00::/126")
LAW = settings(deadline=None, suppress_health_check=list(HealthCheck))
HELD = {Status.PROVED, Status.VACUOUS}
NESTED = (Universe.ANY, Universe.NAMESPACES, Universe.INVENTORY)


def status(cluster: Cluster, claim: Claim, profile: Profile, universe: Universe) -> Status:
    setting = Setting(universe, profile, PODS, max_counterexamples=1)
    return judge(cluster, Query("q", "", claim, ""), (), setting).status


@settings(LAW, max_examples=8)
@given(st.data())
def test_a_smaller_universe_never_says_less(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim = data.draw(claims(cluster) | isolation_claims(cluster))
    if data.draw(st.sampled_from((False, False, True))):
        odd = Unmodelled("Rollout", "argoproj.io/v1alpha1", "one", "odd", False, False, True, Source("odd.yaml", 1))
        cluster = replace(cluster, unmodelled=(odd,))
    found = [status(cluster, claim, profile, universe) for universe in NESTED]
    for outer, inner in pairwise(found):
        if claim.kind is Kind.SOME:
            assert outer is not Status.REFUTED or inner is Status.REFUTED, found
        else:
            assert outer not in HELD or inner in HELD, found


@settings(LAW, max_examples=5)
@given(revisions(), profiles())
def test_what_is_equivalent_stays_so_in_a_smaller_universe(pair: tuple[Cluster, Cluster], profile: Profile) -> None:
    def is_equivalent(universe: Universe) -> bool:
        setting = Setting(universe, profile, PODS)
        shifts = (gained(Revisions(*pair), setting, 1), lost(Revisions(*pair), setting, 1))
        return not any(shift.changes or shift.reason for shift in shifts)

    found = [is_equivalent(universe) for universe in NESTED[:2]]
    if pair[0].workloads == pair[1].workloads and pair[0].nodes == pair[1].nodes:
        table = inventory_difference(*pair, setting=Setting(Universe.INVENTORY, profile, PODS))
        found.append(not table.changes and not table.reason)
    for outer, inner in pairwise(found):
        assert not outer or inner, found


@pytest.mark.parametrize("kind", [Kind.NO, Kind.EVERY])
@settings(LAW, max_examples=5)
@given(st.data())
def test_map_and_explain_say_what_check_proves(kind: Kind, data: st.DataObject) -> None:
    """Of a pair of ends and a port: what `every` proves is certain, and what `no` proves is not allowed."""
    cluster, profile = data.draw(mapped_clusters()), data.draw(profiles())
    cluster = replace(cluster, namespaces=tuple(replace(n, is_declared=True) for n in cluster.namespaces))
    found = connectivity(cluster, profile, pod_addresses=PODS)
    pairs = [(a, b) for a in found.ends for b in found.ends if a is not b and Workload in (type(a), type(b))]
    if not pairs:
        return
    src, dst = data.draw(st.sampled_from(pairs))
    port = data.draw(st.sampled_from((80, 81, 443)))
    ends = [_set(end) for end in (src, dst)]
    claim = Claim(kind, ends[0], ends[1], (NumberedPorts(Protocol.TCP, port),))
    proved = status(cluster, claim, profile, Universe.INVENTORY) is Status.PROVED
    here = [_addresses(end) if isinstance(end, AddressRange) else end for end in (src, dst)]
    both = Pair(cluster, profile, *here, PODS).both()
    rows = [row for a, b, row in found.pairs() if (a, b) == (src, dst)]
    certain, allowed = ([getattr(row, name).tcp for row in rows] for name in ("certain", "allowed"))
    if proved and kind is Kind.EVERY:
        assert port in both.must.tcp
        assert any(port in ports for ports in certain)
    if proved and kind is Kind.NO:
        assert port not in both.may.tcp
        assert not any(port in ports for ports in allowed)


def _set(end: Workload | AddressRange) -> pods_of_workload | external:
    return pods_of_workload(end.namespace, end.name) if isinstance(end, Workload) else external(_addresses(end), "")


def _addresses(end: AddressRange) -> AddressSet:
    span = ((int(end.low), int(end.high)),)
    return AddressSet(span, ()) if end.low.version == 4 else AddressSet((), span)
