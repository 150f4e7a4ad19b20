"""PeerAuthentication and RequestAuthentication, security.istio.io (istio.md 3, 4)."""

from __future__ import annotations

import json
import re

from analyzer.manifests.kinds.istio.attachment import created, kind_of_policy, place_of, read_attachment, read_labels_of
from analyzer.manifests.kinds.manifest import Manifest
from analyzer.manifests.text.section import Section
from analyzer.model.mesh import Attachment, JwtRule, Mode, PeerAuthentication, RequestAuthentication

_MODES = tuple(mode.value for mode in Mode)
_JWT_FIELDS = frozenset(
    {
        "audiences",
        "forwardOriginalToken",
        "fromCookies",
        "fromHeaders",
        "fromParams",
        "issuer",
        "jwks",
        "jwks_uri",
        "jwksUri",
        "outputClaimToHeaders",
        "outputPayloadToHeader",
        "presence",
        "spaceDelimitedClaims",
        "timeout",
    }
)
_URI = re.compile(r"https?://[^\s/?#]*(?:[/?#]\S*)?", re.IGNORECASE)
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(rf"\+?(?:{_PART.pattern})+")
_HEADER = re.compile(r"[-_A-Za-z0-9]+")


def _read_peers(manifest: Manifest, spec: Section | None) -> PeerAuthentication:
    namespace, name = place_of(manifest)
    labels, mode = None, Mode.UNSET
    ports: tuple[tuple[int, Mode], ...] = ()
    if spec is not None:
        spec.only(frozenset({"selector", "mtls", "portLevelMtls"}))
        labels = read_labels_of(spec)
        mode = _mode(spec.section("mtls"))
        by_port = spec.section("portLevelMtls")
        if by_port is not None:
            ports = tuple(_ports(by_port))
            if not by_port.data:
                spec.problem("portLevelMtls", "names no port")
            elif not labels:
                spec.problem("portLevelMtls", "needs a selector with labels beside it")
    attached = Attachment(namespace, labels)
    return PeerAuthentication(namespace, name, attached, mode, ports, created(manifest), manifest.source)


def _mode(section: Section | None) -> Mode:
    if section is None:
        return Mode.UNSET
    section.only(frozenset({"mode"}))
    return Mode(section.choice("mode", _MODES) or Mode.UNSET.value)


def _ports(section: Section) -> list[tuple[int, Mode]]:
    found = []
    for key in section.data:
        text = str(key)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
            section.problem(key, "is no port from 1 to 65535")
            continue
        inner = section.section(key)
        found.append((int(text), _mode(inner)))
    return found


# ------------------------------------------------------------------------------------------------ tokens
def _read_requests(manifest: Manifest, spec: Section | None) -> RequestAuthentication:
    namespace, name = place_of(manifest)
    attached = read_attachment(manifest, spec)
    rules: tuple[JwtRule, ...] = ()
    if spec is not None:
        spec.only(frozenset({"selector", "targetRef", "targetRefs", "jwtRules"}))
        rules = tuple(_jwt_rule(section) for section in spec.sections("jwtRules"))
    return RequestAuthentication(namespace, name, attached, rules, manifest.source)


def _jwt_rule(section: Section) -> JwtRule:
    section.only(_JWT_FIELDS)
    uris = [key for key in ("jwksUri", "jwks_uri") if section.text(key)]
    issuer = section.text("issuer") or ""
    if not issuer and not uris:
        section.problem("", "has neither `issuer` nor `jwksUri`")
    for key in uris:
        if _URI.fullmatch(section.text(key) or "") is None:
            section.problem(key, f"is `{section.text(key)}`, but must be a URI of http:// or https://")
    keys = section.text("jwks")
    if keys and uris:
        section.problem("jwks", f"stands beside `{uris[0]}`, but only one of them can be set")
    if keys and not _is_json(keys):
        section.problem("jwks", "is no JSON Web Key Set")
    timeout = section.text("timeout")
    if timeout is not None and not _is_long_enough(timeout):
        section.problem("timeout", f"is `{timeout}`, but must be a duration of 1ms or more")
    section.choice("presence", ("OPTIONAL", "REQUIRED"))
    return JwtRule(
        issuer,
        audiences=_texts(section, "audiences"),
        headers=tuple(_header(each) for each in section.sections("fromHeaders")),
        parameters=_texts(section, "fromParams"),
        cookies=_texts(section, "fromCookies"),
        words=_texts(section, "spaceDelimitedClaims"),
        writes_headers=tuple(_written(section)),
        keeps_token=section.boolean("forwardOriginalToken"),
    )


def _is_json(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("keys", []), list)


def _is_long_enough(duration: str) -> bool:
    """Numbers with units, as Go writes durations: 5s, 1m30s, 1.5s."""
    if _DURATION.fullmatch(duration) is None:
        return False
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(duration)) >= _UNITS["ms"]


def _texts(section: Section, key: str) -> tuple[str, ...]:
    found = section.texts(key)
    for text, place in found:
        if not text:
            section.log.problem(place, f"`{section.field(key)}` holds an empty text")
    return tuple(text for text, _ in found if text)


def _header(section: Section) -> tuple[str, str]:
    section.only(frozenset({"name", "prefix"}))
    section.required("name")
    if section.has("name") and not section.text("name"):
        section.problem("name", "is empty")
    return (section.text("name") or "").lower(), section.text("prefix") or ""


def _written(section: Section) -> list[str]:
    """The headers that the proxy writes of what the token says."""
    payload = section.text("outputPayloadToHeader")
    found = [payload.lower()] if payload else []
    for each in section.sections("outputClaimToHeaders"):
        each.only(frozenset({"claim", "header"}))
        for key in ("claim", "header"):
            if each.required(key) and not each.text(key):
                each.problem(key, "is empty")
        header = each.text("header") or ""
        if header and not _HEADER.fullmatch(header):
            each.problem("header", f"is `{header}`, which is no name of a header")
        found.append(header.lower())
    return found


KINDS = (
    kind_of_policy("PeerAuthentication", _read_peers),
    kind_of_policy("RequestAuthentication", _read_requests),
)
