"""Why one end can or cannot reach another where an end stands for pods that differ: each sort of them is a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from analyzer.analysis.connectivity.variants import Mentioned, guesses
from analyzer.analysis.explaining.between import ITSELF, between, settling
from analyzer.analysis.explaining.mismatches import end_words
from analyzer.analysis.explaining.pointwise import AskedEnd
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import Through
from analyzer.model.mentioned_labels import mentioned_labels, told_at_destinations
from analyzer.model.profile import Profile
from analyzer.model.requests import Request
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.explanation import Explanation, Outcome, SideExplanation

_MOST_CASES = 8


def explain_cases(
    cluster: Cluster,
    profile: Profile,
    sources: Sequence[AskedEnd],
    destinations: Sequence[AskedEnd],
    *,
    asked: ConnectionSet = ConnectionSet.PORTS,
    pod_addresses: AddressSet | None = None,
    words: tuple[str, str] | None = None,
    request: Request | None = None,
    through: Through | None = None,
) -> Explanation:
    """What is allowed from some of the sources to some of the destinations, and why.

    `allowed` is what some pair may, `certain` what every pair may for certain; where pairs differ, the rules shown are
    those of the pair that may most, and a note tells each case.
    """
    mentioned, of_destination = mentioned_labels(profile, cluster), told_at_destinations(profile, cluster)
    found: list[tuple[str, Explanation]] = []
    for src in sources:
        for dst in destinations:
            for one, its in _sorts(src, mentioned):
                for other, theirs in _sorts(dst, of_destination):
                    if _is_one_pod(one, other):
                        continue
                    case = " and ".join(text for text in (its, theirs) if text)
                    why = between(
                        cluster,
                        profile,
                        one,
                        other,
                        words or (_words(one), _words(other)),
                        asked=asked,
                        pod_addresses=pod_addresses,
                        request=request,
                        through=through,
                    )
                    found.append((case, why))
    if not found:
        names = words or (_words(sources[0]), _words(destinations[0]))
        return settling(Outcome.ALLOWED, ITSELF, names, asked, profile)
    return _together(found)


def _words(end: AskedEnd) -> str:
    return f"entity:{end}" if isinstance(end, str) else end_words(end)


def _sorts(end: AskedEnd, mentioned: Mentioned) -> Iterator[tuple[AskedEnd, str]]:
    """Each sort of pods that an end stands for, with what tells it from the others."""
    if not isinstance(end, Workload):
        yield end, ""
        return
    for variant in end.variants(mentioned):
        for guess in guesses(variant, mentioned):
            settled = {k: v for k, v in guess.labels.items() if variant.labels.get(k) != v}
            guessed = ", ".join(
                f"{k}={v if v in mentioned.get(k, ()) else 'another value'}" for k, v in sorted(settled.items())
            )
            yield guess, variant.id + (f" if it has {guessed}" if guessed else "")


def _is_one_pod(one: AskedEnd, other: AskedEnd) -> bool:
    return isinstance(one, Workload) and isinstance(other, Workload) and one.is_single and one.id == other.id


def _together(found: Sequence[tuple[str, Explanation]]) -> Explanation:
    distinct = {(one.allowed, one.certain): one for _, one in reversed(found)}
    if len(distinct) == 1:
        return found[0][1]
    most = max((one for _, one in found), key=lambda one: _size(one.allowed))
    every = [one for _, one in found]
    notes = [f"{case}: {_answer(one)}" for case, one in found]
    more = len(notes) - _MOST_CASES
    shown = notes[:_MOST_CASES] + ([f"and {more} more cases"] if more > 0 else [])
    return replace(
        most,
        allowed=reduce(ConnectionSet.__or__, (one.allowed for one in every)),
        certain=reduce(ConnectionSet.__and__, (one.certain for one in every)),
        egress=_side([one.egress for one in every], most.egress),
        ingress=_side([one.ingress for one in every], most.ingress),
        request=_side([r for one in every if (r := one.request)], most.request) if most.request else None,
        notes=(*most.notes, "the pods differ; the rules shown are those of the pods that may most", *shown),
        cases=tuple(found),
    )


def _side(every: Sequence[SideExplanation], most: SideExplanation) -> SideExplanation:
    return replace(
        most,
        allowed=reduce(ConnectionSet.__or__, (side.allowed for side in every)),
        certain=reduce(ConnectionSet.__and__, (side.certain for side in every)),
    )


def _size(connections: ConnectionSet) -> int:
    return sum(high - low + 1 for _, ports in connections.by_protocol for low, high in ports) + connections.other


def _answer(one: Explanation) -> str:
    if not one.allowed:
        return "denied"
    if one.allowed == one.certain:
        return f"allowed on {one.allowed}"
    return f"may be allowed on {one.allowed}"
