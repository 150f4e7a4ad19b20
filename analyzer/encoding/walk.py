"""What a claim and a policy mention: the sets, selectors, terms and ports inside them."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.claims import (
    AllOf,
    AnyOf,
    Both,
    Claim,
    Condition,
    Either,
    Equal,
    Has,
    Minus,
    NotThat,
    OneOf,
    SetExpr,
    Term,
)
from analyzer.model.policies import Ports


def leaves(members: SetExpr) -> Iterator[SetExpr]:
    """The sets an expression is made of."""
    match members:
        case Either(parts) | Both(parts):
            for part in parts:
                yield from leaves(part)
        case Minus(base, taken):
            yield from leaves(base)
            yield from leaves(taken)
        case _:
            yield members


def claim_sets(claim: Claim) -> Iterator[SetExpr]:
    """Every leaf set of a claim, the excuses' included."""
    yield from leaves(claim.sources)
    if claim.destinations is not None:
        yield from leaves(claim.destinations)
    for excuse in claim.excuses:
        yield from leaves(excuse.sources)
        yield from leaves(excuse.destinations)


def claim_ports(claim: Claim) -> Iterator[Ports]:
    yield from claim.ports
    for excuse in claim.excuses:
        yield from excuse.ports or ()


Comparison = tuple[Term, Term | frozenset[str] | None]


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Each term with what it is compared to: another term, a set of values, or nothing (`has`)."""
    match condition:
        case Equal(left, str() as right):
            yield left, frozenset({right})
        case Equal(left, Term() as right):
            yield left, right
        case OneOf(term, values):
            yield term, values
        case Has(term):
            yield term, None
        case NotThat(part):
            yield from comparisons(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from comparisons(part)
