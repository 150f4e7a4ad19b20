"""Which node a pod that is not there yet comes to, and which node that is not there yet is the API server's: whoever
makes them chooses, so that what is so for one choice is so of some pod.

Of pods and nodes that are there it is a fact that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from analyzer.encoding.question import Question
from analyzer.model.cilium_places import API_SERVER, OWN_NODE
from analyzer.model.claims import Kind, Universe
from analyzer.model.endpoints import Connection, End, Host, Pod
from analyzer.model.open_facts import OpenFact
from analyzer.verdicts.verdict import Status, Verdict

LOOKED_AT = 9
"""Counterexamples to look for, of which some can be brought about."""
_WORDS = {
    OWN_NODE.kind: ("the node is another than the pod's own", "the node is the pod's own"),
    API_SERVER.kind: ("the API server answers elsewhere", "the API server answers on the node"),
}
Settled = tuple[tuple[OpenFact, bool], ...]
_UNIVERSAL = frozenset({Kind.NO, Kind.EVERY, Kind.ONLY, Kind.REACHES_ONLY})


def ways_of_placing(verdict: Verdict, question: Question) -> Iterator[Settled]:
    """What the choice can be, where an unknown verdict hangs on it, and such pods can come."""
    if verdict.status is not Status.UNKNOWN or question.claim.kind not in _UNIVERSAL or question.settled:
        return
    if question.universe is Universe.INVENTORY:
        return
    open_here = [fact for fact in (OWN_NODE, API_SERVER) if fact.text in verdict.blame]
    for said in product((True, False), repeat=len(open_here)) if open_here else ():
        yield tuple(zip(open_here, said, strict=True))


def as_placed(verdict: Verdict, settled: Settled, most: int) -> Verdict | None:
    """The verdict with those of its counterexamples that whoever makes pods and nodes can bring about; None where there
    is none."""
    if verdict.status is not Status.REFUTED:
        return None
    shown = tuple(it for it in verdict.counterexamples if it.connection and _can_be(it.connection, settled))
    if not shown:
        return None
    reason = "; ".join((verdict.reason, *(_WORDS[fact.kind][is_so] for fact, is_so in settled)))
    mine = replace(verdict, reason=reason, counterexamples=shown[:most], is_complete=False, live=False, steps=())
    return replace(mine, beyond=None)


def _can_be(one: Connection, settled: Settled) -> bool:
    return any(
        all(_is_free(fact, pod, node) for fact, _ in settled) for pod, node in ((one.src, one.dst), (one.dst, one.src))
    )


def _is_free(fact: OpenFact, pod: End, node: End) -> bool:
    """The node is one of many, of which any can be so; or the pod is not there yet, and comes to whichever."""
    is_new = isinstance(node, Host) and node.name is None
    is_on_each = isinstance(node, Pod) and node.host_network and (node.workload or "").endswith("[DaemonSet]")
    is_to_come = isinstance(pod, Pod) and pod.workload is None and not (isinstance(node, Pod) and not node.host_network)
    return isinstance(pod, Pod) and (is_new or is_on_each or (fact == OWN_NODE and is_to_come))
