"""What a configuration file may say: the options of the commands, read off their signatures, once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo, ParameterInfo

from analyzer.records import dataclass

Command = Callable[..., Any]

CHECK = "check"  # its options stand at the top of the file; those of other commands in tables

# Options about the cluster: the value at the top of the file holds for every command that has the option.
SHARED = (
    "manifests",
    "universe",
    "profile",
    "knob",
    "pod_cidr",
    "irrelevant",
    "strict_cidr",
    "exclude",
    "render",
    "keep_going",
    "budget",
)

# Commands that ask what `check` asks: every value at the top of the file holds for them.
LIKE_CHECK = ("watch", "serve")

# Keys that are not called like the option: what may be given several times is in the plural.
_NAMES = {
    "pack": "packs",
    "query": "queries",
    "set": "parameters",
    "knob": "knobs",
    "pod-cidr": "pod-cidrs",
    "ingress-controller": "ingress-controllers",
    "namespace": "namespaces",
}
_REPORTS = "reports"  # --format where it may be given several times
_TABLES = ("parameters", "knob")  # NAME=VALUE on the command line
_PATHS = (
    "manifests",
    "pack",
    "yaml",
    "waivers",
    "baseline",
    "evidence",
    "kubeconfig",
    "tls_cert",
    "tls_key",
)  # paths among the options that take text


class Kind(Enum):
    """What a key takes; the value is what messages call it."""

    FLAG = "true or false"
    NUMBER = "a number"
    TEXT = "text in quotes"
    CHOICE = "one of the words that the option takes"
    TEXTS = 'a list of texts: ["…", "…"]'
    TABLE = 'a table: { name = "value" }'


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `parameter` is what the command's function calls it, `option` what the command line does."""

    name: str
    parameter: str
    option: str
    kind: Kind
    type: Any
    default: object
    help: str
    minimum: float | None = None
    is_path: bool = False

    @property
    def is_report(self) -> bool:
        """Whether values read FORMAT=FILE."""
        return self.name == _REPORTS

    def choices(self) -> tuple[str, ...]:
        return tuple(str(choice.value) for choice in self.type) if self.kind is Kind.CHOICE else ()


def keys_of(command: Command) -> dict[str, Key]:
    """The keys of a command, by name: its options, and its manifests."""
    hints = get_type_hints(command, include_extras=True)
    found = (
        _key(parameter, hints[parameter.name])
        for parameter in inspect.signature(command).parameters.values()
        if get_origin(hints[parameter.name]) is Annotated
    )
    return {key.name: key for key in found if key is not None}


def tables_of(commands: Mapping[str, Command]) -> dict[str, dict[str, Key]]:
    """For each command the keys of its table, by name; for `check` those at the top of the file."""
    return {name: keys_of(command) for name, command in commands.items()}


def _key(parameter: inspect.Parameter, hint: Any) -> Key | None:
    annotation, *extras = get_args(hint)
    info = next((extra for extra in extras if isinstance(extra, ParameterInfo)), None)
    option = _option(parameter.name, info)
    kind, base = _kind(parameter.name, annotation)
    if info is None or not option or kind is None:
        return None
    long = option.removeprefix("--")
    name = _REPORTS if long == "format" and kind is Kind.TEXTS else _NAMES.get(long, long)
    return Key(
        name=name if option.startswith("--") else parameter.name,
        parameter=parameter.name,
        option=option,
        kind=kind,
        type=base,
        default=None if parameter.default is parameter.empty else parameter.default,
        help=info.help or "",
        minimum=info.min,
        is_path=base is Path or parameter.name in _PATHS,
    )


def _option(parameter: str, info: ParameterInfo | None) -> str:
    """`--pack`; of the arguments only the manifests count."""
    if isinstance(info, ArgumentInfo):
        return "MANIFEST..." if parameter == "manifests" else ""
    if not isinstance(info, OptionInfo):
        return ""
    # Inside Annotated the first name of an option is where a default value would stand.
    names = [str(name) for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
    long = next((name for name in names if name.startswith("--")), f"--{parameter.replace('_', '-')}")
    return long.partition("/")[0]


def _kind(parameter: str, annotation: Any) -> tuple[Kind | None, Any]:
    """What the annotation takes, and its type or, of a list, that of an element."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is list:
        (element,) = get_args(annotation)
        is_text = element in (str, Path) or (isinstance(element, type) and issubclass(element, Enum))
        return (Kind.TABLE if parameter in _TABLES else Kind.TEXTS if is_text else None), element
    if not isinstance(annotation, type):
        return None, annotation
    if issubclass(annotation, Enum):
        return Kind.CHOICE, annotation
    return {bool: Kind.FLAG, int: Kind.NUMBER, float: Kind.NUMBER, str: Kind.TEXT, Path: Kind.TEXT}.get(
        annotation
    ), annotation
