"""Messages as wide as the terminal, if it is known: one line each where programs read them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

_PIECE = re.compile(r"(?:`[^`]*`|[^ `])+|`[^`]*$")  # text in backticks is to be copied, and stays in one piece
_NARROWEST, _WIDEST = 40, 100


def wrapped(text: str, indent: int = 0, hang: int = 4) -> Iterator[str]:
    """The lines of a message, without line breaks, after as many blanks as `indent`; further ones after `hang` more."""
    width = message_width()
    if not width or indent + len(text) <= width:
        yield " " * indent + text
        return
    line, blanks = "", indent
    for piece in _PIECE.findall(text):
        if line and blanks + len(line) + 1 + len(piece) > width:
            yield " " * blanks + line
            line, blanks = "", indent + hang
        line = f"{line} {piece}" if line else piece
    yield " " * blanks + line


def message_width() -> int:
    """Columns of the terminal, or as many as the environment says; 0 where there is neither."""
    if not os.environ.get("COLUMNS") and not (sys.stderr is not None and sys.stderr.isatty()):
        return 0
    import shutil

    return min(max(shutil.get_terminal_size((80, 24)).columns, _NARROWEST), _WIDEST)
