"""HTTPRoute, GRPCRoute, TCPRoute, TLSRoute and UDPRoute of the Gateway API (reference E1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.route_sources import GATEWAY_GROUP, GATEWAY_VERSIONS, Parent, RouteSource, backend
from analyzer.manifests.text.section import Section
from analyzer.model.cluster import Backend, Route
from analyzer.model.policies import Protocol


def _read(manifest: Manifest, protocol: Protocol) -> RouteSource:
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    spec = manifest.root.section("spec")
    backends: tuple[Backend, ...] = ()
    hosts: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    if spec is not None:
        found = (_backend(ref, namespace) for rule in spec.sections("rules") for ref in _references(rule))
        backends = tuple(dict.fromkeys(b for b in found if b is not None))
        hosts = tuple(text for text, _ in spec.texts("hostnames"))
        parents = tuple(_parent(ref, namespace) for ref in spec.sections("parentRefs") if _is(ref, "Gateway"))
    route = Route(manifest.kind, namespace, manifest.name, protocol, backends, hosts, manifest.source)
    return RouteSource(route, parents)


def _references(rule: Section) -> Iterator[Section]:
    """All that a rule sends requests to, copies of them included."""
    backends = rule.sections("backendRefs")
    yield from backends
    for filtered in (rule, *backends):
        for step in filtered.sections("filters"):
            mirror = step.section("requestMirror")
            reference = mirror.section("backendRef") if mirror is not None else None
            if reference is not None:
                yield reference


def _backend(reference: Section, namespace: str) -> Backend | None:
    """The Service; None for another kind, or one that gets no requests."""
    if not _is(reference, "Service") or reference.integer("weight", 0, 1_000_000) == 0:
        return None
    port = reference.integer("port", 1, 65535) if reference.required("port") else None
    return backend(reference, reference.text("namespace") or namespace, port)


def _parent(reference: Section, namespace: str) -> Parent:
    return Parent(
        reference.text("namespace") or namespace,
        reference.text("name") or "",
        reference.text("sectionName"),
        reference.integer("port", 1, 65535),
    )


def _is(reference: Section, kind: str) -> bool:
    """Whether the reference means this kind, which it need not say."""
    group = reference.text("group")
    usual = GATEWAY_GROUP if kind == "Gateway" else ""
    return (usual if group is None else group) == usual and (reference.text("kind") or kind) == kind


_PROTOCOLS = {"UDPRoute": Protocol.UDP}
KINDS = tuple(
    ObjectKind(kind, GATEWAY_GROUP, GATEWAY_VERSIONS, partial(_read, protocol=_PROTOCOLS.get(kind, Protocol.TCP)))
    for kind in ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
)
