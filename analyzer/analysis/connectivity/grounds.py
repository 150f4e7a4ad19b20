"""Which rules decide at one end, for everything that end may talk with: a map's rulings, traced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.analysis.connectivity.judging import Judge
from analyzer.analysis.connectivity.ruling import Hits, merged
from analyzer.analysis.connectivity.subjects import Subject
from analyzer.model.pipeline import Unmatched
from analyzer.model.policies import Direction, RuleRef
from analyzer.semantics.partitions import joined
from analyzer.sets import AddressSet
from analyzer.verdicts.connectivity import bits_of
from analyzer.verdicts.grounds import Deciding, Ground


class Grounds:
    """The deciding rules at the ends of one map.  `outside`: its classes of addresses, by their bits."""

    def __init__(self, outside: Mapping[int, AddressSet]) -> None:
        self._outside = outside
        self._meeting: dict[AddressSet, int] = {}

    def of(self, judge: Judge, subject: Subject, near: int) -> Iterator[Ground]:
        """One ground for each set of rules that decides; their `far` are disjoint, and empty of ends nobody rules.
        `judge` traces.  Of an end that may be one of several subjects each has its own."""
        for case in subject.alternatives:
            yield from self._of_case(judge, case, near)

    def _of_case(self, judge: Judge, subject: Subject, near: int) -> Iterator[Ground]:
        found: dict[Hits, int] = {}
        for by_family, far in judge.inside(subject).items() if subject.is_judged else ():
            hits: Hits = ()
            for its in by_family:
                hits = hits if its is None else merged(hits, its.hits)
            found[hits] = found.get(hits, 0) | far
        outside: dict[Hits, int] = {}
        for its, addresses in judge.outside(subject).items() if subject.is_judged else ():
            outside = _either(outside, {its.hits: self._classes_at(addresses)})
        for hits, far in outside.items():
            found[hits] = found.get(hits, 0) | far
        for hits, far in found.items():
            yield Ground(Direction(subject.stage.name), near, far, tuple(_deciding(subject, hits)), _reason(subject))

    def _classes_at(self, addresses: AddressSet) -> int:
        """The classes with some of these addresses."""
        found = self._meeting.get(addresses)
        if found is None:
            met = (bit for bit, those in self._outside.items() if those & addresses)
            found = self._meeting[addresses] = bits_of(met)
        return found


def _deciding(subject: Subject, hits: Hits) -> Iterator[Deciding]:
    for number, connections in hits:
        rule = subject.staged[number]
        policy = subject.owners[id(rule)].policy
        if policy is not None:
            ref = RuleRef(policy, Direction(subject.stage.name), rule.rule)
            yield Deciding(ref, rule.action, connections)


def _either(left: dict[Hits, int], right: dict[Hits, int]) -> dict[Hits, int]:
    """What decides in one world or in another."""
    both = joined(left, right, merged)
    for mine, others in ((left, right), (right, left)):
        taken = 0
        for bits in others.values():
            taken |= bits
        for hits, bits in mine.items():
            if only := bits & ~taken:
                both[hits] = both.get(hits, 0) | only
    return both


def _reason(subject: Subject) -> str:
    """Why what no rule decides is allowed, or denied."""
    if not subject.entries:
        return "no policy selects it"
    isolates = any(tier.unmatched is Unmatched.DENY for tier, _ in subject.selected)
    return "a policy isolates it" if isolates else "no rule of the policies that select it denies this"
