"""The guilty part of a rule in a rule of its own, where it is mended and the rest stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from analyzer.analysis.findings.guessed_ports import meets_a_probe, port_text
from analyzer.analysis.findings.matter import Change, Matter
from analyzer.analysis.findings.near_rules import is_of
from analyzer.analysis.findings.operations import MovePeers, MovePorts
from analyzer.model.policies import Rule

T = TypeVar("T")

Narrowing = Callable[[Matter], Iterator[Change]]
"""The changes that narrow a rule."""


def peers_apart(matter: Matter, narrowing: Narrowing) -> Iterator[Change]:
    """The guilty peers in a rule of their own, and there mended: what the others are let do stays as it is."""
    peers = matter.rule.peers or ()
    fars = [matter.far(probe) for probe in matter.probes]
    guilty = tuple(place for place, peer in enumerate(peers) if any(is_of(peer, far) for far in fars))
    if guilty and len(guilty) < len(peers):
        its, rest = _split(peers, guilty)
        move = MovePeers(matter.direction, matter.rule.index, guilty)
        own, left = replace(matter.rule, peers=its), replace(matter.rule, peers=rest)
        yield from _apart(matter, own, left, move, "this peer", narrowing)


def ports_apart(matter: Matter, narrowing: Narrowing) -> Iterator[Change]:
    """The guilty ports in a rule of their own, and there mended: who is let in on the others stays."""
    ports = matter.rule.ports or ()
    guilty = tuple(place for place, it in enumerate(ports) if meets_a_probe(matter, (it,)))
    if guilty and len(guilty) < len(ports):
        its, rest = _split(ports, guilty)
        move = MovePorts(matter.direction, matter.rule.index, guilty)
        own, left = replace(matter.rule, ports=its), replace(matter.rule, ports=rest)
        yield from _apart(matter, own, left, move, ", ".join(map(port_text, its)), narrowing)


def _split(parts: Sequence[T], places: Sequence[int]) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Those at the places, and the rest."""
    rest = tuple(part for place, part in enumerate(parts) if place not in places)
    return tuple(parts[place] for place in places), rest


def _apart(
    matter: Matter, own: Rule, left: Rule, move: MovePeers | MovePorts, what: str, narrowing: Narrowing
) -> Iterator[Change]:
    """`own` behind all rules, `left` in the place of the rule, and what narrows `own`."""
    rules = matter.policy.rules(matter.direction) or ()
    own = replace(own, index=len(rules))
    kept = tuple(left if it is matter.rule else it for it in rules)
    policy = matter.policy.with_rules(matter.direction, (*kept, own))
    moved = Change(policy, (move,), (f"put {what} into a rule of its own",))
    yield from (moved.then(change) for change in narrowing(replace(matter, policy=policy, rule=own)))
