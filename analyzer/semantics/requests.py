"""A request as Envoy sees it before any policy: its path normalized, its headers by name, what it refuses by itself
(istio.md 0.1, 2.4, 5.4, 5.11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import unquote

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End, Pod
from analyzer.model.formulas import Attribute, Name, Role
from analyzer.model.mesh import MeshConfig, Normalization
from analyzer.model.profile import Profile
from analyzer.model.requests import ELSEWHERE, JOINED_HEADERS, MTLS, UNREADABLE, Request, Token, TokenState
from analyzer.sets.addresses import IPAddress
from analyzer.sets.strings.paths import clean_path

_IN_HTTP = frozenset({Name.METHOD, Name.PATH, Name.HOST, Name.HEADER, Name.PARAMETER, Name.COOKIE})
_MOST_PROXIES = 9  # that anybody puts before a gateway
_METHODS = re.compile(
    "ACL|BIND|CHECKOUT|CONNECT|COPY|DELETE|GET|HEAD|LINK|LOCK|MERGE|MKACTIVITY|"
    "MKCALENDAR|MKCOL|MOVE|MSEARCH|NOTIFY|OPTIONS|PATCH|POST|PROPFIND|PROPPATCH|PURGE|PUT|"
    "REBIND|REPORT|SEARCH|SOURCE|SUBSCRIBE|TRACE|UNBIND|UNLINK|UNLOCK|UNSUBSCRIBE"
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"[\x21-\x7e]*")
_ABSOLUTE = re.compile(r"[A-Za-z]+://([^/?]*)(.*)", re.DOTALL)
_SCHEMES = ("http://", "https://")
_AUTHORITY = re.compile(r"[A-Za-z0-9\-._~%!$&'()*+,;=:@\[\]]*")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_BARE = "\0"  # stands for a percent sign that escapes nothing
_BARE_BEFORE_HEX = re.compile(rf"{_BARE}(?=[0-9A-Fa-f]{{2}})")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_SLASHES = re.compile(r"//+")
_DOTS_WITH_PARAMETERS = re.compile(r"(?<=/)(\.{1,2});[^/\\]*(?=[/\\]|\Z)")
_ESCAPED = frozenset('"<>^`{|}')
_DOT = re.compile(r"\.|%2[eE]")

Values = dict[Attribute, tuple[str, ...]]


def seen(request: Request, src: End, config: MeshConfig) -> Mapping[Attribute, tuple[str, ...]]:
    """Its attributes by what they are; those that are absent are left out."""
    found: Values = {}

    def put(name: Name, *values: str | None, key: str = "") -> None:
        there = tuple(value for value in values if value is not None)
        if there:
            found[Attribute(Role.REQUEST, name, key)] = there

    put(Name.TLS, request.tls)
    if request.tls == MTLS:
        put(Name.IDENTITY, request.identity or own_identity(src, config))
    put(Name.SNI, request.sni.lower() if request.sni else None)
    if request.dns is not None and request.method is None and request.sni is None and request.tls != MTLS:
        put(Name.DNS, request.dns.lower().removesuffix("."))
    for trusted in {*range(_MOST_PROXIES), config.trusted_proxies}:
        put(Name.REMOTE_IP, str(_at_gateway(request, src.ip, trusted)), key=str(trusted))
    put(Name.REMOTE_IP, str(_at_sidecar(request, src.ip)))
    if request.method is None:
        return found
    target, host = _target(request)
    path, fault = normalized(target, config.normalization)
    put(Name.METHOD, request.method)
    put(Name.PATH, _compared(path, config.normalization))
    put(Name.HOST, host)
    if host is not None:
        put(Name.HOST, _without_port(host).lower(), key="name")
    put(Name.FAULT, _first_line_fault(request) or fault or _fault(request, host))
    headers = _headers(request)
    headers |= {":method": (request.method,), ":path": (path,), ":scheme": ("http",)}
    if host is not None:
        headers |= {":authority": (host,), "host": (host,)}
    for name, values in headers.items():
        put(Name.HEADER, *values, key=name)
    for name, values in _parameters(target).items():
        put(Name.PARAMETER, *values, key=name)
    for name, values in _cookies(headers.get("cookie", ())).items():
        put(Name.COOKIE, *values, key=name)
    if request.token is not None:
        _put_token(request.token, found)
    return found


def seen_by_engine(
    request: Request, src: End, cluster: Cluster, profile: Profile
) -> Mapping[Attribute, tuple[str, ...]] | None:
    """What the proxy of the engine that enforces sees; None of what it does not look at."""
    if profile.reads_calico:
        return _seen_by_calico(request)
    config = replace(cluster.mesh.config, normalization=Normalization.DECODE_AND_MERGE_SLASHES)
    its = seen(request, src, config)
    if request.tls == MTLS:  # of which it sees that it is encrypted
        its = {attribute: texts for attribute, texts in its.items() if attribute.name not in _IN_HTTP}
    return {**its, Attribute(Role.REQUEST, Name.ASKED): ("",)}


def _seen_by_calico(request: Request) -> Mapping[Attribute, tuple[str, ...]] | None:
    """The method, and the path as Calico's proxy compares it; None of what is no HTTP (calico-cilium.md 1.7.2)."""
    if request.method is None:
        return None
    method, path = (Attribute(Role.REQUEST, name) for name in (Name.METHOD, Name.PATH))
    return {method: (request.method,), path: (clean_path(request.path) or "",)}


def own_identity(src: object, config: MeshConfig) -> str | None:
    """A pod may show its own identity, sidecar or not; nothing else has one."""
    return config.identity(src.namespace, src.service_account) if isinstance(src, Pod) else None


def _put_token(token: Token, found: Values) -> None:
    def put(name: Name, *values: str, key: str = "") -> None:
        if values:
            found[Attribute(Role.REQUEST, name, key)] = values

    put(Name.TOKEN, token.state.value)
    if token.state is not TokenState.VALID:
        return
    put(Name.TOKEN_PLACE, *((ELSEWHERE,) if token.is_elsewhere else ()))
    claims: dict[str, str | tuple[str, ...]] = dict(token.claims)
    claims["iss"] = token.issuer
    if token.subject is not None:
        claims["sub"] = token.subject
    for key, value in claims.items():
        put(Name.CLAIM, *((value,) if isinstance(value, str) else value), key=key)
        put(Name.CLAIM_WORD, *(value.split(" ") if isinstance(value, str) else value), key=key)
    for name, key in ((Name.ISSUER, "iss"), (Name.SUBJECT, "sub")):
        of = claims.get(key)
        if isinstance(of, str):
            put(name, of)


# ------------------------------------------------------------------------------------------------ the request line
def _target(request: Request) -> tuple[str, str | None]:
    """The path and the host: those of an absolute target go before the Host header, of which there may be several."""
    absolute = _ABSOLUTE.fullmatch(request.path)
    if request.http != 1:
        return request.path, request.host
    if absolute is None:
        more = [value.strip(" \t") for name, value in request.headers if name.lower() == "host"]
        return request.path, request.host if request.host is None or not more else ",".join((request.host, *more))
    rest = absolute[2]
    return rest if rest.startswith("/") else f"/{rest}", absolute[1]


def _compared(path: str, how: Normalization) -> str:
    """What rules compare of a path with its query."""
    return clean_path(path) or "" if how is Normalization.CALICO else path.partition("?")[0]


def _without_port(host: str) -> str:
    before, colon, port = host.rpartition(":")
    return before if colon and port.isdigit() else host


def _first_line_fault(request: Request) -> str | None:
    """Why HTTP/1.1 makes nothing of the first line; UNREADABLE where a proxy that looks at it first takes the bytes for
    no HTTP."""
    method, target = request.method or "", request.path
    if request.http != 1:
        return None
    begins = target.startswith(("/", "*")) or _ABSOLUTE.fullmatch(target) is not None or method == "CONNECT"
    if _TOKEN.fullmatch(method) is None or _TARGET.fullmatch(target) is None or not begins:
        return UNREADABLE
    return None if _METHODS.fullmatch(method) else "HTTP/1.1 knows no such method"


def _fault(request: Request, host: str | None) -> str | None:
    """Why HTTP's parser refuses what comes after the first line, or no route is for it."""
    method, target = request.method or "", request.path
    if request.http != 1 and _TOKEN.fullmatch(method) is None:
        return "the method is no token"
    if method == "CONNECT":
        return "no route is for CONNECT"
    if not target.startswith("/") and not (request.http == 1 and target.lower().startswith(_SCHEMES)):
        return "no route is for such a target"
    if any(_TOKEN.fullmatch(name) is None or _CONTROLS.search(value) for name, value in request.headers):
        return "a header is none of HTTP's"
    if not host:
        return "it names no host"
    return None if _AUTHORITY.fullmatch(host.strip(" \t")) else "it names a host that is none"


def normalized(target: str, how: Normalization) -> tuple[str, str | None]:
    """The path with its query as policies see it, and why it is refused."""
    path, mark, query = target.partition("?")
    if "#" in target:
        return target, "a path with a fragment is refused"
    if how in (Normalization.NONE, Normalization.CALICO) or not path.startswith("/"):
        return target, None
    if how is Normalization.DECODE_AND_MERGE_SLASHES:
        path = re.sub(r"%2[fF]", "/", re.sub(r"%5[cC]", r"\\", path))
    canonical = canonical_path(path)
    if canonical is None:
        return target, "a path with an escaped NUL is refused"
    if how in (Normalization.MERGE_SLASHES, Normalization.DECODE_AND_MERGE_SLASHES):
        canonical = _SLASHES.sub("/", canonical)
    return canonical + mark + query, None


def canonical_path(path: str) -> str | None:
    """As googleurl writes it; None for an escaped NUL.

    Dot segments are resolved, backslashes turned, unreserved characters unescaped, and those that no path has escaped.
    Parameters of a segment of dots are dropped, where the dots are not escaped (istio.md 0.1).  A percent sign that
    escapes nothing stays, but is escaped itself where what is unescaped behind it would make an escape of it.
    """
    rest = _DOTS_WITH_PARAMETERS.sub(r"\1", path)
    if "%00" in rest:
        return None
    out = ""
    while rest:
        after = _after_dots(rest) if out.endswith("/") else None
        if after is not None:
            levels, rest = after
            if levels == 2 and len(out) > 1:
                out = out[: out.rindex("/", 0, -1) + 1]
            continue
        char, rest = rest[0], rest[1:]
        if char == "\\":
            out += "/"
        elif char == "%" and (escape := _ESCAPE.match(char + rest)):
            plain = chr(int(escape[1], 16))
            out += plain if _UNRESERVED.fullmatch(plain) else escape[0]
            rest = rest[2:]
        elif char == "%":
            out += _BARE
        elif char in _ESCAPED or not "!" <= char <= "~":
            out += "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))
        else:
            out += char
    return _BARE_BEFORE_HEX.sub("%25", out).replace(_BARE, "%")


def _after_dots(rest: str) -> tuple[int, str] | None:
    """How many dots make up the segment that begins here, one or two, and what stands behind it; None if it is none."""
    for levels in (1, 2):
        found = re.match(rf"(?:{_DOT.pattern}){{{levels}}}(?:[/\\]|\Z)", rest)
        if found is not None:
            return levels, rest[found.end() :]
    return None


# ------------------------------------------------------------------------------------------------ headers
def _headers(request: Request) -> dict[str, tuple[str, ...]]:
    """Each by its name in lower case; a token stands in its own."""
    found: dict[str, list[str]] = {}
    for name, value in request.headers:
        found.setdefault(name.lower(), []).append(value.strip(" \t"))
    return {name: _together(name, values, request.http) for name, values in found.items()}


def _together(name: str, values: list[str], http: int) -> tuple[str, ...]:
    """HTTP/2 sends cookies one by one, which are one header."""
    if name in JOINED_HEADERS:
        return (",".join(values),)
    return ("; ".join(values),) if name == "cookie" and http == 2 else tuple(values)


def _parameters(target: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for part in target.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if name:
            found.setdefault(unquote(name), []).append(unquote(value))
    return {name: tuple(values) for name, values in found.items()}


def _cookies(headers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for header in headers:
        for part in header.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                found.setdefault(name, []).append(value.strip('"'))
    return {name: tuple(values) for name, values in found.items()}


# ------------------------------------------------------------------------------------------------ addresses
def _forwarded(request: Request) -> list[str]:
    headers = [value for name, value in request.headers if name.lower() == "x-forwarded-for"]
    return [part.strip() for part in ",".join(headers).split(",")] if headers else []


def _at_sidecar(request: Request, peer: IPAddress) -> IPAddress:
    """The last entry of X-Forwarded-For, whoever sends it."""
    entries = _forwarded(request)
    return _address(entries[-1], peer) if entries else request.remote_ip or peer


def _at_gateway(request: Request, peer: IPAddress, trusted: int) -> IPAddress:
    """The entry that the farthest of the trusted proxies wrote; without any, whoever connects."""
    entries = _forwarded(request)
    if not entries:
        return request.remote_ip or peer
    return _address(entries[-trusted], peer) if 0 < trusted <= len(entries) else peer


def _address(text: str, otherwise: IPAddress) -> IPAddress:
    try:
        return ip_address(text)
    except ValueError:
        return otherwise
