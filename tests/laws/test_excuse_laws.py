"""Excuses held to enumeration: a waiver hides what lies in its region and nothing else, and what a baseline excuses of
a region is no more than the region tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from clusters import claims, clusters, profiles, selectors
from finite_worlds import FiniteWorld
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_verdict_laws import LAW, PODS
from told_regions import tells_of

from analyzer.analysis.checking.answering import Answerer, Task
from analyzer.analysis.checking.excuses import Excuses
from analyzer.analysis.checking.known_regions import known_excuse
from analyzer.judging import Setting, judge
from analyzer.model.claims import Excuse, Kind, PortNaming, Query, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.formulas import on_any
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.policies import NamespaceNamed, PodPeer, Policy, Tier
from analyzer.model.profile import Profile
from analyzer.model.source import Source
from analyzer.semantics import is_in_scope, is_member, on_ports
from analyzer.semantics.formulas import Situation, is_true
from analyzer.verdicts import Status
from analyzer.verdicts.baseline import Baseline, KnownVerdict
from analyzer.verdicts.regions import Region
from analyzer.verdicts.waivers import Waiver


def lies_in(region: Excuse, connection: Connection, profile: Profile) -> bool:
    return (
        is_member(region.sources, connection.src)
        and is_member(region.destinations, connection.dst)
        and (region.ports is None or on_ports(region.ports, connection, profile))
        and (region.through is None or region.through == connection.through)
        and all(calls(connection, naming, profile) is naming.is_given for naming in region.port_names)
    )


def calls(connection: Connection, naming: PortNaming, profile: Profile) -> bool:
    """Whether the destination gives the connection's port the name."""
    return is_true(on_any((naming.port,), naming.scope or profile.named_port_scope), Situation.of(connection))


@st.composite
def excused_worlds(draw: st.DrawFn, universe: Universe, most: int) -> tuple[FiniteWorld, FiniteWorld, Excuse]:
    """A world of a claim, the same of the claim without a region, and the region.  Both tell the same ends apart."""
    cluster = draw(clusters())
    claim, other = (replace(draw(claims(cluster)), where=None) for _ in range(2))
    assume(claim.kind is not Kind.SOME and other.destinations is not None)
    assert other.destinations is not None
    region = Excuse(other.sources, other.destinations, draw(st.sampled_from((None, other.ports))))
    profile, pods = draw(profiles()), draw(st.sampled_from((None, PODS)))
    rest = FiniteWorld(cluster, replace(claim, excuses=(*claim.excuses, region)), universe, profile, pods)
    assume(len(rest.ends) ** 2 * len(rest.sockets) <= most)
    return FiniteWorld(cluster, claim, universe, profile, pods), rest, region


@settings(LAW, max_examples=20)
@given(excused_worlds(Universe.INVENTORY, 2_000))
def test_a_waiver_hides_what_lies_in_its_region_only(drawn: tuple[FiniteWorld, FiniteWorld, Excuse]) -> None:
    world, rest, region = drawn
    waiver = Waiver("p/q", "why", "who", date.max, region, "text")
    setting = Setting(world.universe, world.profile, world.pod_addresses)
    answerer = Answerer(world.cluster, setting, excuses=Excuses((waiver,)))
    verdict = answerer.answer(Task(Query("q", "", world.claim, ""), (), "p")).verdict
    kind = world.claim.kind
    if any(moment.violates(kind) for moment in rest.moments):
        assert (verdict.status, verdict.is_excused) == (Status.REFUTED, False)
        for example in verdict.counterexamples:
            assert example.connection is not None
            assert not lies_in(region, example.connection, world.profile)
    elif any(moment.may_violate(kind) for moment in rest.moments):
        assert (verdict.status, verdict.is_excused) == (Status.UNKNOWN, False)
    elif any(moment.violates(kind) for moment in world.moments):
        assert (verdict.status, verdict.is_excused, verdict.waivers) == (Status.REFUTED, True, (waiver,))
    else:
        assert verdict.status is not Status.REFUTED
        assert verdict.waivers == ()


@settings(LAW, max_examples=20)
@given(excused_worlds(Universe.INVENTORY, 2_000))
def test_what_a_baseline_excuses_its_region_tells(drawn: tuple[FiniteWorld, FiniteWorld, Excuse]) -> None:
    world = drawn[0]
    setting = Setting(world.universe, world.profile, world.pod_addresses)
    verdict = judge(world.cluster, Query("q", "", world.claim, ""), (), setting)
    there = frozenset(world.cluster.namespace_by_name)
    workloads = frozenset(workload.id for workload in world.cluster.workloads)
    baseline = Baseline("b.json", {}, there, workloads)
    for example in verdict.counterexamples:
        excuse = known_excuse(example.region, baseline, world.universe, world.cluster, world.profile)
        for connection in world.connections() if excuse else ():
            if is_in_scope(world.claim, connection, world.profile):
                is_told = tells_of(example.region, connection, world.cluster, world.profile, in_scope=True)
                assert lies_in(excuse, connection, world.profile) is is_told, connection


def is_sayable(region: Region, cluster: Cluster, profile: Profile) -> bool:
    """Each region can be excused, but for one of some of a workload's pods, or of one of two workloads of a name."""
    ids = {variant.id for w in cluster.workloads for variant in w.variants(mentioned_labels(profile, cluster))}
    for end in (region.src, region.dst):
        named = () if end is None or end.workloads is None or end.workloads.is_complement else end.workloads.values
        stems = {f"{id.partition('[')[0]}[" for id in named if id is not None}
        if any(id.startswith(stem) and id not in named for id in ids for stem in stems):
            return False
    return True


@settings(LAW, max_examples=15)
@given(st.data())
def test_a_baseline_stays_green_when_a_change_only_closes(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    drawn = data.draw(claims(cluster))
    # Mostly of one entry of ports: each further one makes several times as many regions to find and to excuse.
    ports = drawn.ports[: data.draw(st.sampled_from((1, 1, 1, None)))]
    claim = replace(drawn, kind=data.draw(st.sampled_from((Kind.NO, Kind.ONLY))), ports=ports)
    setting = Setting(data.draw(st.sampled_from(Universe)), profile, PODS, max_counterexamples=16)
    query = Query("q", "", claim, "text")
    before = judge(cluster, query, (), setting)
    assume(before.status is Status.REFUTED and before.is_complete)
    regions = tuple(example.region for example in before.counterexamples)
    there, workloads = frozenset(cluster.namespace_by_name), frozenset(w.id for w in cluster.workloads)
    known = KnownVerdict(before.status, "text", setting.universe, regions, before.is_complete)
    baseline = Baseline("b.json", {"p/q": known}, there, workloads)
    for region in regions:
        said = known_excuse(region, baseline, setting.universe, cluster, setting.profile)
        assert said is not None or not is_sayable(region, cluster, setting.profile), region
    assume(all(is_sayable(region, cluster, setting.profile) for region in regions))
    namespace = data.draw(st.sampled_from(sorted(there)))
    subject = PodPeer(NamespaceNamed(namespace), data.draw(selectors()))
    shut = Policy("NetworkPolicy", namespace, "shut", Tier.NETWORK_POLICY, subject, (), (), Source("shut.yaml", 1))
    closed = replace(cluster, policies=(*cluster.policies, shut))
    answerer = Answerer(closed, setting, excuses=Excuses((), date.min, baseline))
    after = answerer.answer(Task(query, (), "p")).verdict
    assert after.is_excused or after.status in (Status.PROVED, Status.VACUOUS), (regions, after)
