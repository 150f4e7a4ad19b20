"""A request in one piece, of what was chosen of its attributes."""

from __future__ import annotations

from ipaddress import ip_address

from analyzer.model.formulas import Attribute, Name, Role
from analyzer.model.requests import PLAINTEXT, Request, Token, TokenState
from analyzer.sets.strings.paths import uncleaned

Choice = dict[Attribute, tuple[str, ...]]
PSEUDO_HEADERS = frozenset({":method", ":path", ":authority", ":scheme", "host"})


def request_of(choice: Choice, *, is_http: bool, is_clean: bool = False) -> Request:
    """The request with these attributes, and what people usually ask for in all others."""

    def one(name: Name, key: str = "") -> str | None:
        return next(iter(choice.get(Attribute(Role.REQUEST, name, key), ())), None)

    method = one(Name.HEADER, ":method") or one(Name.METHOD) or "GET"
    host = one(Name.HEADER, ":authority") or one(Name.HEADER, "host") or one(Name.HOST) or one(Name.HOST, "name")
    path = one(Name.HEADER, ":path") or one(Name.PATH) or "/"
    if is_clean:
        path = uncleaned("/" if one(Name.PATH) is None else one(Name.PATH) or "")
    headers = [
        (attribute.key, value)
        for attribute, values in choice.items()
        if attribute.name is Name.HEADER and attribute.key not in PSEUDO_HEADERS
        for value in values
    ]
    parameters = [(a.key, v) for a, values in choice.items() if a.name is Name.PARAMETER for v in values]
    if parameters:
        path += "?" + "&".join(f"{key}={value}" for key, value in parameters)
    address = next((one(a.name, a.key) for a in choice if a.name is Name.REMOTE_IP and a.key != "0"), None)
    return Request(
        method=method if is_http else None,
        path=path,
        host=host or "any.host" if is_http else None,
        http=2,
        headers=tuple(headers),
        tls=one(Name.TLS) or PLAINTEXT,
        identity=one(Name.IDENTITY),
        sni=one(Name.SNI),
        dns=None if is_http else one(Name.DNS),
        token=_token(choice),
        remote_ip=None if address is None else ip_address(address),
    )


def _token(choice: Choice) -> Token | None:
    if not choice.get(Attribute(Role.REQUEST, Name.TOKEN)):
        return None
    claims = {a.key: v for a, v in choice.items() if a.name in (Name.CLAIM, Name.CLAIM_WORD) and v}
    issuer = choice.get(Attribute(Role.REQUEST, Name.ISSUER), ())
    subject = choice.get(Attribute(Role.REQUEST, Name.SUBJECT), ())
    listed = tuple((key, values if len(values) > 1 else values[0]) for key, values in claims.items())
    is_elsewhere = bool(choice.get(Attribute(Role.REQUEST, Name.TOKEN_PLACE)))
    return Token(TokenState.VALID, next(iter(issuer), ""), next(iter(subject), None), listed, is_elsewhere)
