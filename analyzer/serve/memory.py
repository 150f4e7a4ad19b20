"""Memory that nothing uses any longer, given back: working out the first answer takes twice what is kept of it."""

from __future__ import annotations

import ctypes
import gc
from functools import cache
from typing import Any

_ARENA_MAX, _MOST_ARENAS = -8, 2  # M_ARENA_MAX of glibc's malloc.h


def few_arenas() -> None:
    """Threads share places to allocate in: each with its own, what one freed lies idle while others take more."""
    if (set_option := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        set_option(_ARENA_MAX, _MOST_ARENAS)


def settle() -> None:
    """What is there by now stays, and is not searched for garbage again; the rest is given back."""
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """What was freed goes to the system, where its allocator (glibc) does that when asked."""
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
