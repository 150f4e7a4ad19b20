"""Gateway of the Gateway API: what its listeners are for, and which routes they admit (reference E1.5)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.route_sources import GATEWAY_GROUP, GATEWAY_VERSIONS, Gateway, Listener
from analyzer.manifests.kinds.selectors import read_selector
from analyzer.manifests.text.section import Section

_FROM = ("All", "None", "Same", "Selector")
_TLS_MODE = "gateway.istio.io/tls-terminate-mode"
_NAME = "gateway.istio.io/name-override"


def _read(manifest: Manifest) -> Gateway:
    spec = manifest.root.section("spec")
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    if spec is None:
        return Gateway(namespace, manifest.name, (), source=manifest.source)
    class_name = spec.text("gatewayClassName") or ""
    infrastructure = spec.section("infrastructure")
    is_set_up = infrastructure is not None and infrastructure.has("parametersRef")
    return Gateway(
        namespace,
        manifest.name,
        tuple(map(_listener, spec.sections("listeners"))),
        class_name,
        _services(spec.sections("addresses"), namespace),
        manifest.metadata.text_map("annotations").get(_NAME) or f"{manifest.name}-{class_name}",
        is_set_up or _admits_listeners(spec) or spec.has("tls"),
        manifest.source,
    )


def _services(addresses: list[Section], namespace: str) -> tuple[str, ...] | None:
    """Those that it stands before; None where its controller makes one: no address or one IP is written."""
    kinds = [address.text("type") or "IPAddress" for address in addresses]
    if kinds in ([], ["IPAddress"]):
        return None
    written = [address.text("value") or "" for address in addresses]
    hosts = [host.split(".") for host, kind in zip(written, kinds, strict=True) if kind == "Hostname"]
    return tuple(host[0] for host in hosts if len(host) == 1 or host[1:3] == [namespace, "svc"])


def _admits_listeners(spec: Section) -> bool:
    """Whether ListenerSets may add some."""
    allowed = spec.section("allowedListeners")
    namespaces = allowed.section("namespaces") if allowed is not None else None
    return namespaces is not None and namespaces.text("from") != "None"


def _listener(section: Section) -> Listener:
    routes = section.section("allowedRoutes")
    namespaces = routes.section("namespaces") if routes is not None else None
    kinds = routes.sections("kinds") if routes is not None else []
    of_group = (kind for kind in kinds if (kind.text("group") or GATEWAY_GROUP) == GATEWAY_GROUP)
    return Listener(
        section.text("name") or "",
        section.integer("port", 1, 65535),
        (namespaces.choice("from", _FROM) if namespaces is not None else None) or "Same",
        read_selector(namespaces, "selector") if namespaces is not None else None,
        section.text("hostname") or "",
        section.text("protocol") or "",
        _tls(section),
        frozenset(kind.text("kind") or "" for kind in of_group) if kinds else None,
    )


def _tls(listener: Section) -> str:
    """In Istio's words: SIMPLE where it ends TLS."""
    tls = listener.section("tls")
    if tls is None:
        return ""
    options = tls.text_map("options")
    if (tls.text("mode") or "Terminate") != "Terminate":
        return "PASSTHROUGH"
    return "SIMPLE" if options.get(_TLS_MODE) in (None, "ISTIO_SIMPLE") else options[_TLS_MODE]


KIND = ObjectKind("Gateway", GATEWAY_GROUP, GATEWAY_VERSIONS, _read)
