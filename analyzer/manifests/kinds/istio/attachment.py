"""What every policy of Istio has: whom it is for, when it was made, and complaints that name it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.object_metadata import check_metadata
from analyzer.manifests.text.section import Section, one_of
from analyzer.model.labels import Labels
from analyzer.model.mesh import Attachment, Target

_TARGETS = {
    ("", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
}
_TARGET_FIELDS = frozenset({"group", "kind", "name", "namespace"})
GROUP, VERSIONS = "security.istio.io", ("v1", "v1beta1")
DRY_RUN = "istio.io/dry-run"
_FRAME = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})


def _reading(read: Callable[[Manifest, Section | None], Any]) -> Callable[[Manifest], Any]:
    """A reader of a kind, which is told its spec once the frame around it is checked."""

    def reading(manifest: Manifest) -> Any:
        manifest.root.only(_FRAME)
        check_metadata(manifest)
        if manifest.kind != "AuthorizationPolicy" and DRY_RUN in annotations_of(manifest):
            manifest.metadata.problem("annotations", "ask for a dry run, which only an AuthorizationPolicy has")
        return read(manifest, manifest.root.section("spec"))

    return reading


def place_of(manifest: Manifest) -> tuple[str, str]:
    """Namespace and name."""
    return manifest.namespace or DEFAULT_NAMESPACE, manifest.name


def created(manifest: Manifest) -> str:
    return manifest.metadata.text("creationTimestamp") or ""


def annotations_of(manifest: Manifest) -> dict[str, str]:
    return manifest.metadata.text_map("annotations")


def read_attachment(manifest: Manifest, spec: Section | None) -> Attachment:
    """Its selector or its targetRefs, of which there is one."""
    namespace, _ = place_of(manifest)
    if spec is None:
        return Attachment(namespace)
    there = [key for key in ("selector", "targetRef", "targetRefs") if spec.has(key) and spec.data[key] != []]
    if len(there) > 1:
        spec.problem(there[1], f"stands beside `{there[0]}`, but only one of them can be set")
    single = spec.section("targetRef")
    references = ([single] if single is not None else []) + spec.sections("targetRefs")
    targets = tuple(target for reference in references if (target := _target(reference)) is not None)
    return Attachment(namespace, read_labels_of(spec), targets)


def kind_of_policy(kind: str, read: Callable[[Manifest, Section | None], Any]) -> ObjectKind:
    """A kind of security.istio.io."""
    return ObjectKind(kind, GROUP, VERSIONS, _reading(read), may_deny=True, has_rules=True, is_named_in_problems=True)


def read_labels_of(spec: Section, key: str = "selector", inner: str = "matchLabels") -> Labels | None:
    """The labels of a selector; None where there is none.  No value is checked but for stars and length."""
    selector = spec.section(key)
    if selector is None:
        return None
    selector.only(frozenset({inner}))
    found = selector.text_map(inner)
    labels = selector.section(inner)
    for name, value in found.items():
        assert labels is not None
        if not name:
            labels.problem("", "has an empty key")
        if "*" in name or "*" in value:
            labels.problem(name, f"is `{value}`: a selector takes no wildcard")
        if len(value) > 63:
            labels.problem(name, "is longer than 63 characters")
    if not found:
        selector.notice("", "names no labels: in sidecars it means every pod in scope, in ambient none")
    return Labels(found)


def _target(reference: Section) -> Target | None:
    reference.only(_TARGET_FIELDS)
    for key in ("kind", "name"):
        if reference.required(key) and not reference.text(key):
            reference.problem(key, "is empty")
    group, kind, name = (reference.text(key) or "" for key in ("group", "kind", "name"))
    if reference.text("namespace"):
        reference.problem("namespace", "must not be set: a policy names objects of its own namespace")
    group = "" if group == "core" else group
    if kind and (group, kind) not in _TARGETS:
        known = one_of(f"{each}.{of}" if of else each for of, each in sorted(_TARGETS))
        reference.problem("kind", f"is `{kind}` of group `{group}`, but must be {known}")
        return None
    return Target(group, kind, name)
