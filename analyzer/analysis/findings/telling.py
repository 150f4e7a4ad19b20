"""Findings told of causes: where each stands in the user's texts, and the connection that shows it best."""

from __future__ import annotations

from dataclasses import replace

from analyzer.analysis.findings.causes import MESH, Cause, Hit, worst_first
from analyzer.analysis.findings.group_rules import is_of_group
from analyzer.analysis.findings.spots import spot_of
from analyzer.analysis.findings.texts import Texts
from analyzer.analysis.findings.ways import Way
from analyzer.analysis.findings.written import Written
from analyzer.judging import Setting
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.policies import Protocol, RuleRef
from analyzer.model.source import NOWHERE, Source
from analyzer.semantics import is_in_scope, outcomes
from analyzer.verdicts.findings import Fault, Finding, Spot

_SEVERITIES = ("critical", "high", "medium", "low")
_PLAIN = (443, 80, 8080)


class Teller:
    """`cluster` as it is enforced, and `texts`, are what the user wrote."""

    def __init__(self, cluster: Cluster, setting: Setting, texts: Texts, written: Written) -> None:
        self.cluster, self.profile, self.texts, self.written = cluster, setting.profile, texts, written

    def finding(self, cause: Cause, way: Way, asked_of: Cluster) -> Finding:
        """`asked_of`: the cluster whose answers showed the cause."""
        hit = min(cause.hits, key=_plainness)
        subject = hit.example.subject
        other = _other(cause, hit)
        shown = next((it for it in cause.parts if hit in it.hits), cause)
        is_missing = cause.ref is None or (cause.key.policy == MESH and not way.path)  # another object than is there
        ref = self.written.original(cause.ref) if cause.ref is not None and not is_missing else None
        return Finding(
            fault=cause.key.fault,
            summary=way.wrong,
            spot=self._spot(replace(shown, ref=ref), way),
            ref=ref,
            example=self._plain(hit, asked_of),
            subject=(subject.workload or f"a pod in namespace {subject.namespace}") if subject is not None else "",
            live=hit.example.live,
            breaks=worst_first([*(one.broken for one in cause.hits), *cause.also]),
            fix=way.fix,
            other=self.written.original(other) if other is not None and self.written.has(other) else None,
            new_namespaces=hit.example.new_namespaces,
            namespaces=tuple(it.key.namespace for it in cause.parts),
        )

    def _spot(self, cause: Cause, way: Way) -> Spot:
        if cause.key.fault is Fault.ENGINE and self.cluster.aws.switched_off:
            return Spot(self.cluster.aws.switched_off[0].source)
        if cause.ref is not None and is_of_group(cause.ref):
            return Spot(cause.ref.source)
        return spot_of(cause, way.path, self.cluster, self.texts)

    def _plain(self, hit: Hit, asked_of: Cluster) -> Connection | None:
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
        decided = outcomes(asked_of, self.profile, plain)
        is_so = is_in_scope(hit.claim, plain, self.profile) and all(it.allowed is wanted for it in decided)
        return plain if is_so else connection


def _plainness(hit: Hit) -> tuple[int, bool, int, int, int]:
    """What shows a cause best goes first: the gravest query, workloads that are there, TCP."""
    connection = hit.example.connection
    live = {True: 0, None: 1, False: 2}[hit.example.live]
    protocol = list(Protocol).index(connection.protocol) if connection is not None else 0
    severity = _SEVERITIES.index(hit.broken.query.severity.value)
    ends = (connection.src, connection.dst) if connection is not None else ()
    strange = sum(not isinstance(end, Pod) or end.workload is None for end in ends)
    return severity, connection is None, live, strange, protocol


def _other(cause: Cause, hit: Hit) -> RuleRef | None:
    """The rule at the other end of the connection that is shown."""
    decision, connection = hit.example.decision, hit.example.connection
    if decision is None or connection is None or cause.key.fault is not Fault.ALLOWS:
        return None
    for ruling in decision.stages:
        if cause.key.direction is not None and ruling.stage != cause.key.direction.value and ruling.allowed:
            return next((ref for ref in ruling.rules if ref.rule is not None), None)
    return None


def gravity(cause: Cause) -> tuple[int, bool, int, Source]:
    """Less for what is worse."""
    worst = min(_SEVERITIES.index(hit.broken.query.severity.value) for hit in cause.hits)
    is_live = any(hit.example.live for hit in cause.hits)
    source = cause.ref.source if cause.ref is not None else NOWHERE
    return worst, not is_live, -len({hit.broken for hit in cause.hits}), source
