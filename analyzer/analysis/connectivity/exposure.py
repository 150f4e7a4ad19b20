"""Who beyond the manifests can reach each workload, or be reached by it; which workloads no policy isolates."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace

from analyzer.analysis.checking.assumptions import stated_assumptions
from analyzer.analysis.connectivity.classes import VERSIONS, Classifier, EndClass
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.isolation import is_isolated
from analyzer.analysis.connectivity.stages import StageRules, stages_of
from analyzer.analysis.connectivity.subjects import Subjects
from analyzer.analysis.connectivity.variants import guesses
from analyzer.analysis.connectivity.views import Classes
from analyzer.analysis.notices.mesh_notices import admitted_by_mesh, mesh_notices
from analyzer.encoding import pod_addresses
from analyzer.judging.expose import Alike, expose
from analyzer.judging.setting import Setting
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.enforcing import as_enforced
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.policies import Direction
from analyzer.semantics.meaning import Meaning
from analyzer.verdicts.connectivity import bit_indices
from analyzer.verdicts.exposure import Exposure, ExposureReport

Progress = Callable[[str, int, int], None]


def exposure(
    cluster: Cluster,
    *,
    setting: Setting,
    most: int,
    namespaces: frozenset[str] | None = None,
    progress: Progress | None = None,
) -> ExposureReport:
    """The exposure of every workload (of these namespaces), in both directions, in at most `most` openings each.

    The far ends are pods that are not there yet, in any namespace there is or could be, and addresses outside the
    cluster.  `progress` is told a workload, how many classes of workloads are done, and how many there are.
    """
    cluster = as_enforced(cluster, setting.profile)
    told = mentioned_labels(setting.profile, cluster)
    asked = (w for w in cluster.workloads if namespaces is None or w.namespace in namespaces)
    wanted = [guess for w in asked for variant in w.variants(told) for guess in guesses(variant, told)]
    classes = {direction: alike(cluster, setting, direction, wanted) for direction in Direction}
    total = sum(map(len, classes.values()))
    found: list[Exposure] = []

    def tell(workload: str) -> None:
        if progress is not None:
            progress(workload, len(found), total)

    for direction, here in classes.items():
        for one in expose(cluster, direction, here, setting, most, tell):
            found.append(one)
    return ExposureReport(
        tuple(found),
        most,
        setting.profile,
        stated_assumptions(cluster, (), setting),
        cluster.unmodelled,
        (*cluster.notices, *mesh_notices(cluster)),
        admitted_by_mesh(cluster, setting.profile, pod_addresses(cluster, setting.pod_addresses), namespaces),
    )


def alike(cluster: Cluster, setting: Setting, direction: Direction, wanted: Iterable[Workload]) -> tuple[Alike, ...]:
    """The wanted workloads in classes that no policy tells apart in the direction, in the order of their first member.

    A policy tells workloads apart that differ in which policies select them, or in which rules at the far end mean
    them; addresses and named ports count where some rule asks for them.
    """
    addresses = pod_addresses(cluster, setting.pod_addresses)
    stages = stages_of(cluster, setting.profile)
    classifier = Classifier(stages, addresses)
    members: dict[EndClass, list[Workload]] = {}
    for workload in wanted:
        members.setdefault(classifier.workload(workload), []).append(workload)
    index = EndIndex(cluster, tuple(members), addresses)
    near, far = sorted(stages, key=lambda rules: rules.stage.name != direction.value)
    meant = _meant(index, far)
    lists = list(members.values())
    are_isolated: dict[Hashable, frozenset[bool]] = {}
    told: dict[str, tuple[Workload, set[Hashable]]] = {}
    for subject, classes in Subjects(index).of(near):
        isolated = frozenset(map(is_isolated, subject.alternatives))
        for i in bit_indices(classes):
            c = index.classes[i]
            key = subject.key, replace(c, namespace=_told_apart(cluster, c.namespace), labels=()), tuple(meant[i])
            are_isolated[key] = isolated
            for workload in lists[i]:
                told.setdefault(workload.id, (workload, set()))[1].add(key)
    return _together((told[name] for name in sorted(told)), are_isolated)


def _together(
    told: Iterable[tuple[Workload, set[Hashable]]], are_isolated: Mapping[Hashable, frozenset[bool]]
) -> tuple[Alike, ...]:
    """The workloads that may be the same to the policies, whatever nobody knows of their labels."""
    found: dict[frozenset[Hashable], list[Workload]] = {}
    for workload, keys in told:
        found.setdefault(frozenset(keys), []).append(workload)
    isolated = {keys: frozenset[bool]().union(*(are_isolated[key] for key in keys)) for keys in found}
    return tuple(
        Alike(tuple(workloads), next(iter(isolated[keys])) if len(isolated[keys]) == 1 else None)
        for keys, workloads in found.items()
    )


def _meant(index: EndIndex, rules: StageRules) -> list[list[tuple[int, bool]]]:
    """By class, the numbers of the stage's rules that may mean it, at some address, and whether they do so whatever
    is open."""
    found: list[list[tuple[int, bool]]] = [[] for _ in index.classes]
    everyone = Classes(index, index.everything, VERSIONS[0], 0, {})
    meaning = Meaning(rules.shapes, everyone, everyone, {})
    number = 0
    for _, entry in rules.entries:
        for rule in entry.rules:
            may, must = meaning.ends(rules.shapes.of(rule.when).ends)
            for i in bit_indices(may):
                found[i].append((number, bool(must >> i & 1)))
            number += 1
    return found


def _told_apart(cluster: Cluster, namespace: str) -> str:
    """The labels of a namespace that is merely mentioned are unknown: it is alike to no other."""
    known = cluster.namespace_by_name.get(namespace)
    return "" if known is not None and known.is_declared else namespace
