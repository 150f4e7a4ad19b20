"""A configuration document to values that the commands take.  Everything wrong with it is told at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from analyzer import inputs
from analyzer.cli.configuration.finding import Document
from analyzer.cli.configuration.keys import CHECK, LIKE_CHECK, SHARED, Command, Key, Kind, tables_of
from analyzer.cli.formats import CheckFormat
from analyzer.errors import InputError, Problem, UsageError
from analyzer.records import dataclass

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A value as the command's function takes it, and where it was written: `netproof.toml:3`."""

    value: Any
    origin: str


def _known_formats(reports: list[str]) -> None:
    known = [known.value for known in CheckFormat]
    for report in reports:
        name, _, _ = report.partition("=")
        if name not in known:
            raise UsageError(f"unknown format `{name}`", inputs.nearest(name, known))


# What the value of a key must be beyond its type; raises InputError.
_CHECKS: dict[str, Callable[[Any], object]] = {
    "universe": inputs.chosen_universe,
    "profile": lambda name: inputs.chosen_profile(name, ()),
    "knobs": lambda knobs: inputs.chosen_profile("generic", knobs),
    "pod-cidrs": inputs.pod_addresses,
    "reports": _known_formats,
}


def settings(document: Document, commands: Mapping[str, Command]) -> dict[str, dict[str, Given]]:
    """For each command, by parameter, what the document gives it."""
    return _Reading(document, tables_of(commands)).settings()


class _Reading:
    def __init__(self, document: Document, tables: Mapping[str, Mapping[str, Key]]) -> None:
        self.document = document
        self.tables = tables
        self.folder = document.path.parent
        self.problems: list[Problem] = []

    def settings(self) -> dict[str, dict[str, Given]]:
        top = self.tables[CHECK]
        others = {name: keys for name, keys in self.tables.items() if name != CHECK}
        content = {key: value for key, value in self.document.content.items() if key not in others}
        found = {CHECK: dict(self.table((), content, top, tuple(others)))}
        for name, keys in others.items():
            written = self.document.content.get(name, {})
            if not isinstance(written, dict):
                self.problem((name,), f"`{name}` is a table", f"write [{name}]")
                continue
            shared = {
                parameter: given
                for parameter, given in found[CHECK].items()
                if parameter in SHARED or name in LIKE_CHECK
            }
            known = {key.parameter for key in keys.values()}
            own = dict(self.table((name,), written, keys, ()))
            found[name] = {parameter: given for parameter, given in (shared | own).items() if parameter in known}
        if self.problems:
            raise InputError(self.problems)
        return found

    def table(
        self, at: Keys, content: Mapping[str, Any], keys: Mapping[str, Key], tables: tuple[str, ...]
    ) -> Iterator[tuple[str, Given]]:
        for name, value in content.items():
            if name not in keys:
                where = f"[{at[0]}]" if at else "a configuration"
                self.problem((*at, name), f"{where} has no key `{name}`", inputs.nearest(name, (*keys, *tables)))
                continue
            key = keys[name]
            count = len(self.problems)
            read = self.value(key, value, (*at, name))
            if len(self.problems) == count:
                self.check(key, read, (*at, name))
            origin = f"{self.document.path}:{self.document.place((*at, name)).line}"
            yield key.parameter, Given(read, origin)

    # -------------------------------------------------------------------------------------------- values
    def value(self, key: Key, value: Any, at: Keys) -> Any:
        match key.kind:
            case Kind.FLAG if isinstance(value, bool):
                return value
            case Kind.NUMBER if _is_number(value, key.type):
                if key.minimum is not None and value < key.minimum:
                    self.problem(at, f"`{value}` is too small for `{key.name}`", f"the least is {key.minimum:g}")
                return value
            case Kind.TEXT if isinstance(value, str):
                text = self.placed(key, value)
                return Path(text) if key.type is Path else text
            case Kind.CHOICE if isinstance(value, str):
                return self.choice(key, value, at)
            case Kind.TEXTS if isinstance(value, list):
                return [self.element(key, part, (*at, number)) for number, part in enumerate(value)]
            case Kind.TABLE if isinstance(value, dict):
                return [f"{name}={self.text(part, (*at, name))}" for name, part in value.items()]
            case _:
                self.problem(at, f"`{key.name}` takes {key.kind.value}, and this is {_called(value)}")
                return None

    def choice(self, key: Key, value: str, at: Keys) -> Enum | None:
        if value not in key.choices():
            self.problem(at, f"`{value}` is no value of `{key.name}`", inputs.nearest(value, key.choices()))
            return None
        chosen: Enum = key.type(value)
        return chosen

    def element(self, key: Key, value: Any, at: Keys) -> Any:
        if not isinstance(value, str):
            self.problem(at, f"`{key.name}` takes texts, and this is {_called(value)}", "put it in quotes")
            return None
        if isinstance(key.type, type) and issubclass(key.type, Enum):
            if value not in (known := [str(choice.value) for choice in key.type]):
                self.problem(at, f"`{value}` is no value of `{key.name}`", inputs.nearest(value, known))
                return None
            return key.type(value)
        text = self.placed(key, value)
        return Path(text) if key.type is Path else text

    def text(self, value: Any, at: Keys) -> str:
        """The value of a parameter or a knob as the command line would have it; a list stands for its entries."""
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return ", ".join(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int):
            return str(value)
        self.problem(at, f"`{at[-1]}` takes text, and this is {_called(value)}", "put it in quotes")
        return ""

    def placed(self, key: Key, text: str) -> str:
        """Paths are relative to the file that they stand in."""
        if key.is_report:
            form, equals, file = text.partition("=")
            return f"{form}={self.path(file)}" if equals and file else text
        if not key.is_path or (key.parameter == "pack" and self.is_pack_name(text)):
            return text
        return self.path(text)

    def is_pack_name(self, text: str) -> bool:
        """Whether this names a built-in pack rather than a file."""
        return "/" not in text and "." not in text and not (self.folder / text).exists()

    def path(self, text: str) -> str:
        """As it is from here; - stands for standard input or output."""
        return text if text == "-" or Path(text).is_absolute() else _shown(self.folder / text, text)

    def check(self, key: Key, value: Any, at: Keys) -> None:
        try:
            _CHECKS.get(key.name, _accept)(value)
        except InputError as error:
            self.problems += (self.document.problem(at, p.message, p.hint) for p in error.problems)

    def problem(self, at: Keys, message: str, hint: str = "") -> None:
        self.problems.append(self.document.problem(at, message, hint))


def _accept(value: object) -> None:
    """Nothing beyond the type is asked of the value."""


def _shown(path: Path, written: str) -> str:
    """The path from here without detours, with the slash at its end if it was written so."""
    return os.path.relpath(path) + ("/" if written.endswith("/") else "")


def _is_number(value: object, wanted: type) -> bool:
    """A whole number does where a fraction may stand; true and false are no numbers."""
    return isinstance(value, int if wanted is int else int | float) and not isinstance(value, bool)


def _called(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or a time"
