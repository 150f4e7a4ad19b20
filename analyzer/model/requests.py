"""What a client asks for over a connection, as it goes over the wire: an HTTP request, or bytes that are none."""

from __future__ import annotations

from enum import Enum

from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress

MTLS, PLAINTEXT = "mtls", "plaintext"
AS_SENT = ""
"""Of a question: as the source's proxy sends it by itself, whichever of the two that is."""
UNREADABLE = "its first line is none of HTTP's"
"""Why a proxy refuses a request that it takes for no HTTP at all where it finds out from the first line what comes."""
NESTED = "]["
"""Between the keys of a claim inside another: `claims[a][b]` has the key `a][b`."""

JOINED_HEADERS = frozenset(
    {
        *("accept", "accept-encoding", "access-control-request-headers", "access-control-request-method"),
        *("authorization", "cache-control", "cdn-loop", "content-encoding", "content-length", "content-type", "expect"),
        *("grpc-accept-encoding", "grpc-timeout", "host", "if-match", "if-modified-since", "if-none-match", "origin"),
        *("pragma", "referer", "user-agent", "via", "x-client-trace-id", "x-envoy-attempt-count"),
        *("x-envoy-decorator-operation", "x-envoy-downstream-service-cluster", "x-envoy-external-address"),
        *("x-envoy-is-timeout-retry", "x-envoy-original-path", "x-forwarded-for", "x-forwarded-host"),
        *("x-forwarded-port", "x-forwarded-proto", "x-request-id"),
    }
)
"""Those that Envoy has a place of its own for: repeated, they are one value, joined with commas (istio.md 0.1)."""
TLS_HEADER, ID_HEADER, CERTIFICATE_HEADER = "x-forwarded-proto", "x-request-id", "x-forwarded-client-cert"
"""Those that the proxy writes, the first two where the client has not."""
REWRITTEN_HEADERS = frozenset(
    {
        *("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "x-envoy-internal"),
        *("x-envoy-expected-rq-timeout-ms", "x-envoy-hedge-on-per-try-timeout", "x-envoy-ip-tags"),
        *("x-envoy-max-retries", "x-envoy-retry-on", "x-envoy-upstream-rq-timeout-ms"),
    }
)
"""Those of which the proxy drops some before policies see them."""
EDGE_HEADERS = frozenset({TLS_HEADER, ID_HEADER, "x-envoy-external-address", "x-forwarded-for"})
"""Those that a gateway writes, whatever the client has sent."""


ELSEWHERE = "elsewhere"
"""Where a token is that is in another place than `Authorization: Bearer`."""


class TokenState(Enum):
    """Whether the token is what it says; a policy of the mesh sees the claims of valid ones only."""

    VALID = "valid"  # signed with the key of its issuer, and of today
    FORGED = "forged"  # signed with another key
    EXPIRED = "expired"


Claims = tuple[tuple[str, str | tuple[str, ...]], ...]
"""By key: a text, or the texts of a list; numbers and truth values match nothing and are left out (istio.md 0.1)."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token in `Authorization: Bearer`; `issuer` is empty of one that is forged or expired: it is read no further.

    `is_elsewhere`: it is in another place instead, one where a rule that takes it looks for it.
    """

    state: TokenState
    issuer: str = ""
    subject: str | None = None
    claims: Claims = ()
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """`method is None`: bytes that are no HTTP.  `path` is the request target as sent.  `headers`: in order, names that
    are repeated kept.

    `tls`: MTLS with a workload certificate of the mesh, PLAINTEXT for everything else, the client's own TLS included,
    which then names a server: `sni`.  `identity`: that of the certificate, without `spiffe://`; None for the source's
    own.  `remote_ip`: the client's address as the proxy concludes it, where that is not the source's.  `dns`: the name
    that a DNS query asks for, which is no HTTP and comes in no TLS.
    """

    method: str | None = None
    path: str = "/"
    host: str | None = None
    http: int = 1
    headers: tuple[tuple[str, str], ...] = ()
    tls: str = PLAINTEXT
    identity: str | None = None
    sni: str | None = None
    token: Token | None = None
    remote_ip: IPAddress | None = None
    dns: str | None = None


def in_words(request: Request) -> str:
    """`GET /health to any.host in plaintext`."""
    if request.dns is not None:
        return f"the addresses of {request.dns}"
    to = f" to {request.host}" if request.host else ""
    what = f"{request.method} {request.path}{to}" if request.method else "bytes that are no HTTP"
    parts = [what, "in plaintext" if request.tls == PLAINTEXT else "with mutual TLS"]
    parts += [] if request.identity is None else [f"as {request.identity}"]
    parts += [f"with {name}: {value}" for name, value in request.headers]
    if request.sni is not None:
        parts.append(f"to server {request.sni}")
    if request.remote_ip is not None:
        parts.append(f"in the name of {request.remote_ip}")
    if request.token is not None:
        parts.append(f"with a token of {request.token.issuer or 'some issuer'}")
        parts += ["(in a place that its rule names)"] if request.token.is_elsewhere else []
        for key, value in request.token.claims:
            parts.append(f"whose claim {key} is {value if isinstance(value, str) else ', '.join(value)}")
    return " ".join(parts)
