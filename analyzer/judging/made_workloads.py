"""Verdicts on workloads that the manifests lack, beside objects that make some: what those call them nobody knows."""

from __future__ import annotations

from analyzer.encoding import Question
from analyzer.encoding.walk import claim_sets
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Member, OfWorkload
from analyzer.verdicts.verdict import Status, Verdict

_REASON = "the manifests lack {names}, and an object that is not modelled may make it"


def beside_makers(verdict: Verdict, cluster: Cluster, question: Question) -> Verdict:
    """The verdict, where a workload that the claim names may be one that an object makes under a name of its own.

    A pod more can refute what was proved of all, and fulfil a `some` that none fulfilled; a refutation by other pods,
    and a `some` that others fulfil, stand.
    """
    loses = Status.REFUTED if question.claim.kind is Kind.SOME else Status.PROVED
    if verdict.status not in (loses, Status.VACUOUS):
        return verdict
    members = (leaf.ends for leaf in claim_sets(question.claim) if isinstance(leaf, Member))
    named = dict.fromkeys(ends for ends in members if isinstance(ends, OfWorkload))
    lacking = [leaf for leaf in named if (leaf.namespace, leaf.name) not in cluster.workload_names]
    makers = [thing for thing in cluster.unmodelled if thing.adds_pods and any(map(thing.reaches, _places(lacking)))]
    if not makers:
        return verdict
    names = ", ".join(f"workload {leaf.namespace}/{leaf.name}" for leaf in lacking)
    blame = tuple(f"{thing.id} ({thing.source}): {thing.why}" for thing in makers)
    return Verdict(verdict.query, Status.UNKNOWN, verdict.universe, _REASON.format(names=names), blame=blame)


def _places(named: list[OfWorkload]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(leaf.namespace for leaf in named))
