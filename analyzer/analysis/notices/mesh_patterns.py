"""Patterns of AuthorizationPolicies that no request meets, and those that mean something else than they seem to
(istio.md 5.4 to 5.7, 5.11)."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.model.mesh import MeshConfig
from analyzer.semantics.requests import normalized

_MIDDLE = "a star that stands at neither end is a character like any other"
_PARTS = 5


def oddity(attribute: str, value: str, config: MeshConfig) -> str | None:
    """What is odd about a value of the attribute, as the end of a sentence; None if nothing is."""
    check = _CHECKS.get(attribute)
    found = check(value, config) if check is not None else None
    return found or (_MIDDLE if attribute in _WITH_STARS and "*" in _bare(attribute, value) else None)


def _bare(attribute: str, value: str) -> str:
    """Without the star at one end, and without what is a template."""
    if attribute == "paths" and ("{*}" in value or "{**}" in value):
        return ""
    return value[1:] if value.startswith("*") else value.removesuffix("*")


def _principal(value: str, config: MeshConfig) -> str | None:
    if value.startswith("spiffe://"):
        return "identities are compared without `spiffe://`, so that it matches nobody"
    parts = value.split("/")
    if value.startswith("*") or (len(parts) == 1 and value.endswith("*")):
        return None
    if not value.endswith("*") and len(parts) != _PARTS:
        return "identities are of the form TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, so that it matches nobody"
    known = (*config.trust_domains, *(("cluster.local",) if len(parts) == _PARTS else ()))
    if parts[0] not in known:
        return f"`{parts[0]}` is no trust domain of this mesh, so that it matches nobody"
    return None


def _namespace(value: str, config: MeshConfig) -> str | None:
    tail = value.rpartition("*")[2]
    if "*" in value and tail in ("a", "sa"):
        return "identities hold `/sa/`, so that a sidecar takes every namespace that begins so for one that it matches"
    return "namespaces are in lower case, so that it matches none" if value != value.lower() else None


def _trust_domain(value: str, config: MeshConfig) -> str | None:
    if "*" in value or value in config.trust_domains:
        return None
    return "it is no trust domain of this mesh, so that it matches nobody"


def _token(value: str, config: MeshConfig) -> str | None:
    issuer, slash, _ = value.rpartition("/")
    if value.endswith("*") and issuer.endswith(":/"):
        return f"it means the issuer `{issuer}`, so that it matches no token; every subject of an issuer is `ISSUER/*`"
    if "*" not in value and not slash:
        return "it names no subject (`ISSUER/SUBJECT`), so that it matches no token"
    return None


def _host(value: str, config: MeshConfig) -> str | None:
    if "/" in value:
        return "no host has a slash, so that it matches none"
    return "the port is part of what it is compared with, so that no host matches" if value.endswith(":*") else None


def _method(value: str, config: MeshConfig) -> str | None:
    return "methods are in capitals, and are compared as they are" if value != value.upper() else None


def _path(value: str, config: MeshConfig) -> str | None:
    if not value.startswith(("/", "*")) and "{*" not in value:
        return "paths begin with `/`, so that it matches none"
    if "?" in value or "#" in value:
        return "the query is cut off before, so that it matches no path"
    if value.startswith("*") or "{*" in value:
        return None
    written = value[:-1] + "x" if value.endswith("*") else value
    seen, _ = normalized(written, config.normalization)
    if seen != written:
        shown = seen.removesuffix("x") + "*" if value.endswith("*") else seen
        return f"paths are compared once they are normalized, so that it matches none; `{shown}` is what is meant"
    return None


def _server(value: str, config: MeshConfig) -> str | None:
    return "names of servers are in lower case, so that it matches none" if value != value.lower() else None


def _port(value: str, config: MeshConfig) -> str | None:
    return "no connection is to port 0" if not int(value) else None


_CHECKS: dict[str, Callable[[str, MeshConfig], str | None]] = {
    "source.principal": _principal,
    "source.namespace": _namespace,
    "source.trustDomain": _trust_domain,
    "request.auth.principal": _token,
    "hosts": _host,
    "methods": _method,
    "paths": _path,
    "connection.sni": _server,
    "destination.port": _port,
}
_WITH_STARS = frozenset({"source.principal", "hosts", "methods", "paths", "connection.sni", "request.headers"})
_WITH_STARS |= {"request.auth.principal", "request.auth.audiences", "request.auth.presenter", "request.auth.claims"}
