"""What istiod's admission refuses of a Sidecar or a ServiceEntry, which then has no effect (istio.md 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.manifests.text.section import Section

Fault = tuple[int, str]
"""Where, and what is wrong there."""

_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_WILD = re.compile(rf"(?:\*|(?:\*-?)?{_LABEL})(?:\.{_LABEL})*\.?")
_NAMESPACE = re.compile(rf"~?(?:\*|\.|{_LABEL})|~")
_LONGEST = 255
_LOOKED_UP = ("DNS", "DNS_ROUND_ROBIN")
_BY_NAME = ("HTTP", "HTTP2", "GRPC", "TLS")


def is_name(text: str) -> bool:
    """A full name, without wildcards; the last label is no number."""
    return _NAME.fullmatch(text) is not None and _is_short_enough(text)


def _is_short_enough(text: str) -> bool:
    return len(text) <= _LONGEST and not text.rpartition(".")[2].isdigit()


def is_wild_name(text: str) -> bool:
    """A name whose first label may be, or begin with, a star."""
    return _WILD.fullmatch(text) is not None and _is_short_enough(text)


# ------------------------------------------------------------------------------------------------ Sidecar
def sidecar_faults(spec: Section) -> Iterator[Fault]:
    """Of a Sidecar's spec."""
    if not any(spec.data.get(key) for key in ("egress", "ingress")) and not any(
        spec.has(key) for key in ("outboundTrafficPolicy", "inboundConnectionPool")
    ):
        yield spec.place(), "it says nothing"
    yield from _selector_faults(spec)
    for listener in spec.sections("ingress"):
        if listener.section("port") is None:
            yield listener.place(), "a listener without `port`"
    listeners = spec.sections("egress")
    for index, listener in enumerate(listeners):
        if not listener.has("port") and index < len(listeners) - 1:
            yield listener.place(), "a listener without `port` that is not the last one"
        if not listener.texts("hosts"):
            yield listener.place(), "a listener that names no host"
        for text, place in listener.texts("hosts"):
            if (fault := _imported_fault(text)) is not None:
                yield place, f"`{text}` {fault}"


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
    yield from _port_faults(spec)
    if any("/" in text for text, _ in spec.texts("addresses")) and resolution not in ("NONE", "STATIC"):
        yield spec.place("addresses"), f"a range of addresses does not go with resolution {resolution}"
    yield from _resolution_faults(spec, resolution, hosts, endpoints)


def _port_faults(spec: Section) -> Iterator[Fault]:
    seen: set[object] = set()
    for port in spec.sections("ports"):
        name, number = port.text("name") or "", port.integer("number", 0, 65535)
        if not name or not number:
            yield port.place(), "a port without a name or a number"
        elif name in seen or number in seen:
            yield port.place(), f"two ports `{name}`, or two {number}"
        seen |= {name, number}


def _resolution_faults(
    spec: Section, resolution: str, hosts: list[tuple[str, int]], endpoints: bool
) -> Iterator[Fault]:
    if resolution == "NONE" and endpoints:
        yield spec.place("endpoints"), "`endpoints` do not go with resolution NONE"
    if resolution in _LOOKED_UP and not endpoints:
        for text, place in hosts:
            if not is_name(text):
                yield place, f"no name server resolves `{text}`: wildcards do not go with resolution {resolution}"
    if resolution == "DYNAMIC_DNS":
        for text, place in hosts:
            if not text.startswith("*"):
                yield place, f"`{text}` is no wildcard, which resolution DYNAMIC_DNS is for"
        for key in ("addresses", "endpoints"):
            if spec.data.get(key):
                yield spec.place(key), f"`{key}` do not go with resolution DYNAMIC_DNS"
        for port in spec.sections("ports"):
            if (port.text("protocol") or "").upper() not in _BY_NAME:
                yield port.place(), f"resolution DYNAMIC_DNS is for the protocols {', '.join(_BY_NAME)}"
