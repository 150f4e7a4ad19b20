"""The guilty part of a rule in a rule of its own, where it is mended and the rest stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from analyzer.analysis.findings.guessed_ports import meets_a_probe, port_text
from analyzer.analysis.findings.matter import Change, Matter
from analyzer.analysis.findings.near_rules import is_of
from analyzer.analysis.findings.operations import MovePeers, MovePorts
from analyzer.model.policies import Direction

Narrowing = Callable[[Matter], Iterator[Change]]
"""The changes that narrow a rule."""


def peers_apart(matter: Matter, narrowing: Narrowing) -> Iterator[Change]:
    """The guilty peers in a rule of their own, and there mended: what the others are let do stays as it is."""
    peers, rules = matter.rule.peers or (), matter.policy.rules(matter.direction) or ()
    fars = [matter.far(probe) for probe in matter.probes]
    guilty = [place for place, peer in enumerate(peers) if any(is_of(peer, far) for far in fars)]
    if not guilty or len(guilty) == len(peers):
        return
    rest = tuple(peer for place, peer in enumerate(peers) if place not in guilty)
    own = replace(matter.rule, peers=tuple(peers[place] for place in guilty), index=len(rules))
    kept = tuple(replace(it, peers=rest) if it is matter.rule else it for it in rules)
    is_in = matter.direction is Direction.INGRESS
    policy = replace(matter.policy, ingress=(*kept, own)) if is_in else replace(matter.policy, egress=(*kept, own))
    move = MovePeers(matter.direction, matter.rule.index, tuple(guilty))
    moved = Change(policy, (move,), ("put this peer into a rule of its own",))
    yield from (moved.then(change) for change in narrowing(replace(matter, policy=policy, rule=own)))


def ports_apart(matter: Matter, narrowing: Narrowing) -> Iterator[Change]:
    """The guilty ports in a rule of their own, and there mended: who is let in on the others stays."""
    ports = matter.rule.ports or ()
    guilty = [place for place, it in enumerate(ports) if meets_a_probe(matter, (it,))]
    if not guilty or len(guilty) == len(ports):
        return
    rules = matter.policy.rules(matter.direction) or ()
    rest = tuple(it for place, it in enumerate(ports) if place not in guilty)
    own = replace(matter.rule, ports=tuple(ports[place] for place in guilty), index=len(rules))
    kept = tuple(replace(it, ports=rest) if it is matter.rule else it for it in rules)
    is_in = matter.direction is Direction.INGRESS
    policy = replace(matter.policy, ingress=(*kept, own)) if is_in else replace(matter.policy, egress=(*kept, own))
    move = MovePorts(matter.direction, matter.rule.index, tuple(guilty))
    told = ", ".join(port_text(ports[place]) for place in guilty)
    moved = Change(policy, (move,), (f"put {told} into a rule of its own",))
    yield from (moved.then(change) for change in narrowing(replace(matter, policy=policy, rule=own)))
