"""What claims leave alone: the pods and addresses that a change may let through."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.claims import Claim, Kind
from analyzer.model.ends import as_pods, base_and_taken, leaves_of
from analyzer.model.formulas import AtAddress, Formula, Member
from analyzer.model.labels import Operator, Requirement
from analyzer.model.policies import Direction
from analyzer.sets import AddressSet


def spared_labels(claim: Claim, direction: Direction) -> Iterator[Requirement]:
    """The labels of what a claim takes out of the set that the policy's pods are in."""
    own = claim.destinations if direction is Direction.INGRESS else claim.sources
    _, left_out = (None, None) if own is None else base_and_taken(own)
    taken = [] if left_out is None else [left_out]
    for excuse in claim.excuses:
        taken.append(excuse.destinations if direction is Direction.INGRESS else excuse.sources)
    for members in taken:
        chosen = as_pods(members)
        if chosen is not None:
            yield from (it for it in chosen[1].requirements if it.operator is Operator.IN)


def excused_addresses(claim: Claim) -> Iterator[AddressSet]:
    sets = [excuse.destinations for excuse in claim.excuses]
    sets += [claim.destinations] if claim.kind is Kind.REACHES_ONLY and claim.destinations is not None else []
    for members in sets:
        for leaf in leaves_of(members):
            if isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress):
                yield leaf.ends.addresses


def permitted_ends(claim: Claim, direction: Direction) -> Iterator[Formula]:
    """Sets at the far end that the claim says nothing against."""
    is_source = direction is Direction.INGRESS
    far = claim.sources if is_source else claim.destinations
    if far is None:
        return
    if claim.kind is (Kind.ONLY if is_source else Kind.REACHES_ONLY):
        yield far
    elif claim.kind is Kind.NO and (taken := base_and_taken(far)[1]) is not None:
        yield taken
    for excuse in claim.excuses:
        yield excuse.sources if is_source else excuse.destinations
