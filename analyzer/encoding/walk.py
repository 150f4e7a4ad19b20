"""What a claim and what decides mention: the sets, selectors, terms, ports and formulas inside them."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.claims import (
    AllOf,
    AnyOf,
    Behind,
    Both,
    Claim,
    Condition,
    Either,
    Equal,
    Has,
    LedPort,
    Minus,
    NotThat,
    OfRequest,
    OneOf,
    SetExpr,
    Term,
)
from analyzer.model.formulas import Formula, Test
from analyzer.model.formulas import leaves as leaves_of
from analyzer.model.pipeline import Entry, Stage
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
        case Behind(_, ports):
            for port in ports:
                yield from leaves(port.members)
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


def led_ports(members: SetExpr) -> Iterator[LedPort]:
    """The ports of Services that an expression stands for."""
    match members:
        case Either(parts) | Both(parts):
            for part in parts:
                yield from led_ports(part)
        case Minus(base, taken):
            yield from led_ports(base)
            yield from led_ports(taken)
        case Behind(_, ports):
            yield from ports
        case _:
            pass


def led_ports_of(claim: Claim) -> Iterator[LedPort]:
    """Those of all of its destinations."""
    for destinations in (claim.destinations, *(excuse.destinations for excuse in claim.excuses)):
        if destinations is not None:
            yield from led_ports(destinations)


def asked_of_requests(claim: Claim) -> Iterator[Formula]:
    """What the claim asks of requests: its condition, and its excuses."""
    yield from requests_in(claim.where)
    yield from (excuse.requests.formula for excuse in claim.excuses if excuse.requests is not None)


def requests_in(condition: Condition | None) -> Iterator[Formula]:
    """What the condition asks of requests."""
    match condition:
        case OfRequest(formula):
            yield formula
        case NotThat(part):
            yield from requests_in(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from requests_in(part)
        case _:
            pass


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
        case OfRequest():
            pass
        case NotThat(part):
            yield from comparisons(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from comparisons(part)


def formulas_of(stage: Stage, *, with_entries: bool = True) -> Iterator[Formula]:
    """All that the stage asks; or what it asks besides its entries."""
    yield stage.applies
    for doubt in stage.doubts:
        yield from (doubt.denies, doubt.allows)
    yield from (disguise.when for disguise in stage.disguises)
    for tier in stage.tiers:
        yield tier.spared
        for entry in tier.entries if with_entries else ():
            yield from formulas_of_entry(entry)


def formulas_of_entry(entry: Entry) -> Iterator[Formula]:
    yield entry.subject
    yield from (rule.when for rule in entry.rules)


def tests_of(formula: Formula) -> Iterator[Test]:
    return (leaf for leaf in leaves_of(formula) if isinstance(leaf, Test))
