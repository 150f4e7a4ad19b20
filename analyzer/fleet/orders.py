"""The sources of a fleet: directories named on the command line, or a file that lists them, in TOML.

packs = ["baseline", "rules.npq"]

[[source]]
name = "prod-eu"
paths = ["clusters/prod-eu"]        # files and directories

[[source]]
name = "released"
git = "v1.4"                        # a revision; paths are of it
paths = ["k8s"]

[[source]]
name = "live"
context = "prod"                    # as of kubectl
profile = "calico"
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analyzer.errors import InputError, Problem, UsageError
from analyzer.records import dataclass

_KEYS = frozenset({"packs", "queries", "set", "universe", "source"})
_OF_SOURCE = frozenset({"name", "paths", "git", "context", "profile", "knobs"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where manifests come from: `paths`, in the git revision `git` if there is one; or the kubectl context."""

    name: str
    paths: tuple[str, ...] = ()
    git: str = ""
    context: str = ""
    profile: str = ""
    knobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of which sources."""

    sources: tuple[Source, ...]
    packs: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    universe: str = "any"


def ordered(given: Sequence[str], packs: Sequence[str], queries: Sequence[str], settings: Sequence[str]) -> Order:
    """Each directory, or file of manifests, a source; or all of one list.  Of it too is asked what is asked here.

    InputError holds everything that is wrong.
    """
    lists = [path for path in given if path.endswith(".toml") and not os.path.isdir(path)]
    if lists and len(given) > 1:
        raise UsageError(f"`{lists[0]}` beside other sources", "name one list alone, or directories")
    if lists:
        order = order_of(Path(lists[0]))
    else:
        lost = [Problem(path, 0, 0, "does not exist") for path in given if not os.path.lexists(path)]
        twice = [path for path, times in Counter(given).items() if times > 1]
        if lost or twice:
            raise InputError([*lost, *(Problem(path, 0, 0, "is named twice") for path in twice)])
        order = Order(tuple(Source(path, (path,)) for path in given))
    return replace(
        order,
        packs=(*order.packs, *packs),
        queries=(*order.queries, *queries),
        settings=(*order.settings, *settings),
    )


def order_of(file: Path) -> Order:
    """What the file says.  InputError holds everything that is wrong with it."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "name a TOML file that lists the sources"
        raise InputError([Problem(str(file), 0, 0, f"cannot be read: {error.strerror or error}", hint)]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(file), 0, 0, f"is no TOML: {error}")]) from None
    problems: list[str] = [f"unknown key `{key}`" for key in sorted(data.keys() - _KEYS)]
    tables = data.get("source", [])
    if not isinstance(tables, list) or not tables:
        problems.append("it lists no [[source]]")
        tables = []
    sources = [_source(table, number, problems) for number, table in enumerate(tables, 1)]
    names = [source.name for source in sources if source.name]
    problems += [f"two sources are called `{name}`" for name in dict.fromkeys(names) if names.count(name) > 1]
    lists = {key: _texts(data.get(key, []), f"`{key}`", problems) for key in ("packs", "queries")}
    settings = data.get("set", {})
    universe = data.get("universe", "any")
    if not isinstance(settings, dict):
        problems.append("`set` is no table of parameters")
        settings = {}
    if not isinstance(universe, str):
        problems.append("`universe` is no text")
    if problems:
        raise InputError(Problem(str(file), 0, 0, text) for text in problems)
    pairs = tuple(f"{name}={value}" for name, value in settings.items())
    return Order(tuple(sources), lists["packs"], lists["queries"], pairs, universe)


def _source(table: Any, number: int, problems: list[str]) -> Source:
    what = f"source {number}"
    if not isinstance(table, dict):
        problems.append(f"{what} is no table")
        return Source("")
    problems += [f"unknown key `{key}` in {what}" for key in sorted(table.keys() - _OF_SOURCE)]
    texts = {key: table.get(key, "") for key in ("name", "git", "context", "profile")}
    problems += [f"`{key}` of {what} is no text" for key, value in texts.items() if not isinstance(value, str)]
    paths = _texts(table.get("paths", []), f"`paths` of {what}", problems)
    knobs = _texts(table.get("knobs", []), f"`knobs` of {what}", problems)
    if not texts["name"]:
        problems.append(f"{what} has no `name`")
    if bool(paths) is bool(texts["context"]):
        problems.append(f"{what} needs either `paths`, with or without `git`, or `context`")
    if texts["git"] and texts["context"]:
        problems.append(f"{what} has both `git` and `context`")
    return Source(str(texts["name"]), paths, str(texts["git"]), str(texts["context"]), str(texts["profile"]), knobs)


def _texts(value: Any, what: str, problems: list[str]) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(it, str) for it in value):
        return tuple(value)
    problems.append(f"{what} is no list of texts")
    return ()
