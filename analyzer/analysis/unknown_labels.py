"""Label keys and values of a query that no manifest has: set later, perhaps, or misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from analyzer.encoding.walk import claim_sets, comparisons, leaves
from analyzer.model.added_labels import Unwritten
from analyzer.model.claims import Attribute, PodsIn, Query
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Name
from analyzer.model.labels import Selector
from analyzer.model.mentioned_labels import asked_labels, mentioned_labels
from analyzer.model.policies import NamespacesMatching
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.model.source import Notice
from analyzer.records import dataclass

_SET_BY_SERVERS = ("kubernetes.io/", "k8s.io/")
"""What ends before the slash: labels that components of Kubernetes set, as they see fit."""
_OF_BUILT_IN_PACKS = re.compile(r"queries/[^/]+/pack\.npq")


@dataclass(frozen=True, slots=True)
class _Known:
    """The labels that pods or namespaces have, or that policies and Services ask for: values by key.  `of_controllers`:
    keys whose values the manifests do not say."""

    what: str
    values: dict[str, frozenset[str]]
    of_controllers: frozenset[str]


def unknown_labels(cluster: Cluster, profile: Profile, query: Query) -> Iterator[Notice]:
    """One notice for each key, and each value of a known key, that nothing has; it names the nearest.

    A query of a built-in pack is about labels that a cluster may do without: it is told of where one is nearly that.
    """
    if not cluster.workloads and not any(namespace.is_declared for namespace in cluster.namespaces):
        return
    pods, namespaces = _of_pods(cluster, profile), _of_namespaces(cluster, profile)
    seen: set[tuple[str, str, str]] = set()
    for known, key, value in _mentioned(query, pods, namespaces):
        near = _near(known, key, value)
        entry = known.what, key, value or ""
        if near is None or entry in seen or (not near and _OF_BUILT_IN_PACKS.fullmatch(query.source.file)):
            continue
        seen.add(entry)
        label = key if value is None else f"{key}={value}"
        meant = f"; is `{near}` meant?" if near else ""
        yield Notice(
            query.source, f"query `{query.id}` asks for {known.what} labelled `{label}`, which no manifest has{meant}"
        )


def _mentioned(query: Query, pods: _Known, namespaces: _Known) -> Iterator[tuple[_Known, str, str | None]]:
    """Each key that the query mentions, and each value of one, with the labels to look for it in."""
    for leaf in claim_sets(query.claim):
        for part in leaves(leaf):
            if isinstance(part, PodsIn):
                yield from _of_selector(part.pods, pods)
                if isinstance(part.namespaces, NamespacesMatching):
                    yield from _of_selector(part.namespaces.selector, namespaces)
    for term, values in comparisons(query.claim.where) if query.claim.where is not None else ():
        if term.attribute in (Attribute.LABEL, Attribute.NAMESPACE_LABEL):
            known = pods if term.attribute is Attribute.LABEL else namespaces
            yield known, term.key, None
            for value in sorted(values) if isinstance(values, frozenset) else ():
                yield known, term.key, value


def _of_selector(selector: Selector, known: _Known) -> Iterator[tuple[_Known, str, str | None]]:
    for requirement in selector.requirements:
        yield known, requirement.key, None
        for value in sorted(requirement.values):
            yield known, requirement.key, value


def _near(known: _Known, key: str, value: str | None) -> str | None:
    """The label that is most like it, "" if none is; None if it is known."""
    is_set = key.rpartition("/")[0].endswith(tuple(prefix.rstrip("/") for prefix in _SET_BY_SERVERS))
    if key in known.of_controllers or is_set:
        return None
    if value is None:
        return None if key in known.values else _closest(key, known.values)
    values = known.values.get(key)
    if values is None or value in values or not value:
        return None
    near = _closest(value, values)
    return f"{key}={near}" if near else ""


def _closest(text: str, known: Iterable[str]) -> str:
    close = get_close_matches(text, sorted(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def _of_pods(cluster: Cluster, profile: Profile) -> _Known:
    found: dict[str, set[str]] = {key: set(values) for key, values in mentioned_labels(profile, cluster).items()}
    keys: set[str] = set()
    for workload in cluster.workloads:
        for key, value in workload.labels.items():
            found.setdefault(key, set()).add(value)
        for added in workload.added:
            keys |= set() if isinstance(added, Unwritten) else set(added.all_keys)
    return _Known("pods", {key: frozenset(values) for key, values in found.items()}, frozenset(keys))


def _of_namespaces(cluster: Cluster, profile: Profile) -> _Known:
    found: dict[str, set[str]] = {}
    for namespace in cluster.namespaces:
        for key, value in namespace.labels.items():
            found.setdefault(key, set()).add(value)
    for key, values in asked_labels(pipeline_of(profile, cluster), Name.NAMESPACE_LABEL):
        found.setdefault(key, set()).update(values)
    return _Known("namespaces", {key: frozenset(values) for key, values in found.items()}, frozenset())
