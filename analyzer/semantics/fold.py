"""The law of tiers, stated once, over sets of connections (reference A0, A10, B1, C2; design 3).

Nothing here asks about one connection.  A `World` says which far ends there are (`everyone`, a bit set) and which
connections a rule may mean and which it does whatever is open, by far ends.  One connection with one far end and every
open fact settled is the oracle's world; classes of ends with sets of ports are the map's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from analyzer.model.formulas import FALSE, Formula
from analyzer.model.pipeline import Entry, KeptScales, StagedRule, Tier, Unmatched, entries_in
from analyzer.model.policies import Action
from analyzer.semantics.partitions import joined, mapped, refined

Set = Any
"""A set of connections, with `&`, `|`, `-`, and true iff it has a member: a ConnectionSet, or a frozenset."""


class Span(NamedTuple):
    """The connections that may be meant, and those that are whatever is open."""

    may: Set
    must: Set

    def __or__(self, other: Span) -> Span:
        return Span(self.may | other.may, self.must | other.must)

    def __and__(self, other: Span) -> Span:
        return Span(self.may & other.may, self.must & other.must)

    def or_else(self, other: Span) -> Span:
        """In one world or another."""
        return Span(self.may | other.may, self.must & other.must)

    def unsure(self) -> Span:
        """What may be meant, none of it whatever is open."""
        return Span(self.may, self.may - self.may)

    @staticmethod
    def sure(connections: Set) -> Span:
        return Span(connections, connections)


Grants = list[tuple[int, Span]]
"""What is meant, by far ends: the bit sets are disjoint, and of ends in none of them nothing is."""


class Matches(NamedTuple):
    """What policies may do, asked about everything; `unmatched`: what may match none of their rules."""

    accepted: Set
    denied: Set
    passed: Set
    unmatched: Set

    @property
    def left(self) -> Set:
        return self.unmatched

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
        """Before what comes later on one scale, which is asked about what none of these matched."""
        left = self.unmatched
        return Matches(
            self.accepted | left & other.accepted,
            self.denied | left & other.denied,
            self.passed | left & other.passed,
            left & other.unmatched,
        )

    def tied_with(self, other: Matches) -> Matches:
        """Which of the two goes first is open: either that matches may (reference B1.2, C2.3)."""
        return Matches(
            self.accepted | other.accepted,
            self.denied | other.denied,
            self.passed | other.passed,
            self.unmatched & other.unmatched,
        )


Side = tuple[tuple[Entry, ...], dict[Matches, int]]
"""Policies, and what they may do, by far ends."""


Reach = tuple[Mapping[Any, int], ...]
"""Partitions of the far ends by what is `left`, States or Matches: what is left in each of them gets to a rule."""


class World(Protocol):
    @property
    def everyone(self) -> int: ...

    @property
    def full(self) -> Set: ...

    @property
    def empty(self) -> Set: ...

    def grants(self, rule: StagedRule) -> Grants: ...

    def spares(self, spared: Formula) -> Grants:
        """What a denial of the unmatched leaves alone."""
        ...

    def tied(self, sides: Sequence[Side]) -> dict[Matches, int]:
        """What policies do, or scales of them, of which none goes before the others."""
        ...

    def hit(self, tier: Tier, entry: Entry, rule: StagedRule | None, grants: Grants, reach: Reach) -> None:
        """Told, of every rule, what it grants where that is something, and what gets so far, and after the rules of a
        tier, with `rule` None, of every closing policy of it."""
        ...


class State(NamedTuple):
    """`undecided`: may get to the next rule; `passed`: may get to the next tier by a Pass."""

    undecided: Set
    passed: Set
    allowed: Set
    denied: Set

    @property
    def left(self) -> Set:
        """As of `Matches`: what may get on."""
        return self.undecided

    def matched(self, by: Matches) -> State:
        return State(
            self.undecided & by.unmatched,
            self.passed | self.undecided & by.passed,
            self.allowed | self.undecided & by.accepted,
            self.denied | self.undecided & by.denied,
        )

    def decided(self, by: Span, empty: Set) -> State:
        """All that is undecided is decided: what `by` may mean is allowed, the rest denied."""
        rest = self.undecided
        return State(empty, self.passed, self.allowed | rest & by.may, self.denied | rest - by.must)

    def at_next_tier(self, empty: Set) -> State:
        return State(self.undecided | self.passed, empty, self.allowed, self.denied)


Selected = Sequence[tuple[Tier, KeptScales]]
"""Each tier with those of its policies that select the end: scales of groups of policies."""


def rules_of(selected: Selected) -> Iterator[StagedRule]:
    return (rule for _, scales in selected for entry in entries_in(scales) for rule in entry.rules)


def ruling(selected: Selected, world: World) -> dict[Span, int]:
    """The far ends by what a stage rules on connections with them: what it may allow, and what it cannot deny."""
    full, empty = world.full, world.empty
    states = {State(full, empty, empty, empty): world.everyone}
    for tier, scales in selected:
        if not scales:
            continue
        closing = [entry for entry in entries_in(scales) if entry.closes]
        if tier.unmatched is not Unmatched.DENY:
            closing = []
        if not (tier.is_union and closing):
            states = joined(states, _matches_in(tier, scales, world, (states,)), State.matched)
        if closing:
            spans = _spared(tier, world)
            if tier.is_union:
                spans = _union(tier, scales[0][0], spans, world, (states,))
            for entry in closing:
                world.hit(tier, entry, None, [], (states,))
            states = joined(states, spans, lambda state, span: state.decided(span, empty))
        if any(state.passed for state in states):
            states = mapped(states, lambda state: state.at_next_tier(empty))
        if not any(state.undecided for state in states):
            break
    return mapped(states, lambda state: Span(state.allowed | state.undecided, full - state.denied))


def _spared(tier: Tier, world: World) -> dict[Span, int]:
    start = {Span(world.empty, world.empty): world.everyone}
    return start if tier.spared == FALSE else refined(start, world.spares(tier.spared), Span.__or__)


def _matches_in(tier: Tier, scales: KeptScales, world: World, reach: Reach) -> dict[Matches, int]:
    found: list[Side] = []
    for groups in scales:
        on_one = _matches_of_group(tier, groups[0], world, reach)
        for group in groups[1:]:
            if not any(matches.unmatched for matches in on_one):
                break
            on_one = joined(on_one, _matches_of_group(tier, group, world, (*reach, on_one)), Matches.followed_by)
        found.append((tuple(entry for group in groups for entry in group), on_one))
    return found[0][1] if len(found) == 1 else world.tied(found)


def _matches_of_group(tier: Tier, group: Sequence[Entry], world: World, reach: Reach) -> dict[Matches, int]:
    if tier.is_union:
        full, empty = world.full, world.empty
        spans = _union(tier, group, {Span(empty, empty): world.everyone}, world, reach)
        return mapped(spans, lambda span: Matches(span.may, empty, empty, full - span.must))
    sides = [((entry,), _matches(tier, entry, world, reach)) for entry in group]
    return sides[0][1] if len(sides) == 1 else world.tied(sides)


def _union(tier: Tier, group: Sequence[Entry], start: dict[Span, int], world: World, reach: Reach) -> dict[Span, int]:
    """Of rules that do nothing but accept it makes no difference which goes first."""
    found = start
    for entry in group:
        for rule in entry.rules:
            grants = world.grants(rule)
            if grants:
                world.hit(tier, entry, rule, grants, reach)
                found = refined(found, grants, Span.__or__)
    return found


def _matches(tier: Tier, entry: Entry, world: World, reach: Reach) -> dict[Matches, int]:
    found = {Matches(world.empty, world.empty, world.empty, world.full): world.everyone}
    for rule in entry.rules:
        grants = world.grants(rule)
        if grants:
            world.hit(tier, entry, rule, grants, (*reach, found))
            found = refined(found, [(where, (rule.action, span)) for where, span in grants], Matches.then)
        if not any(matches.unmatched for matches in found):
            break
    return found
