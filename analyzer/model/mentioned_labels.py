"""The labels of pods that something asks about: what policies tell pods apart by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Formula, Name, Same, Test, leaves_once
from analyzer.model.memory import Together, remembered
from analyzer.model.mesh import has_mesh
from analyzer.model.pipeline import Entry, Pipeline
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.sets import AddressSet


def mentioned_labels(profile: Profile, cluster: Cluster) -> dict[str, frozenset[str]]:
    """The keys and values of pods' labels that policies, as the engine reads them, and Services mention; for a pattern
    its text stands among the values."""
    found = cluster.readings.get((mentioned_labels, profile))
    if not isinstance(found, dict):
        merged: dict[str, set[str]] = {}
        of_policies = _asked_together(cluster).of(pipeline_of(profile, cluster).entries)
        for key, values in (*of_policies, *_of_services(cluster), *cluster.mesh.labels):
            merged.setdefault(key, set()).update(values)
        found = {key: frozenset(values) for key, values in merged.items()}
        cluster.readings[mentioned_labels, profile] = found
    return found


def asked_labels(pipeline: Pipeline, name: Name = Name.LABEL) -> Iterator[tuple[str, Collection[str]]]:
    """Each label that some rule or subject asks of pods, or of namespaces, with values that meet what is asked."""
    yield from labels_in((formula for entry in pipeline.entries for formula in _formulas_of(entry)), name)


@remembered
def _asked_together(cluster: Cluster) -> Together[Entry, tuple[str, frozenset[str]]]:
    """Room for what policies ask of pods' labels together, whatever the cluster."""
    return Together(lambda entry: {(key, frozenset(values)) for key, values in labels_in(_formulas_of(entry))})


def _formulas_of(entry: Entry) -> tuple[Formula, ...]:
    return entry.subject, *(rule.when for rule in entry.rules)


def told_at_destinations(profile: Profile, cluster: Cluster) -> dict[str, frozenset[str]]:
    """The same, of destinations: with the labels by which a pod has a mesh's proxy before it or none."""
    found: dict[str, frozenset[str]] = dict(mentioned_labels(profile, cluster))
    for key, values in _of_mesh(cluster):
        found[key] = found.get(key, frozenset()) | frozenset(values)
    return found


def _of_mesh(cluster: Cluster) -> Iterator[tuple[str, Collection[str]]]:
    """Those by which a pod has a proxy or none."""
    if not has_mesh(cluster.mesh):
        return
    from analyzer.model.mesh_places import places
    from analyzer.model.mesh_pods import keeps_off

    yield from labels_in([*places(cluster).formulas, keeps_off(cluster.mesh, cluster)])


def labels_in(formulas: Iterable[Formula], name: Name = Name.LABEL) -> Iterator[tuple[str, Collection[str]]]:
    """Each label that the formulas ask of pods, or of namespaces, with values that meet what is asked."""
    for leaf in leaves_once(formulas):
        match leaf:
            case Test(attribute, meets) if attribute.name is name:
                assert not isinstance(meets, AddressSet)
                yield attribute.key, meets if isinstance(meets, frozenset) else () if meets is None else (meets.text,)
            case Same(left, right):
                yield from ((one.key, ()) for one in (left, right) if one.name is name)
            case _:
                pass


def _of_services(cluster: Cluster) -> Iterator[tuple[str, Collection[str]]]:
    for service in cluster.services:
        for requirement in service.selector.requirements if service.selector is not None else ():
            yield requirement.key, requirement.values
