"""Where in the user's files something stands."""

from __future__ import annotations

from analyzer.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A file and a line, counted from 1; line 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Source("", 0)


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """Something the user should know that is no error: where, and one sentence."""

    source: Source
    message: str
