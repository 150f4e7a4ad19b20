"""The texts that manifests were read from, for findings to look into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from analyzer import inputs

if TYPE_CHECKING:
    from analyzer.manifests.changing import Kept
    from analyzer.model.cluster import Cluster

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

    @property
    def kept(self) -> bytes | None:
        """What standard input was, as far as it is kept."""
        return self._standard_input

    def read(self, name: str) -> bytes | None:
        """The text of that name; None if it is gone."""
        from analyzer.manifests.sources.files import STDIN_NAME, read_file

        if name == STDIN_NAME:
            return self._standard_input
        try:
            return read_file(name)
        except ValueError:
            return None


class Again:
    """Manifests read once more when somebody wants to know what there is once files hold other texts."""

    def __init__(self, keep: Callable[[], Kept]) -> None:
        self._keep = keep
        self._kept: Kept | None = None

    def with_texts(self, files: Mapping[str, bytes]) -> Cluster:
        """The cluster with these files in the place of those that there are, or beside them.  InputError if something
        is wrong with them."""
        self._kept = self._kept or self._keep()
        return self._kept.with_texts(files).loaded.cluster
