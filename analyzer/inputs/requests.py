"""What a client asks for over a connection, as a batch of questions spells it: its keys and their values."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

_TEXTS = ("method", "path", "host", "identity", "sni")
_CHOICES: dict[str, tuple[Any, ...]] = {"http": (1, 2), "tls": ("mtls", "plaintext"), "raw": ("tcp",)}
_TOKENS = ("forged", "expired", "none")
_OF_HTTP = ("method", "path", "host", "http", "headers")
KEYS = (*_TEXTS, *_CHOICES, "headers", "token", "remote_ip")


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
        if key not in ("issuer", "subject", "claims"):
            yield f"unknown key `request.token.{key}`; the keys are issuer, subject, claims"
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
