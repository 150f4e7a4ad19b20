"""The oracle: decides one concrete connection straight from the reference text.

Egress is judged at the source and ingress at the destination, each by itself; a connection is allowed iff both allow
it (reference A10.4, B1).  At one end the tiers are asked in order until one decides, and after the last the connection
is allowed.  Plain Python, no solver: this is what every witness is replayed in.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Action, Direction, RuleRef, Tier, TierShape
from analyzer.model.profile import Profile, ServiceEval
from analyzer.semantics.case import Case
from analyzer.semantics.decision import Decision, Side
from analyzer.semantics.node_ways import BY_A_NODE, STRAIGHT, AtNode, asked_nodes, node_fact
from analyzer.semantics.services import (
    CLIENT_ADDRESS,
    NODE_ADDRESS,
    OWN_NODE,
    SOURCES_SEEN,
    node_seen,
    source_fact,
)
from analyzer.semantics.settling import Settle, first_option, runs
from analyzer.semantics.tiers import first_match, isolated_by, rule_name, selecting, side_of_match, union_side
from analyzer.semantics.unknown_labels import settled
from analyzer.semantics.ways import AFTER, BEFORE, SERVICE_EVAL, AtService, ways_to

AS_MODELLED, DENIES, ALLOWS = "as modelled", "denies", "allows"


def decide(cluster: Cluster, profile: Profile, connection: Connection, settle: Settle = first_option) -> Decision:
    """The decision on the connection, with the rules that decided at each end (reference A0, B1, C2).

    `settle` is asked for each fact that the manifests and the specification leave open.  The caller sees to it that
    one end at least is a pod, that the ends differ, and that the source is not the destination's own node (A12.1,
    A12.2).
    """
    src, dst = (settled(end, cluster.mentioned_labels, settle) for end in (connection.src, connection.dst))
    case = Case(cluster, profile, replace(connection, src=src, dst=dst), settle)
    return Decision(_side(case, Direction.EGRESS), _side(case, Direction.INGRESS))


def outcomes(cluster: Cluster, profile: Profile, connection: Connection) -> tuple[Decision, ...]:
    """The decisions that some way of settling the open facts leads to: one that allows, one that denies, or both.

    The first is the one in which every fact takes its first option.
    """
    found: dict[bool, Decision] = {}
    for decision, _ in runs(lambda settle: decide(cluster, profile, connection, settle)):
        found.setdefault(decision.allowed, decision)
        if len(found) == 2:
            break
    return tuple(found.values())


def open_facts(cluster: Cluster, profile: Profile, connection: Connection) -> tuple[OpenFact, ...]:
    """The facts whose value alone can change whether the connection is allowed, in the order in which they are asked.

    A fact can, iff two runs end differently that agree on every other fact both asked for.
    """
    all_runs = list(runs(lambda settle: decide(cluster, profile, connection, settle)))
    asked = dict.fromkeys(fact for _, answers in all_runs for fact in answers)
    allowing = [answers for decision, answers in all_runs if decision.allowed]
    denying = [answers for decision, answers in all_runs if not decision.allowed]
    decisive: set[OpenFact] = set()
    for yes in allowing:
        for no in denying:
            differing = [fact for fact, answer in yes.items() if no.get(fact, answer) != answer]
            if len(differing) == 1:
                decisive.update(differing)
    return tuple(fact for fact in asked if fact in decisive)


def isolation(
    cluster: Cluster, profile: Profile, pod: Pod, direction: Direction, settle: Settle = first_option
) -> Side:
    """Whether NetworkPolicies isolate the pod (reference A10.2): `allowed` is False iff they do, `rules` names them.

    Policies of the other tiers do not isolate (B1.3), and hostNetwork pods are not selected (A12.3).  Where none
    isolates it, an object that is not modelled may.
    """
    known = settled(pod, cluster.mentioned_labels, settle)
    assert isinstance(known, Pod)
    pod = known
    if pod.host_network:
        return _open_side(direction, _HOST_NETWORK, applies=False)
    policies = selecting(cluster, Tier.NETWORK_POLICY, pod, direction) if profile.enforces else ()
    if not policies and profile.closes:
        return Side(direction, False, None, (), "every pod is isolated (enable-policy=always)")
    if not policies:
        for thing in cluster.unmodelled:
            if thing.may_isolate and direction in thing.directions and thing.reaches(pod.namespace):
                text = f"{thing.id} ({thing.source}) is not modelled and may isolate pods for {direction.value}"
                fact = OpenFact("unmodelled", f"{thing.id} {direction.value} isolates", text)
                if settle(fact, (AS_MODELLED, DENIES)) == DENIES:
                    return Side(direction, False, None, (), text)
        why = "no NetworkPolicy selects it" if profile.enforces else f"profile {profile.name} enforces no policy"
        return _open_side(direction, why)
    isolating = tuple(RuleRef(policy, direction) for policy in policies)
    return Side(direction, False, Tier.NETWORK_POLICY, isolating, isolated_by(isolating))


# ------------------------------------------------------------------------------------------------ one end
_CLOSED = "every pod is isolated (enable-policy=always) and nothing allows this"
_HOST_NETWORK = "it uses its node's network: policies do not select it"


def _open_side(direction: Direction, reason: str, *, applies: bool = True) -> Side:
    """Allowed, and by no policy."""
    return Side(direction, True, None, (), reason, applies)


def _side(case: Case, direction: Direction) -> Side:
    """The ruling at one end: policies select pods only, and no hostNetwork pods (reference A0, A12.3, B2).

    An object that is not modelled may bear on a pod even where the profile enforces no policy: a mesh does so.
    """
    end = case.near_end(direction)
    if not isinstance(end, Pod):
        where = "is a node" if isinstance(end, Host) else "lies outside the cluster"
        return _open_side(direction, f"it {where}: policies do not select it", applies=False)
    if end.host_network:
        return _open_side(direction, _HOST_NETWORK, applies=False)
    if not case.profile.enforces:
        reason = f"profile {case.profile.name} enforces no policy"
        return _with_unmodelled(_open_side(direction, reason), end, case)
    far = case.far_end(direction)
    fact = source_fact(case.cluster, case.connection) if direction is Direction.INGRESS else None
    if fact is None:
        return _judged_side(end, far, case, direction)
    if not isinstance(far, External):  # what is in the cluster can go straight to the pod, too
        straight = _judged_side(end, far, case, direction)
        if straight.allowed or case.settle(fact, SOURCES_SEEN) == CLIENT_ADDRESS:
            return straight
    seen = case.settle(fact, SOURCES_SEEN)
    if seen == OWN_NODE:
        return _open_side(direction, "it may come from its own node, which always reaches it")
    if seen == NODE_ADDRESS:
        far = node_seen(case, [p for tier in Tier for p in selecting(case.cluster, tier, end, direction)])
    return _judged_side(end, far, case, direction)


def _judged_side(pod: Pod, far: End, case: Case, direction: Direction) -> Side:
    side = _modelled_side(pod, far, case, direction)
    if direction is Direction.EGRESS:
        side = _by_way_of_services(pod, side, case)
        side = _by_way_of_nodes(pod, side, case)
    return _with_unmodelled(side, pod, case)


def _by_way_of_services(pod: Pod, direct: Side, case: Case) -> Side:
    """The ruling where a Service's address leads to the destination, and the engine sees that address (A9.6).

    What one of them is open to is open; a connection that asks for one of them is as open as that one.
    """
    ways = ways_to(case)
    if not ways:
        return direct
    if case.profile.service_eval is ServiceEval.UNKNOWN and case.settle(SERVICE_EVAL, (AFTER, BEFORE)) == AFTER:
        return direct
    sides = [_modelled_side(pod, way, case, Direction.EGRESS) for way in ways]
    known = sides if case.connection.through is not None else [direct, *sides]
    return next((side for side in known if side.allowed), known[0])


def _by_way_of_nodes(pod: Pod, direct: Side, case: Case) -> Side:
    """The ruling where a port of the nodes leads to the destination: what is open to some node on that port is open,
    if nothing translates the port before the rules see it."""
    policies = [p for tier in Tier for p in selecting(case.cluster, tier, pod, Direction.EGRESS)]
    fact = None if direct.allowed else node_fact(case)
    if fact is None or case.settle(fact, (STRAIGHT, BY_A_NODE)) == STRAIGHT:
        return direct
    rules = [rule for policy in policies for rule in policy.rules(Direction.EGRESS) or ()]
    sides = (_modelled_side(pod, node, case, Direction.EGRESS) for node in asked_nodes(case, rules))
    return next((side for side in sides if side.allowed), direct)


def _modelled_side(pod: Pod, far: End | AtService | AtNode, case: Case, direction: Direction) -> Side:
    """The ruling of the first tier that decides (reference B1, C2).

    A pod that NetworkPolicies isolate in this direction never gets to the Baseline tier (B1.6, B1.7); where the engine
    lets that tier open what isolation denies, isolation has the last word only (calico-cilium.md 0.5).
    """
    reason, isolated = "no policy selects it", None
    for tier in Tier:
        policies = selecting(case.cluster, tier, pod, direction)
        if not policies:
            continue
        if tier.shape is TierShape.UNION:
            side = union_side(policies, direction, far, case)
            if side.allowed or not case.profile.baseline_opens_isolation:
                return side
            isolated = side
            continue
        match = first_match(policies, direction, far, case)
        if match is None:
            reason = "no rule of the policies that select it matches"
        elif match.action is Action.PASS:
            reason = f"{rule_name(RuleRef(match.policy, direction, match.rule))} passes it on and nothing else decides"
        else:
            return side_of_match(match, tier, direction)
    if isolated is None and case.profile.closes:
        return Side(direction, False, None, (), _CLOSED)
    return isolated or _open_side(direction, reason)


def _with_unmodelled(side: Side, pod: Pod, case: Case) -> Side:
    """The ruling as it stands when objects that are not modelled may overturn it."""
    effect = DENIES if side.allowed else ALLOWS
    for thing in case.cluster.unmodelled:
        is_in_reach = thing.reaches(pod.namespace)
        if side.direction not in thing.directions or case.connection.protocol not in thing.protocols:
            continue
        if not is_in_reach or not (thing.may_deny if side.allowed else thing.may_allow):
            continue
        verb = "deny" if side.allowed else "allow"
        text = f"{thing.id} ({thing.source}) is not modelled and may {verb} {side.direction.value} traffic"
        fact = OpenFact("unmodelled", f"{thing.id} {side.direction.value} {effect}", text)
        if case.settle(fact, (AS_MODELLED, effect)) == effect:
            return replace(side, allowed=not side.allowed, tier=None, rules=(), reason=text)
    return side
