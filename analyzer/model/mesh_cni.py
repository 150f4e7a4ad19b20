"""What istio-cni is told, which leads to the proxies of a mesh what comes in (istio.md 2.2)."""

from __future__ import annotations

from analyzer.model.source import NOWHERE, Source
from analyzer.records import dataclass

PASSED_OVER = frozenset({"istio-system", "kube-system"})
"""The namespaces that istio-cni's charts tell it to pass over, now or in older releases."""


@dataclass(frozen=True, slots=True)
class MeshCni:
    """The ConfigMap of istio-cni.  `passed_over`: the namespaces that it names; `enables_ambient`: it hands pods over
    to ztunnel, None: it does not say; `is_usual`: those whose labels ask for it."""

    passed_over: frozenset[str] = frozenset()
    enables_ambient: bool | None = True
    is_usual: bool = True
    source: Source = NOWHERE
