"""A progress line on stderr, when that is a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TextIO

from analyzer.reports.visible import visible

_INTERVAL = 0.1
_BAR = 24


class Progress:
    """Callable as `progress(what, done, total)`; used in a `with` block, which wipes the line at its end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        is_terminal = self._stream is not None and self._stream.isatty()  # None: closed
        self._is_shown = is_terminal and os.environ.get("TERM") != "dumb"
        self._drawn_at = 0.0
        self._is_drawn = False

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if not self._is_shown or (now - self._drawn_at < _INTERVAL and done < total):
            return
        self._drawn_at, self._is_drawn = now, True
        filled = _BAR * done // total if total else 0
        line = f"[{'#' * filled}{'.' * (_BAR - filled)}] {done}/{total} {visible(what)}"
        self._stream.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
        self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._is_drawn = False
