"""What a stage rules on connections with all far ends at once: the fold of `semantics` over sets, and its trace.

Nothing here asks about one connection.  A partition of the far ends carries, part by part, the connections that some
way of settling the open facts allows, those that no way denies, and on request the rules that they met on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from analyzer.model.formulas import Formula
from analyzer.model.pipeline import Entry, StagedRule, Tier
from analyzer.records import dataclass
from analyzer.semantics.fold import Grants, Matches, Reach, Selected, Side, Span, ruling
from analyzer.semantics.meaning import EMPTY, EVERYTHING, FULL, Meaning
from analyzer.semantics.partitions import joined, mapped, refined
from analyzer.sets import ConnectionSet

Hits = tuple[tuple[int, ConnectionSet], ...]
"""The rules that decide something, or may: their numbers among the subject's, and the connections."""


class Ruled(NamedTuple):
    """As a Span: what may be allowed, and what cannot be denied; and with what rules."""

    may: ConnectionSet
    must: ConnectionSet
    hits: Hits = ()

    def or_else(self, other: Ruled) -> Ruled:
        """In one world or another."""
        return Ruled(self.may | other.may, self.must & other.must, merged(self.hits, other.hits))

    def opened(self, may: ConnectionSet, must: ConnectionSet, hits: Hits) -> Ruled:
        """What some other way there opens, together with this one."""
        return Ruled(self.may | may, self.must | must, merged(self.hits, hits))


OPEN = Ruled(FULL, FULL)


def merged(left: Hits, right: Hits) -> Hits:
    """Both, by number; a rule that stands in both decides what it decides in either."""
    if left == right or not right:
        return left
    found = dict(left)
    for number, connections in right:
        found[number] = found.get(number, EMPTY) | connections
    return tuple(sorted(found.items(), key=lambda hit: hit[0]))


def within(hits: Hits, connections: ConnectionSet) -> Hits:
    return tuple((number, both) for number, its in hits if (both := its & connections))


class Effects(NamedTuple):
    """What objects that are not modelled may do to the end's ruling: connections that they may allow, may deny."""

    may_allow: ConnectionSet = EMPTY
    may_deny: ConnectionSet = EMPTY

    def on(self, its: Ruled) -> Ruled:
        denied = FULL - its.must
        return Ruled(its.may | denied & self.may_allow, FULL - (denied | its.may & self.may_deny), its.hits)

    def __or__(self, other: Effects) -> Effects:
        return Effects(self.may_allow | other.may_allow, self.may_deny | other.may_deny)


NO_EFFECTS, ANY_EFFECT = Effects(), Effects(FULL, FULL)


@dataclass(frozen=True, slots=True)
class Asked:
    """What rules see of a connection to a Service's own address before its translation: the address and the number."""

    seen: Meaning
    number: ConnectionSet

    def sees(self, formula: Formula) -> tuple[bool, bool]:
        """Whether the formula may be true of it, and whether it is whatever is open."""
        span = next((span for _, span in self.seen.of(formula)), None)
        return (False, False) if span is None else (bool(span.may & self.number), bool(span.must & self.number))


class View:
    """The world of the fold: far ends as `meaning` has them; with `asked`, those behind a Service's address, by way of
    which they are asked for (reference A9.6)."""

    full, empty = FULL, EMPTY

    def __init__(self, meaning: Meaning, asked: Asked | None = None) -> None:
        self.meaning, self.asked, self.everyone = meaning, asked, meaning.far.everyone

    def grants(self, rule: StagedRule) -> Grants:
        if self.asked is None:
            return self.meaning.of(rule.when)
        may, must = self.asked.sees(rule.by_address)
        if must:
            return [(self.everyone, EVERYTHING)]
        found = self.meaning.of(rule.by_end)
        if not may:
            return found
        parts = refined({EVERYTHING.unsure(): self.everyone}, found, Span.__or__)
        return [(bits, span) for span, bits in parts.items()]

    def spares(self, spared: Formula) -> Grants:
        return self.meaning.of(spared)

    def tied(self, sides: Sequence[Side]) -> dict[Matches, int]:
        """Which goes first is open: any that matches may."""
        return reduce(lambda left, right: joined(left, right, Matches.tied_with), (found for _, found in sides))

    def hit(self, tier: Tier, entry: Entry, rule: StagedRule | None, grants: Grants, reach: Reach) -> None:
        pass


class _Traced(View):
    """One that keeps which rules are met; `numbers`: by `id()` of the rule."""

    def __init__(self, view: View, numbers: dict[int, int]) -> None:
        super().__init__(view.meaning, view.asked)
        self.numbers = numbers
        self.hits: dict[Hits, int] = {(): self.everyone}

    def hit(self, tier: Tier, entry: Entry, rule: StagedRule | None, grants: Grants, reach: Reach) -> None:
        if rule is None or rule.rule is None:
            return
        number = self.numbers[id(rule)]
        left: dict[ConnectionSet, int] = {FULL: self.everyone}
        for parts in reach:
            left = joined(left, dict(parts), lambda connections, its: connections & its.left)
        met = (
            (bits & where, (number, connections & span.may))
            for connections, bits in left.items()
            for where, span in grants
        )
        changes = [(bits, one) for bits, one in met if bits and one[1]]
        self.hits = refined(self.hits, changes, lambda hits, one: (*hits, one))


def rulings(
    selected: Selected, view: View, effects: Effects = NO_EFFECTS, numbers: dict[int, int] | None = None
) -> dict[Ruled, int]:
    """The far ends by what the policies, all of which select the end, rule on connections with them; traced where
    `numbers` says how rules are called."""
    if numbers is None:
        found = mapped(ruling(selected, view), lambda span: Ruled(span.may, span.must))
    else:
        traced = _Traced(view, numbers)
        found = joined(ruling(selected, traced), traced.hits, lambda span, hits: Ruled(span.may, span.must, hits))
    return mapped(found, effects.on) if effects != NO_EFFECTS else found
