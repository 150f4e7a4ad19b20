"""ServiceAccounts, whose labels Calico's policies ask for (calico-cilium.md 1.2)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.selectors import read_labels
from analyzer.model.calico import ServiceAccount
from analyzer.model.labels import Labels


def _read(manifest: Manifest) -> ServiceAccount:
    labels = Labels(read_labels(manifest.metadata, "labels"))
    return ServiceAccount(manifest.namespace or DEFAULT_NAMESPACE, manifest.name, labels, manifest.source)


KIND = ObjectKind("ServiceAccount", "", ("v1",), _read)
