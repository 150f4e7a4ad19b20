"""`netproof schema`: the published JSON Schemas."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer.cli import inputs, output
from analyzer.errors import UsageError


def schema(name: Annotated[str, typer.Argument(metavar="NAME", help="check-1, …; check means its newest.")]) -> None:
    """Print the JSON Schema of a report."""
    from analyzer.reports.schema import schema_names, schema_text

    known = schema_names()
    versions = [full for full in known if name in (full, full.rpartition("-")[0])]
    if not versions:
        raise UsageError(f"unknown schema `{name}`", inputs.nearest(name, known))
    newest = max(versions, key=lambda full: int(full.rpartition("-")[2]))
    output.write(schema_text(newest).encode("utf-8"), None)
