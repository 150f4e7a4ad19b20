"""`netproof config`: what a command would run with, and where each value comes from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from analyzer import inputs
from analyzer.cli import output
from analyzer.cli.configuration.applying import InForce, configurable, telling
from analyzer.cli.options import Color
from analyzer.errors import UsageError

CommandLine = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[COMMAND] [OPTIONS]",
        show_default=False,
        help="A command with the options that it would be given. [check]",
    ),
]


def config(context: typer.Context, words: CommandLine = None) -> None:
    """Show what is in force, and where each value comes from: a file and line, an option, or the default."""
    from analyzer.reports.config_text import render_config

    rest = [*(words or ()), *context.args]
    if rest and rest[0] in ("--help", "-h"):
        typer.echo(context.get_help())
        return
    name = rest.pop(0) if rest and not rest[0].startswith("-") else "check"
    if name not in configurable():
        raise UsageError(f"`{name}` takes nothing from a configuration file", inputs.nearest(name, configurable()))

    def tell(found: InForce) -> None:
        file = str(found.document.path) if found.document else ""
        rows = [(key.name, given.value, given.origin) for key, given in found.values]
        output.write(render_config(name, file, rows, output.terminal_style(Color.AUTO, None)), None)

    _command(context, name).main(args=rest, prog_name=f"netproof {name}", obj=telling(tell))


def _command(context: typer.Context, name: str) -> Any:
    """The command of that name, as the command line knows it."""
    group: Any = context.find_root().command
    return group.get_command(context, name)
