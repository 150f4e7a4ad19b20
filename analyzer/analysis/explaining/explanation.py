"""Why one end can or cannot reach another: each tier in order, each rule, and why it matches or does not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from analyzer.analysis.connectivity.pairwise import Pair, PairEnd, PairSide
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.analysis.connectivity.subjects import Subject
from analyzer.analysis.explaining.mismatches import Mismatches, end_words
from analyzer.analysis.explaining.requests import judged, without_requests
from analyzer.analysis.explaining.tunnels import through_mesh, tunnel_to
from analyzer.model.aws import GroupRule, NodeGroups
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.endpoints import Through
from analyzer.model.enforcing import as_enforced
from analyzer.model.formulas import FALSE, Open, Role, leaves
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, StagedRule, Tier, Unmatched, entries_in
from analyzer.model.policies import Action, Direction, RuleRef
from analyzer.model.policies import Tier as TierName
from analyzer.model.profile import Profile
from analyzer.model.reading import is_enforcing
from analyzer.model.requests import Request
from analyzer.records import dataclass
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.explanation import Effect, Explanation, SideExplanation, Step

_EFFECT = {Action.ACCEPT: Effect.ALLOWS, Action.DENY: Effect.DENIES, Action.PASS: Effect.PASSES}
_TOLD_ELSEWHERE = ("domain", "named-port-union", "host-network-label", "other-protocols")
"""Kinds of open facts that the rules tell of which they are a part."""


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
    cluster = as_enforced(without_requests(cluster), profile)
    pair = Pair(cluster, profile, src, dst, pod_addresses, past_policies=True)
    both = pair.both()
    tunnel = tunnel_to(cluster, profile, src, dst, asked, request, pod_addresses, through)
    trials = {it.stage.name: _Trial(cluster, profile, pair, it, tunnel.on_wire(asked)) for it in pair.stages}
    sides = {name: tunnel.told(trial.explained(), asked) for name, trial in trials.items()}
    names = words or (end_words(src), end_words(dst))

    def by_mesh(tls: str | None) -> SideExplanation | None:
        return judged(cluster, profile, src, dst, asked, request, pod_addresses, through, tls)

    may, must = through_mesh(tunnel, asked, (both.may, both.must), by_mesh)
    return Explanation(
        *names,
        asked,
        may,
        must,
        sides[Direction.EGRESS.value],
        sides[Direction.INGRESS.value],
        profile,
        notes=tunnel.notes(may, must),
        request=by_mesh(None),
    )


@dataclass(frozen=True)
class _Trial:
    """One end's ruling on the way to being explained: the trace of the map's own fold, put in words."""

    cluster: Cluster
    profile: Profile
    pair: Pair
    rules: StageRules
    asked: ConnectionSet

    @cached_property
    def side(self) -> PairSide:
        return self.pair.side(self.rules)

    @cached_property
    def near(self) -> PairEnd:
        return self.pair.ends(self.rules)[0]

    @cached_property
    def far(self) -> PairEnd:
        return self.pair.ends(self.rules)[1]

    @property
    def direction(self) -> Direction:
        return Direction(self.rules.stage.name)

    def explained(self) -> SideExplanation:
        its = self.side.ruled
        allowed, certain = its.may & self.asked, its.must & self.asked
        open_reason = self._open_reason()
        steps = () if open_reason else tuple(self._steps())
        reason = open_reason or self._reason(steps, allowed, certain)
        notes = tuple(self._notes())
        return SideExplanation(self.direction, allowed, certain, reason, steps, notes, applies=not open_reason)

    def _open_reason(self) -> str:
        """Why policies do not matter at this end; empty if they do."""
        subject = self.side.subject
        if subject is None:
            return "it lies outside the cluster: policies do not select it"
        if not subject.is_judged:
            if isinstance(self.near, Workload) and not self.near.host_network:
                return "no engine runs where it is: policies do not select it"
            what = "is a node" if isinstance(self.near, Node) else "uses its node's network"
            return f"it {what}: policies do not select it"
        if not is_enforcing(self.profile, self.cluster):
            return f"profile {self.profile.name} enforces no policy"
        return ""

    # -------------------------------------------------------------------------------------------- steps
    def _steps(self) -> Iterator[Step]:
        subject = self.side.subject
        assert subject is not None
        hits = dict(self.side.ruled.hits)
        selecting, told = {id(entry) for entry in subject.entries}, set[int]()
        selected = {id(entry.policy) for entry in subject.entries}  # in this tier or in another
        isolating = {id(entry.policy) for tier, entry in self._closing if _is_of_kubernetes(tier)}
        left = self.asked
        for tier in self.rules.stage.tiers:
            here: list[Step] = []
            for entry in tier.entries:
                if (
                    id(entry) in selecting
                    and entry.policy is not None
                    and (entry.rules or id(entry.policy) not in told)
                ):
                    told.add(id(entry.policy))
                    effect = Effect.ISOLATES if id(entry.policy) in isolating else Effect.SELECTS
                    here.append(Step(_name(tier), self._ref(entry), effect))
                    for rule in entry.rules:
                        if rule.rule is not None:
                            hit = hits.get(subject.rule_numbers[id(rule)], ConnectionSet.EMPTY)
                            here.append(self._step(tier, entry, rule, hit & self.asked))
            yield from here
            end, left = self._end(tier, here, left)
            if end is not None:
                yield end
            for entry in tier.entries:
                is_news = entry.policy is not None and id(entry.policy) not in selected
                if id(entry) not in selecting and is_news and self._could_select(entry):
                    selected.add(id(entry.policy))
                    yield Step(_name(tier), self._ref(entry), Effect.NOT_SELECTED, why=self._selection(entry))

    @cached_property
    def _closing(self) -> tuple[tuple[Tier, Entry], ...]:
        closing = {id(entry) for entry in self._entries if entry.closes}
        return tuple((tier, e) for tier in self.rules.stage.tiers for e in tier.entries if id(e) in closing)

    def _end(self, tier: Tier, steps: list[Step], left: ConnectionSet) -> tuple[Step | None, ConnectionSet]:
        """What becomes of what no rule of an ordered tier matches, if anything gets so far, and what gets on."""
        passed = ConnectionSet.EMPTY
        for step in steps:
            left -= step.connections if step.is_certain else ConnectionSet.EMPTY
            passed |= step.connections if step.effect is Effect.PASSES else ConnectionSet.EMPTY
        closing = [entry for its, entry in self._closing if its is tier and entry.policy is not None]
        if _is_of_kubernetes(tier) or not closing:
            return None, left | passed
        effect = Effect.END_DENIES if tier.unmatched is Unmatched.DENY else Effect.END_PASSES
        end = Step(_name(tier), self._ref(closing[-1]), effect, left) if left else None
        return end, passed if effect is Effect.END_DENIES else left | passed

    def _could_select(self, entry: Entry) -> bool:
        """By its namespace."""
        assert entry.policy is not None
        return entry.policy.namespace is None or entry.policy.namespace == getattr(self.near, "namespace", None)

    def _ref(self, entry: Entry, rule: StagedRule | None = None) -> RuleRef:
        assert entry.policy is not None
        return RuleRef(entry.policy, self.direction, rule.rule if rule is not None else None)

    def _step(self, tier: Tier, entry: Entry, rule: StagedRule, hit: ConnectionSet) -> Step:
        name, ref = _name(tier), self._ref(entry, rule)
        span = self.pair.meaning(self.rules, rule.when)
        meant = span.may & self.asked
        if not hit:
            if meant:
                return Step(name, ref, Effect.NOT_REACHED, meant)
            return Step(name, ref, Effect.NO_MATCH, why=rule.why or self._why_not(rule))
        is_certain = not hit - span.must
        why = "" if is_certain else self._why_not(rule)
        if not hit & meant:
            why = f"it means {'a Service or a node that leads there' if self._is_egress else 'a node on the way'}"
        return Step(name, ref, _EFFECT[rule.action], hit, is_certain, rule.why or why)

    @property
    def _is_egress(self) -> bool:
        return self.rules.stage.judges is Role.SRC

    def _why_not(self, rule: StagedRule) -> str:
        """Why the rule does not match, or only may: its peers if they do not mean the far end, else its ports."""
        shape = self.rules.shapes.of(rule.when)
        mismatches = self._mismatches
        ends = mismatches.of_ends(shape.ends)
        ports = shape.ports if shape.ports.parts else shape.mixed
        if isinstance(rule.rule, GroupRule) and not mismatches.is_meant(shape.ends).may:
            return f"it is for {rule.rule.peers}"
        is_about_ports = ports.parts and (not ends or mismatches.is_meant(shape.ends).may)
        if is_about_ports and not self.pair.meaning(self.rules, ports).must & self.asked:
            return mismatches.of_ports(ports)
        return ends

    @cached_property
    def _mismatches(self) -> Mismatches:
        stage = self.rules.stage
        ends = {Role.SELF: self.near, stage.judges: self.near, stage.far: self.far}
        return Mismatches(self.cluster, self.profile, ends, self.asked, lambda it: self.pair.is_meant(self.rules, it))

    def _selection(self, entry: Entry) -> str:
        if isinstance(entry.policy, NodeGroups):
            return "it has groups of its own"
        ends = {Role.SELF: self.near}
        at = Mismatches(self.cluster, self.profile, ends, self.asked, lambda it: self.pair.is_near(self.rules, it))
        return at.of_ends(entry.subject)

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
        if isolating and not allowed & ConnectionSet.PORTS:
            return f"{isolating[0]} isolates it, but the profile lets protocols without ports pass"
        return "no rule of the policies that select it denies this"

    def _why_denied(self, by_effect: dict[Effect, list[Step]], isolating: list[str]) -> str:
        if isolating:
            more = f" and {len(isolating) - 1} more isolate" if len(isolating) > 1 else " isolates"
            return f"{isolating[0]}{more} it and no rule allows this"
        if Effect.DENIES in by_effect:
            ref = by_effect[Effect.DENIES][0].ref
            return f"denied by rule {rule_label(ref)} of {ref.policy.id}"
        if Effect.END_DENIES in by_effect:
            end = by_effect[Effect.END_DENIES][0]
            return f"{end.ref.policy.id} selects it, and the end of tier {end.tier} denies what no rule of it matches"
        closing = [entry.why for entry in self._entries if entry.closes and entry.policy is None]
        return f"{closing[0]} and nothing allows this" if closing else "the two ends have no address family in common"

    @property
    def _entries(self) -> tuple[Entry, ...]:
        return self.side.subject.entries if self.side.subject is not None else ()

    def _notes(self) -> Iterator[str]:
        subject, its = self.side.subject, self.side.ruled
        if subject is None or not subject.is_judged:
            return
        yield from self._unmodelled()
        fronted = subject.fronted & self.asked
        is_direct = subject.stage.arrival.is_direct or not isinstance(self.far, AddressSet)
        if is_direct:  # it can go straight to the pod, too
            fronted -= its.must
        if fronted:
            yield (
                f"a Service or a hostPort may put a node's address in place of the source's on {fronted}, "
                "even that of the pod's own node, which always reaches it"
            )
        by_nodes = (self.side.by_nodes & self.asked & its.may) - its.must
        if by_nodes:
            yield f"a port of the nodes leads there on {by_nodes}, and rules that open it on a node may let it out"
        if not self._is_egress and self._comes_from_a_node():
            yield (
                "the pod's own node, and what uses its network, is always let in, whatever policies say (the kubelet's "
                "probes, say); this is about a pod on another node"
            )
        yield from dict.fromkeys(fact.text for fact in _facts(subject) if fact.kind not in _TOLD_ELSEWHERE)
        yield from _ties(subject)
        for tier, scales in subject.selected:
            is_closing = any(entry.closes for entry in entries_in(scales))
            if is_closing and tier.unmatched is Unmatched.DENY and self.asked.other:
                yield from (leaf.fact.text for leaf in leaves(tier.spared) if isinstance(leaf, Open))

    def _unmodelled(self) -> Iterator[str]:
        for doubt in self.rules.stage.doubts:
            thing, may = doubt.thing, []
            if any(self.pair.is_reached(self.rules, formula) for formula in (doubt.allows, doubt.denies)):
                may = [word for word, it in (("allow", doubt.allows), ("deny", doubt.denies)) if it != FALSE]
            if may:
                yield f"{thing.id} ({thing.source}) is not modelled and may {' or '.join(may)} more"

    def _comes_from_a_node(self) -> bool:
        return isinstance(self.far, Node) or (isinstance(self.far, Workload) and self.far.host_network)


def _facts(subject: Subject) -> Iterator[OpenFact]:
    for shape in subject.shapes:
        yield from shape.facts


def _ties(subject: Subject) -> Iterator[str]:
    """Policies of which nobody knows which goes first."""
    for tier, scales in subject.selected:
        if tier.is_union:
            continue
        if len(scales) > 1:
            names = ", ".join(entry.policy.id for entry in entries_in(scales) if entry.policy is not None)
            yield f"no text puts the priorities of {names} on one scale"
        tied = {group[0].policy.priority for scale in scales for group in scale if len(group) > 1 and group[0].policy}
        for priority in sorted(tied):
            yield f"several {_name(tier)} policies have priority {priority}; which goes first is not specified"


def _is_of_kubernetes(tier: Tier) -> bool:
    """What isolates there are policies; in a tier of Calico it is the end of the tier."""
    return not isinstance(tier.name, str)


def _name(tier: Tier) -> str:
    return tier.name.value if isinstance(tier.name, TierName) else tier.name or ""


def rule_label(ref: RuleRef) -> str:
    """A rule by its name, or by its number, counted from 1."""
    if ref.rule is None:
        return ""
    return f"`{ref.rule.name}`" if ref.rule.name else str(ref.rule.index + 1)
