"""`netproof fleet`: packs over many clusters and repositories, in one report."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from analyzer import inputs
from analyzer.cli import options, output
from analyzer.cli.exit_codes import VERDICT_CODES
from analyzer.cli.progress import Progress


class FleetFormat(Enum):
    TEXT = "text"
    JSON = "json"
    HTML = "html"


Sources = Annotated[
    list[str],
    typer.Argument(metavar="DIRECTORY...|FLEET", help="Directories, each a source; or a TOML file that lists sources."),
]
InFleetFormat = Annotated[FleetFormat, typer.Option("--format", help="How to print the report.")]
Since = Annotated[
    Path | None, typer.Option("--since", metavar="FILE", help="An earlier report in JSON: tell what changed.")
]
Resume = Annotated[
    Path | None,
    typer.Option("--resume", metavar="FILE", help="Keep the rows here until the run is done; go on from those there."),
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A Dask scheduler whose workers do the work.")
]


def fleet(
    fleet: Sources,
    pack: options.Packs = None,
    query: options.Claims = None,
    parameters: options.Parameters = None,
    format_: InFleetFormat = FleetFormat.TEXT,
    file: options.OutputFile = None,
    since: Since = None,
    resume: Resume = None,
    jobs: options.Jobs = None,
    scheduler: Scheduler = None,
    quiet: options.Brief = False,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Answer packs over many sources: directories, git revisions, kubectl contexts."""
    import os

    from analyzer.fleet.journal import Journal
    from analyzer.fleet.orders import ordered
    from analyzer.fleet.rows import rows_in
    from analyzer.fleet.running import run
    from analyzer.reports.fleet_formats import render_fleet
    from analyzer.verdicts.fleet import trends_of

    order, before, _ = inputs.settled(
        lambda: ordered(fleet, pack or (), query or (), parameters or ()),
        lambda: None if since is None else rows_in(since),
        lambda: output.check_destinations(file, None),
    )
    inputs.chosen_universe(order.universe)
    with Progress() as progress:
        found = run(order, Journal(resume, order), jobs or os.cpu_count() or 1, scheduler, progress)
    if before is not None:
        found = replace(found, trends=trends_of(before, found.rows))
    output.write(render_fleet(found, format_.value, output.terminal_style(color, file, quiet=quiet)), file)
    raise typer.Exit(VERDICT_CODES[found.status.value])
