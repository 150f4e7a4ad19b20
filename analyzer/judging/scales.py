"""Verdicts on ties where priorities are on no common scale: AdminNetworkPolicy beside ClusterNetworkPolicy (0.2).

Policies of one scale that disagree at one priority tie, whatever stands beside them.  Which of two scales goes first no
text says, so that of policies on both that disagree nobody knows whether they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Tier
from analyzer.verdicts.verdict import Status, Verdict

_REASON = "policies whose priorities no text puts on one scale disagree, and which goes first is not known"
Ties = Callable[[Connection], tuple[OpenFact, ...]]


def beside_scales(verdict: Verdict, cluster: Cluster, ties: Ties, judge: Callable[[Cluster], Verdict]) -> Verdict:
    """The verdict on `policies never tie`, refuted only by policies of one scale; `judge` asks the same of a cluster,
    `ties` what a connection meets in this one."""
    if verdict.query.claim.kind is not Kind.NEVER_TIE or verdict.status is not Status.REFUTED:
        return verdict
    ordered = [policy for policy in cluster.policies if policy.tier is not Tier.NETWORK_POLICY]
    scales = dict.fromkeys(policy.scale for policy in ordered)
    if len(scales) < 2 or _is_tied(verdict, ties):
        return verdict
    for scale in scales:
        others = {id(policy) for policy in ordered if policy.scale != scale}
        alone = judge(replace(cluster, policies=tuple(p for p in cluster.policies if id(p) not in others)))
        if alone.status is Status.REFUTED and _is_tied(alone, ties):
            return alone
    blame = tuple(dict.fromkeys(fact.text for fact in _met(verdict, ties)))
    unknown = Verdict(verdict.query, Status.UNKNOWN, verdict.universe, _REASON, blame=blame)
    return replace(unknown, statistics=verdict.statistics)


def _met(verdict: Verdict, ties: Ties) -> list[OpenFact]:
    witnesses = (example.connection for example in verdict.counterexamples)
    return [fact for witness in witnesses if witness is not None for fact in ties(witness)]


def _is_tied(verdict: Verdict, ties: Ties) -> bool:
    return any(not fact.is_of_scales for fact in _met(verdict, ties))
