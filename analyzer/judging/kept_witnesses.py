"""Witnesses of a refutation, decided again in a cluster whose policies have changed: one that stands spares the search.

Only where nothing but policies changed, and only what declared workloads show, of which all is known: that they are
there and what they are is then as it was, and the oracle says whether the connection still is what the claim forbids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.encoding import Dependencies, Question
from analyzer.errors import InternalError
from analyzer.judging.bound import bound
from analyzer.judging.either_way import unknown_sets
from analyzer.judging.judge import replay_of
from analyzer.judging.replay import AnotherRequest, Replay, UnconfirmedError
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Pod
from analyzer.sets import AddressSet, PortSet, ValueSet
from analyzer.verdicts import Counterexample, Status, Verdict
from analyzer.verdicts.regions import Attribute, Constraint, Region, Role
from analyzer.verdicts.verdict import Statistics


def still_refuted(
    verdict: Verdict, before: Dependencies, now: Dependencies, cluster: Cluster, question: Question
) -> Verdict | None:
    """The verdict with those of its live witnesses that still are some, each alone in its region; None if it has to be
    asked again.  `before`, `now`: what the answer depended on, and depends on in this cluster."""
    kind = verdict.query.claim.kind
    if verdict.status is not Status.REFUTED or not verdict.live or kind in (Kind.SOME, Kind.NEVER_TIE):
        return None
    if question.with_requests or verdict.waivers or not _are_policies_alone(before, now):
        return None
    if unknown_sets(bound(verdict.query.claim, question.pod_addresses, question.profile, cluster)):
        return None
    if any(thing.may_be or thing.changes_pods for thing in now.unmodelled):
        return None
    replay = replay_of(cluster, question)
    found = (_replayed(example, replay, now) for example in verdict.counterexamples if example.live)
    examples = tuple(example for example in found if example is not None)
    if not examples:
        return None
    return replace(
        verdict,
        counterexamples=examples,
        further=(),
        is_complete=False,
        blame=examples[0].depends_on,
        statistics=Statistics(),
    )


def _are_policies_alone(before: Dependencies, now: Dependencies) -> bool:
    """Whether ends are what they were, and nothing is asked of them that was not."""
    was, asked = before.vocabulary, now.vocabulary
    if not asked.domains.keys() <= was.domains.keys() or not set(asked.port_names) <= set(was.port_names):
        return False
    same = replace(
        now,
        egress=before.egress,
        ingress=before.ingress,
        vocabulary=was,
        namespace_tests=before.namespace_tests,
    )
    return same == before


def _replayed(example: Counterexample, replay: Replay, now: Dependencies) -> Counterexample | None:
    connection, subject = example.connection, example.subject
    ends: list[End] = [subject] if subject is not None else []
    ends += [connection.src, connection.dst] if connection is not None else []
    if not all(_is_known(end, replay.cluster, now) for end in ends):
        return None
    try:
        if subject is not None:
            region = Region.of(_of_end(Role.SRC, subject))
            return replace(example, isolation=replay.pod(subject, ""), region=region)
        if connection is None or connection.through is not None:
            return None
        allowed = replay.claim.kind is not Kind.EVERY
        decision = replay.connection(connection, allowed=allowed, bundle="")
    except (InternalError, AnotherRequest, UnconfirmedError):
        return None  # no witness any more, or it hangs on what is open
    return replace(example, decision=decision, region=Region.of(_of_connection(connection)))


def _is_known(end: End, cluster: Cluster, now: Dependencies) -> bool:
    """All that anything could ask of it is."""
    if not isinstance(end, Pod):
        return True
    namespace = cluster.namespace_by_name.get(end.namespace)
    if end.workload is None or end.maker or namespace is None or not namespace.is_declared:
        return False
    return not now.vocabulary.needs_addresses or end.ip in cluster.known_pod_addresses


# ------------------------------------------------------------------------------------------------ regions
def _of_connection(connection: Connection) -> Iterator[Constraint]:
    yield from _of_end(Role.SRC, connection.src)
    yield from _of_end(Role.DST, connection.dst)
    yield Constraint(Role.CONNECTION, Attribute.PROTOCOL, ValueSet.of([connection.protocol.value]))
    if connection.port is not None:
        yield Constraint(Role.CONNECTION, Attribute.PORT, PortSet.of(connection.port))


def _of_end(role: Role, end: End) -> Iterator[Constraint]:
    if not isinstance(end, Pod):
        yield Constraint(role, Attribute.KIND, ValueSet.of(["external" if isinstance(end, External) else "node"]))
        yield Constraint(role, Attribute.ADDRESS, AddressSet.single(end.ip))
        return
    yield Constraint(role, Attribute.KIND, ValueSet.of(["pod"]))
    yield Constraint(role, Attribute.NAMESPACE, ValueSet.of([end.namespace]))
    if end.workload is not None:
        yield Constraint(role, Attribute.WORKLOAD, ValueSet.of([end.workload]))
    for key, value in end.labels.items():
        yield Constraint(role, Attribute.LABEL, ValueSet.of([value]), key)
