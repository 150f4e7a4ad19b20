"""Which rules decide at one end, for everything that end may talk with: the walk of `ruling`, keeping the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from analyzer.analysis.connectivity.classes import VERSIONS
from analyzer.analysis.connectivity.judging import Judge, Subject
from analyzer.analysis.connectivity.ruling import View
from analyzer.model.policies import Action, Policy, Rule, RuleRef, Tier, TierShape, UnknownPeer
from analyzer.semantics.fold import Span
from analyzer.semantics.partitions import joined, mapped, refined
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.connectivity import bits_of
from analyzer.verdicts.grounds import Deciding, Ground

Hits = tuple[tuple[int, Action, ConnectionSet], ...]
"""The rules that decide something: their numbers among the subject's, and what they decide."""


class Trail(NamedTuple):
    """`left` may get to the next rule, `tied` to the next policy of this priority, `after` to the next priority,
    `scale` to the next scale of priorities, `below` to the next tier."""

    left: ConnectionSet = ConnectionSet.FULL
    tied: ConnectionSet = ConnectionSet.FULL
    after: ConnectionSet = ConnectionSet.FULL
    scale: ConnectionSet = ConnectionSet.FULL
    below: ConnectionSet = ConnectionSet.FULL
    passed: ConnectionSet = ConnectionSet.EMPTY
    hits: Hits = ()

    def allowed(self, rule: tuple[int, Action, Span]) -> Trail:
        """After a rule of a union tier, where each is asked about everything."""
        number, action, span = rule
        hit = self.left & span.may
        return self._replace(hits=(*self.hits, (number, action, hit))) if hit else self

    def matched(self, rule: tuple[int, Action, Span]) -> Trail:
        """After a rule of a first-match tier."""
        number, action, span = rule
        hit = self.left & span.may
        if not hit:
            return self
        passed = self.passed | hit if action is Action.PASS else self.passed
        return self._replace(left=self.left - span.must, passed=passed, hits=(*self.hits, (number, action, hit)))

    def past_policy(self) -> Trail:
        """Policies of one priority are each asked about all that got there (reference B1.2, C2.3)."""
        return self._replace(left=self.tied, after=self.after & self.left)

    def past_priority(self) -> Trail:
        return self._replace(left=self.after, tied=self.after)

    def past_scale(self) -> Trail:
        """Each scale is asked about all that got to the tier: which goes first is not defined (reference 0.2)."""
        return self._replace(left=self.scale, tied=self.scale, after=self.scale, below=self.below & self.left)

    def past_tier(self) -> Trail:
        left = self.below & self.left | self.passed
        return Trail(left, left, left, left, left, ConnectionSet.EMPTY, self.hits)


class Grounds:
    """The deciding rules at the ends of one map.  `outside`: its classes of addresses, by their bits."""

    def __init__(self, judge: Judge, outside: Mapping[int, AddressSet]) -> None:
        self._judge, self._outside = judge, outside
        self._meeting: dict[AddressSet, int] = {}

    def of(self, subject: Subject, near: int) -> Iterator[Ground]:
        """One ground for each set of rules that decides; their `far` are disjoint, and empty of ends nobody rules."""
        rules = _Numbered(subject, opens=self._judge.rules.profile.baseline_opens_isolation)
        found: dict[Hits, int] = {}
        for version in VERSIONS if subject.is_judged else ():
            if version in subject.versions:
                for view in self._judge.class_views(subject, version, self._judge.index.everything):
                    found = _either(found, rules.hits(view))
        if subject.is_judged:
            found |= {hits: found.get(hits, 0) | bits for hits, bits in self._of_outside(subject, rules).items()}
        for hits, far in found.items():
            yield Ground(subject.direction, near, far, rules.deciding(hits), _reason(subject))

    def _of_outside(self, subject: Subject, rules: _Numbered) -> dict[Hits, int]:
        found: dict[Hits, int] = {}
        for views, addresses in self._judge.outside_views(subject, ~self._judge.index.taken):
            hits: Hits = ()
            for view in views:
                for these in rules.hits(view):
                    hits = _merged(hits, these)
            found = _either(found, {hits: self._classes_at(addresses)})
        return found

    def _classes_at(self, addresses: AddressSet) -> int:
        """The classes with some of these addresses."""
        found = self._meeting.get(addresses)
        if found is None:
            met = (bit for bit, those in self._outside.items() if those & addresses)
            found = self._meeting[addresses] = bits_of(met)
        return found


class _Numbered:
    """The rules of a subject by number, so that what is gone through by the thousand is compared fast."""

    def __init__(self, subject: Subject, *, opens: bool) -> None:
        """`opens`: the Baseline tier may open what isolation denies."""
        self._subject, self._opens = subject, opens
        self._refs = [
            RuleRef(policy, subject.direction, rule)
            for policy in subject.policies
            for rule in policy.rules(subject.direction) or ()
        ]
        self._number = {id(ref.rule): number for number, ref in enumerate(self._refs)}

    def deciding(self, hits: Hits) -> tuple[Deciding, ...]:
        return tuple(Deciding(self._refs[number], action, connections) for number, action, connections in hits)

    def hits(self, view: View) -> dict[Hits, int]:
        """What the view shows, by the rules that decide."""
        trails = {Trail(): view.everyone}
        for tier in Tier:
            here = [policy for policy in self._subject.policies if policy.tier is tier]
            if here and tier.shape is TierShape.UNION:
                step = Trail.matched if self._opens else Trail.allowed
                for rule in (rule for policy in here for rule in self._rules(policy)):
                    trails = refined(trails, self._changes(rule, view), step)
                if not self._opens:
                    break
                trails = mapped(trails, Trail.past_tier)
                continue
            for scale in dict.fromkeys(policy.scale for policy in here):
                for _, tied in groupby((p for p in here if p.scale == scale), key=lambda policy: policy.position):
                    for policy in tied:
                        for rule in self._rules(policy):
                            trails = refined(trails, self._changes(rule, view), Trail.matched)
                        trails = mapped(trails, Trail.past_policy)
                    trails = mapped(trails, Trail.past_priority)
                trails = mapped(trails, Trail.past_scale)
            trails = mapped(trails, Trail.past_tier)
        return mapped(trails, lambda trail: trail.hits)

    def _rules(self, policy: Policy) -> Iterable[Rule]:
        return policy.rules(self._subject.direction) or ()

    def _changes(self, rule: Rule, view: View) -> Iterator[tuple[int, tuple[int, Action, Span]]]:
        number = self._number[id(rule)]
        if any(isinstance(peer, UnknownPeer) for peer in rule.peers or ()):
            everything = Span.sure(ConnectionSet.FULL)
            if rule.action is not Action.ACCEPT:
                yield view.everyone, (number, Action.DENY, everything if rule.open is None else everything.unsure())
            return
        for where, span in view.grants(rule):
            yield where, (number, rule.action, span if rule.open is None else span.unsure())


def _either(left: dict[Hits, int], right: dict[Hits, int]) -> dict[Hits, int]:
    """What decides in one world or in another."""
    both = joined(left, right, _merged)
    for mine, others in ((left, right), (right, left)):
        taken = 0
        for bits in others.values():
            taken |= bits
        for hits, bits in mine.items():
            if only := bits & ~taken:
                both[hits] = both.get(hits, 0) | only
    return both


def _merged(left: Hits, right: Hits) -> Hits:
    """Both, by number; a rule that stands in both decides what it decides in either."""
    if left == right:
        return left
    found: dict[tuple[int, Action], ConnectionSet] = {}
    for number, action, connections in (*left, *right):
        found[number, action] = found.get((number, action), ConnectionSet.EMPTY) | connections
    return tuple((number, action, found[number, action]) for number, action in sorted(found, key=lambda key: key[0]))


def _reason(subject: Subject) -> str:
    """Why what no rule decides is allowed."""
    if not subject.policies:
        return "no policy selects it"
    isolates = any(policy.tier is Tier.NETWORK_POLICY for policy in subject.policies)
    return "a policy isolates it" if isolates else "no rule of the policies that select it denies this"
