"""Find a pack by name or path and read it.

A pack is a folder that holds `pack.npq` and, beside it, `cases/<query id>/{holds,violated}/` with manifests that show
what each query means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path

from analyzer.errors import PackError, Problem
from analyzer.language import parse_pack
from analyzer.model.claims import Pack
from analyzer.model.source import BUILT_IN
from analyzer.records import dataclass
from analyzer.resources import packs_dir

FILE = "pack.npq"
_CASES = "cases"
_BESIDE = (FILE, _CASES, "README.md")
_OUTCOMES = ("holds", "violated")
_MANIFESTS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class PackInfo:
    """What a list of packs says of one; `queries` counts them."""

    name: str
    title: str
    description: str
    queries: int


def builtin() -> tuple[PackInfo, ...]:
    """The built-in packs, by name.  QueryError or PackError if one of them is not well formed."""
    packs = (_folder(folder, _shown(folder.name), {}) for folder in _builtin_folders().values())
    return tuple(PackInfo(pack.name, pack.title, pack.description, len(pack.queries)) for pack in packs)


def builtin_names() -> tuple[str, ...]:
    """The names of the built-in packs, without reading them."""
    return tuple(_builtin_folders())


def find(name_or_path: str, parameters: Mapping[str, str] | None = None) -> Pack:
    """The built-in pack of that name, else the pack in that query file or folder.

    `parameters` replace the values that the pack gives its own.  PackError if there is none or its folder holds what
    does not belong there; QueryError with all errors in the text.
    """
    given = parameters or {}
    folders = _builtin_folders()
    if name_or_path in folders:
        return _folder(folders[name_or_path], _shown(name_or_path), given)
    path = Path(name_or_path)
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except (OSError, ValueError):  # a name that no file can have
        is_folder = is_there = False
    if is_folder:
        return _folder(path, name_or_path, given)
    if is_there:
        return parse_pack(_text(path, name_or_path), name_or_path, given)
    raise PackError([_unknown(name_or_path, tuple(folders))])


@cache
def _builtin_folders() -> dict[str, Traversable]:
    root = packs_dir()
    if not root.is_dir():
        return {}
    found = (folder for folder in root.iterdir() if (folder / FILE).is_file())
    return {folder.name: folder for folder in sorted(found, key=lambda folder: folder.name)}


def _shown(name: str) -> str:
    """A built-in pack's folder as messages call it: the same wherever netproof is installed, and no name of a file."""
    return f"{BUILT_IN}{name}"


def _unknown(wanted: str, known: tuple[str, ...]) -> Problem:
    is_path = "/" in wanted or "\\" in wanted or wanted.endswith(".npq") or wanted in (".", "..")
    if is_path:
        return Problem(
            wanted, 0, 0, "no such query file or pack folder", "see `netproof packs list` for built-in packs"
        )
    close = get_close_matches(wanted, known, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`? " if close else ""
    listed = ", ".join(f"`{name}`" for name in known)
    hint += f"the built-in packs are {listed}" if known else "there are no built-in packs"
    return Problem("", 0, 0, f"no pack is called `{wanted}`, and no file", f"{hint}; or give a .npq file")


# ------------------------------------------------------------------------------------------------ reading
def _folder(folder: Traversable, shown: str, parameters: Mapping[str, str]) -> Pack:
    file = folder / FILE
    shown_file = f"{shown.rstrip('/')}/{FILE}"
    if not file.is_file():
        hint = "write one, or give a .npq file by its path"
        raise PackError([Problem(shown, 0, 0, f"this folder holds no `{FILE}`, so it is no pack", hint)])
    pack = parse_pack(_text(file, shown_file), shown_file, parameters)
    problems = list(_misplaced(folder, shown.rstrip("/"), {query.id for query in pack.queries}))
    if problems:
        raise PackError(problems)
    return pack


def _text(file: Traversable, shown: str) -> str:
    if Path(shown).suffix in _MANIFESTS:
        hint = "give manifests without -p"
        raise PackError([Problem(shown, 0, 0, "a manifest is no query file", hint)])
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PackError([Problem(shown, line, 0, "this file is not UTF-8 text", "save it as UTF-8")]) from None
    except OSError as error:
        raise PackError([_unreadable(shown, error)]) from None


def _misplaced(folder: Traversable, shown: str, ids: set[str]) -> Iterator[Problem]:
    """What lies in a pack's folder and does not belong there."""
    for entry in _entries(folder):
        if entry.name not in _BESIDE:
            place = f"{shown}/{entry.name}"
            yield Problem(place, 0, 0, "this does not belong into a pack", f"a pack holds `{FILE}` and `{_CASES}/`")
    cases = folder / _CASES
    if not cases.is_dir():
        return
    for case in _entries(cases):
        place = f"{shown}/{_CASES}/{case.name}"
        if case.name not in ids or not case.is_dir():
            close = get_close_matches(case.name, ids, n=1)
            hint = f"did you mean `{close[0]}`?" if close else "name the folder after the query that it is a case of"
            yield Problem(place, 0, 0, "no query of this pack is called so", hint)
            continue
        for outcome in _entries(case):
            if outcome.name not in _OUTCOMES:
                hint = "manifests stand in `holds/` and `violated/`"
                yield Problem(f"{place}/{outcome.name}", 0, 0, "this does not belong into a case", hint)


def _entries(folder: Traversable) -> list[Traversable]:
    """What the folder holds, hidden files apart, by name."""
    try:
        found = [entry for entry in folder.iterdir() if not _is_hidden(entry)]
    except OSError as error:
        raise PackError([_unreadable(str(folder), error)]) from None
    return sorted(found, key=lambda entry: entry.name)


def _unreadable(shown: str, error: OSError) -> Problem:
    return Problem(shown, 0, 0, f"cannot be read: {(error.strerror or 'input error').lower()}")


def _is_hidden(entry: Traversable) -> bool:
    return entry.name.startswith(".")
