"""ReferenceGrant of the Gateway API: which routes may name Services of another namespace (reference E1.5)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.route_sources import GATEWAY_GROUP, GATEWAY_VERSIONS, Grant


def _read(manifest: Manifest) -> Grant:
    spec = manifest.root.section("spec")
    origins: set[tuple[str, str]] = set()
    names: set[str | None] = set()
    if spec is not None:
        for origin in spec.sections("from"):
            if origin.text("group") == GATEWAY_GROUP:
                origins.add((origin.text("kind") or "", origin.text("namespace") or ""))
        for target in spec.sections("to"):
            if not target.text("group") and target.text("kind") == "Service":
                names.add(target.text("name") or None)
    services = None if None in names else frozenset(name for name in names if name is not None)
    return Grant(manifest.namespace or DEFAULT_NAMESPACE, frozenset(origins), services)


KIND = ObjectKind("ReferenceGrant", GATEWAY_GROUP, GATEWAY_VERSIONS, _read)
