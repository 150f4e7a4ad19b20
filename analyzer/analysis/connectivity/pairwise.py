"""The rulings on one pair of ends: the map's own, computed for these two alone."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.analysis.connectivity.classes import VERSIONS, Classifier
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.judging import ByFamily, Judge, Subject
from analyzer.analysis.connectivity.rule_ports import EVERYTHING, NOTHING
from analyzer.analysis.connectivity.ruling import View
from analyzer.analysis.connectivity.subjects import Subjects
from analyzer.analysis.connectivity.views import Rules
from analyzer.encoding import pod_addresses as pod_addresses_of
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.policies import Direction, Rule
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.sets import AddressSet, ConnectionSet

PairEnd = Workload | Node | AddressSet

_OPEN = ByFamily(EVERYTHING, EVERYTHING)


@dataclass(frozen=True)
class PairSide:
    """One end as it is judged; `subject` is None for addresses outside, where nothing is.  `by_nodes`: what may be open
    to the far end because rules see a node, a port of which leads there."""

    direction: Direction
    ruling: ByFamily
    subject: Subject | None
    by_nodes: ConnectionSet = ConnectionSet.EMPTY

    @property
    def span(self) -> Span:
        """The ruling over all families that the two ends share."""
        return self.ruling.meet(_OPEN)


class Pair:
    """Two ends of one cluster, one of them at least in it.  The cluster need not hold them: they may be new."""

    def __init__(
        self, cluster: Cluster, profile: Profile, src: PairEnd, dst: PairEnd, pod_addresses: AddressSet | None
    ) -> None:
        addresses = pod_addresses_of(cluster, pod_addresses)
        classifier = Classifier(cluster, profile, addresses)
        self._ends = {Direction.EGRESS: src, Direction.INGRESS: dst}
        inside = [end for end in (src, dst) if not isinstance(end, AddressSet)]
        classes = [classifier.workload(e) if isinstance(e, Workload) else classifier.node(e) for e in inside]
        self._index = EndIndex(cluster, profile, classes, addresses)
        self.outside = ~self._index.taken
        rules = Rules(profile, cluster)
        self._judge = Judge(self._index, rules)
        self._subjects = Subjects(self._index, rules)
        self._place = {id(end): number for number, end in enumerate(inside)}

    def side(self, direction: Direction) -> PairSide:
        """The ruling at the source (egress) or at the destination (ingress)."""
        near, far = self._near_and_far(direction)
        if isinstance(near, AddressSet):
            return PairSide(direction, _OPEN, None)
        subject = self._subject(direction, near)
        if isinstance(far, AddressSet):
            found: dict[int, list[Span]] = {version: [] for version in VERSIONS}
            for span, addresses in self._judge.outside(subject).items():
                for version in VERSIONS:
                    if (addresses & far).family(version):
                        found[version].append(span)
            return PairSide(direction, ByFamily(*(_over_all(spans) for spans in found.values())), subject)
        bit = 1 << self._place[id(far)]
        here = [ruling for ruling, bits in self._judge.inside(subject).items() if bits & bit]
        ruling = here[0] if here else ByFamily(None, None)
        return PairSide(direction, ruling, subject, self._by_nodes(subject, bit))

    def _by_nodes(self, subject: Subject, bit: int) -> ConnectionSet:
        found = ConnectionSet.EMPTY
        for version in subject.versions if subject.direction is Direction.EGRESS else ():
            for bits, target in self._judge.nodes.opening(subject.policies, version):
                found |= target if bits & bit else ConnectionSet.EMPTY
        return found

    def both(self) -> Span:
        """What both ends let pass."""
        return self.side(Direction.EGRESS).ruling.meet(self.side(Direction.INGRESS).ruling)

    def meaning(self, direction: Direction, rule: Rule) -> Span:
        """The connections between the two that a rule at one end means: those it may, and those it does for certain."""
        near, far = self._near_and_far(direction)
        if isinstance(near, AddressSet):
            return NOTHING
        spans = list(self._meanings(self._subject(direction, near), far, rule))
        return _over_all(spans) or NOTHING

    def _meanings(self, subject: Subject, far: PairEnd, rule: Rule) -> Iterator[Span]:
        for view in self._views(subject, far):
            yield next((span for _, span in view.grants(rule)), NOTHING)

    def _views(self, subject: Subject, far: PairEnd) -> Iterator[View]:
        if isinstance(far, AddressSet):
            for views, _ in self._judge.outside_views(subject, far & self.outside):
                yield from views
        else:
            for version in subject.versions:
                yield from self._judge.class_views(subject, version, 1 << self._place[id(far)])

    def _near_and_far(self, direction: Direction) -> tuple[PairEnd, PairEnd]:
        src, dst = self._ends[Direction.EGRESS], self._ends[Direction.INGRESS]
        return (src, dst) if direction is Direction.EGRESS else (dst, src)

    def _subject(self, direction: Direction, near: Workload | Node) -> Subject:
        bit = 1 << self._place[id(near)]
        return next(subject for subject, bits in self._subjects.of(direction) if bits & bit)


def _over_all(spans: list[Span]) -> Span | None:
    """What some of them may mean, and what all do for certain."""
    if not spans:
        return None
    found = spans[0]
    for span in spans[1:]:
        found = Span(found.may | span.may, found.must & span.must)
    return found
