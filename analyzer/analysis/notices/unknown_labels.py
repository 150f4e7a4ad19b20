"""Label keys and values of a query that no manifest has: set later, perhaps, or misspelt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property

from analyzer.encoding.walk import claim_sets, tests_of
from analyzer.model.added_labels import Unwritten
from analyzer.model.claims import Query
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Name, Test
from analyzer.model.labels import Labels
from analyzer.model.memory import remembered
from analyzer.model.mentioned_labels import asked_labels, mentioned_labels
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.model.source import Notice

_SET_BY_SERVERS = ("kubernetes.io/", "k8s.io/")
"""What ends before the slash: labels that components of Kubernetes set, as they see fit."""


def is_slip(query: Query, near: str) -> bool:
    """Whether what nothing has was probably misspelt: a name is near, or the query was asked by hand."""
    return bool(near) or query.source.file == "-q"


class _Known:
    """The labels that pods or namespaces have as `written`, or that policies and Services ask for, which `asked` gives
    where those are not enough.  `of_controllers`: keys whose values the manifests do not say."""

    def __init__(
        self,
        what: str,
        written: Mapping[str, frozenset[str]],
        asked: Callable[[], Iterable[tuple[str, Collection[str]]]],
        of_controllers: frozenset[str] = frozenset(),
    ) -> None:
        self.what, self.of_controllers = what, of_controllers
        self._written, self._asked = written, asked

    def has(self, key: str, value: str | None) -> bool:
        """Whether it is known without a look at what is asked for."""
        values = self._written.get(key)
        return values is not None and (value is None or value in values)

    @cached_property
    def values(self) -> dict[str, frozenset[str]]:
        """By key."""
        found = {key: set(values) for key, values in self._written.items()}
        for key, values in self._asked():
            found.setdefault(key, set()).update(values)
        return {key: frozenset(values) for key, values in found.items()}


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
        if near is None or entry in seen or (not near and query.source.is_built_in):
            continue
        seen.add(entry)
        label = key if value is None else f"{key}={value}"
        meant = f"; is `{near}` meant?" if near else _elsewhere(known, pods, namespaces, key, value)
        text = f"query `{query.id}` asks for {known.what} labelled `{label}`, which no manifest has{meant}"
        yield Notice(query.source, text, is_kept=is_slip(query, near))


def _elsewhere(known: _Known, pods: _Known, namespaces: _Known, key: str, value: str | None) -> str:
    """Where it is the namespaces that have the label, or the pods: how those are chosen."""
    label = key if value is None else f"{key}={value}"
    if known is pods and namespaces.has(key, value):
        return f"; namespaces have it: `pods in namespaces({label})`"
    return f"; pods have it: `pods({label})`" if known is namespaces and pods.has(key, value) else ""


def _mentioned(query: Query, pods: _Known, namespaces: _Known) -> Iterator[tuple[_Known, str, str | None]]:
    """Each key that the query mentions, and each value of one, with the labels to look for it in."""
    for test in (*(leaf for leaf in claim_sets(query.claim) if isinstance(leaf, Test)), *tests_of(query.claim.where)):
        if test.attribute.name in (Name.LABEL, Name.NAMESPACE_LABEL):
            known, key = pods if test.attribute.name is Name.LABEL else namespaces, test.attribute.key
            yield known, key, None
            yield from (
                (known, key, value) for value in sorted(test.meets if isinstance(test.meets, frozenset) else ())
            )


def _near(known: _Known, key: str, value: str | None) -> str | None:
    """The label that is most like it, "" if none is; None if it is known."""
    is_set = key.rpartition("/")[0].endswith(tuple(prefix.rstrip("/") for prefix in _SET_BY_SERVERS))
    if key in known.of_controllers or is_set or known.has(key, value):
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
    written, of_controllers = _of_workloads(cluster)
    return _Known("pods", written, lambda: mentioned_labels(profile, cluster).items(), of_controllers)


def _of_namespaces(cluster: Cluster, profile: Profile) -> _Known:
    return _Known(
        "namespaces",
        _of_declared(cluster),
        lambda: asked_labels(pipeline_of(profile, cluster), Name.NAMESPACE_LABEL),
    )


@remembered
def _of_workloads(cluster: Cluster) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """The values of labels by their keys, and the keys that controllers add."""
    keys = {added for workload in cluster.workloads for added in workload.added if not isinstance(added, Unwritten)}
    return _by_key(w.labels for w in cluster.workloads), frozenset(key for added in keys for key in added.all_keys)


@remembered
def _of_declared(cluster: Cluster) -> dict[str, frozenset[str]]:
    return _by_key(namespace.labels for namespace in cluster.namespaces)


def _by_key(labels: Iterable[Labels]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for held in labels:
        for key, value in held.items():
            found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}
