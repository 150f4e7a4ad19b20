"""Claims about ends of which nobody knows which they are: what holds whichever they are.

A claim is strongest where it speaks of all that such a set may be, and permits nothing of it; weakest the other way
round.  What its strongest reading proves holds, and what refutes its weakest reading refutes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.encoding.walk import claim_sets
from analyzer.model.claims import Claim, Kind, Query
from analyzer.model.ends import NOTHING, Unknown
from analyzer.model.formulas import All, Formula, Member, Not, Some, both, either, negated
from analyzer.verdicts.verdict import Status, Verdict


def unknown_sets(claim: Claim) -> tuple[Unknown, ...]:
    """Those of its sets of which nobody knows what is in them."""
    members = (leaf.ends for leaf in claim_sets(claim) if isinstance(leaf, Member))
    return tuple(dict.fromkeys(ends for ends in members if isinstance(ends, Unknown)))


def reading(claim: Claim, *, is_strongest: bool) -> Claim:
    """The claim with every such set as large, or as small, as makes it the strongest or the weakest."""
    spoken = is_strongest is not (claim.kind is Kind.SOME)
    sources, destinations = spoken, spoken
    if claim.kind is Kind.ONLY:
        sources = not spoken
    if claim.kind is Kind.REACHES_ONLY:
        destinations = not spoken
    excuses = (
        replace(e, sources=_filled(e.sources, not spoken), destinations=_filled(e.destinations, not spoken))
        for e in claim.excuses
    )
    far = None if claim.destinations is None else _filled(claim.destinations, destinations)
    return replace(claim, sources=_filled(claim.sources, sources), destinations=far, excuses=tuple(excuses))


def _filled(members: Formula, is_large: bool) -> Formula:
    match members:
        case Member(_, Unknown(_, among)):
            return among if is_large else NOTHING
        case Some(parts):
            return either(_filled(part, is_large) for part in parts)
        case All(parts):
            return both(_filled(part, is_large) for part in parts)
        case Not(part):
            return negated(_filled(part, not is_large))
        case _:
            return members


def either_way(query: Query, claim: Claim, judge: Callable[[Query], Verdict]) -> Verdict:
    """The verdict on the query, whose claim in this cluster is `claim`, by those on its readings."""
    names = tuple(found.text for found in unknown_sets(claim))

    def of(read: Claim) -> Verdict:
        return replace(judge(replace(query, claim=read)), query=query)

    strongest = of(reading(claim, is_strongest=True))
    if strongest.status in (Status.PROVED, Status.VACUOUS):
        return strongest
    weakest = of(reading(claim, is_strongest=False))
    if weakest.status is Status.REFUTED:
        return weakest
    if claim.kind is Kind.EVERY and strongest.status is Status.REFUTED:
        none = of(replace(reading(claim, is_strongest=True), kind=Kind.NO))
        if none.status is Status.PROVED:  # whichever it is, nothing reaches it
            return strongest
    reason = f"the answer hangs on what is not known: {'; '.join(names)}"
    unknown = replace(strongest, status=Status.UNKNOWN, live=None, reason=reason, blame=names)
    return replace(unknown, counterexamples=(), rests_on=(), steps=(), beyond=None)
