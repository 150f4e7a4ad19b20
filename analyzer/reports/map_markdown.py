"""The map as a Markdown table: one line for each pair of ends."""

from __future__ import annotations

import re

from analyzer.reports.map_words import connections
from analyzer.reports.visible import visible
from analyzer.verdicts.connectivity import INGRESS_CONTROLLER, ConnectivityMap, end_id

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def render_map_markdown(found: ConnectivityMap) -> bytes:
    """UTF-8; every character that Markdown or HTML gives a meaning is escaped."""
    lines = ["| from | to | allowed |", "|---|---|---|"]
    for src, dst, row in found.pairs():
        lines.append(f"| {escaped(end_id(src))} | {escaped(end_id(dst))} | {escaped(connections(row))} |")
    for edge in found.ingress:
        lines.append(f"| {escaped(INGRESS_CONTROLLER)} | {escaped(edge.dst.id)} | {escaped(connections(edge))} |")
    return ("\n".join(lines) + "\n").encode("utf-8")


def escaped(text: str) -> str:
    """The text, of which Markdown and HTML make nothing but itself."""
    return _SPECIAL.sub(r"\\\1", visible(text))
