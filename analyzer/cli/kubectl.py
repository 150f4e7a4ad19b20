"""`kubectl netproof`: the commands of netproof, on a live cluster."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from analyzer import inputs
from analyzer.cli.app import app, print_version
from analyzer.cli.guard import guarded
from analyzer.cli.panels import PanelledCommand
from analyzer.errors import UsageError

COMMANDS = ("check", "map", "explain", "init")

EXAMPLES = """\b
Examples:
  kubectl netproof
      the built-in baseline pack, on the cluster of the current context
  kubectl netproof --context prod check -p tenant-isolation --set tenant=team
      options of kubectl before the command, those of netproof behind it
  kubectl netproof map --to shop/db --on tcp/5432
      who may reach the database
"""

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[COMMAND] [OPTIONS]", show_default=False, help=f"{', '.join(COMMANDS)} as of netproof."),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAME",
        help="Read this namespace only, and what is cluster-wide; the others may hold anything.",
    ),
]


def kubectl_netproof(
    words: Words = None,
    namespace: Namespace = None,
    context: Annotated[str | None, typer.Option("--context", metavar="NAME", help="As of kubectl.")] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", metavar="NAME", help="As of kubectl.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="As of kubectl.")] = None,
    kubeconfig: Annotated[str | None, typer.Option("--kubeconfig", metavar="FILE", help="As of kubectl.")] = None,
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help="As of kubectl.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="KIND",
            help="Do not read this kind, as one that you may not list; answers that it could change become unknown. "
            "Repeatable.",
        ),
    ] = None,
    request_timeout: Annotated[
        str | None, typer.Option("--request-timeout", metavar="TIME", help="As of kubectl.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Prove or refute network isolation of the cluster that kubectl is set to.  Reads, and changes nothing."""
    from analyzer.manifests.sources.kubectl import live_objects

    name, *rest = words or ["check"]
    if name not in COMMANDS:
        raise UsageError(f"`{name}` cannot be asked of a live cluster", inputs.nearest(name, COMMANDS))
    passed_on = {
        "context": context,
        "cluster": cluster,
        "user": user,
        "kubeconfig": kubeconfig,
        "as": as_,
        "request-timeout": request_timeout,
    }
    flags = [f"--{option}={value}" for option, value in passed_on.items() if value is not None]
    live = live_objects(flags, namespace, without or ())
    inputs.note_unread(live.unread)
    # The command reads it as it would a dump in a pipe.
    sys.stdin = io.TextIOWrapper(io.BytesIO(live.objects), encoding="utf-8")
    app(args=[name, "-", *rest], prog_name="kubectl netproof")


program = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
program.command(
    cls=PanelledCommand,
    epilog=EXAMPLES,
    context_settings={"allow_interspersed_args": False, "help_option_names": ["-h", "--help"]},
)(guarded(kubectl_netproof))


def main() -> None:
    """The entry point of the `kubectl-netproof` script, which kubectl runs for `kubectl netproof`."""
    program(prog_name="kubectl netproof")
