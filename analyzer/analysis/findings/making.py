"""Findings made of causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from analyzer.analysis.findings.causes import Cause, Hit, causes_of, worst_first
from analyzer.analysis.findings.changes import mended
from analyzer.analysis.findings.closing import closed_by_policy, closed_by_type, needs_dns
from analyzer.analysis.findings.closing_new import closed_for_all_to_come
from analyzer.analysis.findings.engine_edits import advice, closed, narrowed
from analyzer.analysis.findings.matter import Matter, matter_of
from analyzer.analysis.findings.opening import opened
from analyzer.analysis.findings.refused import told_of_refused
from analyzer.analysis.findings.spots import guilty_path, spot_of, wrong_with
from analyzer.analysis.findings.text_edits import edit_of, edit_to
from analyzer.analysis.findings.texts import Path, Texts
from analyzer.analysis.findings.verifying import Trial, Verifier
from analyzer.analysis.findings.wanted import wanted
from analyzer.encoding.scope import pod_addresses
from analyzer.judging import Setting, question_of
from analyzer.model.claims import Claim, Kind, Pack
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.enforcing import as_enforced
from analyzer.model.placement import ANY_HOST
from analyzer.model.policies import Direction, Policy, Protocol, RuleRef
from analyzer.model.source import NOWHERE, Source
from analyzer.semantics import is_in_scope, outcomes
from analyzer.sets import AddressSet
from analyzer.verdicts import Answer, Counterexample, Status, Verdict
from analyzer.verdicts.findings import Fault, Finding, Fix, Spot

_NARROW = "name the pods, the namespaces or the addresses that are meant, with their ports"
_MOST_FIXED = 40  # causes that a fix is computed for
_SEVERITIES = ("critical", "high", "medium", "low")
_PLAIN = (443, 80, 8080)


def findings_of(
    answer: Answer,
    cluster: Cluster,
    setting: Setting,
    texts: Texts,
    packs: Sequence[Pack] = (),
    *,
    jobs: int | None = 1,
) -> tuple[Finding, ...]:
    """The causes of what the answer refutes, worst first; `cluster` is the one that was asked about, `packs` what.

    Edits are told that were tried: the packs are asked again of the manifests as they are then, by `jobs` processes as
    of `check`.  Where the texts cannot be read so, there are none.
    """
    cluster = as_enforced(cluster, setting.profile)
    refuted = [
        (section, verdict)
        for section in answer.sections
        for verdict in section.verdicts
        if verdict.status is Status.REFUTED and not verdict.is_excused
    ]
    bound: dict[str, Claim] = {
        f"{section.name}/{verdict.query.id}": question_of(cluster, verdict.query, (), setting).claim
        for section, verdict in refuted
    }
    pods = pod_addresses(cluster, setting.pod_addresses)

    def shown(asked: Cluster, verdict: Verdict, claim: Claim) -> Sequence[Counterexample]:
        if claim.kind is not Kind.SOME:
            return *verdict.counterexamples, *verdict.further
        network = next(iter(pods.networks()), None)
        found = wanted(claim, asked, setting.profile, network.network_address + 1) if network is not None else None
        return () if found is None else (found,)

    causes = causes_of(cluster, setting.profile, answer.sections, bound, partial(shown, cluster))
    causes.sort(key=_gravity)
    verifier = Verifier(answer, packs, cluster, setting, texts, shown, jobs)
    verifier.told(causes)
    maker = _Maker(cluster, setting, pods, texts, verifier)
    told = [maker.told(cause, is_fixed=place < _MOST_FIXED) for place, cause in enumerate(causes)]
    right = verifier.right(
        {n: Trial(causes[n], edit) for n, (_, _, fix) in enumerate(told) if (edit := fix.edit) is not None}
    )
    return tuple(
        maker.finding(cause, wrong, path, fix if n in right else replace(fix, edit=None))
        for n, (cause, (wrong, path, fix)) in enumerate(zip(causes, told, strict=True))
    )


_SWITCH_ON = Fix(
    'set `enableNetworkPolicy: "true"` in the configuration of the add-on vpc-cni: the controller asks for '
    '`enable-network-policy-controller: "true"` in the ConfigMap, the agents for `--enable-network-policy=true`'
)


def _gravity(cause: Cause) -> tuple[int, bool, int, Source]:
    worst = min(_SEVERITIES.index(hit.broken.query.severity.value) for hit in cause.hits)
    is_live = any(hit.example.live for hit in cause.hits)
    source = cause.ref.source if cause.ref is not None else NOWHERE
    return worst, not is_live, -len({hit.broken for hit in cause.hits}), source


class _Maker:
    def __init__(self, cluster: Cluster, setting: Setting, pods: AddressSet, texts: Texts, verifier: Verifier) -> None:
        self.cluster, self.profile, self.pods, self.texts = cluster, setting.profile, pods, texts
        self.verifier = verifier

    def finding(self, cause: Cause, summary: str, path: Path, fix: Fix) -> Finding:
        hit = min(cause.hits, key=_plainness)
        connection = self._plain(hit)
        subject = hit.example.subject
        return Finding(
            fault=cause.key.fault,
            summary=summary,
            spot=self._spot(cause, path),
            ref=cause.ref,
            example=connection,
            subject=(subject.workload or f"a pod in namespace {subject.namespace}") if subject is not None else "",
            live=hit.example.live,
            breaks=worst_first([*(one.broken for one in cause.hits), *cause.also]),
            fix=fix,
            other=_other(cause, hit),
            new_namespaces=hit.example.new_namespaces,
        )

    def _spot(self, cause: Cause, path: Path) -> Spot:
        if cause.key.fault is Fault.ENGINE and self.cluster.aws.switched_off:
            return Spot(self.cluster.aws.switched_off[0].source)
        return spot_of(cause, path, self.cluster, self.texts)

    def told(self, cause: Cause, *, is_fixed: bool) -> tuple[str, Path, Fix]:
        """What is wrong, where in the policy, and the fix."""
        key = cause.key
        remedy = Fix(cause.hits[0].broken.query.remediation.rstrip(".") or _NARROW)
        refused = told_of_refused(cause.ref.policy) if cause.ref is not None else None
        if refused is not None:
            wrong, fix = refused
            return wrong, (), fix
        match key.fault:
            case Fault.ALLOWS:
                if cause.ref is not None and advice(cause.ref):
                    return self._of_engine(cause, remedy, is_fixed)
                matter = matter_of(cause, self.cluster, self.profile, self.pods) if is_fixed else None
                return self._allowing(cause, matter, remedy)
            case Fault.OPEN if cause.ref is not None and not isinstance(cause.ref.policy, Policy):
                return self._of_engine(cause, remedy, is_fixed)
            case Fault.OPEN if cause.ref is not None and key.direction is not None:
                wrong = f"`policyTypes` lacks {key.direction.value.capitalize()}, so {key.direction.value} stays open"
                return wrong, ("spec", "policyTypes"), closed_by_type(cause, self.cluster, self.profile, self.texts)
            case Fault.OPEN if where := self._without_agent(cause):
                wrong = f"the VPC CNI enforces no policy at pods on {where}: {self._shown(cause)}"
                return wrong, (), Fix("run them on Linux nodes of EC2, or shut them off by security groups")
            case Fault.OPEN:
                named = " and ".join(d.value for d in reversed(Direction) if d in cause.directions)
                wrong = f"no NetworkPolicy isolates the pods of {key.namespace} for {named}"
                return wrong, (), closed_by_policy(cause, self.cluster, self.profile, self.texts)
            case Fault.NO_POLICY:
                wrong = "no policy of the whole cluster covers namespaces created later"
                return wrong, (), closed_for_all_to_come(cause, self.cluster, self.profile, self.texts)
            case Fault.MISSES:
                return opened(cause, self.cluster, self.profile, self.texts)
            case Fault.DENIES:
                return "denies what should pass", (), Fix("narrow the rule, or put an Allow before it")
            case Fault.TIES:
                return cause.hits[0].verdict.reason, (), Fix("give the policies different priorities")
            case Fault.ENGINE if self.cluster.aws.switched_off:
                one = self.cluster.aws.switched_off[0]
                return f"the VPC CNI enforces no policy: {one.what} does not switch it on", (), _SWITCH_ON
            case _:
                return key.namespace, (), remedy

    def _without_agent(self, cause: Cause) -> str:
        """What the pods run on at which nothing is enforced; empty if they do not."""
        if not self.profile.reads_aws or self.profile.agent_everywhere:
            return ""
        hosts = {w.owner: w.host for w in self.cluster.workloads}
        found = {hosts.get(name, ANY_HOST) for name in self._pods(cause)}
        where = {"Windows" if it.windows else "Fargate" if it.fargate else "" for it in found}
        return where.pop() if len(where) == 1 else ""

    def _shown(self, cause: Cause) -> str:
        names = sorted(set(self._pods(cause)))
        return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")

    @staticmethod
    def _pods(cause: Cause) -> Iterator[str]:
        """The workloads at whose ends policies should have isolated."""
        for hit in cause.hits:
            example = hit.example
            ends: list[object] = [example.subject]
            if example.connection is not None:
                sides = {Direction.EGRESS: example.connection.src, Direction.INGRESS: example.connection.dst}
                ends = [sides[direction] for direction in cause.directions]
            yield from ((end.workload or "") if isinstance(end, Pod) else "" for end in ends)

    def _of_engine(self, cause: Cause, remedy: Fix, is_fixed: bool) -> tuple[str, Path, Fix]:
        """The first candidate that mends the cause; where none does, what is wrong and one line on what to write."""
        assert cause.ref is not None
        placed = self.texts.policy(cause.ref.policy)
        if placed is None or not is_fixed:
            return wrong_with(cause, ()), (), Fix(advice(cause.ref) or remedy.text)
        if cause.key.fault is Fault.OPEN:
            dns = needs_dns(cause, self.cluster, self.profile)
            candidates = list(closed(cause, placed, self.cluster, with_dns=dns))
        else:
            candidates = list(narrowed(cause, placed, self.cluster, self.profile))
        for it in candidates:
            edit = edit_to(it.value, placed)
            if edit is not None and self.verifier.is_right(cause, edit):
                return it.wrong, it.path, Fix(it.said, edit)
        if cause.key.fault is Fault.OPEN and candidates:
            return candidates[0].wrong, candidates[0].path, Fix(candidates[0].said)
        first = next((it for it in candidates if it.path), None)
        wrong, path = (first.wrong, first.path) if first is not None else (wrong_with(cause, ()), ())
        return wrong, path, Fix(advice(cause.ref) or remedy.text)

    def _allowing(self, cause: Cause, matter: Matter | None, remedy: Fix) -> tuple[str, Path, Fix]:
        change = mended(matter) if matter is not None and matter.probes else None
        operations = change.operations if change is not None else ()
        wrong, path = wrong_with(cause, operations), guilty_path(cause, operations)
        if matter is None or change is None:
            return wrong, path, remedy
        placed = self.texts.policy(matter.policy)
        text = "; ".join(dict.fromkeys(change.said))
        return wrong, path, Fix(text, edit_of(operations, placed) if placed is not None else None)

    # -------------------------------------------------------------------------------------------- the example
    def _plain(self, hit: Hit) -> Connection | None:
        """The counterexample's connection, over TCP and on a port that readers know where its region has one."""
        connection, region = hit.example.connection, hit.example.region
        if connection is None or connection.through is not None or not hit.example.decision:
            return connection
        if connection.protocol is Protocol.TCP or Protocol.TCP not in region.protocols or region.ports is None:
            return connection
        declared = connection.dst.ports if isinstance(connection.dst, Pod) else ()
        own = [port.number for port in declared if port.protocol is Protocol.TCP]
        number = next((port for port in (*own, *_PLAIN, connection.port) if port and port in region.ports), None)
        if number is None:
            return connection
        plain = replace(connection, protocol=Protocol.TCP, port=number)
        wanted = hit.example.decision.allowed
        decided = outcomes(self.cluster, self.profile, plain)
        is_so = is_in_scope(hit.claim, plain, self.profile) and all(it.allowed is wanted for it in decided)
        return plain if is_so else connection


def _plainness(hit: Hit) -> tuple[int, bool, int, int]:
    """What shows a cause best goes first: the gravest query, workloads that are there, TCP."""
    connection = hit.example.connection
    live = {True: 0, None: 1, False: 2}[hit.example.live]
    protocol = list(Protocol).index(connection.protocol) if connection is not None else 0
    severity = _SEVERITIES.index(hit.broken.query.severity.value)
    return severity, connection is None, live, protocol


def _other(cause: Cause, hit: Hit) -> RuleRef | None:
    """The rule at the other end of the connection that is shown."""
    decision, connection = hit.example.decision, hit.example.connection
    if decision is None or connection is None or cause.key.fault is not Fault.ALLOWS:
        return None
    for ruling in decision.stages:
        if cause.key.direction is not None and ruling.stage != cause.key.direction.value and ruling.allowed:
            return next((ref for ref in ruling.rules if ref.rule is not None), None)
    return None
