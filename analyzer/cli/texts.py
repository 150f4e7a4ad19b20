"""The texts that manifests were read from, for findings to look into."""

from __future__ import annotations

from analyzer import inputs

_MOST_KEPT = 16 * 1024 * 1024  # of standard input, which cannot be read twice


class Texts:
    """What was read, to be looked into again: files from where they are, standard input from memory."""

    def __init__(self) -> None:
        self._standard_input: bytes | None = None

    def standard_input(self) -> bytes:
        """All of it, kept if it is not very large."""
        data = inputs.standard_input()
        self._standard_input = data if len(data) <= _MOST_KEPT else None
        return data

    def read(self, name: str) -> bytes | None:
        """The text of that name; None if it is gone."""
        from analyzer.manifests.sources.files import STDIN_NAME, read_file

        if name == STDIN_NAME:
            return self._standard_input
        try:
            return read_file(name)
        except ValueError:
            return None
