"""The `netproof` command: knows the commands, and loads the one that is asked for."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from analyzer.cli.configuration.applying import announce, configured
from analyzer.cli.exit_codes import exit_table
from analyzer.cli.guard import guarded
from analyzer.cli.leaving import leave
from analyzer.cli.panels import PanelledCommand

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

_GARBAGE = 200_000  # objects: little of what a run makes is garbage, and each look for it takes milliseconds

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

SERVE_EXAMPLES = """\b
Examples:
  netproof serve --context prod -p tenant-isolation
      the page of how the cluster stands at http://127.0.0.1:8443/
  netproof serve -p rules.npq --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key
      a webhook, in a pod of the cluster
"""

FLEET_EXAMPLES = """\b
Examples:
  netproof fleet charts/* -p baseline
      each directory by itself, in one report
  netproof fleet fleet.toml --format html -o fleet.html
      clusters and queries on one page
  netproof fleet fleet.toml --since last-week.json
      and what changed since
"""

INIT_EXAMPLES = """\b
Examples:
  netproof init manifests/ -o own.npq
      a pack to start from; ask it with `check -p own.npq`
"""


class _Commands(Mapping[str, Any]):
    """The commands by name.  One is loaded when it is asked for: a run has a use for one, and the list in the help for
    all."""

    def __init__(self) -> None:
        self._registering: dict[str, Callable[[typer.Typer], None]] = {}
        self._made: dict[str, Any] = {}

    def add(self, name: str, register: Callable[[typer.Typer], None]) -> None:
        self._registering[name] = register

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
            alone.callback()(lambda: None)
            self._registering[name](alone)
            group: Any = typer.main.get_command(alone)
            self._made[name] = group.commands[name]
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._registering)

    def __len__(self) -> int:
        return len(self._registering)


_COMMANDS = _Commands()


class _Netproof(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = _COMMANDS

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As usual; `help` and `version` are understood too, and manifests alone get the way to write it."""
        wanted, *rest = args
        if wanted == "version":
            print_version(True)
        if wanted == "help" and rest:
            return super().resolve_command(ctx, [rest[0], "--help"])
        if wanted == "help":
            typer.echo(ctx.get_help())
            raise typer.Exit
        if wanted not in _COMMANDS and (wanted == "-" or "/" in wanted or os.path.exists(wanted)):
            ctx.fail(f"`{wanted}` is no command; did you mean `netproof check {' '.join(args)}`?")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Netproof,
    name="netproof",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXITS,
)


def _command(name: str, function: str = "", *, is_configurable: bool = False, **settings: Any) -> None:
    """The function, called like the command unless it is named, from the module that is called like the command."""

    def load() -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(import_module(f"analyzer.cli.{name}"), function or name)
        return found

    def register(group: typer.Typer) -> None:
        command = configured(name, load()) if is_configurable else load()
        group.command(cls=PanelledCommand, name=name, **settings)(guarded(command))

    if is_configurable:
        announce(name, load)
    _COMMANDS.add(name, register)


def print_version(is_asked: bool) -> None:
    """Print the version and end, if that is asked."""
    if is_asked:
        from analyzer.resources.version import __version__

        typer.echo(f"netproof {__version__}")
        raise typer.Exit


@app.callback()
def netproof(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Prove or refute network isolation of Kubernetes manifests.

    netproof answers for every pod that could be created, not only for those that run today. An answer is a proof, or
    a counterexample that has been checked a second way.
    """


_command(
    "check",
    is_configurable=True,
    short_help="Prove or refute queries about manifests.",
    epilog=f"{EXAMPLES}\n{EXITS}",
)
_command(
    "diff",
    is_configurable=True,
    short_help="Compare what two revisions permit.",
    no_args_is_help=True,
    epilog=f"{DIFF_EXAMPLES}\n{EXITS}",
)
_command(
    "map",
    "map_",
    is_configurable=True,
    short_help="Show every connection that is allowed.",
    epilog=f"{MAP_EXAMPLES}\n{ANSWERED}\n\n{EXITS}",
)
_command(
    "explain",
    is_configurable=True,
    short_help="Explain what is allowed between two ends.",
    no_args_is_help=True,
    epilog=f"{EXPLAIN_EXAMPLES}\n{ANSWERED}\n\n{EXITS}",
)
_command(
    "recheck",
    short_help="Check an evidence bundle again.",
    no_args_is_help=True,
    epilog=f"{RECHECK_EXAMPLES}\n{EXITS}",
)
_command(
    "init",
    is_configurable=True,
    short_help="Write a pack to start from.",
    epilog=f"{INIT_EXAMPLES}\n{EXITS}",
)
_command("watch", is_configurable=True, short_help="Check again on every save.", epilog=EXITS)
_command(
    "serve",
    is_configurable=True,
    short_help="Judge a cluster's changes before they are made.",
    epilog=f"{SERVE_EXAMPLES}\n{EXITS}",
)
_command(
    "fleet",
    short_help="Answer packs over many clusters.",
    no_args_is_help=True,
    epilog=f"{FLEET_EXAMPLES}\n{EXITS}",
)
_command("mcp", short_help="Answer an assistant.", epilog=EXITS)
_command("fmt", short_help="Lay out query files as usual.", no_args_is_help=True, epilog=EXITS)
_command("lsp", short_help="Answer an editor about query files.", epilog=EXITS)
_command(
    "config",
    short_help="Show what is in force, and why.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)
_command("schema", short_help="Print the JSON Schema of a report.", no_args_is_help=True)


def _packs(group: typer.Typer) -> None:
    from analyzer.cli.packs import packs_app

    group.add_typer(packs_app, name="packs", short_help="List the built-in packs, or show one.")


_COMMANDS.add("packs", _packs)


def main() -> None:
    """The entry point of the `netproof` script."""
    gc.set_threshold(_GARBAGE)
    try:
        app(prog_name="netproof")
    except SystemExit as done:
        leave(done)
