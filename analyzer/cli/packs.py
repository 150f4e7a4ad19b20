"""`netproof packs`: the built-in packs, and what one of them asks."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer.cli import completing, options, output
from analyzer.cli.guard import guarded
from analyzer.cli.options import Color
from analyzer.cli.panels import PanelledCommand

Name = Annotated[
    str, typer.Argument(metavar="NAME|FILE", autocompletion=completing.packs, help="A built-in pack, or a query file.")
]


def list_packs(color: options.InColor = Color.AUTO) -> None:
    """List the built-in packs."""
    from analyzer import packs
    from analyzer.reports.packs_text import render_pack_list

    style = output.terminal_style(color, None)
    known = [(pack.name, pack.title, pack.queries) for pack in packs.builtin()]
    output.write(render_pack_list(known, style), None)


def show_pack(name: Name, parameters: options.Parameters = None, color: options.InColor = Color.AUTO) -> None:
    """Show a pack's queries: what each claims, why it matters and what to do when it fails."""
    from analyzer import inputs
    from analyzer.reports.packs_text import render_pack

    (pack,) = inputs.questions([name], (), parameters or ())
    output.write(render_pack(pack, output.terminal_style(color, None)), None)


packs_app = typer.Typer(invoke_without_command=True, help="List the built-in packs, or show what one asks.")


@packs_app.callback()
def packs(context: typer.Context) -> None:
    """List the built-in packs, or show what one asks."""
    if context.invoked_subcommand is None:
        guarded(list_packs)()


packs_app.command(cls=PanelledCommand, name="list")(guarded(list_packs))
packs_app.command(cls=PanelledCommand, name="show", no_args_is_help=True)(guarded(show_pack))
