"""The rulings on one pair of ends: the map's own, computed for these two alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from analyzer.analysis.connectivity.classes import VERSIONS, Classifier
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.judging import ByFamily, Judge
from analyzer.analysis.connectivity.ruling import OPEN, Ruled
from analyzer.analysis.connectivity.stages import StageRules, stages_of
from analyzer.analysis.connectivity.subjects import Subject, Subjects
from analyzer.analysis.connectivity.views import OneClass
from analyzer.encoding import pod_addresses as pod_addresses_of
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.formulas import Formula, Role
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.semantics.meaning import EMPTY, NOTHING, Bits, Meaning, Shapes
from analyzer.sets import AddressSet, ConnectionSet

PairEnd = Workload | Node | AddressSet

_OPEN = ByFamily(OPEN, OPEN)


@dataclass(frozen=True)
class PairSide:
    """One end as a stage judges it; `subject` is None for addresses outside, where nothing is.  `by_nodes`: what may be
    open to the far end because rules see a node, a port of which leads there."""

    rules: StageRules
    ruling: ByFamily
    subject: Subject | None
    by_nodes: ConnectionSet = EMPTY

    @property
    def ruled(self) -> Ruled:
        """The ruling over all families that the two ends share, with the rules that decide."""
        return self.ruling.meet(_OPEN)


class Pair:
    """Two ends of one cluster, one of them at least in it.  The cluster need not hold them: they may be new."""

    def __init__(
        self,
        cluster: Cluster,
        profile: Profile,
        src: PairEnd,
        dst: PairEnd,
        pod_addresses: AddressSet | None,
        *,
        past_policies: bool = False,
    ) -> None:
        addresses = pod_addresses_of(cluster, pod_addresses)
        self.stages = stages_of(cluster, profile, past_policies=past_policies)
        classifier = Classifier(self.stages, addresses)
        self._ends = {Role.SRC: src, Role.DST: dst}
        inside = [end for end in (src, dst) if not isinstance(end, AddressSet)]
        classes = [classifier.workload(e) if isinstance(e, Workload) else classifier.node(e) for e in inside]
        self._index = EndIndex(cluster, classes, addresses)
        self.outside = ~self._index.taken
        self._judges = {id(rules): Judge(self._index, rules, traces=True) for rules in self.stages}
        self._subjects = Subjects(self._index)
        self._place = {id(end): number for number, end in enumerate(inside)}
        self._known: dict[int, Subject] = {}

    def side(self, rules: StageRules) -> PairSide:
        """The ruling of a stage at the end that it judges."""
        near, far = self.ends(rules)
        if isinstance(near, AddressSet):
            return PairSide(rules, _OPEN, None)
        subject, judge = self._subject(rules), self._judges[id(rules)]
        if isinstance(far, AddressSet):
            found: dict[int, list[Ruled]] = {version: [] for version in VERSIONS}
            for its, addresses in judge.outside(subject).items():
                for version in VERSIONS:
                    if (addresses & far).family(version):
                        found[version].append(its)
            of_both = (reduce(Ruled.or_else, spans) if spans else None for spans in found.values())
            return PairSide(rules, ByFamily(*of_both), subject)
        bit = 1 << self._place[id(far)]
        here = [ruling for ruling, bits in judge.inside(subject).items() if bits & bit]
        ruling = here[0] if here else ByFamily(None, None)
        return PairSide(rules, ruling, subject, self._by_nodes(judge, subject, bit))

    def _by_nodes(self, judge: Judge, subject: Subject, bit: int) -> ConnectionSet:
        found = EMPTY
        for version in subject.versions if subject.stage.judges is Role.SRC else ():
            for bits, target, _ in judge.nodes.opening(subject, version):
                found |= target if bits & bit else EMPTY
        return found

    def both(self) -> Ruled:
        """What every stage lets pass."""
        found = _OPEN
        for rules in self.stages:
            found = _met(found, self.side(rules).ruling)
        return found.meet(_OPEN)

    def meaning(self, rules: StageRules, formula: Formula) -> Span:
        """The connections between the two that a formula means: those it may, and those it does for certain."""
        spans = [next((span for _, span in meaning.of(formula)), NOTHING) for meaning in self._meanings(rules)]
        return reduce(Span.or_else, spans) if spans else NOTHING

    def is_meant(self, rules: StageRules, formula: Formula) -> Bits:
        """Whether a formula that says nothing of ports may be true of the two, and whether it is for certain."""
        found = [(meaning.ends(formula), meaning.far.everyone) for meaning in self._meanings(rules)]
        may = any(its.may & everyone for its, everyone in found)
        return Bits(int(may), int(may and all(its.must & everyone for its, everyone in found)))

    def is_near(self, rules: StageRules, formula: Formula) -> Bits:
        """Whether a formula over SELF may be true of the end that the stage judges."""
        found = [self._itself(rules, version).ends(formula) for version in self._subject(rules).versions]
        return Bits(int(any(its.may for its in found)), int(bool(found) and all(its.must for its in found)))

    def is_reached(self, rules: StageRules, formula: Formula) -> bool:
        """Whether a formula over SELF may be true of it, on some port."""
        return any(self._itself(rules, version).of(formula) for version in self._subject(rules).versions)

    def _itself(self, rules: StageRules, version: int) -> Meaning:
        one = OneClass(self._index, self._subject(rules).one, version)
        return Meaning(Shapes(Role.SELF), one, one, {})

    def _meanings(self, rules: StageRules) -> Iterator[Meaning]:
        near, far = self.ends(rules)
        if isinstance(near, AddressSet):
            return
        subject, judge = self._subject(rules), self._judges[id(rules)]
        if isinstance(far, AddressSet):
            for part, version in judge.parts_outside(subject, far & self.outside):
                yield from judge.meanings_outside(subject, part, version, is_shared=False)
        else:
            for version in subject.versions:
                yield from judge.worlds(subject, version, 1 << self._place[id(far)])

    def ends(self, rules: StageRules) -> tuple[PairEnd, PairEnd]:
        """The end that the stage judges, and the other."""
        return self._ends[rules.stage.judges], self._ends[rules.stage.far]

    def _subject(self, rules: StageRules) -> Subject:
        found = self._known.get(id(rules))
        if found is None:
            bit = 1 << self._place[id(self.ends(rules)[0])]
            of_stage = self._subjects.of(rules)
            found = self._known[id(rules)] = next(subject for subject, bits in of_stage if bits & bit)
        return found


def _met(left: ByFamily, right: ByFamily) -> ByFamily:
    return ByFamily(
        *(
            None if a is None or b is None else Ruled(a.may & b.may, a.must & b.must)
            for a, b in zip(left, right, strict=True)
        )
    )
