"""Evidence bundles as folders: written whole and nowhere else, read with distrust."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from analyzer.errors import InputError, Problem, UsageError
from analyzer.verdicts.bundle import INDEX, MARKER, MARKER_LINE, MARKER_STEM, PATH

_LARGEST = 256 * 1024 * 1024
_MOST = 100_000


def check_folder(folder: Path) -> None:
    """UsageError, before any work is done, unless a bundle can be written there: into a folder that is new, empty or
    a bundle."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"`{folder}` is no folder", "name a new folder for the evidence")
    if not folder.exists():
        if not folder.parent.is_dir():
            raise UsageError(f"the folder of `{folder}` does not exist", f"create `{folder.parent}` first")
        folder = folder.parent
    elif entry := _foreign_entry(folder):
        hint = "name a new folder, or one that holds such a bundle and nothing else"
        raise UsageError(f"`{folder}` holds `{entry}`, which belongs to no evidence bundle", hint)
    if not os.access(folder, os.W_OK):
        raise UsageError(f"`{folder}` cannot be written", "choose another folder, or change its permissions")


def _foreign_entry(folder: Path) -> str:
    """Something in the folder that belongs to no bundle; empty if there is nothing."""
    found = list(_entries(folder))
    for path, is_file in found:
        if not is_file or not PATH.fullmatch(path):
            return path
    is_bundle = any(path == MARKER for path, _ in found) and _marker(folder / MARKER)[0].startswith(MARKER_STEM)
    return found[0][0] if found and not is_bundle else ""


def _entries(folder: Path, above: str = "") -> Iterator[tuple[str, bool]]:
    """What lies in a folder, as a path with slashes, and whether it is a regular file: no link is followed."""
    for entry in sorted(os.scandir(folder), key=lambda it: it.name):
        path = f"{above}{entry.name}"
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from _entries(Path(entry.path), f"{path}/")
        else:
            yield path, stat.S_ISREG(mode)


def _marker(file: Path) -> list[str]:
    text = _read(file, 1000).decode("utf-8", "replace")
    return [*text.split("\n"), "", ""]


class BundleWriter:
    """Writes a bundle into a folder that `check_folder` approved, in place of one that lies there.

    The index comes last: without it a folder is no evidence.  UsageError where something cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._explained():
            folder.mkdir(exist_ok=True)
            check_folder(folder)
            for path, _ in list(_entries(folder)):
                (folder / path).unlink()
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.write(MARKER, f"{MARKER_LINE}\nwritten {now}\n".encode())

    def write(self, path: str, data: bytes) -> None:
        """A new file at its place: never one that is there, never through a link."""
        assert PATH.fullmatch(path), path
        place = self._folder / path
        with self._explained():
            place.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666)
            with os.fdopen(handle, "wb") as file:
                file.write(data)

    def finish(self, index: bytes) -> None:
        """The index, and no folders that an older bundle left empty."""
        self.write(INDEX, index)
        with self._explained():
            for place in sorted((p for p in self._folder.rglob("*") if p.is_dir()), reverse=True):
                if not any(place.iterdir()):
                    place.rmdir()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(f"`{self._folder}` cannot be written: {error.strerror or error}") from error


class BundleFiles(Mapping[str, bytes]):
    """The files of a bundle by their places, each read when it is asked for: together they can be large."""

    def __init__(self, folder: Path, paths: Sequence[str]) -> None:
        self._folder, self._paths = folder, dict.fromkeys(paths)

    def __getitem__(self, path: str) -> bytes:
        if path not in self._paths:
            raise KeyError(path)
        return _read(self._folder / path, _LARGEST)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def read_bundle(folder: Path) -> tuple[bytes, BundleFiles, str, list[str]]:
    """The index, the other files by their places, when it was written, and what else lies in the folder.

    UsageError if it is no bundle; InputError if one of its files cannot be read.
    """
    hint = "give a folder that `netproof check … --evidence DIR` wrote"
    if not folder.is_dir():
        raise UsageError(f"`{folder}` is no folder", hint)
    try:
        found = list(_entries(folder))
    except OSError as error:
        raise UsageError(f"`{folder}` cannot be read: {error.strerror or error}") from error
    own = [path for path, is_file in found if is_file and PATH.fullmatch(path)]
    if INDEX not in own:
        raise UsageError(f"`{folder}` holds no `{INDEX}`, so it is no evidence bundle", hint)
    if len(own) > _MOST:
        raise UsageError(f"`{folder}` holds more than {_MOST:,} files", hint)
    files = BundleFiles(folder, [path for path in own if path not in (INDEX, MARKER)])
    _, written, *_ = _marker(folder / MARKER) if MARKER in own else ["", ""]
    others = [path for path, _ in found if path not in own]
    return _read(folder / INDEX, _LARGEST), files, written.removeprefix("written "), others


def _read(file: Path, most: int) -> bytes:
    """A regular file's bytes, not through a link."""
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise InputError([Problem(str(file), 0, 0, f"cannot be read: {error.strerror or error}")]) from error
    if len(data) > most:
        raise InputError([Problem(str(file), 0, 0, f"holds more than {most:,} bytes")])
    return data
