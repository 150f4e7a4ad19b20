"""One Kubernetes object as written: its identity and its fields, before its kind gives them a meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.manifests.kinds.names import label_name_fault, must, subdomain_fault
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Log, Section
from analyzer.model.source import Source
from analyzer.records import dataclass

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An object with its identity.  `namespace` is None for cluster-scoped kinds; `name` may be a generateName."""

    kind: str
    api_version: str
    namespace: str | None
    name: str
    root: Section
    metadata: Section
    is_generated: bool = False

    @property
    def group(self) -> str:
        return group_of(self.api_version)

    @property
    def source(self) -> Source:
        return self.root.source

    @property
    def log(self) -> Log:
        return self.root.log


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind the model knows: which versions are served, and how to read it.

    `read` returns what the object contributes, or None when its problems leave nothing.  The flags say what is not
    known when an object of the kind cannot be read: that it may allow traffic, deny traffic, or stand for pods.
    Objects of two groups are one where both have the `identity_group` and their names the same `identity_name`.
    `is_named_in_problems`: each says which object it is about.
    """

    kind: str
    group: str
    versions: tuple[str, ...]
    read: Callable[[Manifest], Any]
    is_namespaced: bool = True
    may_allow: bool = False
    may_deny: bool = False
    adds_pods: bool = False
    has_rules: bool = False
    name_fault: Callable[[str], str | None] = subdomain_fault
    identity_group: str = ""
    identity_name: Callable[[str], str] | None = None
    is_named_in_problems: bool = False


def group_of(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def version_of(api_version: str) -> str:
    return api_version.rpartition("/")[2]


def kind_dot_group(kind: str, group: str) -> str:
    return f"{kind}.{group}" if group else kind


def identify(root: Section, kind: ObjectKind, api_version: str) -> Manifest:
    """The object with its identity read and checked (V1, V2); what is wrong is noted in the log."""
    metadata = root.section("metadata") or Section(Mapping(root.data.place), "metadata", root.log)
    root.log.is_stored = metadata.has("uid") or metadata.has("resourceVersion")
    name, is_generated = metadata.text("name"), False
    if name is None and not metadata.has("name"):
        name = metadata.text("generateName")
        is_generated = name is not None
        if not metadata.has("generateName") and (root.data.get("metadata") is None or root.section("metadata")):
            root.log.problem(root.data.place, f"this {kind.kind} has no `metadata.name`", "the API requires it")
    key = "generateName" if is_generated else "name"
    name = name or ""
    if kind.is_named_in_problems:
        where = metadata.data.get("namespace") or DEFAULT_NAMESPACE
        root.log.about = f"{kind.kind} {where}/{name}" if kind.is_namespaced else f"{kind.kind} {name}"
    checked = name.rstrip("-.") if is_generated else name
    if metadata.has(key) and isinstance(metadata.data[key], str) and (fault := kind.name_fault(checked)):
        metadata.problem(key, f"is `{name}`, but a name {must(fault)}")
    namespace = _namespace(metadata) if kind.is_namespaced else None
    return Manifest(kind.kind, api_version, namespace, name, root, metadata, is_generated)


def _namespace(metadata: Section) -> str:
    namespace = metadata.text("namespace")
    if not namespace:
        return DEFAULT_NAMESPACE
    if fault := label_name_fault(namespace):
        metadata.problem("namespace", f"is `{namespace}`, but a namespace's name {must(fault)}")
    return namespace
