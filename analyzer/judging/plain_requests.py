"""Witnesses that ask for no more than it takes: without the headers, tokens and names that make no difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from analyzer.errors import InternalError
from analyzer.judging.replay import Replay
from analyzer.model.claims import Kind
from analyzer.model.endpoints import Connection
from analyzer.model.requests import PLAINTEXT, Request


def plainer(connection: Connection, replay: Replay, is_inside: Callable[[Connection], bool]) -> Connection:
    """The connection with the plainest request that lies in its region, and that the oracle takes for a witness too.

    A claim of reach is broken by what no request gets through, of which there is none that is plainest.
    """
    if connection.request is None or replay.claim.kind is Kind.EVERY:
        return connection

    def is_witness(request: Request) -> bool:
        asked = replace(connection, request=request)
        try:
            return is_inside(asked) and replay.connection(asked, allowed=True, bundle="").allowed
        except InternalError:
            return False

    return replace(connection, request=_plainest(connection.request, is_witness))


def _plainest(request: Request, is_witness: Callable[[Request], bool]) -> Request:
    kept = request
    for part in _parts(request):
        if is_witness(part(kept)):
            kept = part(kept)
    return kept


def _parts(request: Request) -> Iterator[Callable[[Request], Request]]:
    """What can be left out, each by itself."""
    if request.token is not None:
        yield lambda it: replace(it, token=None)
        for key, value in request.token.claims:
            yield partial(_without_claim, key, None)
            for text in value if isinstance(value, tuple) else ():
                yield partial(_without_claim, key, text)
    if len(request.headers) > 1:
        yield lambda it: replace(it, headers=())
    for header in request.headers:
        yield partial(_without, header)
    if request.sni is not None:
        yield lambda it: replace(it, sni=None)
    if request.dns is not None:
        yield lambda it: replace(it, dns=None)
    if request.remote_ip is not None:
        yield lambda it: replace(it, remote_ip=None)
    if request.tls != PLAINTEXT:
        yield lambda it: replace(it, tls=PLAINTEXT, identity=None)
    if request.method not in (None, "GET"):
        yield lambda it: replace(it, method="GET")
    if request.method is not None and request.path != "/":
        yield lambda it: replace(it, path="/")


def _without(header: tuple[str, str], request: Request) -> Request:
    return replace(request, headers=tuple(one for one in request.headers if one != header))


def _without_claim(key: str, text: str | None, request: Request) -> Request:
    """Without the claim; with a text, without that one of its values."""
    if request.token is None:
        return request
    claims: list[tuple[str, str | tuple[str, ...]]] = []
    for its, value in request.token.claims:
        left = tuple(one for one in value if one != text) if isinstance(value, tuple) and text is not None else ()
        if its != key or (text is not None and not left):
            claims.append((its, value))
        elif left:
            claims.append((its, left if len(left) > 1 else left[0]))
    return replace(request, token=replace(request.token, claims=tuple(claims)))
