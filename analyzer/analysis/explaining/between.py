"""What is allowed from one end to one other, and why, whatever the two are: the one way in which `explain` answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from ipaddress import IPv4Address

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.analysis.explaining.explanation import explain
from analyzer.analysis.explaining.pointwise import AskedEnd, Found, decided, distinguished_addresses
from analyzer.analysis.explaining.requests import as_sent, judged, without_requests
from analyzer.analysis.explaining.tunnels import NO_TUNNEL, through_mesh, tunnel_to
from analyzer.model.cilium import SPECIALS
from analyzer.model.cilium_places import api_server_addresses
from analyzer.model.cluster import NO_LABELS, Cluster, Node, Workload
from analyzer.model.endpoints import Through, pod_of
from analyzer.model.enforcing import as_declared, as_enforced
from analyzer.model.formulas import FALSE, Role, Test, leaves_once
from analyzer.model.knobs import AllowLocalhost
from analyzer.model.mesh import TUNNEL_PORT
from analyzer.model.policies import Direction, Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import is_decided_by_calico, is_decided_by_cilium, pipeline_of
from analyzer.model.requests import Request
from analyzer.semantics.decision import Ruling, StageVerdict
from analyzer.semantics.fold import Span
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.settling import runs
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.explanation import Effect, Explanation, Outcome, SideExplanation

API_SERVER = "kube-apiserver"
ENTITIES = (*SPECIALS, API_SERVER)
"""Ends that Cilium knows and no object declares; the API server is a node, or outside."""

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
    cluster = as_enforced(without_requests(cluster), profile)
    request = None if request is None else as_sent(cluster, profile, src, dst, asked, request)
    if isinstance(src, str) or isinstance(dst, str):
        if not profile.reads_cilium:
            return settled(Outcome.UNKNOWN, "what policies say of this entity is not known")
        one = _of_entities(cluster, profile, src, dst, asked, pod_addresses, request)
        return _by_the_oracle(one, None, settled(one.outcome, ""))
    if _is_asked_point_by_point(cluster, profile, (src, dst)):
        found = _point_by_point(
            cluster,
            profile,
            (src, dst),
            settled,
            asked=asked,
            pod_addresses=pod_addresses,
            request=request,
            through=through,
        )
        if request is None:
            found = _step_by_step(found, cluster, (src, dst), pod_addresses)
    elif not isinstance(src, Workload) and not isinstance(dst, Workload):
        outcome = Outcome.UNKNOWN if cluster.unmodelled else Outcome.ALLOWED
        return settled(outcome, "neither end is a pod: network policies say nothing of this")
    else:
        found = explain(
            as_declared(cluster, src, dst),
            profile,
            src,
            dst,
            asked=asked,
            pod_addresses=pod_addresses,
            words=words,
            request=request,
            through=through,
        )
    if is_decided_by_cilium(profile, cluster):
        return found  # which says of a pod's own node what it says
    sees = _sees_own_node(cluster, profile, dst) if _shares_node(src, dst) is not None else None
    if not sees:
        return _with_own_node(found, src, dst, profile)
    if profile.enforces:  # policies say nothing of what comes from the own node, the tier before them does
        alone = between(
            cluster,
            replace(profile, enforces=False),
            src,
            dst,
            words,
            asked=asked,
            pod_addresses=pod_addresses,
            request=request,
            through=through,
        )
        allowed = alone.allowed | (found.allowed if _shares_node(src, dst) is False else ConnectionSet.EMPTY)
        found = replace(found, allowed=allowed, certain=alone.certain & allowed, reason=_SEEN)
    return found if min(sees) else replace(found, allowed=asked, reason="it may come from the pod's own node")


def _point_by_point(
    cluster: Cluster,
    profile: Profile,
    ends: tuple[PairEnd, PairEnd],
    settled: Callable[[Outcome, str], Explanation],
    *,
    asked: ConnectionSet,
    pod_addresses: AddressSet | None,
    request: Request | None,
    through: Through | None,
) -> Explanation:
    """The oracle's answer on each connection, of which it sees what is on the wire."""
    src, dst = ends
    tunnel = tunnel_to(cluster, profile, src, dst, asked, request, pod_addresses, through)

    def below(asked: ConnectionSet) -> Found:
        return decided(cluster, profile, src, dst, asked, pod_addresses=pod_addresses, request=request)

    def by_mesh(tls: str | None) -> SideExplanation | None:
        return judged(cluster, profile, src, dst, asked, request, pod_addresses, through, tls)

    one = below(tunnel.on_wire(asked))
    found = _by_the_oracle(one, by_mesh(None), settled(one.outcome, ""))
    if tunnel == NO_TUNNEL:
        return found
    whole = one.whole
    if tunnel.may:
        inside = below(ConnectionSet(tcp=PortSet.of(TUNNEL_PORT))).whole
        whole = Span(whole.may | inside.may, whole.must | inside.must)
    may, must = through_mesh(tunnel, asked, (whole.may, whole.must), by_mesh)
    egress, ingress = (tunnel.told(side, asked) for side in (found.egress, found.ingress))
    notes = (*found.notes, *tunnel.notes(may, must))
    return replace(found, allowed=may, certain=must, egress=egress, ingress=ingress, notes=notes)


_SEEN = "of what comes from the pod's own node its security groups alone are asked"


def _sees_own_node(cluster: Cluster, profile: Profile, dst: PairEnd) -> tuple[bool, ...] | None:
    """Whether a tier is asked of what comes from the own node of such pods, in each way of settling what is open; None
    where that is nowhere."""
    arrival = pipeline_of(profile, cluster).stages[-1].arrival
    if arrival.is_seen == FALSE or not isinstance(dst, Workload):
        return None
    namespace = cluster.namespace_by_name.get(dst.namespace)
    pod = pod_of(dst, namespace.labels if namespace is not None else NO_LABELS, IPv4Address(0))
    about = Situation(Protocol.OTHER, None, {Role.SELF: pod, Role.DST: pod})
    answers = runs(lambda settle: is_true(arrival.is_seen, replace(about, settle=settle)))
    return found if any(found := tuple(dict.fromkeys(told for told, _ in answers))) else None


def looks_at_requests(cluster: Cluster, profile: Profile) -> bool:
    """Some policy asks about requests."""
    rules = (rule.when for _, _, rule in pipeline_of(profile, cluster).rules)
    return any(isinstance(leaf, Test) and leaf.attribute.role is Role.REQUEST for leaf in leaves_once(rules))


def _is_asked_point_by_point(cluster: Cluster, profile: Profile, ends: Sequence[PairEnd]) -> bool:
    """Where the engine's own policies decide and the map's fold does not follow them: at requests, and at nodes."""
    is_at_nodes = any(isinstance(end, Node) or (isinstance(end, Workload) and end.host_network) for end in ends)
    neither_is_a_pod = not any(isinstance(end, Workload) for end in ends)
    if (is_at_nodes or neither_is_a_pod) and profile.reads_groups and cluster.aws.interfaces:
        from analyzer.model.aws_nodes import nodes_are_judged

        if nodes_are_judged(cluster):
            return True
    if not is_decided_by_calico(profile, cluster):
        return is_decided_by_cilium(profile, cluster)
    return profile.application_layer_policy or (cluster.calico.has_hosts and (is_at_nodes or neither_is_a_pod))


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
    """The oracle's answer, where the pipeline is an engine's own, and what the mesh lets pass of it."""
    stages = {} if one.decision is None else {ruling.stage: ruling for ruling in one.decision.stages}
    sides = [_side_of(stages.get(side.direction.value), one, side) for side in (bare.egress, bare.ingress)]
    reason = "" if stages else "no address family is common to both ends"
    if stages.keys() - {direction.value for direction in Direction}:
        reason = "; ".join(f"{ruling.stage}: {ruling.reason}" for ruling in stages.values())
    notes = tuple(fact.text for fact in one.open)
    may, must = (bare.asked, bare.asked) if mesh is None else (mesh.allowed, mesh.certain)
    return replace(
        bare,
        allowed=one.whole.may & may,
        certain=one.whole.must & must,
        egress=sides[0],
        ingress=sides[1],
        notes=notes,
        request=mesh,
        reason=reason,
    )


def _side_of(ruling: Ruling | None, one: Found, side: SideExplanation) -> SideExplanation:
    if ruling is None:
        return side
    span = one.stages[ruling.stage]
    if not ruling.allowed:  # on the port of the decision
        ruling = one.passing.get(ruling.stage, ruling)
    applies = ruling.verdict is not StageVerdict.NONE
    return SideExplanation(side.direction, span.may, span.must, ruling.reason, applies=applies, rules=ruling.rules)


def _step_by_step(
    found: Explanation, cluster: Cluster, ends: tuple[PairEnd, PairEnd], pod_addresses: AddressSet | None
) -> Explanation:
    """The oracle's answer with each rule in turn, as the map's fold goes through them, wherever the two say the same
    of a side; at nodes the map judges nothing."""
    src, dst = ends
    is_at_nodes = any(isinstance(end, Node) or (isinstance(end, Workload) and end.host_network) for end in ends)
    if is_at_nodes or not any(isinstance(end, Workload) for end in ends):
        return found
    declared = as_declared(cluster, src, dst)
    told = explain(declared, found.profile, src, dst, asked=found.asked, pod_addresses=pod_addresses)

    def side(by_oracle: SideExplanation, by_fold: SideExplanation) -> SideExplanation:
        is_same = (by_oracle.allowed, by_oracle.certain) == (by_fold.allowed, by_fold.certain)
        return replace(by_oracle, steps=by_fold.steps) if is_same and by_oracle.applies else by_oracle

    return replace(found, egress=side(found.egress, told.egress), ingress=side(found.ingress, told.ingress))


def _with_own_node(found: Explanation, src: PairEnd, dst: PairEnd, profile: Profile) -> Explanation:
    """A pod's own node always reaches it, whatever policies say (reference A12.2)."""
    near = _shares_node(src, dst) if profile.allow_localhost is AllowLocalhost.AUTO else None
    if near is None or found.outcome is Outcome.ALLOWED or _is_shut_to_its_node(found.ingress, profile):
        return found
    if near:
        reason = "a pod's own node always reaches it"
        return replace(found, allowed=found.asked, certain=found.asked, reason=reason)
    return replace(found, allowed=found.asked, reason="it may come from the pod's own node")


def _of_entities(
    cluster: Cluster,
    profile: Profile,
    src: AskedEnd,
    dst: AskedEnd,
    asked: ConnectionSet,
    pod_addresses: AddressSet | None,
    request: Request | None,
) -> Found:
    """The answer where an end is an entity.  The API server is where it is known to answer, else it may be anywhere."""
    places = _api_servers(cluster, profile) if API_SERVER in (src, dst) else {None: profile}
    found = []
    for place, its in places.items():
        one, other = (place if end == API_SERVER and place is not None else end for end in (src, dst))
        found.append(decided(cluster, its, one, other, asked, pod_addresses=pod_addresses, request=request))
    found = [one for one in found if one.decision is not None] or found  # in a family that the other end has
    shown = next((one for one in found if one.outcome is not Outcome.ALLOWED), found[0])
    whole = reduce(Span.or_else, (one.whole for one in found))
    stages = {name: reduce(Span.or_else, (one.stages[name] for one in found)) for name in shown.stages}
    return replace(shown, whole=whole, stages=stages)


def _api_servers(cluster: Cluster, profile: Profile) -> dict[Node | AddressSet | None, Profile]:
    """What the API server may be, each with the profile that knows it: a node or an address outside."""
    known = api_server_addresses(profile, cluster)
    if known:
        node = next((node for node in cluster.nodes if any(ip in known for ip in node.ips)), None)
        return {node or known: profile}
    found: dict[Node | AddressSet | None, Profile] = {}
    for ip in distinguished_addresses(pipeline_of(profile, cluster), ~cluster.taken_addresses):
        its = profile.with_knob("kube-apiserver", str(ip))
        found[AddressSet.single(ip)] = its
        found[Node(f"the API server at {ip}", NO_LABELS, (ip,), AddressSet.EMPTY)] = its
    return found


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
