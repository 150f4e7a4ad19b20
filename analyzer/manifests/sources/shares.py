"""Files shared out over processes, each of which reads some of them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from analyzer.manifests.sources.files import STDIN

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")

_WORTHWHILE = 2_000_000  # bytes for each process: a quarter of a second or so


def shares(files: Sequence[str], jobs: int | None) -> list[Sequence[str]]:
    """The files in one run or several of about one size, in their order; `jobs` at most, None for the cores."""
    if STDIN in files or sys.platform != "linux" or threading.active_count() > 1:  # a thread may hold a lock
        return [files]
    sizes = [_size(file) for file in files]
    total = sum(sizes)
    count = max(1, min(jobs or len(os.sched_getaffinity(0)), total // _WORTHWHILE))
    found: list[list[str]] = [[] for _ in range(count)]
    before = 0
    for file, size in zip(files, sizes, strict=True):
        found[min(before * count // max(total, 1), count - 1)].append(file)
        before += size
    return [share for share in found if share] or [files]


def _size(file: str) -> int:
    try:
        return os.path.getsize(file)
    except OSError:  # told when it is read
        return 0


class Errand(Generic[T]):
    """A piece of work that a copy of this process does, from now on."""

    def __init__(self, work: Callable[[], T]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("fork")
        self._channel, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_do, args=(work, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def result(self) -> T | None:
        """What the work gives; None if the process ended without giving anything."""
        try:
            found: T = self._channel.recv()
        except (EOFError, OSError):
            return None
        return found

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._channel.close()


def _do(work: Callable[[], T], channel: Connection) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked for it ends this one
    try:
        channel.send(work())
    except (OSError, MemoryError):
        return
