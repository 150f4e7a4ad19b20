"""Many connections at once: whether each is let through, without the rules that were gone through."""

from __future__ import annotations

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.analysis.explanation import explain
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.explanation import Answer, Outcome

ENTITIES = ("health", "ingress", "init", "kube-apiserver", "unmanaged")
"""Ends that Cilium knows and no object declares."""

Asked = tuple[PairEnd | str, str]
"""An end, or the name of an entity, and what to call it."""


def answer(
    cluster: Cluster,
    profile: Profile,
    id_: str | int,
    source: Asked,
    destination: Asked,
    on: str,
    ports: ConnectionSet,
    *,
    pod_addresses: AddressSet | None = None,
) -> Answer:
    """Whether the connections `ports` pass from one end to the other; what is not known is said to be unknown."""
    (src, src_words), (dst, dst_words) = source, destination

    def settled(outcome: Outcome, reason: str) -> Answer:
        return Answer(id_, src_words, dst_words, on, outcome, reason)

    if isinstance(src, str) or isinstance(dst, str):
        return settled(Outcome.UNKNOWN, "what policies say of this entity is not modelled")
    if src is dst and getattr(src, "is_single", True):
        return settled(Outcome.ALLOWED, "an end always reaches itself")
    if not isinstance(src, Workload) and not isinstance(dst, Workload):
        outcome = Outcome.UNKNOWN if cluster.unmodelled else Outcome.ALLOWED
        return settled(outcome, "neither end is a pod: network policies say nothing of this")
    found = explain(cluster, profile, src, dst, asked=ports, pod_addresses=pod_addresses)
    notes = (*found.egress.notes, *found.ingress.notes)
    reason = f"egress: {found.egress.reason}; ingress: {found.ingress.reason}"
    outcome = found.outcome
    if (near := _shares_node(src, dst)) is not None and outcome is not Outcome.ALLOWED:
        outcome = Outcome.ALLOWED if near else Outcome.UNKNOWN
        reason = "a pod's own node always reaches it" if near else "it may come from the pod's own node"
    return Answer(id_, src_words, dst_words, on, outcome, reason, notes)


def _shares_node(src: PairEnd, dst: PairEnd) -> bool | None:
    """Whether the source is the node that the destination's pods are on, or on its network; None if it cannot be."""
    if not isinstance(dst, Workload) or dst.host_network:
        return None
    if isinstance(src, Node):
        there: tuple[str, ...] = (src.name,)
    elif isinstance(src, Workload) and src.host_network:
        there = src.nodes
    else:
        return None
    if not set(there) & set(dst.nodes):
        return None
    return len(there) == len(dst.nodes) == 1
