"""Gateway of the Gateway API: which namespaces' routes its listeners admit (reference E1.5)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.route_sources import GATEWAY_GROUP, GATEWAY_VERSIONS, Gateway, Listener
from analyzer.manifests.text.section import Section
from analyzer.model.mesh import WAYPOINT_CLASS

_FROM = ("All", "None", "Same", "Selector")


def _read(manifest: Manifest) -> Gateway:
    spec = manifest.root.section("spec")
    listeners = spec.sections("listeners") if spec is not None else []
    is_waypoint = spec is not None and spec.text("gatewayClassName") == WAYPOINT_CLASS
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    return Gateway(namespace, manifest.name, tuple(map(_listener, listeners)), is_waypoint, manifest.source)


def _listener(section: Section) -> Listener:
    """One that selects namespaces by label is taken to admit all: their labels may change."""
    routes = section.section("allowedRoutes")
    namespaces = routes.section("namespaces") if routes is not None else None
    admits = (namespaces.choice("from", _FROM) if namespaces is not None else None) or "Same"
    return Listener(
        section.text("name") or "", section.integer("port", 1, 65535), "All" if admits == "Selector" else admits
    )


KIND = ObjectKind("Gateway", GATEWAY_GROUP, GATEWAY_VERSIONS, _read)
