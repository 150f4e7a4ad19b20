"""Witnesses of a refutation, decided again in a cluster whose policies have changed: one that stands spares the search.

Only where nothing but policies changed: that its ends are there and what they are is then as it was, and the oracle
says whether the connection still is what the claim forbids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from analyzer.encoding import Dependencies, Question
from analyzer.encoding.vocabulary import Vocabulary
from analyzer.errors import InternalError
from analyzer.judging.judge import replay_of
from analyzer.judging.replay import AnotherRequest, Replay, UnconfirmedError
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Pod
from analyzer.model.formulas import TRUE, Role, Test
from analyzer.model.pipeline import Stage
from analyzer.model.policies import NamespaceChoice, NamespaceNamed
from analyzer.semantics import matches
from analyzer.sets import AddressSet, PortSet, ValueSet
from analyzer.verdicts import Counterexample, Status, Verdict
from analyzer.verdicts.regions import Attribute, Constraint, Region
from analyzer.verdicts.verdict import Statistics


def standing(
    verdict: Verdict, cluster: Cluster, question: Question, is_as_before: Callable[[End], bool]
) -> Verdict | None:
    """The refutation with those of its witnesses that still are some, each alone in its region; None if none is.

    In this cluster nothing but policies differs; `is_as_before`: nothing more than before is asked about an end, or all
    that could be is known.
    """
    if verdict.status is not Status.REFUTED or verdict.live is None:
        return None
    replay = replay_of(cluster, question)
    shown = (example for example in verdict.counterexamples if example.live is verdict.live)
    found = (_replayed(example, replay) for example in shown if all(map(is_as_before, _ends(example))))
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


def ends_as_before(
    before: Dependencies, now: Dependencies, cluster: Cluster, changed: Collection[NamespaceChoice]
) -> Callable[[End], bool]:
    """Of which ends nothing more is asked, or all is known; `changed`: the namespaces of what policies select that are
    not the same."""
    is_new, is_away = not _is_nothing_new_asked(before, now), away_from(changed, cluster)

    def is_as_before(end: End) -> bool:
        if is_away(end):
            return True
        return not (is_new and isinstance(end, Pod) and end.workload) and _is_known(end, cluster, now)

    return is_as_before


def away_from(changed: Collection[NamespaceChoice], cluster: Cluster) -> Callable[[End], bool]:
    """Which ends are no pods of these namespaces: nothing that changed is asked about them."""
    return lambda end: not any(_may_be_in(end, choice, cluster) for choice in changed)


def are_policies_alone(before: Dependencies, now: Dependencies) -> bool:
    """Whether ends are what they were, and nothing but entries of policies is different at the stages."""
    return _but_policies(now) == _but_policies(before)


def _but_policies(it: Dependencies) -> tuple[object, ...]:
    tests: frozenset[Test] = frozenset()
    rest = replace(it, egress=EMPTY, ingress=EMPTY, vocabulary=NO_WORDS, namespace_tests=tests)
    return rest, it.egress.without_entries, it.ingress.without_entries


EMPTY = Stage("", Role.SRC, TRUE)
NO_WORDS = Vocabulary({}, (), False)


def _is_nothing_new_asked(before: Dependencies, now: Dependencies) -> bool:
    """Of the labels and ports of workloads."""
    was, asked = before.vocabulary, now.vocabulary
    return asked.domains.keys() <= was.domains.keys() and set(asked.port_names) <= set(was.port_names)


def _ends(example: Counterexample) -> list[End]:
    connection, subject = example.connection, example.subject
    found: list[End] = [subject] if subject is not None else []
    return found + ([connection.src, connection.dst] if connection is not None else [])


def _may_be_in(end: End, choice: NamespaceChoice, cluster: Cluster) -> bool:
    """The end may be a pod of one of these namespaces."""
    if not isinstance(end, Pod):
        return False
    if isinstance(choice, NamespaceNamed):
        return choice.name == end.namespace
    namespace = cluster.namespace_by_name.get(end.namespace)
    return namespace is None or not namespace.is_declared or matches(choice.selector, namespace.labels)


def _replayed(example: Counterexample, replay: Replay) -> Counterexample | None:
    connection, subject = example.connection, example.subject
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
    """All that anything could ask of it is; of a pod that is not there yet, it is all that there is of it."""
    if not isinstance(end, Pod) or (end.workload is None and not end.maker):
        return True
    namespace = cluster.namespace_by_name.get(end.namespace)
    if end.maker or namespace is None or not namespace.is_declared:
        return False
    return not now.vocabulary.needs_addresses or end.ip in cluster.known_pod_addresses


# ------------------------------------------------------------------------------------------------ regions
def _of_connection(connection: Connection) -> Iterator[Constraint]:
    yield from _of_end(Role.SRC, connection.src)
    yield from _of_end(Role.DST, connection.dst)
    yield Constraint(Role.CONNECTION, Attribute.PROTOCOL, ValueSet.of([connection.protocol.value]))
    if connection.port is not None:
        yield Constraint(Role.CONNECTION, Attribute.PORT, PortSet.of(connection.port))
    if connection.number is not None:
        yield Constraint(Role.CONNECTION, Attribute.OTHER, PortSet.of(connection.number))


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
