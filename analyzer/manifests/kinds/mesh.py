"""What the mesh's own configuration says of the objects that the model does not read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from analyzer.manifests.kinds.manifest import group_of, kind_dot_group
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS
from analyzer.manifests.text.nodes import Mapping
from analyzer.model.cluster import Unmodelled

_USUAL_ROOT = "istio-system"
_ROOT = re.compile(r"^rootNamespace:\s*[\"']?([a-z0-9][-a-z0-9]*)", re.MULTILINE)
_CONFIGURATION = re.compile(r"istio(-.*)?")


def root_namespace(data: Mapping) -> str:
    """The root namespace that a ConfigMap of the mesh's configuration names; empty for any other ConfigMap."""
    metadata, content = data.get("metadata"), data.get("data")
    if not isinstance(metadata, Mapping) or not isinstance(content, Mapping):
        return ""
    name, mesh = metadata.get("name"), content.get("mesh")
    if not isinstance(name, str) or not isinstance(mesh, str) or not _CONFIGURATION.fullmatch(name):
        return ""
    found = _ROOT.search(mesh)
    return found[1] if found else _USUAL_ROOT


def at_root(unmodelled: Iterable[Unmodelled], roots: Collection[str]) -> Iterator[Unmodelled]:
    """The objects, of which those of the mesh that stand in its root namespace reach every pod (istio.md 5.1)."""
    roots = roots or {_USUAL_ROOT}
    for entry in unmodelled:
        effect = EFFECTS.get(kind_dot_group(entry.kind, group_of(entry.api_version)))
        is_wide = effect is not None and effect.is_root_wide and entry.namespace in roots
        yield replace(entry, namespace=None) if is_wide else entry
