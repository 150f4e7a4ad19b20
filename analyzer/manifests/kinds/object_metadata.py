"""ObjectMeta as a strict API server reads it: every field known, every value of its type (reference V24, V25)."""

from __future__ import annotations

import re

from analyzer.manifests.kinds.manifest import Manifest
from analyzer.manifests.kinds.names import label_key_fault, must
from analyzer.manifests.kinds.selectors import read_labels
from analyzer.manifests.text.section import Section

_FIELDS = frozenset(
    {
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
_FIELDS_OF_OLD = frozenset({"clusterName", "initializers"})  # which servers stored once, and serve no more
_OWNER_FIELDS = frozenset({"apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"})
_OWNED_FIELDS = frozenset({"manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"})
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)\Z")
_MOST_ANNOTATION_BYTES = 256 * 1024
_INT64 = 2**63


def check_metadata(manifest: Manifest) -> None:
    """Note what strict validation refuses in the metadata of a policy or a namespace."""
    metadata = manifest.metadata
    read_labels(metadata, "labels")
    check_other_metadata(manifest)


def check_other_metadata(manifest: Manifest) -> None:
    """The same without the labels, for a reader that reads them itself."""
    metadata = manifest.metadata
    metadata.only(_FIELDS | _FIELDS_OF_OLD if metadata.log.is_stored else _FIELDS)
    _check_annotations(metadata)
    for key in ("resourceVersion", "selfLink", "uid", "generateName"):
        metadata.text(key)
    for key in ("creationTimestamp", "deletionTimestamp"):
        _check_time(metadata, key)
    for key in ("deletionGracePeriodSeconds", "generation"):
        metadata.integer(key, -_INT64, _INT64 - 1)
    check_finalizers(metadata)
    for reference in metadata.sections("ownerReferences"):
        _check_owner(reference)
    for entry in metadata.sections("managedFields"):
        entry.only(_OWNED_FIELDS)
        _check_time(entry, "time")
    if manifest.namespace is None and metadata.has("namespace"):
        metadata.notice("namespace", f"has no meaning: {manifest.kind} is cluster-scoped")


def check_finalizers(section: Section) -> None:
    """A finalizer is a qualified name with a prefix, or one of the three that Kubernetes knows."""
    for name, place in section.texts("finalizers"):
        if name in _STANDARD_FINALIZERS:
            continue
        if fault := label_key_fault(name):
            section.log.problem(place, f"`{section.field('finalizers')}` holds `{name}`, but a finalizer {must(fault)}")
        elif "/" not in name:
            message = f"`{section.field('finalizers')}` holds `{name}`, which is no finalizer of Kubernetes"
            section.log.problem(place, message, f"write it with its domain: `example.com/{name}`")


def _check_annotations(metadata: Section) -> None:
    annotations = metadata.text_map("annotations")
    for key in annotations:
        if fault := label_key_fault(key.lower()):
            metadata.problem("annotations", f"has the key `{key}`, but an annotation key {must(fault)}")
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MOST_ANNOTATION_BYTES:
        metadata.problem("annotations", "hold more than 256 KiB together")


def _check_time(section: Section, key: str) -> None:
    text = section.text(key)
    if text is not None and not _TIME.match(text):
        section.problem(key, f"is `{text}`, which is no time", "a time looks like `2026-01-31T12:00:00Z`")


def _check_owner(reference: Section) -> None:
    reference.only(_OWNER_FIELDS)
    for key in ("apiVersion", "kind", "name", "uid"):
        if reference.required(key) and reference.text(key) == "":
            reference.problem(key, "must not be empty")
    for key in ("controller", "blockOwnerDeletion"):
        reference.boolean(key)
