"""What claims leave alone: the pods and addresses that a change may let through."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.encoding.walk import leaves
from analyzer.model.claims import Addresses, Claim, Kind, Minus, PodsIn, SetExpr
from analyzer.model.labels import Operator, Requirement
from analyzer.model.policies import Direction
from analyzer.sets import AddressSet


def spared_labels(claim: Claim, direction: Direction) -> Iterator[Requirement]:
    """The labels of what a claim takes out of the set that the policy's pods are in."""
    own = claim.destinations if direction is Direction.INGRESS else claim.sources
    taken = [own.taken] if isinstance(own, Minus) else []
    for excuse in claim.excuses:
        taken.append(excuse.destinations if direction is Direction.INGRESS else excuse.sources)
    for members in taken:
        if isinstance(members, PodsIn):
            yield from (it for it in members.pods.requirements if it.operator is Operator.IN)


def excused_addresses(claim: Claim) -> Iterator[AddressSet]:
    sets = [excuse.destinations for excuse in claim.excuses]
    sets += [claim.destinations] if claim.kind is Kind.REACHES_ONLY and claim.destinations is not None else []
    for members in sets:
        for leaf in leaves(members):
            if isinstance(leaf, Addresses):
                yield leaf.addresses


def permitted_ends(claim: Claim, direction: Direction) -> Iterator[SetExpr]:
    """Sets at the far end that the claim says nothing against."""
    is_source = direction is Direction.INGRESS
    far = claim.sources if is_source else claim.destinations
    if far is None:
        return
    if claim.kind is (Kind.ONLY if is_source else Kind.REACHES_ONLY):
        yield far
    elif claim.kind is Kind.NO and isinstance(far, Minus):
        yield far.taken
    for excuse in claim.excuses:
        yield excuse.sources if is_source else excuse.destinations
