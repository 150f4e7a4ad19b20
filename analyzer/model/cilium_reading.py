"""Cilium's policies as tiers of the pipeline, those of Kubernetes among them (calico-cilium.md 2.3, 2.4, 2.14, 0.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from analyzer.model.cilium import Cilium, CiliumPolicy, CiliumRule, CiliumSpec
from analyzer.model.cilium_rules import CiliumRules, requirements
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    ON_NODES,
    PODS,
    TRUE,
    Attribute,
    Formula,
    Name,
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
)
from analyzer.model.knobs import AllowLocalhost
from analyzer.model.labels import Selector
from analyzer.model.on_nodes import on_nodes
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, Scales, StagedRule, Tier, Unmatched, at_once, entries_in
from analyzer.model.policies import Action, Direction
from analyzer.model.policies import Tier as TierName
from analyzer.model.profile import Profile

_ENDPOINTS = ("health", "ingress", "init")
"""Of what no object declares, what policies select (2.3)."""
_EVERY_END_ISOLATED = "every endpoint is isolated (enable-policy=always)"
_INIT_ISOLATED = "an endpoint whose labels are not known yet is closed, both ways"
_OWN_NODE = "a pod's own node always reaches it"


class CiliumReader:
    """What Cilium's objects say in one direction."""

    def __init__(self, profile: Profile, cluster: Cluster, own: Cilium, direction: Direction) -> None:
        self.profile, self.own, self.direction = profile, own, direction
        self.rules = CiliumRules(profile, cluster, direction)

    @property
    def applies(self) -> Formula:
        """Every endpoint of Cilium's, and with the host firewall nodes and what is on their network (2.16)."""
        nodes = is_a(Role.SELF, ON_NODES) if self.profile.enable_host_firewall else FALSE
        return either([self._every_endpoint(), nodes])

    def tiers(self, admin: Scales, baseline: Scales, isolating: Sequence[Entry], spared: Formula) -> Iterator[Tier]:
        """`admin`, `baseline`: ClusterNetworkPolicies; `isolating`: NetworkPolicies, which stand beside Cilium's own.

        Of these any denial goes before all that is allowed; what they isolate is denied after the Baseline tier.
        """
        yield from self._clashes()
        specs = [(policy, spec) for policy in self._policies() for spec in policy.specs if spec.rules(self.direction)]
        denying = self._entries(specs, Action.DENY)
        accepting = (*isolating, *self._entries(specs, Action.ACCEPT))
        closing = [Entry(entry.policy, entry.subject, closes=True) for entry in isolating]
        closing += [Entry(policy, self._subject(spec), closes=True) for policy, spec in specs if self._closes(spec)]
        tiered = (entry for scales in (admin, baseline) for entry in entries_in(scales))
        subjects = (*(entry.subject for entry in (*tiered, *isolating)), *(self._subject(spec) for _, spec in specs))
        yield Tier(TierName.ADMIN, admin)
        if denying:
            yield Tier(TierName.NETWORK_POLICY, (tuple((entry,) for entry in denying),))
        yield Tier(TierName.NETWORK_POLICY, at_once(accepting), is_union=True)
        if self.profile.baseline_opens_isolation:
            yield Tier(TierName.BASELINE, baseline)
        yield from self._own_node(subjects)
        yield Tier(TierName.NETWORK_POLICY, at_once(closing), Unmatched.DENY, spared, is_union=True)
        if not self.profile.baseline_opens_isolation:
            yield Tier(TierName.BASELINE, baseline)
        if always := tuple(self._always_closed()):
            yield Tier(None, at_once(always), Unmatched.DENY, is_union=True)

    def _clashes(self) -> Iterator[Tier]:
        """Where two rules ask different proxies to look at one port, the policies of an end that both select cannot be
        worked out, in either direction (0.5, K54h): nobody knows what is enforced there."""
        entries = [
            Entry(None, both([self._subject(one), self._subject(two)]), _either_way(text), why=text)
            for (first, one), (second, two) in product(self._proxied("http"), self._proxied("dns"))
            if first.namespace in (None, second.namespace) or second.namespace is None
            if (text := _clash(first, one, second, two))
        ]
        entries += self._ranges_by_name()
        if entries:
            yield Tier("proxies", (tuple((entry,) for entry in entries),))

    def _ranges_by_name(self) -> Iterator[Entry]:
        """A name beside an endPort counts from the pod's port up, for every rule with that name that comes after it, in
        an order that no text tells (2.12): nobody knows what comes in where a policy has one."""
        for policy in self._policies() if self.direction is Direction.INGRESS else ():
            for spec in policy.specs:
                for found in spec.ingress:
                    if found.named_range is None:
                        continue
                    text = (
                        f"rule {found.index + 1} of `{found.word}` in {policy.id} ({found.source}) names a port beside "
                        "an endPort, which Cilium takes for a range, for other rules too"
                    )
                    yield Entry(None, self._subject(spec), _either_way(text, found.named_range), why=text)

    def _proxied(self, parser: str) -> list[tuple[CiliumPolicy, CiliumSpec]]:
        specs = ((policy, spec) for policy in self._policies() for spec in policy.specs)
        return [(p, spec) for p, spec in specs if any(it.parser == parser for r in spec.egress for it in r.proxied)]

    def _policies(self) -> Iterator[CiliumPolicy]:
        """Those that the agent takes."""
        takes_nodes = self.profile.enable_node_selector_labels
        return (policy for policy in self.own.policies if takes_nodes or not policy.names_nodes)

    def _closes(self, spec: CiliumSpec) -> bool:
        return not self.profile.enable_non_default_deny_policies or spec.closes(self.direction)

    # -------------------------------------------------------------------------------------------- policies
    def _entries(self, specs: Iterable[tuple[CiliumPolicy, CiliumSpec]], action: Action) -> tuple[Entry, ...]:
        found = []
        for policy, spec in specs:
            rules = tuple(self._staged(policy, spec, r) for r in spec.rules(self.direction) if r.action is action)
            if rules:
                found.append(Entry(policy, self._subject(spec), rules))
        return tuple(found)

    def _staged(self, policy: CiliumPolicy, spec: CiliumSpec, rule: CiliumRule) -> StagedRule:
        subject = Selector() if spec.on_nodes else spec.subject
        when = self.rules.when(rule, policy.namespace, subject)
        return StagedRule(rule, rule.action, FALSE, when, when)

    def _subject(self, spec: CiliumSpec) -> Formula:
        """Endpoints, or nodes, never both (2.3)."""
        if spec.on_nodes:
            of = requirements(
                spec.subject,
                lambda source, key: Attribute(Role.SELF, Name.LABEL, key) if source in ("any", "k8s") else None,
            )
            return on_nodes(Role.SELF, of, self.rules.near, self.rules.cluster, self.profile)
        specials = self.rules.specials(spec.subject, Role.SELF, _ENDPOINTS)
        return either([self.rules.pods(spec.subject, Role.SELF), specials])

    # -------------------------------------------------------------------------------------------- defaults
    def _every_endpoint(self) -> Formula:
        specials = Test(Attribute(Role.SELF, Name.ENTITY), frozenset(_ENDPOINTS))
        return either([is_a(Role.SELF, PODS), specials])

    def _own_node(self, subjects: Iterable[Formula]) -> Iterator[Tier]:
        """A pod's own node reaches it; but not where every endpoint is isolated and no policy speaks of it (0.5, K47).
        `subjects`: of whom policies speak."""
        is_let = self.profile.reads_cilium and self.profile.allow_localhost is AllowLocalhost.AUTO
        if self.direction is Direction.EGRESS or not is_let:
            return
        there = both([is_a(Role.SRC, ON_NODES), self.rules.own_node])
        rule = _by_itself(Action.ACCEPT, there)
        is_spoken_of = either(dict.fromkeys(subjects)) if self.profile.closes else TRUE
        subject = both([self._every_endpoint(), is_spoken_of])
        yield Tier("own node", at_once((Entry(None, subject, (rule,), why=_OWN_NODE),)), is_union=True)

    def _always_closed(self) -> Iterator[Entry]:
        if self.profile.reads_cilium:
            init = Test(Attribute(Role.SELF, Name.ENTITY), frozenset({"init"}))
            yield Entry(None, init, closes=True, why=_INIT_ISOLATED)
        if self.profile.closes:
            yield Entry(None, self.applies, closes=True, why=_EVERY_END_ISOLATED)


def _clash(first: CiliumPolicy, one: CiliumSpec, second: CiliumPolicy, two: CiliumSpec) -> str:
    """What is wrong with the two, empty if nothing is."""
    found = next(((a, b) for a, b in product(one.egress, two.egress) if a.clashes_with(b)), None)
    if found is None:
        return ""
    names = [f"rule {rule.index + 1} of {p.id} ({rule.source})" for p, rule in zip((first, second), found, strict=True)]
    return f"{' and '.join(names)} ask different proxies to look at one port, which Cilium takes for an error"


def _either_way(text: str, on: Formula = TRUE) -> tuple[StagedRule, ...]:
    """Everything on these ports may be denied, or accepted."""
    actions = (Action.DENY, Action.ACCEPT)
    return tuple(_by_itself(a, both([on, Open(OpenFact("engine", f"{a.value} {text}", text))])) for a in actions)


def _by_itself(action: Action, when: Formula) -> StagedRule:
    """What the engine does, whatever policies say."""
    return StagedRule(None, action, FALSE, when, when)
