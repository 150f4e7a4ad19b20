"""Findings made of causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from analyzer.analysis.findings.causes import Cause, Hit, causes_of, worst_first
from analyzer.analysis.findings.changes import mendings
from analyzer.analysis.findings.closing import closed_by_policy, closed_by_type
from analyzer.analysis.findings.closing_new import closed_for_all_to_come
from analyzer.analysis.findings.dns import needs_dns
from analyzer.analysis.findings.engine_edits import advice, closed, narrowed
from analyzer.analysis.findings.joining import joined_by
from analyzer.analysis.findings.keeping import Effect, Kept
from analyzer.analysis.findings.matter import Change, Matter, matter_of
from analyzer.analysis.findings.opening import opened
from analyzer.analysis.findings.permitting import Around
from analyzer.analysis.findings.refused import told_of_refused
from analyzer.analysis.findings.spots import guilty_path, spot_of, wrong_with
from analyzer.analysis.findings.text_edits import edit_of, edit_to
from analyzer.analysis.findings.texts import Path, Texts
from analyzer.analysis.findings.verifying import Trial, Verifier
from analyzer.analysis.findings.wanted import wanted
from analyzer.analysis.findings.ways import Choice, Way, Weigh
from analyzer.encoding.scope import pod_addresses
from analyzer.judging import Setting, question_of
from analyzer.model.claims import Claim, Kind, Pack
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.placement import ANY_HOST
from analyzer.model.policies import Direction, Policy, Protocol, RuleRef
from analyzer.model.source import NOWHERE, Source
from analyzer.records import dataclass
from analyzer.semantics import is_in_scope, outcomes
from analyzer.sets import AddressSet
from analyzer.verdicts import Answer, Counterexample, Status, Verdict
from analyzer.verdicts.findings import Edit, Fault, Finding, Fix, Spot

_NARROW = "name the pods, the namespaces or the addresses that are meant, with their ports"
_MOST_FIXED = 40  # causes that a fix is computed for
_SEVERITIES = ("critical", "high", "medium", "low")
_PLAIN = (443, 80, 8080)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with its cause; the edit is one of the texts that it was looked up in."""

    cause: Cause
    finding: Finding


def told_of(
    answer: Answer,
    cluster: Cluster,
    setting: Setting,
    texts: Texts,
    packs: Sequence[Pack],
    known: frozenset[object],
    jobs: int | None,
    weigh: Weigh | None = None,
) -> tuple[list[Told], Kept]:
    """The causes of what the answer refutes, worst first, but for those `known`, each with a way to mend it that was
    tried; and what the inventory has, to be kept.  `cluster` as it is enforced; `weigh`: what an edit does to the
    inventory, where that is not this cluster's."""
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

    everything = causes_of(cluster, setting.profile, answer.sections, bound, partial(shown, cluster))
    verifier = Verifier(answer, packs, cluster, setting, texts, shown, jobs)
    verifier.told(everything)
    causes = sorted((cause for cause in everything if cause.key not in known), key=gravity)
    kept = Kept(cluster, setting, bound.values())
    maker = _Maker(cluster, setting, pods, texts, verifier, kept, weigh)
    choices = [maker.choice(cause, is_fixed=place < _MOST_FIXED) for place, cause in enumerate(causes)]
    right = _right(causes, choices, verifier)
    ways = [_told(choice, is_right=n in right) for n, choice in enumerate(choices)]
    return [Told(cause, maker.finding(cause, way)) for cause, way in zip(causes, ways, strict=True)], kept


def _right(causes: Sequence[Cause], choices: Sequence[Choice], verifier: Verifier) -> frozenset[int]:
    """The causes whose way is right together with the others'; of those that are not the next way is tried."""
    right: frozenset[int] = frozenset()
    for _ in range(_MOST_TURNS):
        trials = {
            n: Trial(causes[n], edit)
            for n, choice in enumerate(choices)
            if choice.now is not None and (edit := choice.now.fix.edit) is not None
        }
        right = verifier.right(trials)
        wrong = [n for n in trials if n not in right]
        for n in wrong:
            choices[n].turn()
        if all(choices[n].now is None for n in wrong):
            break
    return right


def _told(choice: Choice, *, is_right: bool) -> Way:
    if is_right and choice.now is not None:
        return choice.now
    way = choice.first
    why = _NONE_RIGHT if choice.tried else way.fix.why or _NONE_KNOWN
    return replace(way, fix=replace(way.fix, edit=None, why=why))


_MOST_TURNS = 5
_NONE_RIGHT = "of the edits that were tried none proves its queries and keeps those that are proved"
_NONE_KNOWN = "no edit is known for this"


_SWITCH_ON = Fix(
    'set `enableNetworkPolicy: "true"` in the configuration of the add-on vpc-cni: the controller asks for '
    '`enable-network-policy-controller: "true"` in the ConfigMap, the agents for `--enable-network-policy=true`'
)


def gravity(cause: Cause) -> tuple[int, bool, int, Source]:
    worst = min(_SEVERITIES.index(hit.broken.query.severity.value) for hit in cause.hits)
    is_live = any(hit.example.live for hit in cause.hits)
    source = cause.ref.source if cause.ref is not None else NOWHERE
    return worst, not is_live, -len({hit.broken for hit in cause.hits}), source


class _Maker:
    def __init__(
        self,
        cluster: Cluster,
        setting: Setting,
        pods: AddressSet,
        texts: Texts,
        verifier: Verifier,
        kept: Kept,
        weigh: Weigh | None,
    ) -> None:
        self.cluster, self.profile, self.pods, self.texts = cluster, setting.profile, pods, texts
        self.verifier, self.kept, self.weigh = verifier, kept, weigh or self._weighed
        self.around = Around(cluster, setting.profile, pods, kept.claims)

    def finding(self, cause: Cause, way: Way) -> Finding:
        hit = min(cause.hits, key=_plainness)
        connection = self._plain(hit)
        subject = hit.example.subject
        return Finding(
            fault=cause.key.fault,
            summary=way.wrong,
            spot=self._spot(cause, way.path),
            ref=cause.ref,
            example=connection,
            subject=(subject.workload or f"a pod in namespace {subject.namespace}") if subject is not None else "",
            live=hit.example.live,
            breaks=worst_first([*(one.broken for one in cause.hits), *cause.also]),
            fix=way.fix,
            other=_other(cause, hit),
            new_namespaces=hit.example.new_namespaces,
        )

    def _spot(self, cause: Cause, path: Path) -> Spot:
        if cause.key.fault is Fault.ENGINE and self.cluster.aws.switched_off:
            return Spot(self.cluster.aws.switched_off[0].source)
        return spot_of(cause, path, self.cluster, self.texts)

    def choice(self, cause: Cause, *, is_fixed: bool) -> Choice:
        """The ways to mend the cause, those that cut least first."""
        matters: list[Matter] = []

        def join(way: Way) -> Iterator[Way]:
            if way.change is not None and matters:
                joined = joined_by(matters[0], way.change, way.fix.cuts)
                yield from [self._of_change(cause, matters[0], joined)] if joined is not None else ()

        closes = cause.key.fault not in (Fault.MISSES, Fault.DENIES)
        return Choice(self._ways(cause, matters, is_fixed=is_fixed), self.weigh, join, closes=closes)

    def _weighed(self, edit: Edit) -> Effect | None:
        after = self.verifier.after([edit])
        return self.kept.effect(after) if after is not None else None

    def _ways(self, cause: Cause, matters: list[Matter], *, is_fixed: bool) -> Iterator[Way]:
        """At least one; `matters` is told what there is to mend, where that is a rule."""
        key = cause.key
        remedy = Fix(cause.hits[0].broken.query.remediation.rstrip(".") or _NARROW)
        refused = told_of_refused(cause.ref.policy) if cause.ref is not None else None
        if refused is not None:
            wrong, fix = refused
            yield Way(wrong, (), fix)
            return
        match key.fault:
            case Fault.ALLOWS if cause.ref is not None and advice(cause.ref):
                yield from self._of_engine(cause, remedy, is_fixed)
            case Fault.ALLOWS:
                matter = matter_of(cause, self.cluster, self.profile, self.pods, self.kept.claims) if is_fixed else None
                matters += [matter] if matter is not None else []
                if matter is not None and matter.probes:
                    yield from (self._of_change(cause, matter, change) for change in mendings(matter))
                yield Way(wrong_with(cause, ()), guilty_path(cause, ()), remedy)
            case Fault.OPEN if cause.ref is not None and not isinstance(cause.ref.policy, Policy):
                yield from self._of_engine(cause, remedy, is_fixed)
            case Fault.OPEN if cause.ref is not None and key.direction is not None:
                wrong = f"`policyTypes` lacks {key.direction.value.capitalize()}, so {key.direction.value} stays open"
                for fix in closed_by_type(cause, self.around, self.texts):
                    yield Way(wrong, ("spec", "policyTypes"), fix)
            case Fault.OPEN if where := self._without_agent(cause):
                wrong = f"the VPC CNI enforces no policy at pods on {where}: {self._shown(cause)}"
                yield Way(wrong, (), Fix("run them on Linux nodes of EC2, or shut them off by security groups"))
            case Fault.OPEN:
                named = " and ".join(d.value for d in reversed(Direction) if d in cause.directions)
                wrong = f"no NetworkPolicy isolates the pods of {key.namespace} for {named}"
                for fix in closed_by_policy(cause, self.around, self.texts):
                    yield Way(wrong, (), fix)
            case Fault.NO_POLICY:
                wrong = "no policy of the whole cluster covers namespaces created later"
                yield Way(wrong, (), closed_for_all_to_come(cause, self.cluster, self.profile, self.texts))
            case Fault.MISSES:
                yield from opened(cause, self.cluster, self.profile, self.texts)
            case Fault.DENIES:
                yield Way("denies what should pass", (), Fix("narrow the rule, or put an Allow before it"))
            case Fault.TIES:
                yield Way(cause.hits[0].verdict.reason, (), Fix("give the policies different priorities"))
            case Fault.ENGINE if self.cluster.aws.switched_off:
                one = self.cluster.aws.switched_off[0]
                yield Way(f"the VPC CNI enforces no policy: {one.what} does not switch it on", (), _SWITCH_ON)
            case _:
                yield Way(key.namespace, (), remedy)

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

    def _of_engine(self, cause: Cause, remedy: Fix, is_fixed: bool) -> Iterator[Way]:
        """The candidates that mend the cause; where none does, what is wrong and one line on what to write."""
        assert cause.ref is not None
        placed = self.texts.policy(cause.ref.policy)
        if placed is None or not is_fixed:
            yield Way(wrong_with(cause, ()), (), Fix(advice(cause.ref) or remedy.text))
            return
        if cause.key.fault is Fault.OPEN:
            dns = needs_dns(cause, self.cluster, self.profile)
            candidates = list(closed(cause, placed, self.cluster, with_dns=dns))
        else:
            candidates = list(narrowed(cause, placed, self.cluster, self.profile))
        for it in candidates:
            edit = edit_to(it.value, placed)
            if edit is not None and self.verifier.is_right(cause, edit):
                yield Way(it.wrong, it.path, Fix(it.said, edit))
        if cause.key.fault is Fault.OPEN and candidates:
            yield Way(candidates[0].wrong, candidates[0].path, Fix(candidates[0].said))
            return
        first = next((it for it in candidates if it.path), None)
        wrong, path = (first.wrong, first.path) if first is not None else (wrong_with(cause, ()), ())
        yield Way(wrong, path, Fix(advice(cause.ref) or remedy.text))

    def _of_change(self, cause: Cause, matter: Matter, change: Change) -> Way:
        operations = change.operations
        placed = self.texts.policy(matter.policy)
        text = "; ".join(dict.fromkeys(change.said))
        fix = Fix(text, edit_of(operations, placed) if placed is not None else None)
        return Way(wrong_with(cause, operations), guilty_path(cause, operations), fix, change)

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
