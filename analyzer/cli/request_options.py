"""Options that say what a client asks for over a connection; inputs/requests.py puts them together."""

from __future__ import annotations

from typing import Annotated

import typer

RequestLine = Annotated[
    str | None,
    typer.Option(
        "--request",
        metavar="'METHOD PATH'",
        show_default=False,
        help="What the client asks for, as on the wire: 'GET /v1/models?q=x'.",
    ),
]
HttpVersion = Annotated[
    str | None, typer.Option("--http", metavar="1|2", show_default=False, help="HTTP/1.1, or HTTP/2.")
]
Host = Annotated[
    str | None, typer.Option("--host", metavar="HOST", show_default=False, help="The Host header, or :authority.")
]
Headers = Annotated[
    list[str] | None, typer.Option("--header", metavar="'NAME: VALUE'", help="A header. Repeatable, in order.")
]
Tls = Annotated[
    str | None,
    typer.Option(
        "--tls",
        metavar="mtls|plaintext",
        show_default=False,
        help="With a workload certificate of the mesh, or without. [as the client's proxy sends it]",
    ),
]
Identity = Annotated[
    str | None,
    typer.Option(
        "--identity",
        metavar="ID",
        show_default=False,
        help="Whose certificate: cluster.local/ns/shop/sa/web. [the pod's own]",
    ),
]
Sni = Annotated[
    str | None, typer.Option("--sni", metavar="NAME", show_default=False, help="The server name of the TLS handshake.")
]
Dns = Annotated[
    str | None,
    typer.Option("--dns", metavar="NAME", show_default=False, help="The name that a DNS query asks for."),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="ISSUER/SUBJECT|forged|expired|none",
        show_default=False,
        help="The bearer token: a valid one of that issuer, one that another key signed, one that is past, or none.",
    ),
]
TokenPlace = Annotated[
    str | None,
    typer.Option(
        "--token-place",
        metavar="bearer|elsewhere",
        show_default=False,
        help="Where the token is: in `Authorization: Bearer`, or in another place where its rule looks. [bearer]",
    ),
]
Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="NAME=VALUE", help="A claim of the token; VALUE is JSON or text. Repeatable."),
]
RemoteIp = Annotated[
    str | None,
    typer.Option(
        "--remote-ip",
        metavar="IP",
        show_default=False,
        help="The client's address as the proxy reads it from X-Forwarded-For.",
    ),
]
