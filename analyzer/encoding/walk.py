"""What a claim and what decides mention: what sets are made of, tests, ports and formulas."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.claims import Claim
from analyzer.model.ends import LedPort, leaves_of, led_ports_in
from analyzer.model.formulas import TRUE, Formula, Leaf, Role, Test, leaves
from analyzer.model.pipeline import Entry, Stage
from analyzer.model.policies import Ports


def claim_sets(claim: Claim) -> Iterator[Leaf]:
    """What all of a claim's sets are made of, the excuses' included."""
    for members in claim.sets:
        yield from leaves_of(members)


def led_ports_of(claim: Claim) -> Iterator[LedPort]:
    """The ports of Services that its destinations stand for."""
    for destinations in (claim.destinations, *(excuse.destinations for excuse in claim.excuses)):
        if destinations is not None:
            yield from led_ports_in(destinations)


def asked_of_requests(claim: Claim) -> Iterator[Test]:
    """What the claim asks of requests: its condition, and its excuses."""
    yield from requests_in(claim.where)
    for excuse in claim.excuses:
        yield from requests_in(excuse.requests)


def tests_of(formula: Formula | None) -> Iterator[Test]:
    """What it asks of attributes."""
    return (leaf for leaf in leaves(TRUE if formula is None else formula) if isinstance(leaf, Test))


def requests_in(condition: Formula | None) -> Iterator[Test]:
    """What the condition asks of requests."""
    return (test for test in tests_of(condition) if test.attribute.role is Role.REQUEST)


def claim_ports(claim: Claim) -> Iterator[Ports]:
    yield from claim.ports
    for excuse in claim.excuses:
        yield from excuse.ports or ()


def formulas_of(stage: Stage, *, with_entries: bool = True) -> Iterator[Formula]:
    """All that the stage asks; or what it asks besides its entries."""
    yield stage.applies
    yield from (stage.arrival.is_seen, stage.arrival.balanced)
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
