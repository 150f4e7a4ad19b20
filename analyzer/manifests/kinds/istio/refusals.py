"""What istiod's admission refuses of an object of networking.istio.io, which then has no effect (istio.md 7, 8).

Each fault is one for which istiod's own validation refuses; what it refuses beyond these is read as if it took it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import combinations

from analyzer.manifests.text.section import Section

Fault = tuple[int, str]
"""Where, and what is wrong there."""

_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
_ONE_LABEL = re.compile(_LABEL)
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_WILD = re.compile(rf"(?:\*|(?:\*-?)?{_LABEL})(?:\.{_LABEL})*\.?")
_NAMESPACE = re.compile(rf"~?(?:\*|\.|{_LABEL})|~")
_ENDPOINT = re.compile(r"(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\])?:([0-9]+)|unix://.+")
_LONGEST = 255
_LOOKED_UP = ("DNS", "DNS_ROUND_ROBIN")
_BY_NAME = ("HTTP", "HTTP2", "GRPC", "TLS")
_WITH_TLS = ("HTTPS", "TLS")
_HTTP = ("GRPC", "GRPC-WEB", "HTTP", "HTTP2", "HTTP_PROXY")
_PROTOCOLS = frozenset((*_HTTP, *_WITH_TLS, "TCP", "UDP", "MONGO", "REDIS", "MYSQL"))


def is_name(text: str) -> bool:
    """A full name, without wildcards; the last label is no number."""
    return _NAME.fullmatch(text) is not None and _is_short_enough(text)


def is_wild_name(text: str) -> bool:
    """A name whose first label may be, or begin with, a star."""
    return _WILD.fullmatch(text) is not None and _is_short_enough(text)


def _is_short_enough(text: str) -> bool:
    return len(text) <= _LONGEST and not text.rpartition(".")[2].isdigit()


def _is_address(text: str, *, or_range: bool = False) -> bool:
    try:
        return bool(ip_network(text, strict=False) if or_range and "/" in text else ip_address(text))
    except ValueError:
        return False


def _port_faults(port: Section, *, needs_name: bool = False, needs_protocol: bool = False) -> Iterator[Fault]:
    """Of a port of a listener or an entry; one of a socket in the file system has no number."""
    name, protocol, number = port.text("name") or "", port.text("protocol") or "", port.data.get("number")
    if (name or needs_name) and _ONE_LABEL.fullmatch(name) is None:
        yield port.place(), f"`{name}` is no name of a port"
    if (protocol or needs_protocol) and protocol.upper() not in _PROTOCOLS:
        yield port.place(), f"`{protocol}` is no protocol of Istio's"
    if not isinstance(number, int) or not 1 <= number <= 65535:
        yield port.place(), f"a port cannot have the number {number}"


# ------------------------------------------------------------------------------------------------ Sidecar
def sidecar_faults(spec: Section) -> Iterator[Fault]:
    """Of a Sidecar's spec."""
    if not any(spec.data.get(key) for key in ("egress", "ingress")) and not any(
        spec.has(key) for key in ("outboundTrafficPolicy", "inboundConnectionPool")
    ):
        yield spec.place(), "it says nothing"
    yield from _selector_faults(spec)
    yield from _ingress_faults(spec)
    listeners = spec.sections("egress")
    for index, listener in enumerate(listeners):
        port = listener.section("port")
        if port is None and index < len(listeners) - 1:
            yield listener.place(), "a listener without `port` that is not the last one"
        if port is not None and not (listener.text("bind") or "").startswith("unix://"):
            yield from _port_faults(port)
        if not listener.texts("hosts"):
            yield listener.place(), "a listener that names no host"
        for text, place in listener.texts("hosts"):
            if (fault := _imported_fault(text)) is not None:
                yield place, f"`{text}` {fault}"


def _ingress_faults(spec: Section) -> Iterator[Fault]:
    seen = set()
    for listener in spec.sections("ingress"):
        port, endpoint = listener.section("port"), listener.text("defaultEndpoint")
        if port is None:
            yield listener.place(), "a listener without `port`"
            continue
        yield from _port_faults(port)
        if port.data.get("number") in seen:
            yield port.place(), f"two listeners on port {port.data.get('number')}"
        seen.add(port.data.get("number"))
        found = _ENDPOINT.fullmatch(endpoint) if endpoint else None
        if endpoint and (found is None or (found[1] and not 1 <= int(found[1]) <= 65535)):
            yield listener.place("defaultEndpoint"), f"`{endpoint}` is no port of the pod's own"


def _selector_faults(spec: Section) -> Iterator[Fault]:
    selector = spec.section("workloadSelector")
    labels = selector.text_map("labels") if selector is not None else {}
    for key, value in labels.items():
        if not key or "*" in key or "*" in value:
            yield spec.place("workloadSelector"), f"a selector takes no wildcard: `{key}: {value}`"


def _imported_fault(text: str) -> str | None:
    namespace, slash, host = text.partition("/")
    if not slash:
        return "is not of the form NAMESPACE/HOST"
    if not namespace or not host:
        return "has an empty part"
    if _NAMESPACE.fullmatch(namespace) is None:
        return f"names no namespace: `{namespace}`"
    if host == "*":
        return None
    if "." not in host:
        return f"has the short name `{host}`, and the name of an object is no host"
    if "*" in host and not host.startswith("*."):
        return "has a star that does not stand for a whole label"
    return None if is_wild_name(host) else f"names no host: `{host}`"


# ------------------------------------------------------------------------------------------------ ServiceEntry
def entry_faults(spec: Section) -> Iterator[Fault]:
    """Of a ServiceEntry's spec."""
    yield from _selector_faults(spec)
    hosts, resolution = spec.texts("hosts"), spec.text("resolution") or "NONE"
    endpoints = bool(spec.data.get("endpoints"))
    if not hosts:
        yield spec.place(), "it names no host"
    for text, place in hosts:
        if text == "*":
            yield place, "`*` alone is no host"
        elif not is_wild_name(text):
            yield place, f"`{text}` is no host"
    if spec.has("workloadSelector") and endpoints:
        yield spec.place("endpoints"), "it has `endpoints` beside `workloadSelector`"
    shown = [text for text, _ in spec.texts("exportTo")]
    if len(shown) > 1 and ("*" in shown or "~" in shown):
        yield spec.place("exportTo"), "it is exported to all or none, and to some"
    yield from _ports_faults(spec)
    for text, place in spec.texts("addresses"):
        if not _is_address(text, or_range=True):
            yield place, f"`{text}` is no address"
        elif "/" in text and resolution not in ("NONE", "STATIC"):
            yield place, f"a range of addresses does not go with resolution {resolution}"
    yield from _resolution_faults(spec, resolution, hosts, endpoints)


def _ports_faults(spec: Section) -> Iterator[Fault]:
    seen: set[object] = set()
    for port in spec.sections("ports"):
        name, number = port.text("name") or "", port.data.get("number")
        yield from _port_faults(port, needs_name=True)
        if name in seen or number in seen:
            yield port.place(), f"two ports `{name}`, or two {number}"
        seen |= {name, number} if isinstance(number, int) else {name}


def _resolution_faults(
    spec: Section, resolution: str, hosts: list[tuple[str, int]], endpoints: bool
) -> Iterator[Fault]:
    if resolution == "NONE" and endpoints:
        yield spec.place("endpoints"), "`endpoints` do not go with resolution NONE"
    if resolution in _LOOKED_UP:
        for text, place in hosts if not endpoints else ():
            if not is_name(text):
                yield place, f"no name server resolves `{text}`: wildcards do not go with resolution {resolution}"
        for endpoint in spec.sections("endpoints"):
            address = endpoint.text("address") or ""
            if not is_name(address) and not _is_address(address):
                yield endpoint.place(), f"`{address}` is neither a name nor an address"
    if resolution == "DYNAMIC_DNS":
        yield from _wildcard_faults(spec, hosts)


def _wildcard_faults(spec: Section, hosts: list[tuple[str, int]]) -> Iterator[Fault]:
    for text, place in hosts:
        if not text.startswith("*"):
            yield place, f"`{text}` is no wildcard, which resolution DYNAMIC_DNS is for"
    for key in ("addresses", "endpoints"):
        if spec.data.get(key):
            yield spec.place(key), f"`{key}` do not go with resolution DYNAMIC_DNS"
    for port in spec.sections("ports"):
        if (port.text("protocol") or "").upper() not in _BY_NAME:
            yield port.place(), f"resolution DYNAMIC_DNS is for the protocols {', '.join(_BY_NAME)}"


# ------------------------------------------------------------------------------------------------ gateways
def gateway_faults(spec: Section, name: str) -> Iterator[Fault]:
    """Of a Gateway's spec."""
    if _ONE_LABEL.fullmatch(name) is None:
        yield spec.place(), f"`{name}` is no name of a gateway"
    servers = spec.sections("servers")
    if not servers:
        yield spec.place(), "it has no server"
    names: set[str] = set()
    for server in servers:
        port = server.section("port")
        if not server.texts("hosts"):
            yield server.place(), "a server that names no host"
        for text, place in server.texts("hosts"):
            if (fault := _served_fault(text)) is not None:
                yield place, f"`{text}` {fault}"
        if port is None:
            yield server.place(), "a server without `port`"
            continue
        if not (server.text("bind") or "").startswith("unix://"):
            yield from _port_faults(port, needs_name=True, needs_protocol=True)
        if (given := port.text("name") or "") in names:
            yield port.place(), f"two ports are called `{given}`"
        names.add(given)
        yield from _tls_faults(server, (port.text("protocol") or "").upper())


def _served_fault(text: str) -> str | None:
    namespace, slash, host = text.rpartition("/")
    if slash and (namespace not in ("*", ".") and _ONE_LABEL.fullmatch(namespace) is None):
        return f"names no namespace: `{namespace}`"
    if host == "*" or _is_address(host):
        return None
    if "." not in host:
        return f"has the short name `{host}`"
    if "*" in host and not host.startswith("*."):
        return "has a star that does not stand for a whole label"
    return None if is_wild_name(host) else f"names no host: `{host}`"


def _tls_faults(server: Section, protocol: str) -> Iterator[Fault]:
    tls = server.section("tls")
    if tls is None and protocol in _WITH_TLS:
        yield server.place(), f"a server for {protocol} without `tls`"
    if tls is None or protocol in _WITH_TLS:
        return
    is_passed = (tls.text("mode") or "PASSTHROUGH") in ("PASSTHROUGH", "AUTO_PASSTHROUGH")
    if protocol not in _HTTP or not is_passed:
        yield server.place("tls"), f"a server for {protocol} with `tls`"


def _is_same_host(one: str, other: str) -> bool:
    """A wildcard is every host that ends so."""
    if one.startswith("*") and other.startswith("*"):
        return one[1:].endswith(other[1:]) or other[1:].endswith(one[1:])
    if one.startswith("*"):
        return other.endswith(one[1:])
    return one.endswith(other[1:]) if other.startswith("*") else one == other


def route_faults(spec: Section) -> Iterator[Fault]:
    """Of a VirtualService's spec."""
    if not any(spec.data.get(key) for key in ("http", "tcp", "tls")):
        yield spec.place(), "it has no route"
    gateways = [text for text, _ in spec.texts("gateways")]
    is_of_mesh, are_valid, hosts = not gateways or "mesh" in gateways, True, list(spec.texts("hosts"))
    for text, place in hosts:
        if not is_wild_name(text) and not _is_address(text):
            yield place, f"`{text}` is no host"
            are_valid = False
        elif is_of_mesh and text == "*":
            yield place, "`*` is no host where routes are for the mesh, too"
            are_valid = False
    for (one, _), (other, place) in combinations(hosts, 2) if are_valid else ():
        if _is_same_host(one, other):
            yield place, f"`{one}` and `{other}` are one host"
    is_delegate = not hosts
    if is_delegate and (gateways or any(spec.data.get(key) for key in ("tcp", "tls"))):
        yield (
            spec.place(),
            "one without hosts is for others to lead to, and has neither gateways nor routes of TCP or TLS",
        )
    for text, place in spec.texts("gateways"):
        namespace, slash, name = text.rpartition("/")
        if text == "mesh":  # those behind it are not looked at
            break
        if (slash and _ONE_LABEL.fullmatch(namespace) is None) or not is_name(name):
            yield place, f"`{text}` is no name of a Gateway"
    for route in spec.sections("http"):
        yield from _http_faults(route, is_delegate=is_delegate)
    for route in (*spec.sections("tcp"), *spec.sections("tls")):
        yield from _destination_faults(route)


def _http_faults(route: Section, *, is_delegate: bool) -> Iterator[Fault]:
    leads = bool(route.data.get("route"))
    others = [key for key in ("redirect", "directResponse") if route.has(key)]
    if leads and others:
        yield route.place(), f"a route that has `{others[0]}` as well"
    if not leads and not others and not route.has("delegate"):
        yield route.place(), "a route that leads nowhere"
    if is_delegate and route.has("delegate"):
        yield route.place(), "a route that others lead to leads on"
    redirect, response = route.section("redirect"), route.section("directResponse")
    if redirect is not None:
        if not any(redirect.data.get(key) for key in ("uri", "authority", "scheme", "port", "derivePort")):
            yield redirect.place(), "a redirection says nowhere to go"
        code = redirect.data.get("redirectCode")
        if isinstance(code, int) and code and not 300 <= code <= 399:
            yield redirect.place(), f"{code} is no code of a redirection"
    if response is not None:
        status = response.data.get("status", 0)
        if isinstance(status, int) and not 200 <= status <= 599:
            yield response.place(), f"{status} is no status of a response"
    yield from _destination_faults(route)


def _destination_faults(route: Section) -> Iterator[Fault]:
    """Where a route leads, and in what shares."""
    weights = []
    for each in route.sections("route"):
        weight = each.data.get("weight", 0)
        weights.append(weight)
        if isinstance(weight, int) and weight < 0:
            yield each.place(), "a share below nothing"
        destination = each.section("destination")
        host = (destination.text("host") or "") if destination is not None else ""
        if not host or host == "*":
            yield each.place(), f"`{host}` is no host to lead to"
        port = destination.section("port") if destination is not None else None
        number = port.data.get("number", 0) if port is not None else 1
        if isinstance(number, int) and not 1 <= number <= 65535:
            yield each.place(), f"{number} is no port"
    if len(weights) > 1 and all(weight == 0 for weight in weights):
        yield route.place(), "its shares are nothing together"
