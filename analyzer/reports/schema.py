"""The published JSON Schemas, one file each beside this one."""

from __future__ import annotations

from importlib.resources import files

_FOLDER = files("analyzer.reports") / "schemas"


def schema_names() -> tuple[str, ...]:
    """`check-2`, …: every schema there is, sorted."""
    return tuple(sorted(f.name.removesuffix(".json") for f in _FOLDER.iterdir() if f.name.endswith(".json")))


def schema_text(name: str) -> str:
    """The schema's text; KeyError for a name that `schema_names` lacks."""
    if name not in schema_names():
        raise KeyError(name)
    return (_FOLDER / f"{name}.json").read_text(encoding="utf-8")
