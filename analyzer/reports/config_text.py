"""What a command would run with, for people."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from analyzer.reports.layout import Ink, Page, Style

DEFAULT = "default"


def render_config(command: str, file: str, rows: Sequence[tuple[str, object, str]], style: Style) -> bytes:
    """One entry for each (key, value, where it comes from); `file` is empty if there is no configuration file."""
    page = Page(style)
    found = f"netproof {command}, with {file}" if file else f"netproof {command}, without a configuration file"
    page.paragraph(found, ink=Ink.STRONG)
    gutter = max((len(name) for name, _, _ in rows), default=0) + 2
    for name, value, origin in rows:
        is_default = origin == DEFAULT
        page.labelled(
            name, f"{_shown(value)} ({origin})", indent=2, gutter=gutter, ink=Ink.FAINT if is_default else Ink.STRONG
        )
    return bytes(page)


def _shown(value: object) -> str:
    match value:
        case None | []:
            return "not set"
        case list():
            parts = [_shown(part) for part in value]
            return ("; " if any("," in part for part in parts) else ", ").join(parts)
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case _:
            return str(value)
