"""What a client asks for over a connection, as it goes over the wire: an HTTP request, or bytes that are none."""

from __future__ import annotations

from enum import Enum

from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress

MTLS, PLAINTEXT = "mtls", "plaintext"
NESTED = "]["
"""Between the keys of a claim inside another: `claims[a][b]` has the key `a][b`."""


class TokenState(Enum):
    """Whether the token is what it says; a policy of the mesh sees the claims of valid ones only."""

    VALID = "valid"  # signed with the key of its issuer, and of today
    FORGED = "forged"  # signed with another key
    EXPIRED = "expired"


Claims = tuple[tuple[str, str | tuple[str, ...]], ...]
"""By key: a text, or the texts of a list; numbers and truth values match nothing and are left out (istio.md 0.1)."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token in `Authorization: Bearer`; `issuer` is empty of one that is forged or expired: it is read no further."""

    state: TokenState
    issuer: str = ""
    subject: str | None = None
    claims: Claims = ()


@dataclass(frozen=True, slots=True)
class Request:
    """`method is None`: bytes that are no HTTP.  `path` is the request target as sent.  `headers`: in order, names that
    are repeated kept.

    `tls`: MTLS with a workload certificate of the mesh, PLAINTEXT for everything else, the client's own TLS included,
    which then names a server: `sni`.  `identity`: that of the certificate, without `spiffe://`; None for the source's
    own.  `remote_ip`: the client's address as the proxy concludes it, where that is not the source's.
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
