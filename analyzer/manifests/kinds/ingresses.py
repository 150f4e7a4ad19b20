"""Ingress, networking.k8s.io/v1 (reference E1.4)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.route_sources import RouteSource, backend
from analyzer.manifests.text.section import Section
from analyzer.model.cluster import Backend, Route
from analyzer.model.policies import Protocol


def _read(manifest: Manifest) -> RouteSource:
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    found: list[Backend | None] = []
    hosts: list[str | None] = []
    spec = manifest.root.section("spec")
    if spec is not None:
        found.append(_backend(spec.section("defaultBackend"), namespace))
        if spec.has("defaultBackend"):
            hosts.append(None)
        for rule in spec.sections("rules"):
            hosts.append(rule.text("host") or None)
            http = rule.section("http")
            paths = http.sections("paths") if http is not None else []
            found += [_backend(path.section("backend"), namespace) for path in paths]
    named = () if None in hosts else tuple(dict.fromkeys(host for host in hosts if host is not None))
    backends = tuple(dict.fromkeys(b for b in found if b is not None))
    return RouteSource(Route("Ingress", namespace, manifest.name, Protocol.TCP, backends, named, manifest.source))


def _backend(section: Section | None, namespace: str) -> Backend | None:
    """The Service; None for a resource, which is no pod."""
    service = section.section("service") if section is not None else None
    port = service.section("port") if service is not None else None
    if service is None:
        return None
    if port is None or not (port.has("name") or port.has("number")):
        service.problem("port", "must have a `name` or a `number`")
        return None
    return backend(service, namespace, port.text("name") or port.integer("number", 1, 65535))


KIND = ObjectKind("Ingress", "networking.k8s.io", ("v1",), _read)
