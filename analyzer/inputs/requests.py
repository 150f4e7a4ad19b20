"""What a client asks for over a connection: its keys and their values, as a batch of questions spells them, and the
options of the command line that say the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from analyzer.errors import InputError, UsageError
from analyzer.model.requests import AS_SENT, ELSEWHERE, MTLS, NESTED, Request, Token, TokenState

_TEXTS = ("method", "path", "host", "identity", "sni", "dns")
_CHOICES: dict[str, tuple[Any, ...]] = {"http": (1, 2), "tls": ("mtls", "plaintext"), "raw": ("tcp",)}
_TOKENS = ("forged", "expired", "none")
_PLACES = ("bearer", ELSEWHERE)
_OF_HTTP = ("method", "path", "host", "http", "headers")
KEYS = (*_TEXTS, *_CHOICES, "headers", "token", "remote_ip")
_OPTIONS = {
    "remote_ip": "--remote-ip",
    "token.issuer": "--token",
    "token.place": "--token-place",
    "headers": "--header",
}
_OPTIONS |= {"method": "--request", "path": "--request"}  # of the keys that are not called like theirs


def request_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The request that options spell, by the keys of a batch; empty where none is given.

    `options`: `--request` "GET /path", `--http`, `--host`, `--header` ["NAME: VALUE"], `--tls`, `--identity`, `--sni`,
    `--dns`, `--token` ISSUER/SUBJECT or one of TOKENS, `--token-place` one of PLACES, `--claim` ["NAME=VALUE"],
    `--remote-ip`; None or empty where not given.  UsageError holds everything that is wrong with them.
    """
    faults: list[tuple[str, str]] = []
    found: dict[str, Any] = {}
    given = {option.removeprefix("--"): value for option, value in options.items() if value not in (None, (), [])}
    if "request" in given:
        method, _, path = given["request"].strip().partition(" ")
        if not method or not path.strip():
            faults.append((f"`{given['request']}` after --request is not METHOD PATH", "write --request 'GET /path'"))
        found |= {"method": method, "path": path.strip()}
    if "http" in given:
        found["http"] = int(given["http"]) if str(given["http"]) in ("1", "2") else given["http"]
    found |= {key: given[key] for key in ("host", "tls", "identity", "sni", "dns") if key in given}
    if "remote-ip" in given:
        found["remote_ip"] = given["remote-ip"]
    if "header" in given:
        found["headers"] = [_header(text, faults) for text in given["header"]]
    if "token" in given or "claim" in given or "token-place" in given:
        found["token"] = _token(given.get("token", ""), given.get("claim", ()), given.get("token-place", ""), faults)
    faults += [(_as_option(fault), "") for fault in ([] if faults else request_faults(found))]
    if faults:
        raise InputError(problem for fault in faults for problem in UsageError(*fault).problems)
    return found


def _header(text: str, faults: list[tuple[str, str]]) -> list[str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        faults.append((f"`{text}` after --header is not NAME: VALUE", "write --header 'X-Team: shop'"))
    return [name.strip(), value.strip()]


def _token(token: str, claims: Sequence[str], place: str, faults: list[tuple[str, str]]) -> Any:
    """The subject stands behind the last slash that is not part of `://`."""
    if token in _TOKENS or not token:
        if place:
            faults.append(("--token-place without a valid token", "name its issuer: --token ISSUER/SUBJECT"))
        elif claims:
            faults.append(("--claim without a valid token", "name its issuer: --token ISSUER/SUBJECT"))
        elif not token:
            faults.append(("--token names no issuer", "write --token ISSUER/SUBJECT, forged, expired or none"))
        return token
    scheme, mark, rest = token.rpartition("://")
    issuer, slash, subject = rest.rpartition("/")
    found: dict[str, Any] = {"issuer": scheme + mark + (issuer if slash else rest)}
    if subject and slash:
        found["subject"] = subject
    if place:
        found["place"] = place
    if claims:
        found["claims"] = dict(_claim(text, faults) for text in claims)
        if len(found["claims"]) < len(claims):
            faults.append(("a claim is given twice", 'give several values as a list: --claim \'groups=["a", "b"]\''))
    return found


def _claim(text: str, faults: list[tuple[str, str]]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        faults.append((f"`{text}` after --claim is not NAME=VALUE", "write --claim aud=ml"))
    try:
        return name.strip(), json.loads(value)
    except (ValueError, RecursionError):
        return name.strip(), value


def _as_option(fault: str) -> str:
    """What is wrong with a key, said of the option."""
    for key in sorted((*KEYS, *_OPTIONS), key=len, reverse=True):
        fault = fault.replace(f"`request.{key}`", _OPTIONS.get(key, f"--{key}"))
    return fault


def request_faults(request: Any) -> list[str]:
    """Everything wrong with the value of `request`, a sentence each; keys that are absent were not sent."""
    if not isinstance(request, dict):
        return ["`request` is no object"]
    return list(_faults(request))


def _faults(request: dict[str, Any]) -> Iterator[str]:
    for key, value in request.items():
        if key not in KEYS:
            yield f"unknown key `request.{key}`; the keys are {', '.join(KEYS)}"
        elif key in _TEXTS:
            if not isinstance(value, str):
                yield f"`request.{key}` is no text"
        elif key in _CHOICES:
            if isinstance(value, bool) or value not in _CHOICES[key]:
                yield f"`request.{key}` takes {' or '.join(map(str, _CHOICES[key]))}"
        elif key == "headers":
            if not _is_headers(value):
                yield "`request.headers` is no list of [name, value]"
        elif key == "token":
            yield from _token_faults(value)
        elif not _is_address(value):
            yield "`request.remote_ip` is no address"
    if "raw" in request:
        yield from (f"`request.{key}` means nothing beside `raw`" for key in _OF_HTTP if key in request)
    if "dns" in request:
        others = (key for key in (*_OF_HTTP, "sni", "identity", "token") if key in request)
        yield from (f"`request.{key}` means nothing beside `request.dns`" for key in others)
        if request.get("tls") == "mtls":
            yield "`request.dns` is asked in plaintext only, and `request.tls` is mtls"
    if request.get("tls") == "plaintext" and "identity" in request:
        yield "`request.identity` is shown in mtls only, and `request.tls` is plaintext"


def _is_headers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in value
    )


def _token_faults(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value in _TOKENS:
        return
    if not isinstance(value, dict):
        yield f"`request.token` is no object of issuer, subject and claims, and none of {', '.join(_TOKENS)}"
        return
    for key, part in value.items():
        if key not in ("issuer", "subject", "claims", "place"):
            yield f"unknown key `request.token.{key}`; the keys are issuer, subject, claims, place"
        elif key == "place" and part not in _PLACES:
            yield f"`request.token.place` is none of {', '.join(_PLACES)}"
        elif not isinstance(part, dict if key == "claims" else str):
            yield f"`request.token.{key}` is no {'object' if key == 'claims' else 'text'}"
    if "issuer" not in value:
        yield "`request.token.issuer` is missing"


def _is_address(value: Any) -> bool:
    try:
        ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------------------------------------ to the model
def read_request(request: Mapping[str, Any]) -> Request:
    """The request that the keys spell; they are without faults."""
    is_http = "raw" not in request and bool({"method", "path", "host", "http", "headers"} & request.keys())
    address = request.get("remote_ip")
    return Request(
        method=request.get("method", "GET") if is_http else None,
        path=request.get("path", "/"),
        host=request.get("host"),
        http=request.get("http", 1),
        headers=tuple((name, value) for name, value in request.get("headers", ())),
        tls=request.get("tls", MTLS if "identity" in request else AS_SENT),
        identity=request["identity"].removeprefix("spiffe://") if "identity" in request else None,
        sni=request.get("sni"),
        token=_read_token(request.get("token", "none")),
        remote_ip=None if address is None else ip_address(address),
        dns=request.get("dns"),
    )


def _read_token(token: Any) -> Token | None:
    if token == "none":
        return None
    if isinstance(token, str):
        return Token(TokenState(token))
    claims = tuple(_flat(token.get("claims", {}), ""))
    is_elsewhere = token.get("place") == ELSEWHERE
    return Token(TokenState.VALID, token["issuer"], token.get("subject"), claims, is_elsewhere)


def _flat(claims: Mapping[str, Any], above: str) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Texts and lists of texts by their keys, one inside another; nothing else is matched by anything."""
    for key, value in claims.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}{NESTED}")
        elif isinstance(value, str):
            yield above + key, value
        elif isinstance(value, list):
            yield above + key, tuple(item for item in value if isinstance(item, str))
