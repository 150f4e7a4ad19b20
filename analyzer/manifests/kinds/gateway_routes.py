"""HTTPRoute, GRPCRoute, TCPRoute, TLSRoute and UDPRoute of the Gateway API (reference E1.5)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.route_sources import (
    GATEWAY_GROUP,
    GATEWAY_VERSIONS,
    Parent,
    RouteMatch,
    RouteRule,
    RouteSource,
    backend,
)
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.cluster import Backend, Route
from analyzer.model.mesh import Match
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
    rules = tuple(_rules(spec, manifest.kind, namespace)) if spec is not None else ()
    return RouteSource(route, parents, rules, manifest.metadata.text("creationTimestamp") or "")


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


# ------------------------------------------------------------------------------------------------ rules
_KNOWN_FILTERS = frozenset(
    {"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite", "CORS"}
)
_RANKS = {"exact": 3, "segments": 2, "prefix": 2, "regex": 1}
_FORMS = {"Exact": "exact", "PathPrefix": "segments", "RegularExpression": "regex"}


def _rules(spec: Section, kind: str, namespace: str) -> Iterator[RouteRule]:
    """Of the kinds that speak of requests."""
    if kind not in ("HTTPRoute", "GRPCRoute"):
        return
    match = _http_match if kind == "HTTPRoute" else _grpc_match
    for rule in spec.sections("rules"):
        references = [ref for ref in rule.sections("backendRefs") if ref.integer("weight", 0, 1_000_000) != 0]
        backends = [_backend(ref, namespace) if _is(ref, "Service") else None for ref in references]
        filters = {step.text("type") for within in (rule, *references) for step in within.sections("filters")}
        yield RouteRule(
            tuple(map(match, rule.sections("matches") or [Section(Mapping(), "matches[0]", rule.log, rule)])),
            tuple(found for found in backends if found is not None),
            "RequestRedirect" in filters or not references,
            any(found is None for found in backends) or not filters <= _KNOWN_FILTERS,
        )


def _http_match(section: Section) -> RouteMatch:
    """Nothing said of the path means every path."""
    found: list[Match | None] = [_path(section.section("path"))]
    headers, parameters = section.sections("headers"), section.sections("queryParams")
    found += map(_header, headers)
    method = section.text("method")
    if method is not None:
        found.append(Match("method", "exact", method))
    return _ranked(found, (int(method is not None), len(headers), len(parameters)), is_known=not parameters)


def _grpc_match(section: Section) -> RouteMatch:
    """A method is a path, `/service/method`."""
    headers, called = section.sections("headers"), section.section("method")
    found: list[Match | None] = [*([] if called is None else [_called(called)]), *map(_header, headers)]
    return _ranked(found, (0, len(headers), 0))


def _ranked(found: list[Match | None], more: tuple[int, int, int], *, is_known: bool = True) -> RouteMatch:
    """The order among those of all routes of a host: by path, then by method, headers and parameters (istio.md 8)."""
    path = next((each for each in found if each is not None and each.attribute == "uri"), None)
    kind, length = (_RANKS[path.form], len(path.text)) if path is not None else (-1, 0)
    known = [each for each in found if each is not None]
    is_whole = is_known and len(known) == len(found)
    return RouteMatch(tuple(known) if is_whole else None, (kind, length, *more))


def _path(section: Section | None) -> Match | None:
    written = (section.text("type") if section is not None else None) or "PathPrefix"
    text = (section.text("value") if section is not None else None) or "/"
    form = _FORMS.get(written)
    if form == "segments":
        return Match("uri", form, text.removesuffix("/")) if text != "/" else Match("uri", "prefix", "/")
    return None if form is None else Match("uri", form, text)


def _called(section: Section) -> Match | None:
    service, method = section.text("service"), section.text("method")
    if service is None and method is None:
        return None
    match section.text("type") or "Exact":
        case "Exact" if method is None:
            return Match("uri", "segments", f"/{service}")
        case "Exact" if service is not None:
            return Match("uri", "exact", f"/{service}/{method}")
        case "Exact" | "RegularExpression":
            return Match("uri", "regex", f"/{service or '[^/]+'}/{method or '.+'}")
        case _:
            return None


def _header(section: Section) -> Match | None:
    form = _FORMS.get(section.text("type") or "Exact")
    name, value = section.text("name"), section.text("value")
    return None if form is None or name is None or value is None else Match("headers", form, value, name)


# ------------------------------------------------------------------------------------------------ references
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
