"""What the policies of one tier say of one connection, at one end (reference A0, A10, B1, C2)."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End, External, Pod
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    NodePeer,
    Policy,
    Protocol,
    Rule,
    RuleRef,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import OtherProtocols
from analyzer.records import dataclass
from analyzer.semantics.case import Case
from analyzer.semantics.decision import Side
from analyzer.semantics.node_ways import AtNode
from analyzer.semantics.peers import is_among
from analyzer.semantics.ports import is_on
from analyzer.semantics.selectors import selects
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES
from analyzer.semantics.ways import AtService

FarEnd = End | AtService | AtNode


@dataclass(frozen=True, slots=True)
class Match:
    """The first rule of a policy that matches, and what it does."""

    policy: Policy
    rule: Rule
    action: Action


def selecting(cluster: Cluster, tier: Tier, pod: Pod, direction: Direction) -> tuple[Policy, ...]:
    """The policies of the tier that select the pod and speak of the direction, in order of evaluation."""
    if tier is Tier.NETWORK_POLICY:
        candidates = cluster.network_policies_by_namespace.get(pod.namespace, ())  # reference A3.1
    else:
        candidates = cluster.policies_by_tier[tier]
    return tuple(p for p in candidates if p.rules(direction) is not None and selects(p.subject, pod))


def is_matching(rule: Rule, policy: Policy, direction: Direction, far: FarEnd, case: Case) -> bool:
    """A rule is peers and ports (reference A5.1)."""
    if isinstance(far, AtService):
        return _is_matching_at(rule, policy, direction, far, case)
    if isinstance(far, AtNode):
        return _is_matching_at_node(rule, policy, direction, far, case)
    return is_among(rule.peers, far, case) and is_on(rule.ports, policy, direction, case)


def _is_matching_at(rule: Rule, policy: Policy, direction: Direction, far: AtService, case: Case) -> bool:
    """Blocks and rules without peers see the Service's address and port; selectors mean what stands behind it, on its
    own port (reference A9.6, A13.7)."""
    asked = External(far.address)
    seen = replace(case, connection=replace(case.connection, dst=asked, port=far.number))
    blocks = None if rule.peers is None else tuple(peer for peer in rule.peers if isinstance(peer, AddressPeer))
    if is_among(blocks, asked, seen) and is_on(rule.ports, policy, direction, seen):
        return True
    others = tuple(peer for peer in rule.peers or () if not isinstance(peer, AddressPeer))
    return is_among(others, far.backend, case) and is_on(rule.ports, policy, direction, case)


def _is_matching_at_node(rule: Rule, policy: Policy, direction: Direction, far: AtNode, case: Case) -> bool:
    """The rule sees the node and the port of it that is asked for."""
    seen = replace(case, connection=replace(case.connection, dst=far.host, port=far.number))
    if not is_on(rule.ports, policy, direction, seen):
        return False
    others = tuple(peer for peer in rule.peers or () if not isinstance(peer, NodePeer))
    by_labels = any(isinstance(peer, NodePeer) and peer.selector in far.selectors for peer in rule.peers or ())
    return rule.peers is None or by_labels or is_among(others, far.host, seen)


# ------------------------------------------------------------------------------------------------ first match
def first_match(policies: tuple[Policy, ...], direction: Direction, far: FarEnd, case: Case) -> Match | None:
    """The match of the policy that goes first; None if no rule matches.

    Priorities of AdminNetworkPolicy and ClusterNetworkPolicy are on no common scale (reference 0.2): where a rule
    matches on each and they do different things, the fact `tie` is open.
    """
    scales = dict.fromkeys(policy.scale for policy in policies)
    by_scale = (tuple(policy for policy in policies if policy.scale == scale) for scale in scales)
    found = [match for on_one in by_scale if (match := _first_on_scale(on_one, direction, far, case))]
    actions = tuple(action.value for action in Action if any(match.action is action for match in found))
    if len(actions) < 2:
        return found[0] if found else None
    names = ", ".join(match.policy.id for match in found)
    places = " and ".join(f"{match.policy.id} ({match.rule.source})" for match in found)
    text = f"{places} disagree, and no text puts priorities of these kinds on one scale"
    chosen = case.settle(OpenFact("tie", f"{direction.value} scales: {names}", text), actions)
    return next(match for match in found if match.action.value == chosen)


def _first_on_scale(policies: tuple[Policy, ...], direction: Direction, far: FarEnd, case: Case) -> Match | None:
    """The match of the lowest priority number; None if no rule matches (reference B1, B1.1, C2).

    Which of several policies of one priority goes first is not specified (B1.2, C2.3): if their matches do different
    things, the fact `tie` is open.  The choice is not tied to that made for the other direction.
    """
    for (priority, _), tied in groupby(policies, key=lambda policy: policy.position):
        found = [match for policy in tied if (match := _match_in(policy, direction, far, case))]
        if not found:
            continue
        actions = tuple(action.value for action in Action if any(match.action is action for match in found))
        chosen = actions[0] if len(actions) == 1 else case.settle(_tie(found, direction, priority), actions)
        return next(match for match in found if match.action.value == chosen)
    return None


def _match_in(policy: Policy, direction: Direction, far: FarEnd, case: Case) -> Match | None:
    """The first rule of the policy that matches.

    A rule with a peer of an unknown kind fails closed: Accept never matches, Deny and Pass deny everything (B3.2).
    """
    for rule in policy.rules(direction) or ():
        action = rule.action
        if any(isinstance(peer, UnknownPeer) for peer in rule.peers or ()):
            is_meant = action is not Action.ACCEPT
            action = Action.DENY
        else:
            is_meant = is_matching(rule, policy, direction, far, case)
        if is_meant and _is_in_force(rule, case):
            return Match(policy, rule, action)
    return None


def _is_in_force(rule: Rule, case: Case) -> bool:
    """Nobody can say it of a rule whose policy holds a selector without a meaning (reference 0.2)."""
    return rule.open is None or case.settle(rule.open, (MATCHES, DOES_NOT_MATCH)) == MATCHES


def _tie(found: list[Match], direction: Direction, priority: int) -> OpenFact:
    names = ", ".join(match.policy.id for match in found)
    places = " and ".join(f"{match.policy.id} ({match.rule.source})" for match in found)
    return OpenFact(
        "tie",
        f"{direction.value} {priority}: {names}",
        f"{places} have the same priority {priority} and disagree, and which goes first is not specified",
    )


def side_of_match(match: Match, tier: Tier, direction: Direction) -> Side:
    """The ruling of an Accept or a Deny."""
    is_allowed = match.action is Action.ACCEPT
    rule = RuleRef(match.policy, direction, match.rule)
    return Side(direction, is_allowed, tier, (rule,), f"{'allowed' if is_allowed else 'denied'} by {rule_name(rule)}")


# ------------------------------------------------------------------------------------------------ union
def union_side(policies: tuple[Policy, ...], direction: Direction, far: FarEnd, case: Case) -> Side:
    """The ruling of NetworkPolicies that isolate the pod: allowed iff some rule of some of them matches (A0, A10)."""
    allowing = tuple(
        RuleRef(policy, direction, rule)
        for policy in policies
        for rule in policy.rules(direction) or ()
        if is_matching(rule, policy, direction, far, case)
    )
    if allowing:
        return Side(direction, True, Tier.NETWORK_POLICY, allowing, f"allowed by {rule_name(allowing[0])}")
    isolating = tuple(RuleRef(policy, direction) for policy in policies)
    who = isolated_by(isolating)
    if case.connection.protocol is Protocol.OTHER and _is_other_protocol_accepted(case):
        reason = f"{who}, but the profile lets protocols without ports pass"
        return Side(direction, True, Tier.NETWORK_POLICY, isolating, reason)
    return Side(direction, False, Tier.NETWORK_POLICY, isolating, f"{who} and no rule allows this")


def _is_other_protocol_accepted(case: Case) -> bool:
    """Knob other_protocols: what isolation does to ICMP and the like is undefined (reference A11.2)."""
    match case.profile.other_protocols:
        case OtherProtocols.ACCEPT:
            return True
        case OtherProtocols.MATCH_IF_NO_PORTS:
            return False
        case OtherProtocols.UNKNOWN:
            text = "what isolation does to protocols without ports is not specified"
            options = (Action.ACCEPT.value, Action.DENY.value)
            return case.settle(OpenFact("other-protocols", "isolation", text), options) == Action.ACCEPT.value


# ------------------------------------------------------------------------------------------------ words
def rule_name(reference: RuleRef) -> str:
    """`rule 2 of NetworkPolicy shop/web`, counted from 1; by its name if it has one."""
    if reference.rule is None:
        return reference.policy.id
    name = f"`{reference.rule.name}`" if reference.rule.name else str(reference.rule.index + 1)
    return f"rule {name} of {reference.policy.id}"


def isolated_by(policies: tuple[RuleRef, ...]) -> str:
    """`NetworkPolicy shop/deny isolates it`, whoever they are."""
    first, more = policies[0].policy.id, len(policies) - 1
    if not more:
        return f"{first} isolates it"
    return f"{first} and {more} more {'isolate' if more > 1 else 'policy isolate'} it"
