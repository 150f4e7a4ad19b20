"""A request in JSON, with the keys that `explain --batch` reads."""

from __future__ import annotations

from typing import Any

from analyzer.model.requests import ELSEWHERE, NESTED, PLAINTEXT, Request, Token, TokenState


def request(it: Request | None) -> dict[str, Any] | None:
    """None where whatever is asked for tells nothing more: bytes in plaintext."""
    if it is None or it == Request():
        return None
    found: dict[str, Any] = {"raw": "tcp"}
    if it.method is not None:
        found = {"method": it.method, "path": it.path, "host": it.host, "http": it.http}
        if it.headers:
            found["headers"] = [[name, value] for name, value in it.headers]
    if it.dns is not None:
        found = {"dns": it.dns}
    found["tls"] = it.tls
    if it.identity is not None:
        found["identity"] = it.identity
    if it.sni is not None and it.tls == PLAINTEXT:
        found["sni"] = it.sni
    if it.token is not None:
        found["token"] = _token(it.token)
    if it.remote_ip is not None:
        found["remote_ip"] = str(it.remote_ip)
    return found


def _token(token: Token) -> Any:
    if token.state is not TokenState.VALID:
        return token.state.value
    claims: dict[str, Any] = {}
    for key, value in token.claims:
        *outer, last = key.split(NESTED)
        inside = claims
        for part in outer:
            inside = inside.setdefault(part, {})
        inside[last] = value if isinstance(value, str) else list(value)
    found: dict[str, Any] = {"issuer": token.issuer, "claims": claims}
    if token.subject is not None:
        found["subject"] = token.subject
    if token.is_elsewhere:
        found["place"] = ELSEWHERE
    return found
