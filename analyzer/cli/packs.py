"""`netproof packs`: the built-in packs, and what one of them asks."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer.cli import completing, options, output
from analyzer.cli.options import Color

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
