"""Assumptions that declared workloads break: what needs one to hold, nobody knows.

An assumption speaks of pods, and a workload in the manifests that is against it shows that it is not so.  A query is
then asked without what is broken.  Where that answer is the same, or cannot change by an assumption more, the query
does not need it; else it is unknown, naming the assumption and the workload.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from analyzer.judging import Setting, judge
from analyzer.judging.bound import bound_pods
from analyzer.model.claims import Assumption, Kind, Query
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import pod_of
from analyzer.model.ends import leaves_of
from analyzer.model.formulas import Formula
from analyzer.model.memory import remembered
from analyzer.model.mentioned_labels import labels_in
from analyzer.model.profile import PROFILES
from analyzer.records import dataclass
from analyzer.semantics import holds, is_member, known_pods
from analyzer.verdicts import Status, Verdict


@dataclass(frozen=True, slots=True)
class Breach:
    """An assumption, and the workloads that are against it as they are written."""

    assumption: Assumption
    workloads: tuple[Workload, ...]

    def __str__(self) -> str:
        first, more = self.workloads[0], len(self.workloads) - 1
        others = f", nor of {more} other workload{'s' if more > 1 else ''}" if more else ""
        return f"assumption `{self.assumption.name}` does not hold of {first.id} ({first.source}){others}"


def breaches_of(cluster: Cluster, assumptions: Sequence[Assumption]) -> tuple[Breach, ...]:
    """The assumptions that declared workloads break, by some pod that each has whatever nobody knows of it; labels of
    namespaces that no manifest tells break none."""
    found = (_breach(cluster, assumption) for assumption in dict.fromkeys(assumptions))
    return tuple(breach for breach in found if breach.workloads)


@remembered
def _breach(cluster: Cluster, assumption: Assumption) -> Breach:
    return Breach(assumption, tuple(w for w in cluster.workloads if _breaks(w, assumption, cluster)))


def _breaks(workload: Workload, assumption: Assumption, cluster: Cluster) -> bool:
    namespace = cluster.namespace_by_name[workload.namespace]
    if not namespace.is_declared:
        return False
    members = bound_pods(assumption.members, PROFILES["generic"], cluster)
    mentioned = _label_values(members, assumption.condition)
    for variant in workload.without_guesses.variants(mentioned):
        every = list(known_pods(pod_of(variant, namespace.labels, IPv4Address(0)), mentioned))
        if all(is_member(members, pod) and not holds(assumption.condition, subject=pod) for pod in every):
            return True
    return False


def _label_values(members: Formula, condition: Formula) -> dict[str, frozenset[str]]:
    """The values of pods' labels that they mention, by key."""
    found: dict[str, frozenset[str]] = {}
    for key, values in labels_in((*leaves_of(members), condition)):
        found[key] = found.get(key, frozenset()) | frozenset(values)
    return found


def unbroken(cluster: Cluster, assumptions: Sequence[Assumption]) -> tuple[Assumption, ...]:
    """The assumptions that no declared workload is against."""
    broken = {breach.assumption for breach in breaches_of(cluster, assumptions)}
    return tuple(assumption for assumption in assumptions if assumption not in broken)


Asking = Callable[[tuple[Assumption, ...]], Verdict]
"""Answers one query under these assumptions."""


def judge_on(cluster: Cluster, query: Query, assumptions: tuple[Assumption, ...], setting: Setting) -> Verdict:
    """The verdict on one query, which hangs on no assumption that a declared workload breaks."""
    breaches = breaches_of(cluster, assumptions)
    return on_premises(lambda given: judge(cluster, query, given, setting), assumptions, breaches)


def on_premises(ask: Asking, assumptions: tuple[Assumption, ...], breaches: Sequence[Breach]) -> Verdict:
    """The verdict without the broken assumptions, or UNKNOWN where it would be another with them."""
    if not breaches:
        return ask(assumptions)
    broken = {breach.assumption for breach in breaches}
    kept = tuple(assumption for assumption in assumptions if assumption not in broken)
    bare = ask(kept)
    if _is_final(bare) or ask(assumptions).status is bare.status:
        return bare
    alone = [b for b in breaches if ask((*kept, b.assumption)).status is not bare.status] if len(breaches) > 1 else []
    needed = alone or breaches
    first = needed[0]
    names = " and ".join(f"`{breach.assumption.name}`" for breach in needed)
    reason = f"the answer needs assumption {names}, which {first.workloads[0].id} breaks"
    return replace(Verdict(bare.query, Status.UNKNOWN, bare.universe, reason), blame=tuple(map(str, needed)))


def _is_final(verdict: Verdict) -> bool:
    """No assumption more can change it: what holds of more pods holds of fewer."""
    if verdict.query.claim.kind is Kind.SOME:
        return verdict.status is Status.REFUTED
    return verdict.status in (Status.PROVED, Status.VACUOUS)
