"""Namespace, v1 (reference A8.6)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.kinds.names import label_name_fault
from analyzer.manifests.kinds.object_metadata import check_finalizers, check_other_metadata
from analyzer.manifests.kinds.selectors import read_labels
from analyzer.model.cluster import Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels

_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
_STATUS_FIELDS = frozenset({"phase", "conditions"})


def _read(manifest: Manifest) -> Namespace:
    metadata = manifest.metadata
    check_other_metadata(manifest)
    _check_frame(manifest)
    labels = read_labels(metadata, "labels")
    written = labels.get(NAMESPACE_NAME_LABEL, manifest.name)
    if written != manifest.name:
        metadata.notice(
            "labels",
            f"sets `{NAMESPACE_NAME_LABEL}` to `{written}`; the API server makes it `{manifest.name}`",
        )
    labels[NAMESPACE_NAME_LABEL] = manifest.name
    return Namespace(manifest.name, Labels(labels), True, manifest.source)


def _check_frame(manifest: Manifest) -> None:
    """Note what strict validation refuses around the metadata."""
    root = manifest.root
    root.only(_FIELDS)
    spec, status = root.section("spec"), root.section("status")
    if spec is not None:
        spec.only(frozenset({"finalizers"}))
        check_finalizers(spec)
    if status is not None:
        status.only(_STATUS_FIELDS)
        status.text("phase")
        status.sections("conditions")


KIND = ObjectKind(
    "Namespace",
    "",
    ("v1",),
    _read,
    is_namespaced=False,
    may_allow=True,
    may_deny=True,
    name_fault=label_name_fault,
)
