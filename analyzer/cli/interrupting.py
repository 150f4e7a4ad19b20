"""SIGINT at any time: one line on standard error, exit code 130, and nothing left behind.

Within a command it is a KeyboardInterrupt, so that everything under way cleans up behind itself.  Before and after one,
for a second signal, and where Python would only print the exception and go on (in a finaliser, in a callback of Z3),
the process ends on the spot.  Nothing here holds unless `install` was called: a program that uses netproof as a library
keeps its own ways.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType

CODE = 130
LINE = "netproof: interrupted"

_owner = 0  # the process that `install` was called in; 0: none was
_holds = 0
_is_pending = False
_was_raised = False


def was_interrupted(error: BaseException) -> bool:
    """Whether this error comes of a SIGINT: Python and libraries make other exceptions of a KeyboardInterrupt."""
    return isinstance(error, KeyboardInterrupt) or _was_raised


def install() -> None:
    """End the process on the spot when it is interrupted.  A process that was started to ignore SIGINT ignores it."""
    global _owner
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _owner = os.getpid()
        signal.signal(signal.SIGINT, _end)
        sys.unraisablehook = _unraisable


class Unwinding:
    """`with Unwinding():` SIGINT is a KeyboardInterrupt here, the first time."""

    def __enter__(self) -> None:
        global _was_raised
        _was_raised = False
        if _owner:
            signal.signal(signal.SIGINT, _raise)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if _owner:
            signal.signal(signal.SIGINT, _end)


class Held:
    """`with Held():` what happens here is done whole; a KeyboardInterrupt comes after it."""

    def __enter__(self) -> None:
        global _holds
        _holds += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _holds, _is_pending
        _holds -= 1
        if _is_pending and not _holds:
            _is_pending = False
            raise KeyboardInterrupt


def _raise(number: int, frame: FrameType | None) -> None:
    global _is_pending, _was_raised
    if _holds:
        _is_pending = True
        return
    _was_raised = True
    signal.signal(signal.SIGINT, _end)
    raise KeyboardInterrupt


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getpid() == _owner:  # a process of the pool that is being started leaves the word to its parent
        end_workers()
        _tell()
    os._exit(CODE)


def end_workers() -> None:
    """Processes that share this one's work end with it."""
    if "multiprocessing.process" in sys.modules:
        for child in sys.modules["multiprocessing.process"].active_children():
            child.kill()


def _tell() -> None:
    """Past Python's buffers: a write to them may be under way."""
    if sys.stderr is None:
        return
    wiped = "\r\x1b[K" if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else ""
    with contextlib.suppress(OSError):
        os.write(2, f"{wiped}{LINE}\n".encode())


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    if found.exc_value is not None and was_interrupted(found.exc_value):
        _end(signal.SIGINT, None)
    sys.__unraisablehook__(found)
