"""`netproof mcp`: the questions as tools for assistants."""

from __future__ import annotations

from analyzer.errors import UsageError


def mcp() -> None:
    """Answer an assistant over the Model Context Protocol on standard input and output: check, explain, map, diff."""
    try:
        from analyzer.assistants.server import server_of
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "pydantic"):
            raise
        raise UsageError("assistants need the mcp SDK", "install it with: pip install 'netproof[mcp]'") from None
    server_of().run("stdio")
