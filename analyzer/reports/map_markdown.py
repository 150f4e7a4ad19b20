"""The map as a Markdown table: one line for each pair of ends."""

from __future__ import annotations

import re

from analyzer.reports.map_words import connections
from analyzer.reports.visible import visible
from analyzer.verdicts.connectivity import ConnectivityMap, end_id

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def render_map_markdown(found: ConnectivityMap) -> bytes:
    """UTF-8; every character that Markdown or HTML gives a meaning is escaped."""
    lines = ["| from | to | allowed |", "|---|---|---|"]
    for src, dst, row in found.pairs():
        lines.append(f"| {_escaped(end_id(src))} | {_escaped(end_id(dst))} | {_escaped(connections(row))} |")
    return ("\n".join(lines) + "\n").encode("utf-8")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(text))
