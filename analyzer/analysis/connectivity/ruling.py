"""What the tiers rule at one end, for all far ends and all connections at once (reference A0, A10, B1, C2).

Nothing here asks about one connection.  A partition of the far ends carries, part by part, the connections that some
way of settling the open facts allows, and those that some way denies.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from analyzer.analysis.connectivity.rule_ports import EVERYTHING, NOTHING, Span
from analyzer.model.policies import Action, Direction, Policy, Rule, Tier, TierShape, UnknownPeer
from analyzer.model.profile import OtherProtocols, Profile
from analyzer.semantics.partitions import joined, mapped, refined
from analyzer.sets import ConnectionSet

EMPTY, FULL = ConnectionSet.EMPTY, ConnectionSet.FULL


class View(Protocol):
    """The far ends as the rules of one end see them: a bit set, and what each rule means."""

    @property
    def everyone(self) -> int: ...

    def grants(self, rule: Rule) -> list[tuple[int, Span]]:
        """The connections that the rule means, by far ends; the bit sets are disjoint."""
        ...


class Matches(NamedTuple):
    """What a first-match policy, or several of one priority, may do; `unmatched`: what may match none of its rules."""

    accepted: ConnectionSet = EMPTY
    denied: ConnectionSet = EMPTY
    passed: ConnectionSet = EMPTY
    unmatched: ConnectionSet = FULL

    def then(self, rule: tuple[Action, Span]) -> Matches:
        """After one more rule of the policy: it matches only what no rule before it did."""
        action, span = rule
        hit = self.unmatched & span.may
        return Matches(
            self.accepted | hit if action is Action.ACCEPT else self.accepted,
            self.denied | hit if action is Action.DENY else self.denied,
            self.passed | hit if action is Action.PASS else self.passed,
            self.unmatched - span.must,
        )

    def followed_by(self, other: Matches) -> Matches:
        """Before what comes later on one scale of priorities, which is asked about what none of these matched."""
        left = self.unmatched
        return Matches(
            self.accepted | left & other.accepted,
            self.denied | left & other.denied,
            self.passed | left & other.passed,
            left & other.unmatched,
        )

    def tied_with(self, other: Matches) -> Matches:
        """Which of policies of one priority goes first is open: any that matches may (reference B1.2, C2.3)."""
        return Matches(
            self.accepted | other.accepted,
            self.denied | other.denied,
            self.passed | other.passed,
            self.unmatched & other.unmatched,
        )


class State(NamedTuple):
    """`undecided`: may get to the next rule; `passed`: may get to the next tier by a Pass."""

    undecided: ConnectionSet = FULL
    passed: ConnectionSet = EMPTY
    allowed: ConnectionSet = EMPTY
    denied: ConnectionSet = EMPTY

    def matched(self, by: Matches) -> State:
        return State(
            self.undecided & by.unmatched,
            self.passed | self.undecided & by.passed,
            self.allowed | self.undecided & by.accepted,
            self.denied | self.undecided & by.denied,
        )

    def at_next_tier(self) -> State:
        return State(self.undecided | self.passed, EMPTY, self.allowed, self.denied)

    def granted(self, by: Span) -> State:
        """What `by` means is allowed, and the rest is left to the next tier."""
        return State(self.undecided - by.must, EMPTY, self.allowed | self.undecided & by.may, self.denied)

    def decided(self, by: Span) -> State:
        """All that is undecided is decided: what `by` may mean is allowed, the rest denied."""
        return State(EMPTY, EMPTY, self.allowed | self.undecided & by.may, self.denied | (self.undecided - by.must))


class Effects(NamedTuple):
    """What objects that are not modelled may do to the end's ruling: connections that they may allow, may deny."""

    may_allow: ConnectionSet = EMPTY
    may_deny: ConnectionSet = EMPTY

    def on(self, state: State) -> Span:
        """The ruling: what may be allowed, and what cannot be denied."""
        allowed = state.allowed | state.denied & self.may_allow
        denied = state.denied | state.allowed & self.may_deny
        return Span(allowed, ~denied)


def rulings(
    policies: Sequence[Policy], direction: Direction, view: View, profile: Profile, effects: Effects
) -> dict[Span, int]:
    """The far ends by what the policies, all of which select the end, rule on connections with them."""
    states, rest = {State(): view.everyone}, NOTHING if profile.closes else EVERYTHING
    for tier in Tier:
        here = [policy for policy in policies if policy.tier is tier]
        if not here:
            continue
        if tier.shape is TierShape.UNION:
            granted = _union(here, direction, view, profile.other_protocols)
            if not profile.baseline_opens_isolation:
                states = joined(states, granted, State.decided)
                break
            states, rest = joined(states, granted, State.granted), NOTHING
            continue
        states = joined(states, _first_match(here, direction, view), State.matched)
        states = mapped(states, State.at_next_tier)
    return mapped(states, lambda state: effects.on(state.decided(rest)))


def _first_match(policies: Sequence[Policy], direction: Direction, view: View) -> dict[Matches, int]:
    """What the policies of a tier do; which of two scales of priorities goes first is open (reference 0.2)."""
    scales: list[dict[Matches, int]] = []
    for name in dict.fromkeys(policy.scale for policy in policies):
        found = {Matches(): view.everyone}
        for _, tied in groupby((p for p in policies if p.scale == name), key=lambda policy: policy.position):
            found = joined(found, _tied(list(tied), direction, view), Matches.followed_by)
        scales.append(found)
    result = scales[0]
    for other in scales[1:]:
        result = joined(result, other, Matches.tied_with)
    return result


def _tied(policies: Sequence[Policy], direction: Direction, view: View) -> dict[Matches, int]:
    found = _matches(policies[0], direction, view)
    for policy in policies[1:]:
        found = joined(found, _matches(policy, direction, view), Matches.tied_with)
    return found


def _matches(policy: Policy, direction: Direction, view: View) -> dict[Matches, int]:
    """A rule with a peer of an unknown kind fails closed: Accept never matches, others deny all (reference B3.2)."""
    found = {Matches(): view.everyone}
    for rule in policy.rules(direction) or ():
        action, grants = rule.action, view.grants(rule)
        if any(isinstance(peer, UnknownPeer) for peer in rule.peers or ()):
            if action is Action.ACCEPT:
                continue
            action, grants = Action.DENY, [(view.everyone, EVERYTHING)]
        if rule.open is not None:
            grants = [(where, span.unsure()) for where, span in grants]
        found = refined(found, [(where, (action, span)) for where, span in grants], Matches.then)
    return found


def _union(policies: Sequence[Policy], direction: Direction, view: View, others: OtherProtocols) -> dict[Span, int]:
    """What NetworkPolicies that isolate the end allow (reference A0, A10); on other protocols see A11.2."""
    start = {
        OtherProtocols.ACCEPT: Span.sure(ConnectionSet.OTHER),
        OtherProtocols.UNKNOWN: Span(ConnectionSet.OTHER, EMPTY),
        OtherProtocols.MATCH_IF_NO_PORTS: NOTHING,
    }[others]
    found = {start: view.everyone}
    for policy in policies:
        for rule in policy.rules(direction) or ():
            found = refined(found, view.grants(rule), Span.__or__)
    return found
