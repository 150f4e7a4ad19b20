"""Waivers and a baseline: what of a violation does not count, decided by asking again.

A waiver hides only what lies inside its region, so a refuted query is asked once more with the regions excused: if it
is proved then, everything was covered; if not, the counterexamples that come back lie outside.  A baseline excuses the
regions that were violated then in the same way, and a verdict that is no refutation where it is no worse than it was.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from analyzer.analysis.checking.known_regions import known_excuse, unlike_workloads
from analyzer.model.claims import Claim, Excuse, Kind, Query
from analyzer.model.cluster import Cluster
from analyzer.model.ends import ANYTHING, without
from analyzer.model.formulas import negated
from analyzer.model.policies import NumberedPorts, Ports, Protocol
from analyzer.model.profile import Profile
from analyzer.model.source import Notice, Source
from analyzer.records import dataclass
from analyzer.sets import PortSet
from analyzer.verdicts.baseline import Baseline, KnownVerdict
from analyzer.verdicts.regions import Region
from analyzer.verdicts.verdict import Section, Status, Verdict, Waived
from analyzer.verdicts.waivers import Waiver


class Ask(typing.Protocol):
    """Answers a query; `most` is how many counterexamples to look for, by default as many as are shown."""

    def __call__(self, query: Query, most: int | None = None) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Excuses:
    """What is excused: waivers as of a day, and what a baseline knows.  `is_unchanged`: all that it was made from."""

    waivers: tuple[Waiver, ...] = ()
    today: date = date.min
    baseline: Baseline | None = None
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Excusing:
    """Weighs verdicts one by one, and tells of all of them together what became of the waivers."""

    excuses: Excuses
    cluster: Cluster
    profile: Profile

    def weighed(self, pack: str, verdict: Verdict, ask: Ask) -> Verdict:
        """The verdict with what is excused taken into account; `ask` answers a query as this one was answered."""
        name = f"{pack}/{verdict.query.id}"
        known = self._known(name, verdict)
        weighed = replace(verdict, baseline=known.status if known else None)
        if verdict.status is not Status.REFUTED:
            return replace(weighed, is_excused=_is_no_worse(verdict, known))
        inside = [(waiver, self._excuse(waiver, verdict)) for waiver in self._in_force(name)]
        hiding = [(waiver, it) for waiver, it in inside if it is not None and _hides_something(it, verdict.query, ask)]
        waivers = tuple(waiver for waiver, _ in hiding)
        weighed = replace(weighed, waivers=waivers)
        if known is not None and self._are_known(verdict, known):
            return replace(weighed, is_excused=True)
        regions = self._regions(verdict, known)
        excused = [excuse for _, excuse in hiding] + [excuse for excuse in regions if excuse is not None]
        rest = ask(replace(verdict.query, claim=_without(verdict.query.claim, excused))) if excused else verdict
        # What is unknown outside of some requests may be a request that was not let in then.
        is_no_worse = _is_no_worse(rest, known) and not any(excuse.requests for excuse in excused)
        # Vacuous: waivers of `is isolated` took every pod away.
        if rest.status in (Status.PROVED, Status.VACUOUS) or is_no_worse:
            return replace(weighed, is_excused=True)
        if known is not None and None in regions and self._are_known(ask(verdict.query, len(regions) + 1), known):
            return replace(weighed, is_excused=True)
        notices = (*rest.notices, *self._shortcomings(name, known, regions))
        return replace(rest, query=verdict.query, baseline=weighed.baseline, waivers=waivers, notices=notices)

    def standings(self, verdicts: Iterable[Verdict]) -> tuple[tuple[Waiver, Waived], ...]:
        """What became of each waiver, in the order given."""
        used = {waiver for verdict in verdicts for waiver in verdict.waivers}
        return tuple((waiver, self._standing(waiver, used)) for waiver in self.excuses.waivers)

    def notices(self, sections: Sequence[Section]) -> Iterator[Notice]:
        """Waivers that hide nothing, and what of the baseline is not asked any more."""
        asked = {f"{section.name}/{verdict.query.id}" for section in sections for verdict in section.verdicts}
        for waiver, standing in self.standings(verdict for section in sections for verdict in section.verdicts):
            if standing is Waived.EXPIRED:
                text = f"expired on {waiver.expires.isoformat()} and hides nothing ({waiver.owner})"
            elif standing is Waived.USED:
                continue
            elif waiver.query in asked:
                limit = ", as far as that can be said of this cluster" if isinstance(waiver.region, Region) else ""
                text = f"has no use: no violation lies in its region{limit}"
            else:
                text = "has no use: this run does not ask that"
            yield Notice(waiver.source, f"the waiver of `{waiver.query}` {text}")
        baseline = self.excuses.baseline
        if baseline is not None:
            for name in sorted(baseline.queries.keys() - asked):
                yield Notice(Source(baseline.file), f"the baseline knows `{name}`, which this run does not ask")

    # -------------------------------------------------------------------------------------------- waivers
    def _in_force(self, name: str) -> Iterator[Waiver]:
        for waiver in self.excuses.waivers:
            if waiver.query == name and not waiver.is_expired(self.excuses.today):
                yield waiver

    def _standing(self, waiver: Waiver, used: set[Waiver]) -> Waived:
        if waiver.is_expired(self.excuses.today):
            return Waived.EXPIRED
        return Waived.USED if waiver in used else Waived.UNUSED

    def _excuse(self, waiver: Waiver, verdict: Verdict) -> Excuse | None:
        """The waiver's region; None where it cannot be said of this cluster."""
        if not isinstance(waiver.region, Region):
            return waiver.region
        there = frozenset(self.cluster.namespace_by_name)
        workloads = frozenset(workload.id for workload in self.cluster.workloads)
        today = Baseline(waiver.source.file, {}, there, workloads)
        return self._said(waiver.region, today, verdict)

    def _said(self, region: Region, baseline: Baseline, verdict: Verdict) -> Excuse | None:
        """A region as an excuse; of what a claim of reach asks of requests none is left out."""
        if region.request and verdict.query.claim.kind in (Kind.EVERY, Kind.SOME):
            return None
        return known_excuse(region, baseline, verdict.universe, self.cluster, self.profile)

    # -------------------------------------------------------------------------------------------- baseline
    def _known(self, name: str, verdict: Verdict) -> KnownVerdict | None:
        """What the baseline says of this query; None if it was asked differently then."""
        baseline = self.excuses.baseline
        known = baseline.queries.get(name) if baseline else None
        is_same = known is not None and (known.text, known.universe) == (verdict.query.text, verdict.universe)
        return known if is_same else None

    def _regions(self, verdict: Verdict, known: KnownVerdict | None) -> list[Excuse | None]:
        baseline = self.excuses.baseline
        if known is None or baseline is None:
            return []
        return [self._said(region, baseline, verdict) for region in known.regions]

    def _are_known(self, verdict: Verdict, known: KnownVerdict) -> bool:
        """The whole violation is regions that the baseline lists, word for word; of a `some`, that it was refuted; of
        anything, where nothing changed."""
        if self.excuses.is_unchanged or verdict.query.claim.kind is Kind.SOME:
            return known.status is Status.REFUTED
        baseline, there = self.excuses.baseline, self.cluster.namespace_by_name.keys()
        # Of a namespace that is gone since, a region of namespaces to come now speaks and did not then.
        if baseline is None or baseline.namespaces is None or not baseline.namespaces <= there:
            return False
        regions = [it.region for it in verdict.counterexamples]
        is_told = all(it in known.regions and not it.is_of_untold_requests for it in regions)
        return verdict.is_complete and is_told and unlike_workloads(baseline, verdict.universe, self.cluster) == ()

    def _shortcomings(
        self, name: str, known: KnownVerdict | None, regions: Sequence[Excuse | None]
    ) -> Iterator[Notice]:
        baseline = self.excuses.baseline
        if known is None or baseline is None:
            return
        if not known.is_complete:
            text = (
                "does not list all that violated it then, and what it does not list counts; make it anew with"
                " --max-counterexamples 1000"
            )
            yield Notice(Source(baseline.file), f"the baseline of `{name}` {text}", is_kept=True)
        untold = sum(region.is_of_untold_requests for region in known.regions)
        if untold:
            text = (
                f"{untold} of its {len(regions)} regions excuse nothing: some request gets through there, and which"
                " is not told; a waiver with `from`, `to` and `on` excuses every request"
            )
            yield Notice(Source(baseline.file), f"the baseline of `{name}`: {text}", is_kept=True)
        unsaid = sum(excuse is None for excuse in regions) - untold
        if unsaid:
            text = f"{unsaid} of its {len(regions)} regions cannot be excused one by one"
            yield Notice(Source(baseline.file), f"the baseline of `{name}`: {text}", is_kept=True)


def _is_no_worse(verdict: Verdict, known: KnownVerdict | None) -> bool:
    """Neither proved nor refuted, and no worse than it was."""
    order = list(Status)
    if known is None or verdict.status in (Status.PROVED, Status.REFUTED):
        return False
    return order.index(verdict.status) <= order.index(known.status)


# ------------------------------------------------------------------------------------------------ claims
def _without(claim: Claim, excused: Sequence[Excuse]) -> Claim:
    """The claim, not speaking of what is excused."""
    if claim.kind is Kind.ISOLATED:
        sources = claim.sources
        for excuse in excused:
            sources = without(sources, excuse.sources)
        return replace(claim, sources=sources)
    return replace(claim, excuses=(*claim.excuses, *excused))


def _within(claim: Claim, region: Excuse) -> Claim | None:
    """The claim, speaking of the region only; None if that cannot be said: both name ports by their names."""
    outside = [Excuse(without(ANYTHING, region.sources), ANYTHING)]
    if claim.kind is Kind.ISOLATED:
        return _without(claim, outside)
    if region.through is not None:
        return None
    outside.append(Excuse(ANYTHING, without(ANYTHING, region.destinations)))
    for naming in region.port_names:
        outside.append(Excuse(ANYTHING, ANYTHING, None, (replace(naming, is_given=not naming.is_given),)))
    if region.requests is not None:
        outside.append(Excuse(ANYTHING, ANYTHING, None, requests=negated(region.requests)))
    if region.ports is not None:
        others = _other_ports(region.ports)
        if others is None:
            others = _other_ports(claim.ports)
            claim = replace(claim, ports=region.ports)
        if others is None:
            return None
        outside += [Excuse(ANYTHING, ANYTHING, others)] if others else []
    return _without(claim, outside)


def _other_ports(ports: Sequence[Ports]) -> tuple[Ports, ...] | None:
    """All ports that are not among these; None where one has a name, which means another port on every pod."""
    if not all(isinstance(entry, NumberedPorts) for entry in ports):
        return None
    numbered = [entry for entry in ports if isinstance(entry, NumberedPorts)]
    found: dict[Ports, None] = {}
    for protocol in Protocol:
        its = [entry for entry in numbered if entry.protocol is protocol]
        versions = (4, 6) if any(entry.version for entry in its) else (None,)
        for version in versions:
            taken = PortSet.EMPTY
            for entry in its:
                taken |= entry.ports if entry.version in (None, version) else PortSet.EMPTY
            if not taken:
                found[NumberedPorts(protocol, version=version)] = None
                continue
            found |= dict.fromkeys(NumberedPorts(protocol, low, high, version) for low, high in ~taken)
    return tuple(found)


def _hides_something(region: Excuse, query: Query, ask: Ask) -> bool:
    """Some violation lies in a waiver's region, or that cannot be told."""
    inside = _within(query.claim, region)
    if inside is None:
        return True
    return ask(replace(query, claim=inside), 1).status in (Status.REFUTED, Status.UNKNOWN)
