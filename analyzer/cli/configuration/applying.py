"""Commands that take from a configuration file what the command line leaves open."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from analyzer.cli.formats import CheckFormat, of_ending
from analyzer.errors import UsageError
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.cli.configuration.finding import Document
    from analyzer.cli.configuration.keys import Command, Key
    from analyzer.cli.configuration.reading import Given

FLAG = "flag"
DEFAULT = "default"

# What an option on the command line puts aside in the file beyond its own value: other questions are asked then,
# another report is written, or evidence, which is of what is true, be it excused or not.
_PUTS_ASIDE = {
    "pack": ("query", "parameters", "waivers", "baseline"),
    "query": ("pack", "parameters", "waivers", "baseline"),
    "evidence": ("waivers", "baseline"),
    "format_": ("file",),
    "file": ("format_",),
}

ConfigurationFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        show_default=False,
        help="The configuration file. [netproof.toml or pyproject.toml, found upwards from here]",
    ),
]
WithoutConfiguration = Annotated[bool, typer.Option("--no-config", help="Read no configuration file.")]


@dataclass(frozen=True, slots=True)
class InForce:
    """What a command would run with: each key with its value and where that comes from."""

    document: Document | None
    values: tuple[tuple[Key, Given], ...]


Listener = Callable[[InForce], None]  # as a context's `obj`: is told what is in force instead of running the command

_announced: dict[str, Callable[[], Command]] = {}


def announce(name: str, load: Callable[[], Command]) -> None:
    """A configuration file can speak of this command, which is loaded if one is there."""
    _announced[name] = load


def configurable() -> Mapping[str, Command]:
    """The commands that a configuration file can speak of, by name."""
    return {name: load() for name, load in _announced.items()}


def configured(name: str, command: Command) -> Command:
    """The command, with what its command line leaves open taken from the configuration file, and with the options
    --config and --no-config.  Manifests may then be left out; without any it prints its help."""

    @functools.wraps(command)
    def run(context: typer.Context, config: Path | None, no_config: bool, **given: Any) -> Any:
        from analyzer.cli.configuration.reading import settings

        document = _document(config, no_config)
        written = settings(document, configurable())[name] if document else {}
        values = _merged(context, command, given, written)
        if isinstance(context.obj, _Told):
            context.obj.listener(InForce(document, tuple(values.items())))
            return None
        arguments = given | {key.parameter: value.value for key, value in values.items()}
        if "manifests" in arguments and not arguments["manifests"]:
            _ask_for_manifests(context)
        return command(**arguments)

    _sign(run, command)
    return run


@dataclass(frozen=True, slots=True)
class _Told:
    listener: Listener


def telling(listener: Listener) -> object:
    """What to give a command as its context's `obj`, so that it tells what is in force and does nothing else."""
    return _Told(listener)


def _document(config: Path | None, no_config: bool) -> Document | None:
    from analyzer.cli.configuration.finding import found_upwards, named

    if config is not None and no_config:
        raise UsageError("--config and --no-config contradict each other", "leave one of them out")
    if no_config:
        return None
    if config is not None:
        return named(config)
    try:
        here = Path.cwd()
    except OSError:  # it was removed meanwhile
        return None
    return found_upwards(here)


def _merged(
    context: typer.Context, command: Command, given: Mapping[str, Any], written: Mapping[str, Given]
) -> dict[Key, Given]:
    """The command line first, then the file, then the default.  Of tables each entry counts for itself."""
    from analyzer.cli.configuration.keys import Kind, keys_of
    from analyzer.cli.configuration.reading import Given

    flags = {name for name in given if _is_on_command_line(context, name)}
    aside = {other for name in flags for other in _PUTS_ASIDE.get(name, ())}
    found: dict[Key, Given] = {}
    for key in keys_of(command).values():
        name = key.parameter
        in_file = None if name in aside else written.get(name)
        if name in flags:
            found[key] = Given(given[name], FLAG)
            if key.kind is Kind.TABLE and in_file is not None:
                found[key] = Given([*in_file.value, *given[name]], f"{FLAG}, {in_file.origin}")
        else:
            found[key] = in_file or Given(given[name], DEFAULT)
    return _with_format_of_file(found)


def _with_format_of_file(values: dict[Key, Given]) -> dict[Key, Given]:
    """The report that the ending of a file in the configuration says, where no format is given."""
    from analyzer.cli.configuration.reading import Given

    by_name = {key.parameter: key for key in values}
    file, reports = by_name.get("file"), by_name.get("format_")
    if file is None or reports is None or values[file].origin in (FLAG, DEFAULT) or values[reports].origin != DEFAULT:
        return values
    name, usual = of_ending(str(values[file].value)), values[reports].value
    try:
        value = type(usual)(name) if isinstance(usual, Enum) else [CheckFormat(name).value]
    except ValueError:
        return values
    return values | {reports: Given(value, values[file].origin)}


def _is_on_command_line(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name not in ("DEFAULT", "DEFAULT_MAP")


def _ask_for_manifests(context: typer.Context) -> None:
    if not any(_is_on_command_line(context, name) for name in context.params):
        typer.echo(context.get_help())
        raise typer.Exit(2)
    raise UsageError(
        "no manifests are given",
        "name files or directories, or - for standard input; or list them as `manifests` in netproof.toml",
    )


def _sign(run: Any, command: Command) -> None:
    """The signature that the command line is made from: the command's, with --config and --no-config."""
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], default=[] if name == "manifests" else parameter.default)
        for name, parameter in inspect.signature(command).parameters.items()
    ]
    kind = inspect.Parameter.KEYWORD_ONLY
    more = [
        inspect.Parameter("context", kind, annotation=typer.Context),
        inspect.Parameter("config", kind, default=None, annotation=ConfigurationFile),
        inspect.Parameter("no_config", kind, default=False, annotation=WithoutConfiguration),
    ]
    signature = inspect.Signature([*(p.replace(kind=kind) for p in own), *more])
    run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    run.__signature__ = signature
