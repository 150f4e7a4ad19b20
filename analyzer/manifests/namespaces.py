"""Namespace, v1 (reference A8.6)."""

from __future__ import annotations

from analyzer.manifests.manifest import Manifest, ObjectKind
from analyzer.manifests.names import label_name_fault
from analyzer.manifests.selectors import read_labels
from analyzer.model.cluster import Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels


def _read(manifest: Manifest) -> Namespace:
    metadata = manifest.metadata
    labels = read_labels(metadata, "labels")
    written = labels.get(NAMESPACE_NAME_LABEL, manifest.name)
    if written != manifest.name:
        metadata.notice(
            "labels",
            f"sets `{NAMESPACE_NAME_LABEL}` to `{written}`; the API server makes it `{manifest.name}`",
        )
    labels[NAMESPACE_NAME_LABEL] = manifest.name
    return Namespace(manifest.name, Labels(labels), True, manifest.source)


KIND = ObjectKind(
    "Namespace",
    "",
    ("v1",),
    _read,
    is_namespaced=False,
    may_allow=True,
    may_deny=True,
    adds_pods=True,
    name_fault=label_name_fault,
)
