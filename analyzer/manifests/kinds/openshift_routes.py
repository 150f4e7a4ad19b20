"""Route, route.openshift.io/v1: what the router of OpenShift leads to (reference E1.8)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.route_sources import RouteSource
from analyzer.manifests.text.section import Section
from analyzer.model.cluster import Backend, Route
from analyzer.model.policies import Protocol


def _read(manifest: Manifest) -> RouteSource:
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    backends: list[Backend | None] = []
    hosts: tuple[str, ...] = ()
    spec = manifest.root.section("spec")
    if spec is not None:
        port, main, host = _port(spec.section("port")), spec.section("to"), spec.text("host")
        targets = [*([] if main is None else [main]), *spec.sections("alternateBackends")]
        backends = [_backend(target, namespace, port) for target in targets]
        hosts = (host,) if host else ()
    found = tuple(dict.fromkeys(backend for backend in backends if backend is not None))
    return RouteSource(Route("Route", namespace, manifest.name, Protocol.TCP, found, hosts, manifest.source))


def _port(section: Section | None) -> int | str | None:
    """The pods' port, or the name of the Service's; None where the Route leaves it open.  Quotes make no difference."""
    if section is None:
        return None
    written = section.data.get("targetPort")
    if isinstance(written, str) and not written.isdecimal():
        return written
    return int(written) if isinstance(written, str) else section.integer("targetPort", 1, 65535)


def _backend(target: Section, namespace: str, port: int | str | None) -> Backend | None:
    """The Service; None for one that gets no requests."""
    name = target.text("name") if target.required("name") else None
    is_used = target.integer("weight", 0, 256) != 0
    return Backend(namespace, name, port, is_of_pods=True) if name and is_used else None


KIND = ObjectKind("Route", "route.openshift.io", ("v1",), _read)
