"""A proposal of workloads, pods, namespaces, their labels or Services is answered as a fresh run would, one after the
other and between changes of policies too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from itertools import product

import pytest
from clusters import claims, clusters, isolation_claims, profiles
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from analyzer.analysis import CheckSession, Setting, check
from analyzer.encoding.scope import pod_addresses
from analyzer.encoding.shut import shut_by_own, shut_to, without_shut
from analyzer.judging import judge, question_of
from analyzer.judging.after_policies import narrowed
from analyzer.judging.either_way import unknown_sets
from analyzer.judging.judge import replay_of
from analyzer.judging.mediated import mediated
from analyzer.language import parse_query
from analyzer.model.claims import Kind, Pack, Query, Universe
from analyzer.model.cluster import Cluster, Namespace, Service, ServicePort, Workload
from analyzer.model.enforcing import as_enforced
from analyzer.model.formulas import EndKind, Formula, Role, both, in_namespaces, is_a
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.mesh import NO_MESH
from analyzer.model.policies import (
    Action,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.source import Source
from analyzer.verdicts import Status, Verdict

ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.5", "10.9.0.1", "10.200.0.7", "203.0.113.1", "fd00::5", "2001:db8::1"])
LABELS = st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["", "a", "b"]), max_size=2).map(Labels)


@st.composite
def workloads(draw: st.DrawFn, before: Cluster) -> Workload:
    """One more, or another in the place of one that is there: with other labels, at an address, on its node's network
    now and then."""
    there = [w for w in before.workloads if w.kind == "Deployment"]
    if there and draw(st.booleans()):
        return replace(draw(st.sampled_from(there)), labels=draw(LABELS), ips=draw(at()))
    home = draw(st.sampled_from([n.name for n in before.namespaces]) | st.just("elsewhere"))
    name, host_network = draw(st.sampled_from(["new", "other"])), draw(st.integers(0, 7)) == 0
    kind = draw(st.sampled_from(["Deployment", "Pod"]))
    return Workload(kind, home, name, draw(LABELS), ips=draw(at()), host_network=host_network, is_single=kind == "Pod")


@st.composite
def at(draw: st.DrawFn) -> tuple[object, ...]:
    return (ip_address(draw(ADDRESSES)),) if draw(st.booleans()) else ()


def put_workload(draw: st.DrawFn, before: Cluster) -> Cluster:
    new = draw(workloads(before))
    others = [w for w in before.workloads if w.id != new.id]
    known = {namespace.name for namespace in before.namespaces}
    more = () if new.namespace in known else (Namespace(new.namespace, named(new.namespace), False),)
    return replace(before, workloads=(*others, new), namespaces=(*before.namespaces, *more))


def remove_workload(draw: st.DrawFn, before: Cluster) -> Cluster:
    if not before.workloads:
        return before
    gone = draw(st.sampled_from(before.workloads))
    return replace(before, workloads=tuple(w for w in before.workloads if w is not gone))


def named(name: str, labels: Labels | None = None) -> Labels:
    return Labels({**(labels or {}), NAMESPACE_NAME_LABEL: name})


def put_namespace(draw: st.DrawFn, before: Cluster) -> Cluster:
    name = draw(st.sampled_from([*(n.name for n in before.namespaces), "new-one", "c", "d"]))
    new = Namespace(name, named(name, draw(LABELS)), is_declared=True)
    return replace(before, namespaces=(*(n for n in before.namespaces if n.name != name), new))


def relabel_namespace(draw: st.DrawFn, before: Cluster) -> Cluster:
    """One label more, another or one less; of some of them nothing is asked."""
    old = draw(st.sampled_from(before.namespaces))
    kept = {key: value for key, value in old.labels.items() if key == NAMESPACE_NAME_LABEL or draw(st.integers(0, 3))}
    more = draw(
        st.dictionaries(st.sampled_from(["k", "l", "nobody-asks"]), st.sampled_from(["", "a", "b"]), max_size=2)
    )
    new = replace(old, labels=Labels(kept | more), is_declared=True)
    return replace(before, namespaces=tuple(new if it is old else it for it in before.namespaces))


def change_policies(draw: st.DrawFn, before: Cluster) -> Cluster:
    """One gone, one that closes a namespace, or one that lets in all that some namespaces send."""
    if before.policies and draw(st.booleans()):
        gone = draw(st.sampled_from(before.policies))
        return replace(before, policies=tuple(policy for policy in before.policies if policy is not gone))
    new = deny(draw(st.sampled_from(before.namespaces)).name)
    if draw(st.booleans()):
        spaces = Selector((Requirement("k", Operator.IN, frozenset({draw(st.sampled_from(["a", "b"]))})),))
        rule = Rule(Action.ACCEPT, (PodPeer(NamespacesMatching(spaces)),), None, 0, new.source)
        new = replace(new, name="open", ingress=(rule,), egress=None)
    return replace(before, policies=tuple({policy.id: policy for policy in (*before.policies, new)}.values()))


def remove_namespace(draw: st.DrawFn, before: Cluster) -> Cluster:
    used = {w.namespace for w in before.workloads} | {s.namespace for s in before.services}
    used |= {policy.namespace or "" for policy in before.policies}
    free = [n for n in before.namespaces if n.name not in used]
    if not free or len(before.namespaces) == 1:
        return before
    gone = draw(st.sampled_from(free))
    return replace(before, namespaces=tuple(n for n in before.namespaces if n is not gone))


def put_service(draw: st.DrawFn, before: Cluster) -> Cluster:
    home = draw(st.sampled_from([n.name for n in before.namespaces]))
    address = ip_address(draw(st.sampled_from(["10.96.0.3", "10.0.0.3", "203.0.113.3"])))
    taken = {ip for w in before.workloads for ip in w.ips} | {ip for n in before.nodes for ip in n.ips}
    port = ServicePort(draw(st.sampled_from([80, 81, 443])), draw(st.sampled_from([80, 8080])), Protocol.TCP)
    own = () if address in taken else (address,)
    new = Service(home, "new", Selector.EVERYTHING, (port,), False, draw(st.booleans()), addresses=own)
    return replace(before, services=(*(s for s in before.services if s.id != new.id), new))


def remove_service(draw: st.DrawFn, before: Cluster) -> Cluster:
    if not before.services:
        return before
    gone = draw(st.sampled_from(before.services))
    return replace(before, services=tuple(s for s in before.services if s is not gone))


Edit = Callable[[st.DrawFn, Cluster], Cluster]
EDITS: tuple[Edit, ...] = (
    put_workload,
    remove_workload,
    put_namespace,
    relabel_namespace,
    remove_namespace,
    put_service,
    remove_service,
)


@st.composite
def edited(draw: st.DrawFn, before: Cluster, among: tuple[Edit, ...] = EDITS) -> Cluster:
    edit = draw(st.sampled_from(among))
    event(edit.__name__)
    return edit(draw, before)


def said(verdict: Verdict) -> tuple[object, ...]:
    return verdict.query.id, verdict.status, verdict.live


CLAIMS = (
    "no anything can reach pods",
    "no pods can reach anything",
    "no pods in namespaces(k=a) can reach pods in namespaces(k=b)",
    "no pods in namespaces(k) can reach pods in namespaces(k) where src.namespace.labels[k] != dst.namespace.labels[k]",
    "no pods(k=a) can reach pods(l=b) on tcp/80 where src.labels[l] == dst.labels[l]",
    "no anything except pods in namespaces(k=a) can reach pods in namespaces(l)",
    "no internet can reach pods in namespaces(k)",
    "no pods can reach ips 10.0.0.0/29, 203.0.113.0/29",
    "no pods can reach nodes",
    "no namespace one can reach namespace two",
    "no namespace new-one can reach namespace two",
    "no workload one/new can reach pods",
    "only pods(k=a) can reach pods(l=b)",
    "pods in namespaces(k) can reach only pods(l=b)",
    "every pods in namespaces(k) can reach dns on udp/53",
    "every pods can reach service one/new",
    "every pods(k=a) can reach pods(k=a) on tcp/80",
    "every pods in namespaces(k) is isolated for ingress",
    "every pods is isolated for egress",
)


@pytest.mark.parametrize("universe", [Universe.ANY, Universe.NAMESPACES])
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_of_each_kind_of_claim_a_proposal_of_ends_is_answered(universe: Universe, data: st.DataObject) -> None:
    """Claims of wide sets, which changes bear on; closed by a policy in each namespace at times, so that some hold."""
    before = replace(data.draw(clusters()), unmodelled=(), mesh=NO_MESH)
    if data.draw(st.booleans()):
        closed = tuple(deny(namespace.name) for namespace in before.namespaces)
        before = replace(before, policies=(*before.policies, *closed))
    texts = data.draw(st.lists(st.sampled_from(CLAIMS), min_size=3, max_size=5, unique=True))
    pack = Pack("p", "", tuple(parse_query(text, f"q{i}") for i, text in enumerate(texts)))
    assert_followed(data, before, pack, Setting(universe, data.draw(profiles()), max_counterexamples=2))


def deny(namespace: str) -> Policy:
    subject, place = PodPeer(NamespaceNamed(namespace)), Source("p.yaml", 1)
    return Policy("NetworkPolicy", namespace, "deny-all", Tier.NETWORK_POLICY, subject, (), (), place)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_proposal_of_ends_is_answered_as_a_fresh_run_would(data: st.DataObject) -> None:
    before = data.draw(clusters(adds_labels=data.draw(st.booleans())))
    if data.draw(st.integers(0, 7)):
        before = replace(before, unmodelled=(), mesh=NO_MESH)  # of most that is not known all is asked anew
    asked = data.draw(st.lists(claims(before) | isolation_claims(before), min_size=1, max_size=3))
    pack = Pack("p", "", tuple(Query(f"q{i}", "", claim, "") for i, claim in enumerate(asked)))
    assert_followed(data, before, pack, Setting(data.draw(st.sampled_from(Universe)), data.draw(profiles())))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_shut_to_a_namespace_lets_in_nothing_of_it(data: st.DataObject) -> None:
    before = replace(data.draw(clusters()), unmodelled=(), mesh=NO_MESH)
    closed = tuple(deny(namespace.name) for namespace in before.namespaces if data.draw(st.integers(0, 3)))
    setting = Setting(Universe.NAMESPACES, data.draw(profiles()), max_counterexamples=1)
    cluster = as_enforced(replace(before, policies=(*before.policies, *closed)), setting.profile)
    asking = parse_query("no pods can reach pods", "q")
    addresses = pod_addresses(cluster, setting.pod_addresses)
    for home, direction in product((it.name for it in cluster.namespaces if it.is_declared), Direction):
        by_far = shut_to(cluster, home, direction, setting.profile, addresses)
        by_own = shut_by_own(cluster, home, direction, setting.profile, addresses)
        for shut in sorted(by_far | by_own):
            event("shut by its own policies" if shut in by_own else "shut")
            near, far = (in_namespaces(NamespaceNamed(name), Role.SELF) for name in (home, shut))
            far = both([far, is_a(Role.SELF, frozenset({EndKind.POD}))])
            claim = replace(asking.claim, **sided(direction, near, far))
            verdict = judge(cluster, replace(asking, claim=claim), (), setting)
            assert verdict.status in (Status.PROVED, Status.VACUOUS), (home, direction, shut)


def sided(direction: Direction, near: Formula, far: Formula) -> dict[str, Formula]:
    """The sets of a claim of which the near end is judged in that direction."""
    ends = {"sources": near, "destinations": far}
    return ends if direction is Direction.EGRESS else {"sources": far, "destinations": near}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_without_what_is_shut_a_claim_is_violated_by_the_same(data: st.DataObject) -> None:
    """Pods on their nodes' network are drawn, which no policy selects."""
    before = replace(data.draw(clusters()), unmodelled=(), mesh=NO_MESH)
    if before.workloads and data.draw(st.booleans()):
        number = data.draw(st.integers(0, len(before.workloads) - 1))
        changed = [replace(w, host_network=i == number) for i, w in enumerate(before.workloads)]
        before = replace(before, workloads=tuple(changed))
    closed = tuple(deny(namespace.name) for namespace in before.namespaces if data.draw(st.integers(0, 3)))
    universe = data.draw(st.sampled_from([Universe.ANY, Universe.NAMESPACES]))
    setting = Setting(universe, data.draw(profiles()), max_counterexamples=1)
    cluster = as_enforced(replace(before, policies=(*before.policies, *closed)), setting.profile)
    query = parse_query(data.draw(st.sampled_from([it for it in CLAIMS if it.startswith("no ")])), "q")
    question = question_of(cluster, query, (), setting)
    for home, direction in product((it.name for it in cluster.namespaces if it.is_declared), Direction):
        part = narrowed(query.claim, direction, [in_namespaces(NamespaceNamed(home), Role.SELF)])
        if part is None:
            continue
        less = without_shut(part, home, direction, question, cluster)
        event("left out" if less != part else "nothing left out")
        whole, rest = (judge(cluster, replace(query, claim=it), (), setting).status for it in (part, less))
        assert (whole is Status.REFUTED) is (rest is Status.REFUTED), (home, direction)


def assert_followed(data: st.DataObject, before: Cluster, pack: Pack, setting: Setting) -> None:
    """Changes are answered one after the other as a fresh run answers each, by witnesses that the oracle finds."""
    session = CheckSession(before, [pack], setting=setting)
    for _ in range(3):
        after = data.draw(edited(session.cluster, (*EDITS, change_policies)))
        fresh = check(after, [pack], setting=setting)
        proposed = session.propose(after)
        assert list(map(said, proposed.verdicts)) == list(map(said, fresh.verdicts))
        for verdict in proposed.verdicts:
            assert_witnessed(verdict, as_enforced(after, setting.profile), setting)
        answer = session.update(after, is_brief=data.draw(st.booleans()))
        assert list(map(said, answer.verdicts)) == list(map(said, fresh.verdicts))


def assert_witnessed(verdict: Verdict, cluster: Cluster, setting: Setting) -> None:
    if unknown_sets(verdict.query.claim):
        return
    seen, question = mediated(cluster, question_of(cluster, verdict.query, (), setting))
    replay = replay_of(seen, question)
    for example in verdict.counterexamples:
        if example.subject is not None:
            replay.pod(example.subject, "")
        elif example.connection is not None:
            replay.connection(example.connection, allowed=question.claim.kind is not Kind.EVERY, bundle="")
