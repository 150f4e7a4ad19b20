"""Why one end can or cannot reach another: each tier in order, each rule, and why it matches or does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from itertools import groupby

from analyzer.analysis.connectivity.pairwise import Pair, PairEnd, PairSide
from analyzer.analysis.mismatches import end_words, peer_mismatches, pods_mismatch, ports_mismatch
from analyzer.analysis.requests import judged, without_requests
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.endpoints import Through
from analyzer.model.enforcing import as_enforced
from analyzer.model.policies import Action, Direction, Policy, Rule, RuleRef, Tier, TierShape, UnknownPeer
from analyzer.model.profile import OtherProtocols, Profile
from analyzer.model.requests import Request
from analyzer.records import dataclass
from analyzer.semantics.fold import Span
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.explanation import Effect, Explanation, SideExplanation, Step

_EFFECT = {Action.ACCEPT: Effect.ALLOWS, Action.DENY: Effect.DENIES, Action.PASS: Effect.PASSES}


def explain(
    cluster: Cluster,
    profile: Profile,
    src: PairEnd,
    dst: PairEnd,
    *,
    asked: ConnectionSet = ConnectionSet.PORTS,
    pod_addresses: AddressSet | None = None,
    words: tuple[str, str] | None = None,
    request: Request | None = None,
    through: Through | None = None,
) -> Explanation:
    """What is allowed of the connections asked about, and why.  With a `request`, whether that is let through; without,
    whether some request is.  `through`: the Service that the client asks for.

    An end may be a workload that the cluster does not hold, one that is still to be created.  `words` names the ends;
    without it they go by their ids.  Of a set of addresses `allowed` is what some may, `certain` what all may.
    """
    cluster = without_requests(as_enforced(cluster, profile))
    pair = Pair(cluster, profile, src, dst, pod_addresses)
    both = pair.both()
    sides = {
        direction: _Trial(cluster, profile, pair, direction, near, far, dst, asked).explained()
        for direction, near, far in ((Direction.EGRESS, src, dst), (Direction.INGRESS, dst, src))
    }
    names = words or (end_words(src), end_words(dst))
    mesh = judged(cluster, profile, src, dst, asked, request, pod_addresses, through)
    may, must = (mesh.allowed, mesh.certain) if mesh is not None else (asked, asked)
    return Explanation(
        *names,
        asked,
        both.may & may,
        both.must & must,
        sides[Direction.EGRESS],
        sides[Direction.INGRESS],
        profile,
        request=mesh,
    )


@dataclass
class _Undecided:
    """What may still get to the next rule; and what got past a tier by a Pass."""

    may: ConnectionSet
    passed: ConnectionSet = field(default=ConnectionSet.EMPTY)


@dataclass(frozen=True)
class _Trial:
    """One end's ruling on the way to being explained."""

    cluster: Cluster
    profile: Profile
    pair: Pair
    direction: Direction
    near: PairEnd
    far: PairEnd
    dst: PairEnd
    asked: ConnectionSet

    def explained(self) -> SideExplanation:
        side = self.pair.side(self.direction)
        allowed, certain = side.span.may & self.asked, side.span.must & self.asked
        open_reason = self._open_reason()
        steps = () if open_reason else tuple(self._steps(side))
        reason = open_reason or self._reason(steps, allowed, certain)
        notes = tuple(self._notes(side))
        return SideExplanation(self.direction, allowed, certain, reason, steps, notes, applies=not open_reason)

    def _open_reason(self) -> str:
        """Why policies do not matter at this end; empty if they do."""
        if isinstance(self.near, AddressSet):
            return "it lies outside the cluster: policies do not select it"
        if isinstance(self.near, Node):
            return "it is a node: policies do not select it"
        if self.near.host_network:
            return "it uses its node's network: policies do not select it"
        if not self.profile.enforces:
            return f"profile {self.profile.name} enforces no policy"
        return ""

    # -------------------------------------------------------------------------------------------- tiers
    def _steps(self, side: PairSide) -> Iterator[Step]:
        policies = side.subject.policies if side.subject else ()
        left = _Undecided(self.asked)
        for tier in Tier:
            here = [policy for policy in policies if policy.tier is tier]
            if here and tier.shape is TierShape.UNION:
                yield from self._union(here, left.may)
                left = _Undecided(self._left_by(here, left.may))
            else:
                before, below = left.may, left.may
                for scale in dict.fromkeys(policy.scale for policy in here):
                    left.may = before
                    for _, tied in groupby((p for p in here if p.scale == scale), key=lambda policy: policy.position):
                        yield from self._first_match(list(tied), left)
                    below &= left.may
                left = _Undecided(below | left.passed)
            yield from self._unselecting(tier, here)

    def _unselecting(self, tier: Tier, selecting: list[Policy]) -> Iterator[Step]:
        """Policies that could select the end, by their namespace, and do not."""
        assert isinstance(self.near, Workload)
        if tier is Tier.NETWORK_POLICY:
            candidates = self.cluster.network_policies_by_namespace.get(self.near.namespace, ())
        else:
            candidates = self.cluster.policies_by_tier[tier]
        chosen = set(map(id, selecting))
        for policy in candidates:
            if id(policy) not in chosen and policy.rules(self.direction) is not None:
                why = pods_mismatch(policy.subject, self.near, self.cluster)
                yield Step(tier, RuleRef(policy, self.direction), Effect.NOT_SELECTED, why=why)

    def _left_by(self, policies: list[Policy], left: ConnectionSet) -> ConnectionSet:
        """What gets past isolation to the next tier: nothing, but where that tier may open what isolation denies."""
        if not self.profile.baseline_opens_isolation:
            return ConnectionSet.EMPTY
        for policy in policies:
            for rule in policy.rules(self.direction) or ():
                left -= self._span(rule).must
        return left

    def _union(self, policies: list[Policy], left: ConnectionSet) -> Iterator[Step]:
        for policy in policies:
            yield Step(Tier.NETWORK_POLICY, RuleRef(policy, self.direction), Effect.ISOLATES)
            for rule in policy.rules(self.direction) or ():
                yield self._step(policy, rule, left, Effect.ALLOWS)

    def _first_match(self, tied: list[Policy], left: _Undecided) -> Iterator[Step]:
        """Policies of one priority are each asked about all that got so far; see the note on ties."""
        before, after = left.may, left.may
        for policy in tied:
            yield Step(policy.tier, RuleRef(policy, self.direction), Effect.SELECTS)
            here = before
            for rule in policy.rules(self.direction) or ():
                step = self._step(policy, rule, here, _EFFECT[rule.action])
                yield step
                if step.effect is Effect.PASSES:
                    left.passed |= step.connections
                if step.effect in _EFFECT.values():
                    here -= self._span(rule).must
            after &= here
        left.may = after

    def _span(self, rule: Rule) -> Span:
        span = self.pair.meaning(self.direction, rule)
        if any(isinstance(peer, UnknownPeer) for peer in rule.peers or ()):
            deny = rule.action is not Action.ACCEPT
            span = Span.sure(ConnectionSet.FULL if deny else ConnectionSet.EMPTY)
        return span if rule.open is None else span.unsure()

    # -------------------------------------------------------------------------------------------- rules
    def _step(self, policy: Policy, rule: Rule, left: ConnectionSet, effect: Effect) -> Step:
        ref = RuleRef(policy, self.direction, rule)
        span = self._span(rule)
        meant = span.may & self.asked
        if not meant:
            return Step(policy.tier, ref, Effect.NO_MATCH, why=self._why_not(rule, span))
        if not meant & left:
            return Step(policy.tier, ref, Effect.NOT_REACHED, meant)
        if any(isinstance(peer, UnknownPeer) for peer in rule.peers or ()):
            why = "a peer of it is of a kind that netproof does not know, so it denies everything"
            return Step(policy.tier, ref, Effect.DENIES, meant & left, rule.open is None, why)
        is_certain = meant & left == span.must & left & self.asked
        why = "" if is_certain else self._why_not(rule, span)
        if rule.open is not None:
            why = rule.open.text
        return Step(policy.tier, ref, effect, meant & left, is_certain, why)

    def _why_not(self, rule: Rule, span: Span) -> str:
        """Why the rule does not match, or only may: its peers if they do not mean the far end, else its ports."""
        peers = [text for text in peer_mismatches(rule.peers or (), self.far, self.cluster, self.profile) if text]
        is_peer = rule.peers is not None and len(peers) == len(rule.peers)
        if is_peer:
            return "; ".join(dict.fromkeys(peers))
        if rule.ports is not None and not span.must & self.asked:
            return ports_mismatch(rule.ports, self.asked, self.dst)
        return "; ".join(dict.fromkeys(peers))

    # -------------------------------------------------------------------------------------------- in words
    def _reason(self, steps: tuple[Step, ...], allowed: ConnectionSet, certain: ConnectionSet) -> str:
        by_effect: dict[Effect, list[Step]] = {}
        for step in steps:
            by_effect.setdefault(step.effect, []).append(step)
        isolating = [step.ref.policy.id for step in by_effect.get(Effect.ISOLATES, [])]
        if allowed == certain == self.asked and not by_effect.keys() - {Effect.NOT_SELECTED}:
            return "no policy selects it"
        if not allowed:
            return self._why_denied(by_effect, isolating)
        if allowed != certain:
            some = "which address it is, or on " if isinstance(self.far, AddressSet) else ""
            return f"what is not certain hangs on {some}what the manifests leave open"
        if Effect.ALLOWS in by_effect:
            ref = by_effect[Effect.ALLOWS][0].ref
            return f"allowed by rule {rule_label(ref)} of {ref.policy.id}"
        if isolating and allowed == ConnectionSet.OTHER:
            return f"{isolating[0]} isolates it, but the profile lets protocols without ports pass"
        return "no rule of the policies that select it denies this"

    def _why_denied(self, by_effect: dict[Effect, list[Step]], isolating: list[str]) -> str:
        if isolating:
            more = f" and {len(isolating) - 1} more isolate" if len(isolating) > 1 else " isolates"
            return f"{isolating[0]}{more} it and no rule allows this"
        if Effect.DENIES in by_effect:
            ref = by_effect[Effect.DENIES][0].ref
            return f"denied by rule {rule_label(ref)} of {ref.policy.id}"
        if self.profile.closes:
            return "every pod is isolated (enable-policy=always) and nothing allows this"
        return "the two ends have no address family in common"

    def _notes(self, side: PairSide) -> Iterator[str]:
        if isinstance(self.near, Workload) and not self.near.host_network:
            for thing in self.cluster.unmodelled:
                is_in_reach = thing.reaches(self.near.namespace) and self.direction in thing.directions
                if is_in_reach and (thing.may_allow or thing.may_deny):
                    what = " or ".join(w for w, may in (("allow", thing.may_allow), ("deny", thing.may_deny)) if may)
                    yield f"{thing.id} ({thing.source}) is not modelled and may {what} more"
        fronted = side.subject.fronted & self.asked if side.subject else ConnectionSet.EMPTY
        if not isinstance(self.far, AddressSet):  # it can go straight to the pod, too
            fronted -= side.span.must
        if fronted:
            yield (
                f"a Service or a hostPort may put a node's address in place of the source's on {fronted}, "
                "even that of the pod's own node, which always reaches it"
            )
        by_nodes = (side.by_nodes & self.asked & side.span.may) - side.span.must
        if by_nodes:
            yield f"a port of the nodes leads there on {by_nodes}, and rules that open it on a node may let it out"
        if self.direction is Direction.INGRESS and self._is_policed() and self._comes_from_a_node():
            yield (
                "the pod's own node, and what uses its network, is always let in, whatever policies say (the kubelet's "
                "probes, say); this is about a pod on another node"
            )
        policies = side.subject.policies if side.subject else ()
        for policy in policies:
            if any(rule.open is not None for rule in policy.rules(self.direction) or ()):
                yield f"{policy.id} ({policy.source}) holds a selector that the API does not check and no text explains"
        for tier in (Tier.ADMIN, Tier.BASELINE):
            here = [policy for policy in policies if policy.tier is tier]
            if len({policy.scale for policy in here}) > 1:
                yield f"no text puts the priorities of {', '.join(policy.id for policy in here)} on one scale"
            places = [(policy.scale, policy.position) for policy in here]
            for priority in sorted({place[0] for scale, place in places if places.count((scale, place)) > 1}):
                yield f"several {tier.value} policies have priority {priority}; which goes first is not specified"
        if self._is_isolated(side) and self.asked.other and self.profile.other_protocols is OtherProtocols.UNKNOWN:
            yield "what isolation does to protocols without ports is not specified"

    def _is_policed(self) -> bool:
        return isinstance(self.near, Workload) and not self.near.host_network

    def _comes_from_a_node(self) -> bool:
        return isinstance(self.far, Node) or (isinstance(self.far, Workload) and self.far.host_network)

    def _is_isolated(self, side: PairSide) -> bool:
        return side.subject is not None and any(p.tier is Tier.NETWORK_POLICY for p in side.subject.policies)


def rule_label(ref: RuleRef) -> str:
    """A rule by its name, or by its number, counted from 1."""
    if ref.rule is None:
        return ""
    return f"`{ref.rule.name}`" if ref.rule.name else str(ref.rule.index + 1)
