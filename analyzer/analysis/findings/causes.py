"""Which rule, policy or missing policy a counterexample is due to.

A connection that should not be is let through at both its ends, and closing either would do.  Guilty is the end where
somebody meant to close and slipped: a rule goes before a policy that is missing, a rule that shows a slip before one
that does not, and the destination's before the source's.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field

from analyzer.analysis.findings.half_closing import IsAdded, half_closing, half_closing_of_engine
from analyzer.analysis.findings.mesh_objects import peer_authentication
from analyzer.analysis.findings.near_rules import direction_of, end_of, nearness
from analyzer.analysis.findings.refused import refused_at, unclosed_at
from analyzer.analysis.findings.shadowed import shadows_a_denial
from analyzer.analysis.findings.spelling import misspelt_for
from analyzer.model.aws import NodeGroups
from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.formulas import Role, Test, leaves
from analyzer.model.labels import Operator, Selector
from analyzer.model.past_policies import PAST_POLICIES
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    PodPeer,
    Policy,
    PolicyLike,
    Rule,
    RuleRef,
    Tier,
)
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import Ruling, StageVerdict
from analyzer.verdicts import Counterexample, Section, Status, Verdict
from analyzer.verdicts.findings import Broken, Fault


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two counterexamples those of one cause."""

    fault: Fault
    direction: Direction | None = None
    policy: str = ""
    rule: int | None = None
    namespace: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A counterexample of a query; `claim` is the query's as it is asked of this cluster."""

    broken: Broken
    claim: Claim
    verdict: Verdict
    example: Counterexample


@dataclass(slots=True)
class Cause:
    """One cause, with what shows it.  `ref`: the rule, or the policy; None where one is missing.  `others`: the rules
    that let the hits' connections through at their other ends.  `also`: queries that it has a part in.  `directions`:
    at which ends it is guilty.  `parts`: of namespaces that are open alike, the cause that each is by itself."""

    key: Key
    ref: RuleRef | None
    hits: list[Hit] = field(default_factory=list)
    directions: set[Direction] = field(default_factory=set)
    others: list[RuleRef] = field(default_factory=list)
    also: list[Broken] = field(default_factory=list)
    parts: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class _Suspect:
    key: Key
    ref: RuleRef | None
    weight: int
    direction: Direction | None = None


def causes_of(
    cluster: Cluster,
    profile: Profile,
    sections: Sequence[Section],
    bound: dict[str, Claim],
    shown: Callable[[Verdict, Claim], Sequence[Counterexample]],
    is_added: Callable[[PolicyLike], bool] = lambda policy: False,
) -> list[Cause]:
    """The causes of all that is refuted and not excused; `bound`: claims by `pack/id`; `shown`: what shows that a
    verdict is refuted; `is_added`: whether an edit made the policy, which is no place for what is missing."""
    suspected = [(hit, _suspects(cluster, profile, hit, is_added)) for hit in _hits(sections, bound, shown)]
    counts = Counter(it.key for _, ends in suspected for its in ends for it in its)
    found: dict[Key, Cause] = {}
    shared: list[tuple[_Suspect, Hit]] = []
    for hit, ends in suspected:
        for guilty, others in _guilty(hit, ends, counts):
            cause = found.setdefault(guilty.key, Cause(guilty.key, guilty.ref))
            cause.hits.append(hit)
            cause.directions |= {guilty.direction} if guilty.direction else set()
            cause.others += [other.ref for other in others if other.ref is not None and other.ref.rule is not None]
            shared += [(other, hit) for other in others]
    for suspect, hit in shared:
        its = found.get(suspect.key)
        is_its = its is not None and (suspect.direction is None or suspect.direction in its.directions)
        if its is not None and is_its and hit.broken not in its.also:
            its.also.append(hit.broken)
    return list(found.values())


def _hits(
    sections: Sequence[Section],
    bound: dict[str, Claim],
    shown: Callable[[Verdict, Claim], Sequence[Counterexample]],
) -> Iterator[Hit]:
    for section in sections:
        for verdict in section.verdicts:
            if verdict.status is not Status.REFUTED or verdict.is_excused:
                continue
            broken = Broken(section.name, verdict.query)
            claim = bound.get(f"{section.name}/{verdict.query.id}", verdict.query.claim)
            for example in shown(verdict, claim):
                yield Hit(broken, claim, verdict, example)


def _suspects(cluster: Cluster, profile: Profile, hit: Hit, is_added: IsAdded) -> list[list[_Suspect]]:
    """What the hit is due to, by the end at which it stands.

    Of ends that let something through one has to change, of those that deny every one.
    """
    connection, decision = hit.example.connection, hit.example.decision
    if connection is None or decision is None:
        pod = hit.example.subject
        return [
            [_open_end(cluster, profile, ruling, pod, is_added)]
            for ruling in hit.example.isolation
            if pod and ruling.allowed
        ]
    if hit.claim.kind is Kind.NEVER_TIE:
        refs = [ref for ruling in decision.stages for ref in ruling.rules]
        ref = refs[0] if refs else None
        return [[_Suspect(Key(Fault.TIES, policy=ref.policy.id if ref else ""), ref, 0)]]
    if not decision.allowed:
        return [
            [_denying(cluster, profile, hit, ruling, connection)] for ruling in decision.stages if not ruling.allowed
        ]
    by_mesh = _by_mesh(cluster, hit, connection)
    if by_mesh:
        return [by_mesh]
    ends = [found for ruling in decision.stages if (found := _allowing(cluster, profile, ruling, connection, is_added))]
    if ends:
        return ends
    reasons = [it.reason for it in decision.stages if it.reason]
    telling = ("profile ", "no engine"), ("it uses",)  # rather than that the other end lies outside
    reason = min(reasons, key=lambda it: [not it.startswith(words) for words in telling], default="")
    fault = Fault.ENGINE if reason.startswith("profile ") else Fault.BEYOND
    return [[_Suspect(Key(fault, namespace=reason), None, 0)]]


def _by_mesh(cluster: Cluster, hit: Hit, connection: Connection) -> list[_Suspect]:
    """What the mesh lets through of a question about requests; nothing where it does not judge them, or the question
    is about connections."""
    assert hit.example.decision is not None
    where = hit.claim.where
    ruling = next((it for it in hit.example.decision.stages if it.stage == MESH), None)
    asks = where is not None and any(isinstance(it, Test) and it.attribute.role is Role.REQUEST for it in leaves(where))
    if not asks or ruling is None or ruling.verdict is not StageVerdict.ALLOWED or connection.request is None:
        return []
    refs = [ref for ref in ruling.rules if ref.rule is not None]
    if refs:
        return [
            _Suspect(Key(Fault.ALLOWS, Direction.INGRESS, ref.policy.id, ref.rule.index if ref.rule else None), ref, 6)
            for ref in refs
        ]
    is_pod = isinstance(connection.dst, Pod) and connection.dst.namespace in cluster.namespace_by_name
    if not is_pod or not isinstance(connection.dst, Pod):
        return []
    namespace = connection.dst.namespace
    mode = peer_authentication(namespace, cluster)
    ref_or_none = RuleRef(mode, Direction.INGRESS) if mode is not None else None
    return [_Suspect(Key(Fault.OPEN, Direction.INGRESS, MESH, namespace=namespace), ref_or_none, 6)]


MESH = "request"  # the stage that a mesh judges, and in keys what it leaves open


def _guilty(
    hit: Hit, ends: Sequence[list[_Suspect]], counts: Counter[Key]
) -> Iterator[tuple[_Suspect, list[_Suspect]]]:
    """Each cause of the hit, with the others that have a part in it."""
    decision = hit.example.decision
    if decision is None or not decision.allowed:
        for its in ends:
            yield from ((suspect, []) for suspect in its)
        return
    heaviest = max(it.weight for its in ends for it in its)
    close = [its for its in ends if max(it.weight for it in its) > heaviest - _CLEAR]
    is_rule = heaviest > _WEAKEST_RULE and any(it.key.fault is Fault.ALLOWS for its in close for it in its)
    if is_rule:  # one end names who is let through, and that decides; else what lets most through goes first
        guilty = max(close, key=lambda its: max(it.weight for it in its))
    else:
        guilty = max(close, key=lambda its: (max(counts[it.key] for it in its), max(it.weight for it in its)))
    others = [it for its in ends if its is not guilty for it in its]
    for suspect in guilty:
        yield suspect, others


_WEAKEST_RULE = 3  # less than the weight of a rule that names nobody
_CLEAR = 3  # by so much one end is guiltier than the other whatever else it lets through


# ------------------------------------------------------------------------------------------------ allowed
def _allowing(
    cluster: Cluster, profile: Profile, ruling: Ruling, connection: Connection, is_added: IsAdded
) -> list[_Suspect]:
    """What lets the connection through at one end: every rule that does, for each would do alone."""
    if ruling.verdict is not StageVerdict.ALLOWED or ruling.reason.startswith("profile "):
        return []
    if ruling.tier == PAST_POLICIES:
        return [_Suspect(Key(Fault.BEYOND, policy=PAST_POLICIES, namespace=ruling.reason), None, 0)]
    direction = direction_of(ruling)
    near, far = end_of(connection, direction), end_of(connection, direction, is_near=False)
    passed = NodeGroups if profile.enforces and isinstance(near, Pod) and not near.host_network else ()
    rules = [ref for ref in ruling.rules if ref.rule is not None and not isinstance(ref.policy, passed)]
    if not rules:
        is_its = ruling.stage == direction.value
        return [_open_end(cluster, profile, ruling, near, is_added)] if is_its and isinstance(near, Pod) else []
    base = 6 if direction is Direction.INGRESS else 5
    return [
        _Suspect(
            Key(Fault.ALLOWS, direction, ref.policy.id, ref.rule.index if ref.rule else None),
            ref,
            base + _slips(ref, far) + (_SHADOWS if shadows_a_denial(cluster, profile, ref, connection) else 0),
        )
        for ref in rules
    ]


_SHADOWS = 4  # what an Allow before a Deny weighs


def _open_end(cluster: Cluster, profile: Profile, ruling: Ruling, pod: Pod, is_added: IsAdded) -> _Suspect:
    """An end that no policy isolates; one that would is refused, perhaps."""
    direction = direction_of(ruling)
    if not profile.enforces:
        return _Suspect(Key(Fault.ENGINE, namespace=f"profile {profile.name} enforces no policy"), None, 0)
    if pod.namespace not in cluster.namespace_by_name:
        return _Suspect(Key(Fault.NO_POLICY), None, 7 if direction is Direction.INGRESS else 4, direction)
    refused = refused_at(cluster, profile, pod, direction)
    if refused is not None:
        key = Key(Fault.OPEN, direction, refused.id, namespace=pod.namespace)
        return _Suspect(key, RuleRef(refused, direction), 9, direction)
    unclosed = unclosed_at(cluster, profile, pod, direction)
    if unclosed is not None:
        key = Key(Fault.OPEN, direction, unclosed.id, namespace=pod.namespace if unclosed.namespace else "")
        return _Suspect(key, RuleRef(unclosed, direction), 9, direction)
    misspelt = misspelt_for(cluster, pod, direction)
    if misspelt is not None and not is_added(misspelt):
        key = Key(Fault.OPEN, direction, misspelt.id, namespace=pod.namespace)
        return _Suspect(key, RuleRef(misspelt, direction), 8, direction)
    half = half_closing(cluster, pod, direction, is_added)
    policy = half or half_closing_of_engine(cluster, profile, pod, direction, is_added)
    base = 5 if direction is Direction.INGRESS else 3
    base -= 2 if pod.namespace == "kube-system" else 0  # which serves everybody
    if policy is None:
        return _Suspect(Key(Fault.OPEN, namespace=pod.namespace), None, base, direction)
    # Where it is the whole cluster's it is one cause, whatever namespace shows it.
    key = Key(Fault.OPEN, direction, policy.id, namespace=pod.namespace if policy.namespace else "")
    return _Suspect(key, RuleRef(policy, direction), base + 3, direction)


def _slips(ref: RuleRef, far: End) -> int:
    """How much about a rule looks like a slip."""
    rule = ref.rule
    if not isinstance(rule, Rule) or ref.policy.kind == "AuthorizationPolicy":
        return 0
    if rule.peers is None:  # somebody may mean it: that who serves everybody on a port, or calls anybody, is usual
        return 1 if rule.ports is None and ref.direction is Direction.INGRESS else -1
    count = 1 if rule.ports is None else 0
    if split_peers(rule):
        count += 3
    for peer in rule.peers:
        if isinstance(peer, AddressPeer) and isinstance(far, Pod) and far.ip in peer.addresses:
            count += 3
        if isinstance(peer, PodPeer) and isinstance(peer.namespaces, NamespacesMatching):
            requirements = peer.namespaces.selector.requirements
            count += 2 if not requirements else 0
            count += 2 if any(it.operator in _NEGATIVE for it in requirements) else 0
    return count


_NEGATIVE = (Operator.NOT_IN, Operator.DOES_NOT_EXIST)


def split_peers(rule: Rule) -> int | None:
    """The place of a peer that names namespaces alone, with one behind it that names pods of the own namespace alone:
    a dash too many turns one peer into two.  It is counted from 1; None if there is none."""
    peers = rule.peers or ()
    for place, (first, second) in enumerate(itertools.pairwise(peers), 1):
        if not isinstance(first, PodPeer) or not isinstance(second, PodPeer):
            continue
        is_bare = isinstance(first.namespaces, NamespacesMatching) and first.pods == Selector.EVERYTHING
        if is_bare and isinstance(second.namespaces, NamespaceNamed) and second.pods != Selector.EVERYTHING:
            return place
    return None


# ------------------------------------------------------------------------------------------------ denied
def _denying(cluster: Cluster, profile: Profile, hit: Hit, ruling: Ruling, connection: Connection) -> _Suspect:
    """What denies at one end: a rule, or policies that isolate it, where another one for it is refused; of those that
    are taken the one with the rule that comes nearest to letting the connection through."""
    direction = direction_of(ruling)
    denying = [ref for ref in ruling.rules if ref.rule is not None]
    if denying:
        ref = denying[0]
        key = Key(Fault.DENIES, direction, ref.policy.id, ref.rule.index if ref.rule else None)
        return _Suspect(key, ref, 0)
    near = end_of(connection, direction)
    namespace = near.namespace if isinstance(near, Pod) else ""
    refused = refused_at(cluster, profile, near, direction) if isinstance(near, Pod) else None
    if refused is not None:
        key = Key(Fault.MISSES, direction, refused.id, None, namespace)
        return _Suspect(key, RuleRef(refused, direction), 0)
    almost = max(_candidates(ruling, direction, connection), key=lambda it: it[0], default=None)
    misspelt = misspelt_for(cluster, near, direction) if isinstance(near, Pod) else None
    rules = (misspelt.rules(direction) or ()) if misspelt is not None else ()
    meant = max((nearness(it, direction, connection) for it in rules), default=0)
    if misspelt is not None and meant > 1 and (almost is None or almost[0] <= meant):
        return _Suspect(Key(Fault.MISSES, direction, misspelt.id, None, namespace), RuleRef(misspelt, direction), 0)
    if almost is not None and almost[0] > 0:
        ref = almost[1]
        key = Key(Fault.MISSES, direction, ref.policy.id, ref.rule.index if ref.rule else None, namespace)
        return _Suspect(key, ref, 0)
    ref_or_none = ruling.rules[0] if ruling.rules else None
    return _Suspect(Key(Fault.MISSES, direction, "", None, namespace, hit.broken.query.id), ref_or_none, 0)


def _candidates(ruling: Ruling, direction: Direction, connection: Connection) -> Iterator[tuple[int, RuleRef]]:
    """Rules of the isolating policies, each with how much of it fits."""
    for ref in ruling.rules:
        if not isinstance(ref.policy, Policy) or ref.policy.tier is not Tier.NETWORK_POLICY:
            continue
        for rule in ref.policy.rules(direction) or ():
            yield nearness(rule, direction, connection), RuleRef(ref.policy, direction, rule)


def worst_first(queries: Iterable[Broken]) -> tuple[Broken, ...]:
    """Each once, the most severe first."""
    order = ("critical", "high", "medium", "low")
    return tuple(sorted(dict.fromkeys(queries), key=lambda it: order.index(it.query.severity.value)))
