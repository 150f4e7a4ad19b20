"""A wheel carries `grammar/` and `queries/` inside the package; a checkout has them beside it."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_BUNDLED = files("analyzer") / "_data"  # exists in a built wheel only
_CHECKOUT = Path(__file__).resolve().parents[2]  # editable install, or no install at all


def _root() -> Traversable:
    # A file is the sign, for an uninstall can leave an empty folder behind.
    return _BUNDLED if (_BUNDLED / "grammar" / "query.lark").is_file() else _CHECKOUT


def grammar_text() -> str:
    """The grammar of the query language, in Lark's notation."""
    return (_root() / "grammar" / "query.lark").read_text(encoding="utf-8")


def grammar_tables() -> str:
    """What was made of the grammar beforehand, in JSON; empty if it is not there."""
    file = _root() / "grammar" / "query.tables.json"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def packs_dir() -> Traversable:
    """The folder that holds one folder per built-in pack.  It need not exist."""
    return _root() / "queries"
