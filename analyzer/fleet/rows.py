"""Rows as JSON, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analyzer.errors import InputError, Problem
from analyzer.reports.fleet_json import SCHEMA, row_to_json
from analyzer.verdicts import Status
from analyzer.verdicts.fleet import Cell, Row

__all__ = ["row_of", "row_to_json", "rows_in"]


def row_of(data: Any) -> Row:
    """The row that was written so.  KeyError, TypeError or ValueError where none was."""
    cells = tuple(Cell(it["query"], Status(it["verdict"]), it["live"], it["said"]) for it in data["queries"])
    return Row(data["source"], cells, tuple((str(k), int(v)) for k, v in data["tally"].items()), data["error"] or "")


def rows_in(file: Path) -> tuple[Row, ...]:
    """Those of an earlier report in JSON.  InputError where it is none."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"its schema is {data['schema']}")
        return tuple(row_of(row) for row in data["sources"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError([Problem(str(file), 0, 0, f"is no report of a fleet: {error}")]) from None
