"""Which workloads policies isolate, and which of them no longer or newly in another revision."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.analysis.connectivity.classes import Classifier, EndClass
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.stages import stages_of
from analyzer.analysis.connectivity.subjects import Subject, Subjects
from analyzer.analysis.connectivity.variants import Mentioned, guesses
from analyzer.encoding import pod_addresses
from analyzer.judging import Setting
from analyzer.model.cluster import Cluster
from analyzer.model.policies import Direction
from analyzer.verdicts.connectivity import bit_indices
from analyzer.verdicts.difference import IsolationChange


def isolation_changes(
    old: Cluster, new: Cluster, setting: Setting, mentioned: Mentioned
) -> tuple[IsolationChange, ...]:
    """The workloads of both revisions that policies isolate in one of them only, for each direction: those that lost
    it first.  Those of which that is not known are left out."""
    found: list[IsolationChange] = []
    for direction in Direction:
        before, after = (
            _isolated(side, its, direction, mentioned) for side, its in zip((old, new), setting.of_sides, strict=True)
        )
        for now in (False, True):
            here = (name for name, was in before.items() if was is not None and was is not now)
            workloads = tuple(sorted(name for name in here if after.get(name) is now))
            if workloads:
                found.append(IsolationChange(workloads, direction, is_isolated=now))
    return tuple(sorted(found, key=lambda change: change.is_isolated))


def _isolated(cluster: Cluster, setting: Setting, direction: Direction, mentioned: Mentioned) -> dict[str, bool | None]:
    """By workload, whether some policy closes the direction; None where that hangs on labels that nobody knows."""
    told: dict[str, set[bool]] = {}
    for subject, names in subjects_at(cluster, setting, direction, mentioned):
        for name in names:
            told.setdefault(name, set()).add(is_isolated(subject))
    return {name: next(iter(found)) if len(found) == 1 else None for name, found in told.items()}


def is_isolated(subject: Subject) -> bool:
    """Whether some policy closes it."""
    return any(entry.closes and entry.policy is not None for entry in subject.entries)


def subjects_at(
    cluster: Cluster, setting: Setting, direction: Direction, mentioned: Mentioned
) -> Iterator[tuple[Subject, list[str]]]:
    """What decides at the workloads in one direction, each with their ids; a workload of which nobody knows all labels,
    or its node, may be in several."""
    addresses = pod_addresses(cluster, setting.pod_addresses)
    stages = stages_of(cluster, setting.profile)
    classifier = Classifier(stages, addresses)
    members: dict[EndClass, list[str]] = {}
    for workload in cluster.workloads:
        for variant in workload.variants(mentioned):
            for guess in guesses(variant, mentioned):
                members.setdefault(classifier.workload(guess), []).append(workload.id)
    lists = list(members.values())
    index = EndIndex(cluster, tuple(members), addresses)
    (near,) = (rules for rules in stages if rules.stage.name == direction.value)
    for subject, classes in Subjects(index).of(near):
        names = [name for number in bit_indices(classes) for name in lists[number]]
        yield from ((case, names) for case in subject.alternatives)
