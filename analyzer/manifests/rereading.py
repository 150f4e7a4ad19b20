"""Files read again and again: only those that were saved since are parsed anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from analyzer.errors import Problem
from analyzer.manifests.changing import Kept, Rules, keep
from analyzer.manifests.loader import Loader
from analyzer.manifests.loading import Loaded, assembled, load, without_garbage_collection
from analyzer.manifests.sources.excluding import Excluding
from analyzer.manifests.sources.files import STDIN, chosen_files, read_file
from analyzer.records import dataclass

Stamp = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One file as it was when `mark` was its mark; nothing in it was wrong."""

    mark: tuple[int, ...]
    read: Loader
    count: int


class Rereader:
    """Loads the same paths again and again; what stands in a file that is as it was stays the same object."""

    def __init__(
        self,
        paths: Sequence[str],
        *,
        irrelevant: frozenset[str] = frozenset(),
        strict_cidr: bool = True,
        exclude: Sequence[str] = (),
    ) -> None:
        """As for `load`; standard input, which can be read but once, cannot be among the paths."""
        if STDIN in paths:
            raise ValueError("standard input cannot be read again")
        self._paths, self._irrelevant, self._strict_cidr = tuple(paths), irrelevant, strict_cidr
        self._excluding = Excluding(tuple(exclude))
        self._pieces: dict[str, _Piece] = {}
        self.reread: tuple[str, ...] = ()
        self.how: dict[str, str] = {}

    def stamp(self) -> Stamp:
        """The same as long as no file was saved, came or went."""
        return tuple((file, _mark(file)) for file in chosen_files(self._paths, [], self._excluding).files)

    def load(self) -> Loaded:
        """The cluster as the files now say.  `reread` then names the files that were new, changed or gone, and
        `how` says which of the three.

        ManifestError as from `load`, after which the next call reads what was at fault again.
        """
        problems: list[Problem] = []
        chosen = chosen_files(self._paths, problems, self._excluding)
        files = chosen.files
        if problems:
            return self._afresh()
        known = frozenset(self._pieces)
        changed = self._pieces.keys() - files.keys()
        for file in changed:
            del self._pieces[file]
        whole = Loader(self._irrelevant, self._strict_cidr)
        whole.facts.left_out += chosen.left_out
        counts: dict[str, dict[str, int]] = {}
        with without_garbage_collection():
            for file, path in files.items():
                mark = _mark(file)
                piece = self._pieces.get(file)
                if piece is None or piece.mark != mark:
                    changed = changed | {file}
                    loader = Loader(self._irrelevant, self._strict_cidr)
                    count = loader.read(file, partial(read_file, file), is_named=file == path)
                    piece = _Piece(mark, loader, count)
                    self._pieces[file] = piece
                if not whole.absorb(piece.read):
                    return self._afresh()
                counts.setdefault(path, {})[file] = piece.count
            self.reread = tuple(sorted(changed))
            self.how = {
                it: "changed" if it in known & files.keys() else "new" if it in files else "gone" for it in changed
            }
            return assembled(whole, counts, False, tuple(files))

    def kept(self) -> Kept:
        """What the files say now, kept beside their texts.  ManifestError as from `load`."""
        rules = Rules(irrelevant=self._irrelevant, strict_cidr=self._strict_cidr)
        return keep(self._paths, (), rules, exclude=self._excluding.patterns)

    def _afresh(self) -> Loaded:
        """Something is wrong: reading everything as it is meant to be read tells all of it."""
        self._pieces = {file: piece for file, piece in self._pieces.items() if not piece.read.problems}
        return load(
            self._paths, irrelevant=self._irrelevant, strict_cidr=self._strict_cidr, exclude=self._excluding.patterns
        )


def _mark(file: str) -> tuple[int, ...]:
    """What changes when a file is saved; empty for one that just went."""
    try:
        info = os.stat(file)
    except OSError:
        return ()
    return info.st_mtime_ns, info.st_size, info.st_ino
