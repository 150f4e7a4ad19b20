"""Verdicts beside objects that change pods at admission: what is told of declared pods holds for pods as written."""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding import Question
from analyzer.encoding.walk import claim_sets
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Member, OfWorkload
from analyzer.verdicts.verdict import Status, Verdict

_REASON = "it is so for the pods as written, but an object may change them at admission"


def as_admitted(verdict: Verdict, cluster: Cluster, question: Question) -> Verdict:
    """The verdict, where labels, ports and hostNetwork of declared pods may be others than those written.

    Outside the inventory a claim speaks of pods with every label anyway; what a change adds there is that a declared
    pod may use its node's network, where the object is seen to set that.
    """
    changing = [thing for thing in cluster.unmodelled if thing.changes_pods]
    if not changing or verdict.status not in (Status.PROVED, Status.REFUTED):
        return verdict
    members = (leaf.ends for leaf in claim_sets(question.claim) if isinstance(leaf, Member))
    names_pods = any(isinstance(ends, OfWorkload) for ends in members)
    if question.universe is not Universe.INVENTORY and not names_pods:
        if verdict.status is Status.REFUTED:
            examples = tuple(replace(e, live=None if e.live else e.live) for e in verdict.counterexamples)
            return replace(verdict, live=None if verdict.live else verdict.live, counterexamples=examples)
        changing = [thing for thing in changing if thing.sets_host_network]
        if not changing:
            return verdict
    blame = tuple(f"{thing.id} ({thing.source}): {thing.why}" for thing in changing)
    return Verdict(verdict.query, Status.UNKNOWN, verdict.universe, _REASON, blame=blame)
