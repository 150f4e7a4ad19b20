"""The request that a solver's model stands for, and the rows' values for a request, which is the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.encoding.mediation import issuers
from analyzer.encoding.request_rows import RequestDomain
from analyzer.encoding.scope import Scope
from analyzer.encoding.variables import Attribute as Symbol
from analyzer.encoding.variables import Variables
from analyzer.model.formulas import Attribute, Name, Role
from analyzer.model.requests import MTLS, PLAINTEXT, Request, Token, TokenState

Values = Mapping[str, int]
Its = Mapping[Attribute, tuple[str, ...]]
_OF_TOKEN = frozenset({Name.CLAIM, Name.CLAIM_WORD})


def request_in(scope: Scope, variables: Variables, values: Values) -> Request | None:
    """What the client asks for; None where no question is of requests."""
    if not scope.question.with_requests:
        return None
    found = {domain.attribute: tuple(_texts(domain, variables, values)) for domain in scope.requests.rows}
    for domain in scope.requests.rows:
        if domain.is_clean:
            from analyzer.sets.strings.paths import uncleaned

            found[domain.attribute] = tuple(map(uncleaned, found[domain.attribute]))

    def flag(symbol: Symbol) -> bool:
        row = variables.find(Role.REQUEST, symbol)
        return row is not None and bool(values.get(row.symbol))

    return _request(
        {attribute: texts for attribute, texts in found.items() if texts},
        is_http=flag(Symbol.HTTP),
        is_mtls=flag(Symbol.MTLS),
        token=_token(found, scope) if flag(Symbol.TOKEN) else None,
    )


def _texts(domain: RequestDomain, variables: Variables, values: Values) -> Iterator[str]:
    if domain.has_several:
        for place, text in enumerate(domain.witnesses):
            row = variables.find(Role.REQUEST, Symbol.VALUE, (domain.attribute, place))
            if row is not None and values.get(row.symbol):
                yield text
        return
    row = variables.find(Role.REQUEST, Symbol.TEXT, domain.attribute)
    code = 0 if row is None else values.get(row.symbol, 0)
    if code:
        yield domain.witnesses[code - 1]


def _request(its: Its, *, is_http: bool, is_mtls: bool, token: Token | None) -> Request:
    def one(name: Name) -> str | None:
        return next(iter(its.get(Attribute(Role.REQUEST, name), ())), None)

    def every(name: Name) -> list[tuple[str, str]]:
        return [(it.key, text) for it, texts in its.items() if it.name is name for text in texts]

    path, parameters, cookies = one(Name.PATH) or "/", every(Name.PARAMETER), every(Name.COOKIE)
    if parameters:
        path += "?" + "&".join(f"{key}={text}" for key, text in parameters)
    headers = every(Name.HEADER)
    headers += [("cookie", "; ".join(f"{key}={text}" for key, text in cookies))] if cookies else []
    forwarded = _forwarded({it.key: texts[0] for it, texts in its.items() if it.name is Name.REMOTE_IP})
    headers += [("x-forwarded-for", forwarded)] if forwarded else []
    return Request(
        method=(one(Name.METHOD) or "GET") if is_http else None,
        path=path if is_http else "/",
        host=(one(Name.HOST) or "any.host") if is_http else None,
        http=2 if is_http else 1,
        headers=tuple(headers) if is_http else (),
        tls=MTLS if is_mtls else PLAINTEXT,
        identity=one(Name.IDENTITY),
        sni=one(Name.SNI),
        dns=one(Name.DNS),
        token=token,
    )


def _forwarded(addresses: Mapping[str, str]) -> str:
    """What X-Forwarded-For says, so that who believes so many proxies takes the client for that address."""
    if not addresses:
        return ""
    entries = {int(key or 1): address for key, address in addresses.items()}
    return ", ".join(entries.get(place, _NOBODY) for place in range(max(entries), 0, -1))


_NOBODY = "192.0.2.1"


def _token(its: Its, scope: Scope) -> Token:
    def one(name: Name) -> str | None:
        return next(iter(its.get(Attribute(Role.REQUEST, name), ())), None)

    claims = {it.key: texts for it, texts in its.items() if it.name in _OF_TOKEN and texts}
    listed = tuple((key, texts if len(texts) > 1 else texts[0]) for key, texts in claims.items())
    known = sorted(issuers(scope.cluster) or ("https://issuer",))
    is_elsewhere = one(Name.TOKEN_PLACE) is not None
    return Token(TokenState.VALID, one(Name.ISSUER) or known[0], one(Name.SUBJECT), listed, is_elsewhere)


def embedded(scope: Scope, variables: Variables, its: Its, *, shows_chosen: bool = False) -> dict[str, int]:
    """The values of the rows for a request, by its attributes as the proxy sees them.  `shows_chosen`: the identity in
    it is one that the client chose."""
    found: dict[str, int] = {}

    def put(symbol: Symbol, value: object, which: Attribute | tuple[Attribute, int] | str = "") -> None:
        row = variables.find(Role.REQUEST, symbol, which)
        if row is not None:
            found[row.symbol] = int(value) if isinstance(value, int) else int(bool(value))

    put(Symbol.HTTP, Attribute(Role.REQUEST, Name.METHOD) in its)
    put(Symbol.MTLS, MTLS in its.get(Attribute(Role.REQUEST, Name.TLS), ()))
    put(Symbol.TOKEN, TokenState.VALID.value in its.get(Attribute(Role.REQUEST, Name.TOKEN), ()))
    for domain in scope.requests.rows:
        texts = its.get(domain.read_from, ())
        if domain.attribute.name is Name.IDENTITY and not shows_chosen:
            texts = ()
        places = {place for text in texts if (place := domain.place(text)) is not None}
        if domain.has_several:
            for place in range(len(domain.witnesses)):
                put(Symbol.VALUE, place in places, (domain.attribute, place))
        else:
            put(Symbol.TEXT, 1 + min(places) if places else 0, domain.attribute)
    return found
