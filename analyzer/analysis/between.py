"""What is allowed from one end to one other, and why, whatever the two are: the one way in which `explain` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.analysis.explanation import explain
from analyzer.analysis.pointwise import Found, decided
from analyzer.analysis.requests import judged, without_requests
from analyzer.model.cluster import NO_LABELS, Cluster, Node, Workload
from analyzer.model.endpoints import Through
from analyzer.model.enforcing import as_enforced
from analyzer.model.policies import Direction
from analyzer.model.profile import AllowLocalhost, Profile
from analyzer.model.requests import Request
from analyzer.semantics.decision import Ruling, StageVerdict
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.explanation import Effect, Explanation, Outcome, SideExplanation

ENTITIES = ("health", "ingress", "init", "kube-apiserver", "unmanaged")
"""Ends that Cilium knows and no object declares."""

AskedEnd = PairEnd | str
"""An end, or the name of an entity."""

ITSELF = "an end always reaches itself"
_NO_SUCH_PORT = "the Service has no such port, and leads nowhere on it"


def between(
    cluster: Cluster,
    profile: Profile,
    src: AskedEnd,
    dst: AskedEnd,
    words: tuple[str, str],
    *,
    asked: ConnectionSet,
    pod_addresses: AddressSet | None = None,
    request: Request | None = None,
    through: Through | None = None,
) -> Explanation:
    """What is allowed of the connections `asked` about; what is not known is said to be unknown."""

    def settled(outcome: Outcome, reason: str) -> Explanation:
        return settling(outcome, reason, words, asked, profile)

    if not asked:
        return settled(Outcome.DENIED, _NO_SUCH_PORT)
    entities = tuple(end for end in (src, dst) if isinstance(end, str))
    if (found_early := _of_entities(entities, profile)) is not None:
        return settled(*found_early)
    engine = profile
    if entities:  # which address ranges and labels of nodes never mean
        engine = replace(profile, ipblock_matches_nodes=False, enable_node_selector_labels=False)
    src, dst = (_unselectable_end(end) if isinstance(end, str) else end for end in (src, dst))
    cluster = as_enforced(without_requests(cluster), engine)
    if engine.reads_calico and cluster.calico.decides and not entities:
        one = decided(cluster, engine, src, dst, asked, pod_addresses=pod_addresses, request=request)
        mesh = judged(cluster, engine, src, dst, asked, request, pod_addresses, through)
        found = _by_the_oracle(one, mesh, settled(one.outcome, ""))
    elif not isinstance(src, Workload) and not isinstance(dst, Workload):
        outcome = Outcome.UNKNOWN if cluster.unmodelled else Outcome.ALLOWED
        return settled(outcome, "neither end is a pod: network policies say nothing of this")
    else:
        found = explain(
            cluster,
            engine,
            src,
            dst,
            asked=asked,
            pod_addresses=pod_addresses,
            words=words,
            request=request,
            through=through,
        )
    return replace(_with_own_node(found, src, dst, engine), profile=profile)


def settling(
    outcome: Outcome, reason: str, words: tuple[str, str], asked: ConnectionSet, profile: Profile
) -> Explanation:
    """The explanation where no rule is gone through."""
    nothing = ConnectionSet.EMPTY
    allowed = nothing if outcome is Outcome.DENIED else asked
    certain = asked if outcome is Outcome.ALLOWED else nothing

    def side(direction: Direction) -> SideExplanation:
        return SideExplanation(direction, allowed, certain, reason, applies=False)

    sides = side(Direction.EGRESS), side(Direction.INGRESS)
    return Explanation(*words, asked, allowed, certain, *sides, profile, reason=reason)


def _by_the_oracle(one: Found, mesh: SideExplanation | None, bare: Explanation) -> Explanation:
    """The oracle's answer, where the pipeline is Calico's, and what the mesh lets pass of it."""
    stages = {} if one.decision is None else {ruling.stage: ruling for ruling in one.decision.stages}
    is_open = one.outcome is Outcome.UNKNOWN
    sides = [_side_of(stages.get(side.direction.value), bare, side, is_open) for side in (bare.egress, bare.ingress)]
    reason = "" if stages else "no address family is common to both ends"
    if stages.keys() - {direction.value for direction in Direction}:
        reason = "; ".join(f"{ruling.stage}: {ruling.reason}" for ruling in stages.values())
    notes = tuple(fact.text for fact in one.open)
    may, must = (bare.asked, bare.asked) if mesh is None else (mesh.allowed, mesh.certain)
    return replace(
        bare,
        allowed=bare.allowed & may,
        certain=bare.certain & must,
        egress=sides[0],
        ingress=sides[1],
        notes=notes,
        request=mesh,
        reason=reason,
    )


def _side_of(ruling: Ruling | None, whole: Explanation, side: SideExplanation, is_open: bool) -> SideExplanation:
    if ruling is None:
        return side
    allowed = whole.asked if ruling.allowed or is_open else ConnectionSet.EMPTY
    certain = ConnectionSet.EMPTY if is_open else allowed
    applies = ruling.verdict is not StageVerdict.NONE
    return SideExplanation(side.direction, allowed, certain, ruling.reason, applies=applies, rules=ruling.rules)


def _with_own_node(found: Explanation, src: PairEnd, dst: PairEnd, profile: Profile) -> Explanation:
    """A pod's own node always reaches it, whatever policies say (reference A12.2)."""
    near = _shares_node(src, dst) if profile.allow_localhost is AllowLocalhost.AUTO else None
    if near is None or found.outcome is Outcome.ALLOWED or _is_shut_to_its_node(found.ingress, profile):
        return found
    if near:
        reason = "a pod's own node always reaches it"
        return replace(found, allowed=found.asked, certain=found.asked, reason=reason)
    return replace(found, allowed=found.asked, reason="it may come from the pod's own node")


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
