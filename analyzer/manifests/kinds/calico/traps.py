"""What people fall into with Calico's policies: notices at the rule or the policy (calico-cilium.md 1.4, 1.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import inf

from analyzer.model.calico import BUILT_IN_TIERS, CalicoPolicy, CalicoRule, CalicoTier
from analyzer.model.calico_labels import CalicoLabels
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import TRUE, Formula
from analyzer.model.policies import Action, Direction, Tier
from analyzer.model.source import Notice

_TIERS = {Tier.ADMIN: "kube-admin", Tier.NETWORK_POLICY: "default", Tier.BASELINE: "kube-baseline"}


def traps(cluster: Cluster) -> Iterator[Notice]:
    """Nothing here is wrong; each may be other than it looks."""
    calico = cluster.calico
    for policy in calico.policies:
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                where = f"rule {rule.index + 1} ({direction.value}) of {policy.id}"
                yield from _without_version(rule, where)
                yield from _matching_sets(cluster, rule, where)
    yield from _ties(calico.policies)
    yield from _past_the_last_tier(cluster)


def _without_version(rule: CalicoRule, where: str) -> Iterator[Notice]:
    for entity in (rule.src, rule.dst):
        here = {v for v in (4, 6) if entity.not_nets is not None and entity.not_nets.family(v)}
        if rule.version is None and entity.nets is None and len(here) == 1:
            (version,) = here
            other = f"IPv{10 - version}"
            text = f"{where} matches no {other} traffic: its notNets hold networks of IPv{version} alone"
            yield Notice(rule.source, text)


def _matching_sets(cluster: Cluster, rule: CalicoRule, where: str) -> Iterator[Notice]:
    """Labels that mean pods, and addresses besides."""
    if not cluster.calico.groups:
        return
    labels = CalicoLabels(cluster)
    for entity in (rule.src, rule.dst):
        if entity.selected is None:
            continue
        for group in cluster.calico.groups:
            if labels.of_group(entity.selected, group) == TRUE and _means_pods(cluster, labels, entity.selected):
                kind = "GlobalNetworkSet" if group.namespace is None else "NetworkSet"
                name = f"{group.namespace}/{group.name}" if group.namespace else group.name
                yield Notice(rule.source, f"{where} selects pods, and the addresses of {kind} {name} besides")


def _means_pods(cluster: Cluster, labels: CalicoLabels, selected: Formula) -> bool:
    """It selects some workload that is known."""
    return any(labels.of_workload(selected, workload) == TRUE for workload in cluster.workloads)


def _ties(policies: Iterable[CalicoPolicy]) -> Iterator[Notice]:
    """Which of two goes first shows where they do different things to what both may select."""
    places: dict[tuple[str, float], list[CalicoPolicy]] = {}
    for policy in policies:
        if not (policy.is_untracked or policy.is_before_dnat):
            places.setdefault((policy.tier, inf if policy.order is None else policy.order), []).append(policy)
    for (tier, order), tied in places.items():
        for first, second in pairwise(sorted(tied, key=lambda it: (it.name, it.namespace or "", it.kind))):
            if _may_meet(first, second):
                said = "no order" if order == inf else f"order {order:g}"
                text = f"{first.id} and {second.id} of tier {tier} have {said} both: the first goes first, by its name"
                yield Notice(second.source, text)


def _may_meet(one: CalicoPolicy, other: CalicoPolicy) -> bool:
    if one.namespace is not None and other.namespace is not None and one.namespace != other.namespace:
        return False
    for direction in Direction:
        rules = [rule for policy in (one, other) for rule in policy.rules(direction) or ()]
        both = one.rules(direction) and other.rules(direction)
        if both and len({rule.action for rule in rules if rule.action is not None}) > 1:
            return True
    return False


def _past_the_last_tier(cluster: Cluster) -> Iterator[Notice]:
    """A Pass with no tier behind it goes to the profiles, which allow everything to pods."""
    calico = cluster.calico
    known = {tier.name: tier for tier in (*BUILT_IN_TIERS.values(), *calico.tiers)}
    used = {policy.tier for policy in calico.policies} | {_TIERS[policy.tier] for policy in cluster.policies}
    if not calico.policies:
        return
    last = max((known.get(name, CalicoTier(name, None, False)) for name in used), key=_place)
    for policy in calico.policies:
        rules = (rule for direction in Direction for rule in policy.rules(direction) or ())
        passing = next((rule for rule in rules if rule.action is Action.PASS), None)
        if policy.tier == last.name and passing is not None:
            text = f"{policy.id} passes on in tier {last.name}, behind which no policy stands: that is allowed"
            yield Notice(passing.source, text)


def _place(tier: CalicoTier) -> tuple[float, str]:
    return (inf if tier.order is None else tier.order), tier.name
