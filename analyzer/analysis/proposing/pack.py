"""A pack to start from: what could be asked of these manifests, each question answered.

What holds of each namespace by itself is put together into one query about all of them, and what does not into
another, so that the pack stays short and says of every namespace which side it is on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.checking.check import Progress, tally
from analyzer.analysis.notices.telling_labels import SYSTEM, Sensitivity, sensitivities, tenancy
from analyzer.analysis.proposing.distinguished import distinguished, word
from analyzer.encoding import VIOLATION, encode
from analyzer.judging import Setting, judge, question_of
from analyzer.judging.dns import dns_servers
from analyzer.judging.query_session import QuerySession
from analyzer.language import parse_query
from analyzer.model.claims import Severity
from analyzer.model.cluster import Cluster
from analyzer.model.ends import CONVENTIONAL_DNS
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import NAMESPACE_NAME_LABEL
from analyzer.records import dataclass
from analyzer.solving import OutOfTimeError
from analyzer.verdicts import Status, Verdict
from analyzer.verdicts.proposals import Chapter, ProposedPack

_MOST_TENANTS = 20  # up to here, those that others reach are asked about one by one
_MOST_PARTS = 100  # pods told apart by what controllers add
_MOST_MEETINGS = 10


@dataclass(frozen=True, slots=True)
class _Property:
    """What can be asked of any set of pods; `claim` has `{}` where the set stands.

    It holds of two sets together if and only if it holds of each.
    """

    id: str
    title: str
    severity: Severity
    claim: str


_PROPERTIES = (
    _Property("ingress-open", "Incoming traffic is closed but for what rules name", Severity.HIGH,
              "every {} is isolated for ingress"),
    _Property("egress-open", "Outgoing traffic is closed but for what rules name", Severity.HIGH,
              "every {} is isolated for egress"),
    _Property("reached-from-other-namespaces", "Pods of other namespaces are kept out", Severity.HIGH,
              "no pods can reach {} where src.namespace != dst.namespace"),
    _Property("reached-from-internet", "The internet is kept out", Severity.HIGH,
              "no internet can reach {}"),
    _Property("reaches-internet", "The internet is not called", Severity.MEDIUM,
              "no {} can reach internet"),
    _Property("reaches-metadata-service", "The cloud's metadata service is not called", Severity.HIGH,
              "no {} can reach metadata-service"),
)  # fmt: skip
_RESOLVES = _Property("dns-cut-off", "Names can be resolved", Severity.HIGH, "every {} can reach dns on udp/53")


def proposed_pack(cluster: Cluster, *, setting: Setting, progress: Progress | None = None) -> ProposedPack:
    """Questions about tenants, sensitive data and every namespace outside the cluster's own, with their answers.

    Those that are proved can stand as assertions: they hold of every pod that could be created in the namespaces
    there are (`new-tenants-apart`: in any).  The same manifests give the same pack.
    """
    asking = _Asking(cluster, replace(setting, max_counterexamples=1, looks_further=False), progress)
    chapters = (*asking.tenants(), *asking.sensitive_data(), *asking.namespaces(), *asking.parts())
    if progress is not None:
        progress("", 1, 1)
    return ProposedPack(chapters, tally(cluster))


class _Asking:
    def __init__(self, cluster: Cluster, setting: Setting, progress: Progress | None) -> None:
        self.cluster = as_enforced(cluster, setting.profile)
        self.setting = setting
        self.progress = progress
        self.ids: set[str] = set()

    def ask(self, id: str, title: str, severity: Severity, claim: str) -> Verdict:
        query = parse_query(claim, self.unique(id))
        return judge(self.cluster, replace(query, title=title, severity=severity), (), self.setting)

    def unique(self, id: str) -> str:
        wanted = re.sub(r"[^a-z0-9._-]+", "-", id.lower()).strip("-._") or "query"
        found, number = wanted, 1
        while found in self.ids:
            number += 1
            found = f"{wanted}-{number}"
        self.ids.add(found)
        return found

    # -------------------------------------------------------------------------------------------- tenants
    def tenants(self) -> Iterator[Chapter]:
        found = tenancy(self.cluster)
        if found is None:
            return
        key = word(found.key)
        apart = f"no pods in namespaces({key}) can reach pods in namespaces({key})"
        differ = f"where src.namespace.labels[{key}] != dst.namespace.labels[{key}]"
        asked = [
            self.ask(
                "tenants-apart", "No tenant reaches another", Severity.CRITICAL, f"{apart} {differ} within namespaces"
            ),
            self.ask(
                "new-tenants-apart",
                "A tenant created tomorrow is apart as well",
                Severity.HIGH,
                f"{apart} {differ} within any",
            ),
        ]
        if asked[0].status is not Status.PROVED:
            asked += self.each_tenant(key, found.values)
        remarks = [f"Namespaces are parted by their label `{found.key}`: {_some(found.values)}."]
        if found.others:
            others = ", ".join(f"`{other}`" for other in found.others[:5])
            remarks.append(f"They could be parted by {others} as well: replace the label if that says whose they are.")
        yield Chapter("Tenants", tuple(remarks), tuple(asked))

    def each_tenant(self, key: str, values: Sequence[str]) -> Iterator[Verdict]:
        """The tenants that no other reaches in one query, and each of the others for itself if they are few."""

        def claim(tenants: Sequence[str]) -> str:
            among = word(tenants[0]) if len(tenants) == 1 else f"({', '.join(map(word, tenants))})"
            chosen = f"pods in namespaces({key}{'=' if len(tenants) == 1 else ' in '}{among})"
            differ = f"where src.namespace.labels[{key}] != dst.namespace.labels[{key}]"
            return f"no pods in namespaces({key}) can reach {chosen} {differ} within namespaces"

        apart = self.holding(claim, values)
        if apart:
            title = "No other tenant reaches one of these"
            yield self.ask("these-tenants-apart", title, Severity.CRITICAL, claim(apart))
        reached = [value for value in values if value not in set(apart)]
        for value in reached if len(reached) <= _MOST_TENANTS else ():
            title = f"No other tenant reaches {value or 'the one without a name'}"
            yield self.ask(f"tenant-{value}-apart", title, Severity.CRITICAL, claim([value]))

    # -------------------------------------------------------------------------------------------- sensitive data
    def sensitive_data(self) -> Iterator[Chapter]:
        asked = [verdict for label in sensitivities(self.cluster) for verdict in self.sensitive(label)]
        if asked:
            remark = "Labels that speak of sensitive data.  A pod without the label is not watched."
            yield Chapter("Sensitive data", (remark,), tuple(asked))

    def sensitive(self, label: Sensitivity) -> Iterator[Verdict]:
        selector = f"({word(label.key)}={word(label.value)})"
        members = f"pods in namespaces{selector}" if label.is_on_namespaces else f"pods{selector}"
        name = label.key.rpartition("/")[2]
        id = f"{name}-{label.value}" + ("-namespaces" if label.is_on_namespaces else "")
        who = (
            f"Pods of namespaces labelled {label.key}={label.value}"
            if label.is_on_namespaces
            else f"Pods labelled {label.key}={label.value}"
        )
        offline = f"no {members} can reach internet within namespaces"
        kept = f"no anything can reach {members} where src.namespace != dst.namespace within namespaces"
        closed = f"every {members} is isolated for ingress, egress within namespaces"
        yield self.ask(f"{id}-reaches-internet", f"{who} do not call the internet", Severity.CRITICAL, offline)
        yield self.ask(f"{id}-reached-from-elsewhere", f"{who} are reached from their namespace", Severity.HIGH, kept)
        yield self.ask(f"{id}-open-by-default", f"{who} are isolated both ways", Severity.HIGH, closed)

    # -------------------------------------------------------------------------------------------- namespaces
    def namespaces(self) -> Iterator[Chapter]:
        names = tuple(sorted(n.name for n in self.cluster.namespaces if n.name not in SYSTEM))
        if not names:
            return
        asked: list[Verdict] = []
        properties = self.properties()
        for number, asked_property in enumerate(properties):
            if self.progress is not None:
                self.progress(asked_property.id, number, len(properties))
            asked += self.grouped(asked_property, names, _namespaces)
        remark = f"{len(names)} in all; the cluster's own ({', '.join(SYSTEM)}) are left out."
        yield Chapter("Every namespace", (remark,), tuple(asked))

    def properties(self) -> list[_Property]:
        return [*_PROPERTIES, *([_RESOLVES] if self.has_dns() else [])]

    def has_dns(self) -> bool:
        """Something is declared that answers pods which ask for names."""
        if dns_servers(self.cluster) != CONVENTIONAL_DNS:
            return True
        return any(
            w.namespace == "kube-system" and w.labels.get("k8s-app") == "kube-dns" for w in self.cluster.workloads
        )

    def grouped(self, asked: _Property, names: Sequence[str], set_of: _SetOf) -> Iterator[Verdict]:
        """The answer for those of the names of which it holds, and the answer for the others."""

        def claim(some: Sequence[str]) -> str:
            return f"{asked.claim.format(set_of(some))} within namespaces"

        holding = self.holding(claim, names)
        others = sorted(set(names) - set(holding))
        for group, suffix in ((holding, ""), (others, "-elsewhere")):
            if group:
                yield self.ask(f"{asked.id}{suffix if holding else ''}", asked.title, asked.severity, claim(group))

    def holding(self, claim: Callable[[Sequence[str]], str], names: Sequence[str]) -> list[str]:
        """Those of which the claim holds, halving where it does not hold of all: few questions where few are open."""
        if self.is_proved(claim(names)):
            return list(names)
        if len(names) == 1:
            return []
        middle = len(names) // 2
        return [*self.holding(claim, names[:middle]), *self.holding(claim, names[middle:])]

    def is_proved(self, claim: str) -> bool:
        """Whether no connection violates the claim: a verdict would go on to widen the witness, which is not needed."""
        question = question_of(self.cluster, parse_query(claim), (), self.setting)
        try:
            return QuerySession(encode(self.cluster, question), self.setting.budget).is_impossible(VIOLATION)
        except OutOfTimeError:
            return False  # the verdict on it says that it is not known

    # -------------------------------------------------------------------------------------------- parts of workloads
    def parts(self) -> Iterator[Chapter]:
        """What policies tell apart within one workload, by labels that no template holds."""
        found = distinguished(self.cluster, SYSTEM)
        if not found.sets:
            return
        sets, meetings = found.sets[:_MOST_PARTS], found.meetings[:_MOST_MEETINGS]
        remarks = [
            f"Policies select by {_some(found.keys)}, which controllers and nodes add to each pod for itself: "
            "what holds of one pod of a workload need not hold of another."
        ]
        if found.idle:
            remarks.append(f"LEFT OUT: {_some(found.idle)}. Policies name them, and no pod here has them.")
        if left := len(found.sets) - len(sets):
            remarks.append(f"LEFT OUT: {left} more such parts of workloads.")
        if left := len(found.meetings) - len(meetings):
            remarks.append(f"LEFT OUT: what {left} more policies let such pods reach, or be reached by.")
        asked = [replace(each, id=f"{each.id}-by-added-labels") for each in self.properties()]
        for met in meetings:
            title = f"What {met.policy.kind} {met.policy.id.partition(' ')[2] or met.policy.name} selects meets none"
            asked.append(_Property(f"met-by-{met.policy.name}", title, Severity.MEDIUM, met.claim))
        verdicts = [verdict for each in asked for verdict in self.grouped(each, sets, _united)]
        yield Chapter("Pods told apart by labels that are added to them", tuple(remarks), tuple(verdicts))


_SetOf = Callable[[Sequence[str]], str]


def _namespaces(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"pods in namespace {names[0]}"
    return f"pods in namespaces({NAMESPACE_NAME_LABEL} in ({', '.join(names)}))"


def _united(sets: Sequence[str]) -> str:
    return " or ".join(f"({members})" for members in sets)


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - 10} more" if len(texts) > 10 else ""
    return ", ".join(f"`{text}`" for text in texts[:10]) + more
