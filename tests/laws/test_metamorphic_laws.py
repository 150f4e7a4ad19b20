"""What a change to manifests and question that means nothing, or only more, does to verdicts (design 6).

The laws on single decisions are in test_oracle_laws.py; these go the whole way, from the encoding to the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

from clusters import claims, clusters, isolation_claims, network_policies, profiles
from effort import worth
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from revisions import are_read_alike, refactorings

from analyzer.judging import Setting, judge
from analyzer.model.claims import Claim, Excuse, Kind, Query, Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.ends import ANYTHING, without
from analyzer.model.formulas import Name, either
from analyzer.model.formulas import Test as FormulaTest
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Requirement
from analyzer.model.policies import NamespaceNamed, NumberedPorts, PodPeer, Policy, Protocol, Tier
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet
from analyzer.solving import Budget
from analyzer.verdicts import Status

LAW = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=8)
WORK = Budget(worth(1_000_000, 30_000_000))  # a single question in ten would take as long as all others
FINE = {Status.PROVED, Status.VACUOUS}
Said = tuple[Status, bool | None]


def said(cluster: Cluster, claim: Claim, profile: Profile, universe: Universe) -> Said:
    """The verdict and whether it is live; another example, please, where the work it is worth does not tell."""
    pods = AddressSet.of("10.0.0.0/28", "fd00::/124")
    setting = Setting(universe, profile, pods, WORK, max_counterexamples=1)
    found = judge(cluster, Query("q", "", claim, ""), (), setting)
    assume("budget" not in " ".join((found.reason, *found.blame)))
    return found.status, found.live


@st.composite
def questions(draw: DrawFn, *, isolation: bool = True) -> tuple[Cluster, Claim, Profile, Universe]:
    cluster = draw(clusters())
    asked = draw(claims(cluster) | isolation_claims(cluster)) if isolation else draw(claims(cluster))
    return cluster, asked, draw(profiles()), draw(st.sampled_from(Universe))


# ------------------------------------------------------------------------------------------------ what means nothing
@LAW
@given(questions(), st.integers(0, 2**16))
def test_the_order_of_everything_is_irrelevant(question: Any, seed: int) -> None:
    cluster, claim, profile, universe = question
    random = Random(seed)

    def shuffled(things: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(things, len(things)))

    names = ("namespaces", "workloads", "nodes", "services", "policies", "unmodelled")
    other = replace(cluster, **{name: shuffled(getattr(cluster, name)) for name in names})
    assert said(cluster, claim, profile, universe) == said(other, claim, profile, universe)


def renamed(thing: Any, label: Callable[[str, str], tuple[str, str]], namespace: Callable[[str], str]) -> Any:
    """The same facts with other words for label keys, label values and namespaces."""
    if isinstance(thing, Labels):
        return Labels(dict(label(k, v) for k, v in thing.items()))
    if isinstance(thing, Requirement):
        pairs = [label(thing.key, value) for value in sorted(thing.values)]
        return replace(thing, key=label(thing.key, "")[0], values=frozenset(value for _, value in pairs))
    if isinstance(thing, FormulaTest) and isinstance(thing.meets, frozenset | None):
        return renamed_test(thing, thing.meets, label, namespace)
    if isinstance(thing, tuple):
        return tuple(renamed(part, label, namespace) for part in thing)
    if not is_dataclass(thing) or isinstance(thing, type | AddressSet):
        return thing
    changed = {f.name: renamed(getattr(thing, f.name), label, namespace) for f in fields(thing)}
    if isinstance(thing, Namespace):
        changed["name"] = namespace(thing.name)
    if isinstance(getattr(thing, "namespace", None), str):
        changed["namespace"] = namespace(thing.namespace)
    if type(thing).__name__ == "NamespaceNamed":
        changed["name"] = namespace(thing.name)
    return replace(thing, **changed)


def renamed_test(
    test: FormulaTest,
    meets: frozenset[str] | None,
    label: Callable[[str, str], tuple[str, str]],
    namespace: Callable[[str], str],
) -> FormulaTest:
    it, values = test.attribute, sorted(meets or ())
    if it.name is Name.NAMESPACE:
        return replace(test, meets=meets and frozenset(map(namespace, values)))
    if it.name not in (Name.LABEL, Name.NAMESPACE_LABEL):
        return test
    found = meets and frozenset(label(it.key, value)[1] for value in values)
    return FormulaTest(replace(it, key=label(it.key, "")[0]), found)


@LAW
@given(questions())
def test_other_words_for_labels_and_namespaces_change_nothing(question: Any) -> None:
    cluster, claim, profile, universe = question
    claim = replace(claim, where=None)  # conditions may compare names with values, and then the words matter

    def namespace(name: str) -> str:
        return f"team-{name}"

    def label(key: str, value: str) -> tuple[str, str]:
        if key == NAMESPACE_NAME_LABEL:
            return key, namespace(value)
        return f"example.com/{key}", {"": "nothing", "a": "b", "b": ""}.get(value, value)

    other, asked = (renamed(thing, label, namespace) for thing in (cluster, claim))
    assert said(cluster, claim, profile, universe) == said(other, asked, profile, universe)


@LAW
@given(refactorings(), st.data())
def test_refactorings_change_no_verdict(pair: tuple[Cluster, Cluster], data: st.DataObject) -> None:
    """Policies split in two, blocks split in two, rules turned round, a NetworkPolicy as a ClusterNetworkPolicy."""
    one, two = pair
    claim = data.draw(claims(one))
    profile, universe = data.draw(profiles()), data.draw(st.sampled_from(Universe))
    assume(are_read_alike(pair, profile))
    assert said(one, claim, profile, universe)[0] == said(two, claim, profile, universe)[0]


@LAW
@given(questions(), st.sampled_from(("sources", "destinations")))
def test_sets_may_be_written_in_other_ways(question: Any, name: str) -> None:
    cluster, claim, profile, universe = question
    members = getattr(claim, name)
    if members is None:
        return
    outside = without(ANYTHING, members)
    for same in (either((members, members)), without(ANYTHING, outside), without(members, without(members, members))):
        other = replace(claim, **{name: same})
        assert said(cluster, claim, profile, universe)[0] == said(cluster, other, profile, universe)[0]


@LAW
@given(questions(isolation=False))
def test_ports_may_be_listed_one_range_at_a_time(question: Any) -> None:
    cluster, claim, profile, universe = question
    tcp = replace(claim, ports=(NumberedPorts(Protocol.TCP),))
    cut = replace(claim, ports=(NumberedPorts(Protocol.TCP, 1, 80), NumberedPorts(Protocol.TCP, 81, 65535)))
    assert said(cluster, tcp, profile, universe) == said(cluster, cut, profile, universe)


# ------------------------------------------------------------------------------------------------ what means more
@LAW
@given(questions(isolation=False), network_policies("more"), network_policies("donor"))
def test_a_rule_more_proves_no_isolation_and_breaks_no_reach(question: Any, policy: Policy, donor: Policy) -> None:
    cluster, claim, profile, universe = question
    policy = replace(policy, subject=PodPeer(policy.subject.namespaces))
    poor = replace(cluster, policies=(*cluster.policies, policy))
    sides = {
        name: (*rules, *more)
        for name in ("ingress", "egress")
        if (rules := getattr(policy, name)) is not None and (more := getattr(donor, name))
    }
    rich = replace(cluster, policies=(*cluster.policies, replace(policy, **sides)))
    closed, opened = replace(claim, kind=Kind.NO), replace(claim, kind=Kind.EVERY)
    if said(rich, closed, profile, universe)[0] in FINE:
        assert said(poor, closed, profile, universe)[0] in FINE
    if said(poor, opened, profile, universe)[0] in FINE:
        assert said(rich, opened, profile, universe)[0] in FINE


@LAW
@given(questions(isolation=False), st.data())
def test_an_excuse_more_breaks_no_proof(question: Any, data: st.DataObject) -> None:
    cluster, claim, profile, universe = question
    other = data.draw(claims(cluster))
    excuse = Excuse(other.sources, other.destinations or ANYTHING)
    claim = replace(claim, kind=data.draw(st.sampled_from((Kind.NO, Kind.EVERY, Kind.ONLY, Kind.REACHES_ONLY))))
    if said(cluster, claim, profile, universe)[0] in FINE:
        excused = replace(claim, excuses=(*claim.excuses, excuse))
        assert said(cluster, excused, profile, universe)[0] in FINE


@LAW
@given(questions())
def test_a_policy_of_a_namespace_that_the_claim_cannot_touch_changes_nothing(question: Any) -> None:
    """Nobody is there and no one may come: the universe is closed."""
    cluster, claim, profile, _ = question
    source = cluster.namespaces[0].source
    far = Namespace("far", Labels({NAMESPACE_NAME_LABEL: "far"}), is_declared=True)
    shut = Policy("NetworkPolicy", "far", "shut", Tier.NETWORK_POLICY, PodPeer(NamespaceNamed("far")), (), (), source)
    more = replace(cluster, namespaces=(*cluster.namespaces, far), policies=(*cluster.policies, shut))
    assert said(cluster, claim, profile, Universe.INVENTORY) == said(more, claim, profile, Universe.INVENTORY)
