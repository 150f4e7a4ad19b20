"""Gateway, VirtualService and Sidecar, networking.istio.io: as far as they say who comes in (istio.md 7, 8)."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.manifests.kinds.istio.attachment import place_of
from analyzer.manifests.kinds.istio.refusals import (
    Fault,
    entry_faults,
    gateway_faults,
    route_faults,
    sidecar_faults,
)
from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.labels import Labels
from analyzer.model.mesh import HttpRoute, InboundScope, IngressGateway, Match, Server, VirtualService

GROUP, VERSIONS = "networking.istio.io", ("v1", "v1beta1", "v1alpha3")
_CONDITIONS = ("uri", "method", "authority")
_IGNORED = frozenset({"name", "ignoreUriCase", "statPrefix", "gateways", "headers", *_CONDITIONS})
_FORMS = ("exact", "prefix", "regex")


def _read_gateway(manifest: Manifest) -> IngressGateway | None:
    spec = manifest.root.section("spec") or manifest.root
    if _is_refused(manifest, gateway_faults(spec, manifest.name)):
        return None
    selector, servers = spec.text_map("selector"), tuple(map(_server, spec.sections("servers")))
    return IngressGateway(*place_of(manifest), Labels(selector), servers, manifest.source)


def _server(section: Section) -> Server:
    port, tls = section.section("port"), section.section("tls")
    number = port.integer("number", 0, 65535) if port is not None else None
    protocol = (port.text("protocol") or "") if port is not None else ""
    hosts = tuple(text for text, _ in section.texts("hosts"))
    mode = (tls.text("mode") or "PASSTHROUGH") if tls is not None else ""
    return Server(number or 0, protocol.upper(), hosts, mode, tls is not None and tls.boolean("httpsRedirect"))


# ------------------------------------------------------------------------------------------------ routes
def _read_service(manifest: Manifest) -> VirtualService | None:
    namespace, name = place_of(manifest)
    spec = manifest.root.section("spec") or manifest.root
    if _is_refused(manifest, route_faults(spec)):
        return None
    gateways = (text for text, _ in spec.texts("gateways"))
    named = tuple(text if "/" in text else f"{namespace}/{text}" for text in gateways if text != "mesh")
    routes = tuple(map(_route, spec.sections("http")))
    hosts = tuple(text for text, _ in spec.texts("hosts"))
    return VirtualService(namespace, name, hosts, named, routes, manifest.source)


def _route(section: Section) -> HttpRoute:
    """One alternative without conditions if it has none.  Redirects and the like lead nowhere."""
    matches = section.sections("match")
    alternatives = tuple(map(_match, matches)) if matches else ((),)
    leads = section.has("route") or section.has("delegate")
    return HttpRoute(alternatives, leads, section.has("delegate") or section.has("fault"))


def _match(section: Section) -> tuple[Match, ...] | None:
    """All that one alternative asks for; None where some of it is not modelled."""
    if any(key not in _IGNORED and value is not None for key, value in section.data.items()):
        return None
    folds = section.boolean("ignoreUriCase")
    found = [_string(section, key, key, ignores_case=folds and key == "uri") for key in _CONDITIONS]
    headers = section.section("headers")
    if headers is not None:
        found += [None if key.startswith("@") else _string(headers, key, "headers", key=key) for key in headers.data]
    if any(each is None for each in found):
        return None
    return tuple(each for each in found if isinstance(each, Match))


def _string(section: Section, field: str, attribute: str, *, key: str = "", ignores_case: bool = False) -> object:
    """The condition, False where there is none, None where it is not understood."""
    if section.data.get(field) is None:
        return False
    inner = section.section(field)
    if inner is None or len(inner.data) > 1:
        return None
    if not inner.data:
        return Match(attribute, "present", "", key)
    form = next(iter(inner.data))
    text = inner.data[form]
    if form not in _FORMS or not isinstance(text, str):
        return None
    return Match(attribute, form, text, key, ignores_case)


# ------------------------------------------------------------------------------------------------ sidecars
def _read_sidecar(manifest: Manifest) -> InboundScope | None:
    """One that makes listeners of its own for what comes in; what it says of what goes out is no boundary."""
    spec = manifest.root.section("spec")
    is_refused = _is_refused(manifest, sidecar_faults(manifest.root if spec is None else spec))
    return None if spec is None or is_refused or not spec.data.get("ingress") else _scope(manifest, spec)


def _read_entry(manifest: Manifest) -> InboundScope | None:
    """One that declares ports of pods."""
    spec = manifest.root.section("spec")
    is_refused = _is_refused(manifest, entry_faults(manifest.root if spec is None else spec))
    return None if spec is None or is_refused or not spec.data.get("workloadSelector") else _scope(manifest, spec)


def _is_refused(manifest: Manifest, faults: Iterable[Fault]) -> bool:
    """Whether admission refuses it.  That is no error: nothing hangs on what goes out of a mesh (istio.md 7)."""
    found = list(faults)
    for place, fault in found:
        manifest.log.refused(place, f"{manifest.kind} {'/'.join(place_of(manifest))}: Istio refuses it: {fault}")
    return bool(found)


def _scope(manifest: Manifest, spec: Section) -> InboundScope:
    selector = spec.section("workloadSelector")
    labels = None
    if selector is not None and isinstance(selector.data.get("labels"), Mapping):
        labels = Labels(selector.text_map("labels"))
    return InboundScope(manifest.kind, *place_of(manifest), labels, manifest.source)


KINDS = tuple(
    ObjectKind(kind, GROUP, VERSIONS, read, may_deny=True)
    for kind, read in (
        ("Gateway", _read_gateway),
        ("VirtualService", _read_service),
        ("Sidecar", _read_sidecar),
        ("ServiceEntry", _read_entry),
    )
)
