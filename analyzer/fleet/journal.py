"""The rows of a run as they come in, so that one that was interrupted goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from analyzer.fleet.answering import packs_of
from analyzer.fleet.orders import Order
from analyzer.fleet.rows import row_of, row_to_json
from analyzer.verdicts.fleet import Row


class Journal:
    """A file with a line for each row.  Rows of another order, or of other packs, do not count."""

    def __init__(self, file: Path | None, order: Order) -> None:
        self._file, self._digest = file, _digest(order)

    def known(self) -> dict[str, Row]:
        """The rows there are, by their source; one that could not be read is tried again."""
        if self._file is None or not self._file.is_file():
            return {}
        found: dict[str, Row] = {}
        for line in self._file.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                if entry["order"] == self._digest:
                    row = row_of(entry["row"])
                    found[row.source] = row
            except (ValueError, KeyError, TypeError):
                continue  # it was cut off while it was written
        return {name: row for name, row in found.items() if not row.error}

    def note(self, row: Row) -> None:
        """Several processes may do so at once."""
        if self._file is None:
            return
        line = json.dumps({"order": self._digest, "row": row_to_json(row)}).encode() + b"\n"
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)

    def end(self) -> None:
        """The run is done; the next one begins anew."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)


def _digest(order: Order) -> str:
    asked = [(pack.name, query.id, query.text) for pack in packs_of(order) for query in pack.queries]
    return hashlib.sha256(repr((order, asked)).encode()).hexdigest()
