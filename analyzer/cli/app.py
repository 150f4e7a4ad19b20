"""The `netproof` command: imports the commands and registers them."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from analyzer.cli.check import check
from analyzer.cli.config import config
from analyzer.cli.configuration.applying import configured
from analyzer.cli.diff import diff
from analyzer.cli.exit_codes import exit_table
from analyzer.cli.explain import explain
from analyzer.cli.fmt import fmt
from analyzer.cli.guard import guarded
from analyzer.cli.init import init
from analyzer.cli.leaving import leave
from analyzer.cli.lsp import lsp
from analyzer.cli.map import map_
from analyzer.cli.packs import list_packs, show_pack
from analyzer.cli.panels import PanelledCommand
from analyzer.cli.recheck import recheck
from analyzer.cli.schema import schema
from analyzer.cli.watch import watch

EXITS = f"\b\nExit codes:\n{exit_table()}"

EXAMPLES = """\b
Examples:
  netproof check manifests/
      the built-in baseline pack
  netproof check manifests/ -q 'no internet can reach namespace shop'
      one question of your own
  helm template ./chart | netproof check - -p tenant-isolation
      what Helm renders, against a built-in pack
  netproof check manifests/ -p rules.npq --format json -o report.json
      your own queries; a report for programs
  netproof check manifests/ --yaml witness.yaml
      the counterexamples as pods, ready to apply and try
"""

_GARBAGE = 50_000  # objects: little of what a run makes is garbage, and looking for it 70 times as often takes its time

ANSWERED = "With an answer, whatever it says, the exit code is 0."

MAP_EXAMPLES = """\b
Examples:
  netproof map manifests/
      who may open what, as text
  netproof map manifests/ --to shop/db --on tcp/5432
      who may reach the database
  netproof map manifests/ --exposure
      who beyond the manifests could reach each workload
  netproof map manifests/ --format dot | dot -Tsvg > map.svg
      a picture, drawn by Graphviz
"""

EXPLAIN_EXAMPLES = """\b
Examples:
  netproof explain manifests/ --from shop/web --to shop/db --on tcp/5432
      the decision, and every rule on the way to it
  netproof explain manifests/ --from 203.0.113.0/24 --to shop/web
      all ports, from addresses outside
  netproof explain manifests/ --from 'pods(app=x) in namespace y' --to shop/db
      from a pod that is not there yet
"""

DIFF_EXAMPLES = """\b
Examples:
  netproof diff old/ new/
      new access and lost access, for every pod
  netproof diff --git main...HEAD -- k8s/
      what this branch changed since it left main
  netproof diff old/ new/ --fail-on new-access --format markdown
      a gate for reviews; a comment for the pull request
  netproof diff old/ new/ --universe inventory
      every pair of workloads whose connections changed
  netproof diff old/ new/ -p rules.npq --fail-on queries
      fails on what the queries forbid, and nothing else
"""

RECHECK_EXAMPLES = """\b
Examples:
  netproof recheck evidence/
      hashes, and every script answered again
  netproof recheck evidence/ --manifests manifests/ --cross-check cvc5
      witnesses and questions too, and a second solver
"""

INIT_EXAMPLES = """\b
Examples:
  netproof init manifests/ -o own.npq
      a pack to start from; ask it with `check -p own.npq`
"""

app = typer.Typer(
    name="netproof",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXITS,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from analyzer.resources.version import __version__

        typer.echo(f"netproof {__version__}")
        raise typer.Exit


@app.callback()
def netproof(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Prove or refute network isolation of Kubernetes manifests.

    netproof answers for every pod that could be created, not only for those that run today. An answer is a proof, or
    a counterexample that has been checked a second way.
    """


app.command(
    cls=PanelledCommand,
    name="check",
    short_help="Prove or refute queries about manifests.",
    epilog=f"{EXAMPLES}\n{EXITS}",
)(guarded(configured("check", check)))

app.command(
    cls=PanelledCommand,
    name="diff",
    short_help="Compare what two revisions permit.",
    no_args_is_help=True,
    epilog=f"{DIFF_EXAMPLES}\n{EXITS}",
)(guarded(configured("diff", diff)))

app.command(
    cls=PanelledCommand,
    name="map",
    short_help="Show every connection that is allowed.",
    epilog=f"{MAP_EXAMPLES}\n{ANSWERED}\n\n{EXITS}",
)(guarded(configured("map", map_)))

app.command(
    cls=PanelledCommand,
    name="explain",
    short_help="Explain what is allowed between two ends.",
    no_args_is_help=True,
    epilog=f"{EXPLAIN_EXAMPLES}\n{ANSWERED}\n\n{EXITS}",
)(guarded(configured("explain", explain)))

app.command(
    cls=PanelledCommand,
    name="recheck",
    short_help="Check an evidence bundle again.",
    no_args_is_help=True,
    epilog=f"{RECHECK_EXAMPLES}\n{EXITS}",
)(guarded(recheck))

app.command(
    cls=PanelledCommand,
    name="init",
    short_help="Write a pack to start from.",
    epilog=f"{INIT_EXAMPLES}\n{EXITS}",
)(guarded(configured("init", init)))

app.command(cls=PanelledCommand, name="watch", short_help="Check again on every save.", epilog=EXITS)(
    guarded(configured("watch", watch))
)

app.command(
    cls=PanelledCommand, name="fmt", short_help="Lay out query files as usual.", no_args_is_help=True, epilog=EXITS
)(guarded(fmt))
app.command(cls=PanelledCommand, name="lsp", short_help="Answer an editor about query files.", epilog=EXITS)(
    guarded(lsp)
)

packs_app = typer.Typer(invoke_without_command=True, help="List the built-in packs, or show what one asks.")


@packs_app.callback()
def packs(context: typer.Context) -> None:
    """List the built-in packs, or show what one asks."""
    if context.invoked_subcommand is None:
        guarded(list_packs)()


packs_app.command(cls=PanelledCommand, name="list")(guarded(list_packs))
packs_app.command(cls=PanelledCommand, name="show", no_args_is_help=True)(guarded(show_pack))
app.add_typer(packs_app, name="packs", short_help="List the built-in packs, or show one.")
app.command(
    cls=PanelledCommand,
    name="config",
    short_help="Show what is in force, and why.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)(guarded(config))
app.command(cls=PanelledCommand, name="schema", short_help="Print the JSON Schema of a report.", no_args_is_help=True)(
    guarded(schema)
)


def main() -> None:
    """The entry point of the `netproof` script."""
    gc.set_threshold(_GARBAGE)
    try:
        app(prog_name="netproof")
    except SystemExit as done:
        leave(done)
