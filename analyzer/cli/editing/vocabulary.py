"""What the manifests have that queries can name: namespaces, labels, workloads, Services, ports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from analyzer.model.cluster import Cluster
from analyzer.records import dataclass

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names with a few words about each; labels with their values."""

    namespaces: dict[str, str] = field(default_factory=dict)
    workloads: dict[str, str] = field(default_factory=dict)  # by NAMESPACE/NAME
    services: dict[str, str] = field(default_factory=dict)
    pod_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    namespace_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    ports: dict[str, str] = field(default_factory=dict)


def vocabulary(cluster: Cluster) -> Vocabulary:
    """What the cluster has, each with a few words on where."""
    found = Vocabulary()
    for namespace in cluster.namespaces:
        pods = [workload.name for workload in cluster.workloads_by_namespace.get(namespace.name, ())]
        labels = ", ".join(f"{key}={value}" for key, value in sorted(namespace.labels.items()))
        found.namespaces[namespace.name] = f"namespace with {_named(pods) or 'no workload'}; labels {labels or 'none'}"
        _add_labels(found.namespace_labels, namespace.labels.items(), namespace.name)
    for workload in cluster.workloads:
        labels = ", ".join(f"{key}={value}" for key, value in sorted(workload.labels.items()))
        found.workloads[f"{workload.namespace}/{workload.name}"] = f"{workload.kind}; labels {labels or 'none'}"
        _add_labels(found.pod_labels, workload.labels.items(), f"{workload.namespace}/{workload.name}")
        for port in workload.ports:
            about = f"{port.name or 'port'} of {workload.namespace}/{workload.name}"
            found.ports.setdefault(f"{port.protocol.value.lower()}/{port.number}", about)
    for service in cluster.services:
        found.services[f"{service.namespace}/{service.name}"] = "Service"
    return found


def _add_labels(found: dict[str, dict[str, str]], labels: Iterable[tuple[str, str]], of: str) -> None:
    for key, value in labels:
        values = found.setdefault(key, {})
        values[value] = f"{values[value]}, {of}" if value in values else f"of {of}"


def _named(names: list[str]) -> str:
    shown = sorted(set(names))
    more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
    return ", ".join(shown[:_MOST_NAMED]) + more
