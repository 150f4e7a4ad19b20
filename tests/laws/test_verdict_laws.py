"""Verdicts held to enumeration: in a small world every end and every connection is spelt out and put to the oracle.

A verdict must be what the enumeration finds, in both directions; a region must hold nothing but violations, as its
words are read; a proof must stand on what it is said to rest on; whatever is not sure must not be called so.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from clusters import blocks, claims, clusters, conditions, isolation_claims, namespaces_matching, profiles, selectors
from effort import worth
from finite_worlds import FiniteWorld
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from told_regions import tells_of, tells_of_pod

from analyzer.encoding import VIOLATION, Question, encode
from analyzer.encoding.walk import claim_sets
from analyzer.judging import Setting, judge
from analyzer.judging.bound import bound
from analyzer.judging.query_session import QuerySession
from analyzer.model.claims import Assumption, Claim, Kind, Query, Universe, is_equal, is_there
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.endpoints import Connection, External, Host, Pod
from analyzer.model.ends import pods_in, with_address, without
from analyzer.model.formulas import Attribute, Formula, Member, Name, Not, OfWorkload, Role, both
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
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
from analyzer.semantics import holds, is_in_scope, is_member
from analyzer.sets import AddressSet
from analyzer.solving import Budget
from analyzer.verdicts import Status, Verdict

PODS = AddressSet.of("10.0.0.0/28", "fd00::/124")
LAW = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
)
GENERIC = PROFILES["generic"]


def verdict_in(world: FiniteWorld, **more: object) -> Verdict:
    setting = replace(Setting(world.universe, world.profile, world.pod_addresses), **more)
    return judge(world.cluster, Query("q", "", world.claim, ""), world.assumptions, setting)


def expected(world: FiniteWorld) -> set[str]:
    """The statuses that enumeration leaves open.  Pods that an object may make are not enumerated: what is proved of
    each that could be created in their namespaces is so of these."""
    kind, moments = world.claim.kind, world.moments if world.claim.kind is not Kind.ISOLATED else []
    makers = [thing for thing in world.cluster.unmodelled if thing.adds_pods]
    more_pods = bool(makers) and world.universe is Universe.INVENTORY
    more_pods |= any(maker.reaches(namespace) for maker in makers for namespace in lacking(world))
    if kind is Kind.SOME:
        if any(m.allowed == {True} for m in moments):
            return {"proved", "unknown"}  # unknown: where it hangs on addresses
        if any(True in m.allowed for m in moments):
            return {"unknown"}
        return {"unknown", *of_every_pod(world, Status.REFUTED)} if more_pods else {"refuted"}
    if world.unisolated if kind is Kind.ISOLATED else any(m.violates(kind) for m in moments):
        return {"refuted"}
    if world.maybe_unisolated if kind is Kind.ISOLATED else any(m.may_violate(kind) for m in moments):
        return {"unknown"}
    if not more_pods:
        return {"vacuous"} if is_idle(world) else {"proved"}
    of_made = {"unknown", *of_every_pod(world, Status.PROVED)}
    return {*of_made, "vacuous"} if is_idle(world) else of_made


def of_every_pod(world: FiniteWorld, expected: Status) -> set[str]:
    """The status, if it is that of the universe of every pod of its namespaces, whose verdicts are held to enumeration
    by a law of their own."""
    if world.universe is not Universe.INVENTORY:
        return set()
    found = verdict_in(replace(world, universe=Universe.NAMESPACES)).status
    return {expected.value} if found is expected else set()


def lacking(world: FiniteWorld) -> set[str]:
    """The namespaces of the workloads that the claim names and the manifests lack."""
    there = {(workload.namespace, workload.name) for workload in world.cluster.workloads}
    members = [leaf.ends for leaf in claim_sets(world.claim) if isinstance(leaf, Member)]
    named = {(ends.namespace, ends.name) for ends in members if isinstance(ends, OfWorkload)}
    return {namespace for namespace, _ in named - there}


def is_idle(world: FiniteWorld) -> bool:
    """The claim speaks of nothing that could be; or its condition, which narrows what is permitted, holds of none of
    the connections that it limits."""
    claim = world.claim
    if claim.kind is Kind.ISOLATED:
        return not world.subjects
    where = claim.where if claim.kind in (Kind.ONLY, Kind.REACHES_ONLY) else None
    return not world.moments or (
        where is not None
        and not any(holds(where, src=src, dst=dst) and world.is_spoken_of(src, dst) for src, dst in world.pairs())
    )


@st.composite
def worlds(draw: st.DrawFn, universe: Universe, most: int, *, isolation: bool = False) -> FiniteWorld:
    """Of at most so many pairs of ends and ports, or of so many ends; outside the inventory without conditions, which
    tell more ends apart than can be listed."""
    few = 3 if universe is Universe.INVENTORY else worth(1, 3)  # to list the ends of a large one takes long
    cluster = draw(clusters(adds_labels=True, most=few))
    claim = draw(isolation_claims(cluster) if isolation else claims(cluster))
    if universe is not Universe.INVENTORY:
        claim = replace(claim, where=None)
    profile, given = draw(profiles()), draw(st.sampled_from((None, PODS)))
    claim = bound(claim, given, profile, cluster)  # what its words mean in this cluster is not what is tested here
    world = FiniteWorld(cluster, claim, universe, profile, given)
    assume((len(world.ends) if isolation else len(world.ends) ** 2 * len(world.sockets)) <= most)
    return world


# ------------------------------------------------------------------------------------------------ verdicts
@settings(LAW, max_examples=90)
@given(worlds(Universe.INVENTORY, worth(4_000, 20_000)))
def test_the_inventory_is_decided_as_by_enumeration(world: FiniteWorld) -> None:
    assert verdict_in(world).status.value in expected(world)


@pytest.mark.parametrize("universe", [Universe.ANY, Universe.NAMESPACES])
@settings(LAW, max_examples=8)
@given(st.data())
def test_every_pod_that_could_be_is_decided_as_by_enumeration(universe: Universe, data: st.DataObject) -> None:
    world = data.draw(worlds(universe, 8_000))
    assert verdict_in(world).status.value in expected(world)


@pytest.mark.parametrize("universe", Universe)
@settings(LAW, max_examples=20)
@given(st.data())
def test_isolation_is_judged_as_by_enumeration(universe: Universe, data: st.DataObject) -> None:
    _check_isolation(data.draw(worlds(universe, 400, isolation=True)))


def _check_isolation(world: FiniteWorld) -> None:
    """The verdict, and that regions hold none but pods that refute the claim."""
    found = verdict_in(world)
    assert found.status.value in expected(world)
    regions = [c.region.src for c in found.counterexamples]
    open_pods = set(world.unisolated)
    for pod in (end for end in (*world.ends, *world.supposed) if isinstance(end, Pod)):
        assert pod in open_pods or not any(
            tells_of_pod(region, pod, world.cluster, world.profile) for region in regions
        )


@pytest.mark.parametrize("universe", Universe)
@settings(LAW, max_examples=20)
@given(st.data())
def test_isolation_of_pods_at_addresses_is_judged_as_by_enumeration(universe: Universe, data: st.DataObject) -> None:
    """Sets that ask of addresses: by a Service's endpoints, or by what a waiver or a baseline takes away."""
    world = data.draw(worlds(universe, 400, isolation=True))
    block, pods = with_address(data.draw(blocks()).addresses), pods_in(NamespacesMatching(data.draw(selectors())))
    sources = data.draw(st.sampled_from((block, both((pods, block)), without(pods, block))))
    world = replace(world, claim=replace(world.claim, sources=sources))
    assume(len(world.ends) <= 400)
    _check_isolation(world)


# ------------------------------------------------------------------------------------------------ relations
_A = Selector((Requirement("k", Operator.IN, frozenset({"a"})),))
_RELATED = st.sampled_from((Name.NAMESPACE, Name.LABEL, Name.NAMESPACE_LABEL))


@st.composite
def related_terms(draw: st.DrawFn, roles: tuple[Role, ...]) -> Attribute:
    attribute = draw(_RELATED)
    return Attribute(draw(st.sampled_from(roles)), attribute, "" if attribute is Name.NAMESPACE else "k")


def relations(roles: tuple[Role, ...]) -> st.SearchStrategy[Formula]:
    equal = st.builds(is_equal, related_terms(roles), related_terms(roles))
    return equal | st.builds(Not, equal) | st.builds(is_there, related_terms(roles))


_CHOICES = st.sampled_from((Selector.EVERYTHING, _A, Selector((Requirement("k", Operator.EXISTS),))))
_PEERS = st.builds(PodPeer, st.builds(NamespacesMatching, _CHOICES), _CHOICES)


@st.composite
def related_worlds(draw: st.DrawFn, universe: Universe) -> FiniteWorld:
    """One key, one value, one admin policy, and conditions that compare what the two ends have."""
    namespaces = tuple(
        Namespace(name, Labels({**labels, NAMESPACE_NAME_LABEL: name}), is_declared)
        for name, labels, is_declared in (("one", {"k": "a"}, True), ("said", {}, False))
    )
    rules = tuple(
        Rule(draw(st.sampled_from(Action)), (draw(_PEERS),), None, index, Source("tiers.yaml", index + 1))
        for index in range(draw(st.integers(0, 2)))
    )
    ingress, egress = draw(st.sampled_from(((rules, ()), ((), rules))))
    policy = Policy("AdminNetworkPolicy", None, "p", Tier.ADMIN, draw(_PEERS), ingress, egress, Source("tiers.yaml", 1))
    workload = Workload("Pod", "one", "w", Labels({"k": "b"}), is_single=True)
    sets = st.builds(pods_in, st.builds(NamespacesMatching, _CHOICES), _CHOICES)
    kinds = st.sampled_from((Kind.NO, Kind.EVERY, Kind.SOME, Kind.ONLY, Kind.REACHES_ONLY))
    ports = (NumberedPorts(Protocol.TCP, 80),)
    claim = Claim(draw(kinds), draw(sets), draw(sets), ports, where=draw(relations((Role.SRC, Role.DST))))
    assumption = Assumption("given", "", draw(sets), draw(relations((Role.SELF,))))
    given_ = draw(st.sampled_from(((), (assumption,))))
    cluster = Cluster(namespaces, (workload,), policies=(policy,))
    return FiniteWorld(cluster, claim, universe, GENERIC, None, given_, is_relational=True)


@pytest.mark.parametrize("universe", [Universe.ANY, Universe.NAMESPACES])
@settings(LAW, max_examples=12)
@given(st.data())
def test_relations_and_assumptions_are_judged_as_by_enumeration(universe: Universe, data: st.DataObject) -> None:
    world = data.draw(related_worlds(universe))
    assert verdict_in(world).status.value in expected(world)


# ------------------------------------------------------------------------------------------------ regions
def _check_regions(world: FiniteWorld) -> None:
    found = verdict_in(world, max_counterexamples=4)
    if not found.counterexamples:
        return
    regions = [c.region for c in found.counterexamples]
    kind, profile = world.claim.kind, world.profile
    violations = {m.connection for m in world.moments if m.violates(kind)}
    for connection in world.connections():
        in_scope = is_in_scope(world.claim, connection, profile)
        told = any(tells_of(region, connection, world.cluster, profile, in_scope=in_scope) for region in regions)
        assert connection in violations or not told, "the region holds what is no violation"
        assert told or connection not in violations or not found.is_complete, "not all violations are told"


@pytest.mark.parametrize("universe", [Universe.ANY, Universe.INVENTORY])
@settings(LAW, max_examples=8)
@given(st.data())
def test_regions_hold_violations_only(universe: Universe, data: st.DataObject) -> None:
    _check_regions(data.draw(worlds(universe, 4_000)))


@settings(LAW, max_examples=12)
@given(related_worlds(Universe.NAMESPACES))
def test_regions_of_related_ends_hold_violations_only(world: FiniteWorld) -> None:
    _check_regions(world)


# ------------------------------------------------------------------------------------------------ live
@st.composite
def half_known_clusters(draw: st.DrawFn) -> Cluster:
    cluster = draw(clusters())
    keeps = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    workloads = tuple(
        w if keep or w.host_network else replace(w, ips=()) for w, keep in zip(cluster.workloads, keeps, strict=False)
    )
    return replace(cluster, workloads=workloads)


def expected_live(world: FiniteWorld) -> bool | None:
    """True if a pair, by what is known of it, violates for all that is not; False if none does for any."""
    kind = world.claim.kind
    moments = {m.connection: m for m in world.moments}
    stands: dict[tuple[object, ...], bool] = {}
    may = False
    for connection in world.connections():
        moment = moments.get(connection)
        key = _as_known(world, connection)
        stands[key] = stands.get(key, True) and moment is not None and moment.violates(kind)
        may = may or (moment is not None and moment.may_violate(kind))
    if True in stands.values():
        return True
    more_pods = any(u.adds_pods for u in world.cluster.unmodelled)
    return None if may or more_pods else False


def _as_known(world: FiniteWorld, connection: Connection) -> tuple[object, ...]:
    known = {w.id for w in world.cluster.workloads if w.ips}

    def seen(end: Pod | Host | External) -> tuple[object, ...]:
        if isinstance(end, Pod):
            return (end.workload, end.ip if end.workload in known else None)
        return (end.name if isinstance(end, Host) else "", end.ip)

    return (seen(connection.src), seen(connection.dst), connection.protocol, connection.port, connection.number)


@settings(LAW, max_examples=25)
@given(st.data())
def test_live_is_what_holds_whatever_is_unknown(data: st.DataObject) -> None:
    cluster = data.draw(half_known_clusters())
    claim = data.draw(claims(cluster).filter(lambda c: c.kind is not Kind.SOME))
    claim = replace(claim, where=None)
    world = FiniteWorld(cluster, claim, Universe.INVENTORY, data.draw(profiles()), PODS, open_labels=True)
    assume(len(world.ends) <= 60)
    found = verdict_in(replace(world, universe=Universe.ANY, open_labels=False))
    if found.status is Status.REFUTED:
        assert found.live is expected_live(world)


# ------------------------------------------------------------------------------------------------ cores
def _only(cluster: Cluster, verdict: Verdict) -> Cluster:
    """The cluster with nothing in force but what the proof rests on."""
    kept = []
    for policy in cluster.policies:
        sides = {}
        for direction in ("ingress", "egress"):
            refs = [r for r in verdict.rests_on if r.policy == policy and r.direction.value == direction]
            rules = getattr(policy, direction)
            if any(r.rule is None for r in refs):
                sides[direction] = rules
            else:
                sides[direction] = tuple(r for r in rules or () if any(r == ref.rule for ref in refs)) or None
        if policy.tier is not Tier.NETWORK_POLICY or any(rules is not None for rules in sides.values()):
            kept.append(replace(policy, **sides))
    return replace(cluster, policies=tuple(kept))


@settings(LAW, max_examples=40)
@given(st.data())
def test_a_proof_stands_on_what_it_rests_on(data: st.DataObject) -> None:
    cluster = data.draw(clusters())
    claim = data.draw((claims(cluster) | isolation_claims(cluster)).filter(lambda c: c.kind is not Kind.SOME))
    world = FiniteWorld(cluster, claim, Universe.ANY, data.draw(profiles()))
    found = verdict_in(world)
    if found.status is not Status.PROVED:
        return
    assert verdict_in(replace(world, cluster=_only(cluster, found))).status is Status.PROVED
    if found.is_minimal:
        obligation = encode(cluster, Question(claim, (), Universe.ANY, world.profile))
        names = [name for name, ref in obligation.tracks.items() if ref in found.rests_on]
        session = QuerySession(obligation, Budget())
        assert session.check_rules([VIOLATION], names).is_unsat
        for name in names:
            assert session.check_rules([VIOLATION], [n for n in names if n != name]).is_sat, "not all are needed"


# ------------------------------------------------------------------------------------------------ sameness, order
@settings(LAW, max_examples=25)
@given(st.data())
def test_slicing_changes_no_verdict(data: st.DataObject) -> None:
    cluster = data.draw(clusters())
    claim = data.draw(claims(cluster) | isolation_claims(cluster))
    universe = data.draw(st.sampled_from(Universe))
    world = FiniteWorld(cluster, claim, universe, data.draw(profiles()))
    sliced, whole = (verdict_in(world, slice_first=is_sliced, max_counterexamples=1) for is_sliced in (True, False))
    assert (sliced.status, sliced.live) == (whole.status, whole.live)


@settings(LAW, max_examples=20)
@given(st.data())
def test_larger_universes_prove_less(data: st.DataObject) -> None:
    cluster = data.draw(clusters())
    claim = data.draw((claims(cluster) | isolation_claims(cluster)).filter(lambda c: c.kind is not Kind.SOME))
    world = FiniteWorld(cluster, claim, Universe.ANY, data.draw(profiles()))
    found = [verdict_in(replace(world, universe=u), max_counterexamples=1).status for u in Universe]
    fine = {Status.PROVED, Status.VACUOUS}
    if found[0] in fine:
        assert found[1] in fine
    if found[1] in fine:
        more_pods = any(u.adds_pods for u in cluster.unmodelled)
        assert found[2] in (fine | {Status.UNKNOWN} if more_pods else fine)


@settings(LAW, max_examples=6)
@given(st.data())
def test_the_same_question_has_the_same_answer(data: st.DataObject) -> None:
    cluster = data.draw(clusters())
    asked = [data.draw(claims(cluster)) for _ in range(2)]
    world_of = [FiniteWorld(cluster, claim, Universe.ANY, GENERIC) for claim in asked]
    there = [verdict_in(world) for world in world_of]
    back = [verdict_in(world) for world in reversed(world_of)]
    assert there == back[::-1]


# ------------------------------------------------------------------------------------------------ budget
@settings(LAW, max_examples=15)
@given(st.data())
def test_a_spent_budget_is_never_an_answer(data: st.DataObject) -> None:
    cluster = data.draw(clusters())
    world = FiniteWorld(cluster, data.draw(claims(cluster)), Universe.ANY, data.draw(profiles()))
    whole = verdict_in(world)
    budget = data.draw(st.sampled_from((Budget(1), Budget(300), Budget(3_000), Budget(20_000), Budget(seconds=0.0))))
    found = verdict_in(world, budget=budget)
    assert found.status in (whole.status, Status.UNKNOWN)
    assert found.reason
    if whole.live is not None:
        assert found.live in (whole.live, None)
    if found.status is Status.REFUTED and not whole.is_complete:
        assert not found.is_complete
    if budget.seconds == 0.0:
        assert found.status is Status.UNKNOWN


# ------------------------------------------------------------------------------------------------ assumptions
@settings(LAW, max_examples=12)
@given(st.data())
def test_assumptions_leave_out_the_pods_that_break_them(data: st.DataObject) -> None:
    world = data.draw(worlds(Universe.INVENTORY, 8_000))
    members = pods_in(
        data.draw(st.builds(NamespaceNamed, st.just("one")) | namespaces_matching()), data.draw(selectors())
    )
    given_ = Assumption("given", "", members, data.draw(conditions((Role.SELF,))))
    world = replace(world, assumptions=(given_,))
    assert all(
        holds(given_.condition, subject=end) for end in world.ends if isinstance(end, Pod) and is_member(members, end)
    )
    assert verdict_in(world).status.value in expected(world)
