"""A peer more for each workload that a change would cut off: joined to the rule, not put in another's place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.analysis.findings.matter import Change, Matter
from analyzer.analysis.findings.near_rules import end_of
from analyzer.analysis.findings.operations import AddPeer
from analyzer.analysis.findings.permitting import known_by, listed, named
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.policies import NamespaceNamed, NamespacesMatching, PodPeer, Policy


def joined_by(matter: Matter, change: Change, cut: Sequence[Connection]) -> Change | None:
    """The change, with a peer more for each workload that it would cut off; None where that lets a probe through."""
    rules = change.policy.rules(matter.direction) or ()
    rule = next((it for it in rules if it.index == matter.rule.index), None)
    if rule is None or rule.peers is None:
        return None
    peers: dict[PodPeer, str] = {}
    for connection in cut:
        far = end_of(connection, matter.direction, is_near=False)
        if isinstance(far, Pod):
            peers[_peer_of(far, matter.policy)] = (far.workload or far.namespace).partition("[")[0]
    if not peers or len(peers) > _MOST_JOINED:
        return None
    after = matter.after(change.policy)
    policy = after.with_rule(replace(rule, peers=(*rule.peers, *peers)))
    if matter.left(policy):
        return None
    operations = tuple(AddPeer(matter.direction, rule.index, peer) for peer in peers)
    said = f"keep {listed(list(dict.fromkeys(peers.values())))} as a peer of its own"
    return change.then(Change(policy, operations, (said,)))


def _peer_of(far: Pod, policy: Policy) -> PodPeer:
    """The pod by its namespace and the label that it is known by."""
    is_home = far.namespace == policy.namespace
    namespaces = NamespaceNamed(far.namespace) if is_home else NamespacesMatching(named([far.namespace]))
    return PodPeer(namespaces, known_by(far.labels))


_MOST_JOINED = 6
