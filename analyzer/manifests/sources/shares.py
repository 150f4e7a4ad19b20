"""Files shared out over processes, each of which reads some of them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

from analyzer.manifests.sources.files import STDIN

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
