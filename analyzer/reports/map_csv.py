"""The map as a table for spreadsheets: one line for each pair of ends."""

from __future__ import annotations

import csv
import io
from itertools import chain

from analyzer.reports.map_words import port_columns
from analyzer.reports.visible import visible
from analyzer.verdicts.connectivity import INGRESS_CONTROLLER, ConnectivityMap, IngressEdge, MapRow, end_id

_PARTS = ("TCP", "UDP", "SCTP", "other")
_FORMULA = ("=", "+", "-", "@")


def render_map_csv(found: ConnectivityMap) -> bytes:
    """UTF-8 with a header; ports as `80 443 9000-9100`.  `certain` columns hold what is allowed whatever is open."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(["src", "dst", *_PARTS, *(f"certain {part}" for part in _PARTS)])
    pairs = ((end_id(src), end_id(dst), row) for src, dst, row in found.pairs())
    edges = ((INGRESS_CONTROLLER, edge.dst.id, edge) for edge in found.ingress)
    for src, dst, row in chain[tuple[str, str, MapRow | IngressEdge]](pairs, edges):
        cells = [src, dst, *port_columns(row.allowed), *port_columns(row.certain)]
        table.writerow(map(_cell, cells))
    return text.getvalue().encode("utf-8")


def _cell(text: str) -> str:
    """Nothing that a spreadsheet would run as a formula."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
