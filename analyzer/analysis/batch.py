"""Many connections at once: whether each is let through, without the rules that were gone through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.analysis.explanation import explain
from analyzer.analysis.pointwise import decided
from analyzer.analysis.requests import judged, without_requests
from analyzer.model.cluster import NO_LABELS, Cluster, Node, Workload
from analyzer.model.endpoints import Through
from analyzer.model.enforcing import as_decided
from analyzer.model.profile import AllowLocalhost, Profile
from analyzer.model.requests import Request
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.explanation import Answer, Effect, Outcome, SideExplanation

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
    request: Request | None = None,
    through: Through | None = None,
) -> Answer:
    """Whether the connections `ports` pass from one end to the other; what is not known is said to be unknown."""
    (src, src_words), (dst, dst_words) = source, destination

    def settled(outcome: Outcome, reason: str) -> Answer:
        return Answer(id_, src_words, dst_words, on, outcome, reason)

    entities = tuple(end for end in (src, dst) if isinstance(end, str))
    if (found_early := _of_entities(entities, profile)) is not None:
        return settled(*found_early)
    if entities:  # which address ranges and labels of nodes never mean
        profile = replace(profile, ipblock_matches_nodes=False, enable_node_selector_labels=False)
    src, dst = (_unselectable_end(end) if isinstance(end, str) else end for end in (src, dst))
    if src is dst and getattr(src, "is_single", True):
        return settled(Outcome.ALLOWED, "an end always reaches itself")
    cluster = without_requests(as_decided(cluster, profile))
    if profile.reads_calico and cluster.calico.decides and not entities:
        found_one = _one_by_one(id_, source, destination, on, cluster, profile, ports, pod_addresses, request)
        mesh = judged(cluster, profile, src, dst, ports, request, pod_addresses, through)
        return found_one if mesh is None else _with_mesh(found_one, mesh)
    if not isinstance(src, Workload) and not isinstance(dst, Workload):
        outcome = Outcome.UNKNOWN if cluster.unmodelled else Outcome.ALLOWED
        return settled(outcome, "neither end is a pod: network policies say nothing of this")
    found = explain(
        cluster, profile, src, dst, asked=ports, pod_addresses=pod_addresses, request=request, through=through
    )
    notes = tuple(note for side in found.sides for note in side.notes)
    reason = "; ".join(f"{side.stage or side.direction.value}: {side.reason}" for side in found.sides)
    outcome = found.outcome
    near = _shares_node(src, dst) if profile.allow_localhost is AllowLocalhost.AUTO else None
    if near is not None and outcome is not Outcome.ALLOWED and not _is_shut_to_its_node(found.ingress, profile):
        outcome = Outcome.ALLOWED if near else Outcome.UNKNOWN
        reason = "a pod's own node always reaches it" if near else "it may come from the pod's own node"
    return Answer(id_, src_words, dst_words, on, outcome, reason, notes)


def _one_by_one(
    id_: str | int,
    source: Asked,
    destination: Asked,
    on: str,
    cluster: Cluster,
    profile: Profile,
    ports: ConnectionSet,
    pod_addresses: AddressSet | None,
    request: Request | None,
) -> Answer:
    """The answer of the oracle, where the pipeline is Calico's."""
    (src, src_words), (dst, dst_words) = source, destination
    assert not isinstance(src, str)
    assert not isinstance(dst, str)
    found = decided(cluster, profile, src, dst, ports, pod_addresses=pod_addresses, request=request)
    outcome = found.outcome
    reason = "no address family is common to both ends"
    if found.decision is not None:
        reason = "; ".join(f"{ruling.stage}: {ruling.reason}" for ruling in found.decision.stages)
    near = _shares_node(src, dst) if profile.allow_localhost is AllowLocalhost.AUTO else None
    if near is not None and outcome is not Outcome.ALLOWED:
        outcome = Outcome.ALLOWED if near else Outcome.UNKNOWN
        reason = "a pod's own node always reaches it" if near else "it may come from the pod's own node"
    return Answer(id_, src_words, dst_words, on, outcome, reason, tuple(fact.text for fact in found.open))


def _with_mesh(found: Answer, mesh: SideExplanation) -> Answer:
    """What both let through; unknown where one does not know and the other lets it through."""
    both = {found.outcome, mesh.outcome}
    outcome = next(each for each in (Outcome.DENIED, Outcome.UNKNOWN, Outcome.ALLOWED) if each in both)
    reason = f"{found.reason}; {mesh.stage}: {mesh.reason}"
    return replace(found, outcome=outcome, reason=reason, notes=(*found.notes, *mesh.notes))


def _of_entities(names: Sequence[str], profile: Profile) -> tuple[Outcome, str] | None:
    """What is known of a connection with these entities whatever policies say; None if policies decide it."""
    if not names:
        return None
    if profile.name != "cilium" or "kube-apiserver" in names:
        return Outcome.UNKNOWN, "what policies say of this entity is not known"
    if not profile.enforces:
        return Outcome.ALLOWED, f"profile {profile.name} enforces no policy"
    if "init" in names:
        return Outcome.DENIED, "an endpoint whose labels are not known yet is closed, both ways"
    if profile.closes and set(names) - {"unmanaged"}:
        return Outcome.DENIED, "every endpoint is isolated (enable-policy=always)"
    return None


def _unselectable_end(name: str) -> Node:
    """An end that no selector and no range of addresses means."""
    return Node(f"entity:{name}", NO_LABELS, (), AddressSet.EMPTY)


def _is_shut_to_its_node(ingress: SideExplanation, profile: Profile) -> bool:
    """Where every pod is isolated, one that no ingress rule selects is closed to its own node too (0.5, K47)."""
    return profile.closes and not any(step.effect in (Effect.ISOLATES, Effect.SELECTS) for step in ingress.steps)


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
