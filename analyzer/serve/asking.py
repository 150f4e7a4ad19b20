"""The questions that are asked over HTTP: of the cluster as it stands, and as a change would make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.api.questions import connectivity, explain
from analyzer.api.results import CheckResult
from analyzer.errors import UsageError
from analyzer.manifests.live import Key, key_of
from analyzer.model.cluster import Cluster
from analyzer.serve.state import LiveState

CHECK_FORMATS = ("json", "text", "html", "markdown", "sarif", "junit")


class Asking:
    def __init__(self, state: LiveState) -> None:
        self._state = state

    def check(self, change: Any, format: str) -> str:
        """The verdicts.  `change` is None, or `{"put": [objects], "removed": ["NetworkPolicy shop/db"]}`; UsageError
        for anything else.  StaleError where the cluster is not known, as of all of these."""
        if change is None:
            answer, cluster = self._state.answer()
            return CheckResult(answer, cluster).render(format)
        return CheckResult(*self._state.answer_after(*self._change(change))).render(format)

    def explain(self, source: str, destination: str, on: Sequence[str], change: Any, format: str) -> str:
        return explain(self._cluster(change), source, destination, on=on, profile=self._state.setting.profile).render(
            format
        )

    def map(self, namespaces: Sequence[str], change: Any, format: str) -> str:
        return connectivity(self._cluster(change), namespace=namespaces, profile=self._state.setting.profile).render(
            format
        )

    def _cluster(self, change: Any) -> Cluster:
        cluster = self._state.answer()[1]
        return cluster if change is None else self._state.proposed(*self._change(change)).cluster

    def _change(self, change: Any) -> tuple[list[Mapping[str, Any]], list[Key]]:
        put = change.get("put", []) if isinstance(change, Mapping) else None
        removed = change.get("removed", []) if isinstance(change, Mapping) else None
        if not isinstance(put, list) or not isinstance(removed, list) or not all(isinstance(it, Mapping) for it in put):
            raise UsageError("the change is no object with `put`, a list of objects, and `removed`, a list of names")
        if nameless := [it for it in put if not key_of(it).kind or not key_of(it).name]:
            raise UsageError(f"{len(nameless)} of the objects under `put` have no kind or no name")
        return put, [self._key(str(name)) for name in removed]

    def _key(self, text: str) -> Key:
        kind, _, place = text.strip().partition(" ")
        namespace, _, name = place.strip().rpartition("/")
        wanted = kind, namespace, name
        found = [key for key in self._state.objects.names() if (key.kind, key.namespace, key.name) == wanted]
        if not found:
            raise UsageError(f"the cluster has no `{text}`", "write `Kind namespace/name`, or `Kind name`")
        return found[0]
