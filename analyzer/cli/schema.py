"""`netproof schema`: the published JSON Schemas, of reports and of the configuration file."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer import inputs
from analyzer.cli import completing, output
from analyzer.errors import UsageError


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=completing.schemas,
            help="check-2, config-1, …; check means its newest.",
        ),
    ],
) -> None:
    """Print the JSON Schema of a report, or of the configuration file."""
    from analyzer.cli.configuration.schema import configuration_schema
    from analyzer.cli.formats import CONFIGURATION_SCHEMA
    from analyzer.reports.schema import schema_names, schema_text

    known = (*schema_names(), CONFIGURATION_SCHEMA)
    versions = [full for full in known if name in (full, full.rpartition("-")[0])]
    if not versions:
        raise UsageError(f"unknown schema `{name}`", inputs.nearest(name, known))
    newest = max(versions, key=lambda full: int(full.rpartition("-")[2]))
    text = configuration_schema() if newest == CONFIGURATION_SCHEMA else schema_text(newest)
    output.write(text.encode("utf-8"), None)
