"""`netproof lsp`: a language server for query files."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer.cli import options
from analyzer.errors import UsageError

Manifests = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MANIFEST", show_default=False, help="Files and directories whose namespaces and labels are completed."
    ),
]


def lsp(manifests: Manifests = None, exclude: options.Exclude = None) -> None:
    """Answer an editor on standard input and output: completion, meanings, problems of query files (.npq)."""
    try:
        from analyzer.cli.editing.server import serve
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise UsageError("the language server needs pygls", "install it with: pip install 'netproof[lsp]'") from None
    serve(list(manifests or ()), tuple(exclude or ()))
