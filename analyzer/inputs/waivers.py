"""`--waivers FILE`: a TOML file of `[[waiver]]` tables to waivers (docs/waivers.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError, Problem, QueryError, UsageError
from analyzer.inputs.places import Place, places
from analyzer.inputs.settings import nearest

if TYPE_CHECKING:
    from analyzer.model.claims import Claim, Excuse
    from analyzer.verdicts.regions import Region
    from analyzer.verdicts.waivers import Waiver

_TABLE = "waiver"
_SCHEMA, _SCHEMA_KEY = "netproof/waivers/2", "schema"
_TEXTS = ("query", "reason", "owner", "from", "to", "on", "region")
_REQUIRED = ("query", "reason", "owner", "expires")
_SETS = ("from", "to", "on")
_KEYS = (*_REQUIRED, *_SETS, "region")
_EXAMPLE = "a waiver reads `[[waiver]]` and below it query, reason, owner, expires, from, to and on"
_AT = re.compile(r" \(at line (\d+), column (\d+)\)$")


def read_waivers(path: str) -> tuple[Waiver, ...]:
    """The waivers in the file; InputError with all that is wrong with them, each with its line."""
    import tomllib

    text = file_bytes(path, "waivers")
    try:
        written = text.decode("utf-8")
        content = tomllib.loads(written)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError([Problem(path, line, 0, "this file is not UTF-8 text", "save it as UTF-8")]) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError([_broken(path, str(error))]) from None
    reading = _Reading(path, places(written.replace("\r\n", "\n")))
    found = tuple(reading.waivers(content))
    if reading.problems:
        raise InputError(reading.problems)
    return found


def file_bytes(path: str, what: str) -> bytes:
    """What the file holds; UsageError if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "no such file").lower()
        raise UsageError(f"`{path}` cannot be read: {why}", f"--{what} takes a file") from None


def _broken(path: str, message: str) -> Problem:
    place = _AT.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    said = message[: place.start()] if place else message
    return Problem(path, line, column, f"this is no TOML: {said[:1].lower()}{said[1:]}", "see https://toml.io")


class _Reading:
    """One file on its way to waivers; `problems` collects what is wrong."""

    def __init__(self, path: str, where: Mapping[tuple[str | int, ...], Place]) -> None:
        self.path, self.where = path, where
        self.problems: list[Problem] = []

    def waivers(self, content: Mapping[str, Any]) -> Iterator[Waiver]:
        schema = content.get(_SCHEMA_KEY, _SCHEMA)
        if schema != _SCHEMA:
            hint = f'write the regions anew, from `netproof check … --format json`, below `schema = "{_SCHEMA}"`'
            text = f"this file is of schema `{schema}`, and this netproof reads `{_SCHEMA}`"
            self.problem((_SCHEMA_KEY,), text, hint)
            return
        for key in content:
            if key not in (_TABLE, _SCHEMA_KEY):
                self.problem((key,), f"a waiver file has no key `{key}`", f"did you mean `[[{_TABLE}]]`? {_EXAMPLE}")
        tables = content.get(_TABLE, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.problem((_TABLE,), f"`{_TABLE}` is a list of tables", _EXAMPLE)
            return
        for number, table in enumerate(tables):
            waiver = self.waiver(number, table)
            if waiver is not None:
                yield waiver

    def waiver(self, number: int, table: Mapping[str, Any]) -> Waiver | None:
        from analyzer.model.claims import Excuse
        from analyzer.model.source import Source
        from analyzer.reports import region_words
        from analyzer.verdicts.waivers import Waiver

        before = len(self.problems)
        at = (_TABLE, number)
        for key, value in table.items():
            if key not in _KEYS:
                self.problem((*at, key), f"a waiver has no key `{key}`", nearest(key, _KEYS))
            elif key in _TEXTS and (not isinstance(value, str) or not value.strip()):
                self.problem((*at, key), f"`{key}` is a text in quotes", "")
            elif key == "expires" and (not isinstance(value, date) or isinstance(value, datetime)):
                self.problem((*at, key), "`expires` is a date", "write it without quotes: expires = 2026-12-31")
        for key in _REQUIRED:
            if key not in table:
                self.problem(at, f"this waiver has no `{key}`", _EXAMPLE)
        if "region" not in table and "from" not in table:
            self.problem(at, "this waiver has no `from`", _EXAMPLE)
        if "region" in table and (others := [key for key in _SETS if key in table]):
            hint = f"leave out {' and '.join(f'`{key}`' for key in others)}, or `region`"
            self.problem((*at, "region"), "a waiver has one region", hint)
        if len(self.problems) > before:
            return None
        region = self.told(at, table["region"]) if "region" in table else self.region(at, table)
        if region is None:
            return None
        if isinstance(region, Excuse):
            text = " ".join(f"{key} {table[key].strip()}" for key in _SETS if key in table)
        else:
            text = region_words.region(region)
        source = Source(self.path, self.place(at).line)
        return Waiver(
            table["query"], table["reason"].strip(), table["owner"].strip(), table["expires"], region, text, source
        )

    def told(self, at: tuple[str | int, ...], written: str) -> Region | None:
        """The region as a report tells it: JSON, a list of constraints."""
        import json

        from analyzer.reports.region_json import read_region

        try:
            found = read_region(json.loads(written))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            hint = "copy the `region` of a counterexample from `netproof check … --format json`"
            self.problem((*at, "region"), f"`region` is no list of constraints: {said}", hint)
            return None
        if found.is_of_untold_requests:
            hint = "write `from`, `to` and `on`, which excuse every request"
            self.problem((*at, "region"), "`region` is of some requests and does not tell which", hint)
            return None
        return found

    def region(self, at: tuple[str | int, ...], table: Mapping[str, Any]) -> Excuse | None:
        """The region, each of its parts read as the part of a claim that it stands for."""
        from analyzer.model.claims import Excuse

        before = len(self.problems)
        texts = {"from": table["from"], "to": table.get("to", "anything"), "on": table.get("on", "any")}
        sources = self.claim((*at, "from"), f"no {texts['from']} can reach anything")
        destinations = self.claim((*at, "to"), f"no anything can reach {texts['to']}")
        ports = self.claim((*at, "on"), f"no anything can reach anything on {texts['on']}")
        if sources is None or destinations is None or ports is None or sources.destinations is None:
            return None
        plain = self.claim(at, "no anything can reach anything")
        self.expect_alone((*at, "from"), sources, plain, "sources")
        self.expect_alone((*at, "to"), destinations, plain, "destinations")
        self.expect_alone((*at, "on"), ports, plain, "ports")
        if len(self.problems) > before:
            return None
        if self.claim(at, f"no {texts['from']} can reach {texts['to']}") is None or destinations.destinations is None:
            return None
        return Excuse(sources.sources, destinations.destinations, ports.ports if "on" in table else None)

    def expect_alone(self, at: tuple[str | int, ...], found: Claim, plain: Claim | None, part: str) -> None:
        """A problem where the text says more than the part of a claim that it stands for."""
        from dataclasses import replace

        if plain is not None and found != replace(plain, **{part: getattr(found, part)}):
            what = "ports" if part == "ports" else "a set"
            hint = "a region is `from` a set `to` a set, `on` ports"
            self.problem(at, f"`{at[-1]}` holds more than {what}", hint)

    def claim(self, at: tuple[str | int, ...], text: str) -> Claim | None:
        from analyzer.language import parse_query

        try:
            query = parse_query(text)
        except QueryError as error:
            for problem in error.problems:
                key = f"`{at[-1]}`: " if isinstance(at[-1], str) else ""
                self.problem(at, f"{key}{problem.message}", problem.hint)
            return None
        if query.universe is not None:
            self.problem(at, f"`{at[-1]}` holds more than a region: `within` is the query's", "leave `within` out")
            return None
        return query.claim

    def problem(self, at: tuple[str | int, ...], message: str, hint: str) -> None:
        place = self.place(at)
        self.problems.append(Problem(self.path, place.line, place.column, message, hint))

    def place(self, at: tuple[str | int, ...]) -> Place:
        return self.where.get(at) or self.where.get(at[:-1]) or Place(0, 0)
