"""SIGINT while Z3 works: the search is cut short, and Python's own handler says what comes of it.

Z3 would put a handler of its own into its place for as long as it works, and where the answer is there first the
signal is lost.  So solvers are made to leave it alone (`ctrl_c`, in `solver_in`).  Python's handler runs only once Z3
is back; until then a thread hears of the signal through Python's wakeup descriptor, and interrupts the context that is
at work.
"""

from __future__ import annotations

import _thread  # not counted among `threading`'s: it holds no lock that a forked process could miss
import contextlib
import ctypes
import os
import signal
import threading
from types import TracebackType

import z3

REASONS = ("interrupted", "interrupted from keyboard")  # what Z3 says of a search that was cut short


class Interruptible:
    """`with Interruptible(context):` a SIGINT cuts short what Z3 does with that context.

    In threads other than the main one, which gets every signal, it is not cut short, nor lost.
    """

    _at_work: z3.Context | None = None
    _hearing = -1  # the end of the pipe that Python writes the numbers of signals to
    _owner = 0  # the process whose thread listens: a forked one has none
    _passed_on = -1  # the descriptor that was there before, of an event loop

    def __init__(self, context: z3.Context) -> None:
        self._context = context

    def __enter__(self) -> None:
        if not _is_main_thread():
            return
        if Interruptible._owner != os.getpid():
            _listen()
        Interruptible._at_work = self._context
        before = signal.set_wakeup_fd(Interruptible._hearing, warn_on_full_buffer=False)
        if before != Interruptible._hearing:  # it still is, where a handler raised before the end of an earlier search
            Interruptible._passed_on = before

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if _is_main_thread():
            Interruptible._at_work = None
            try:
                signal.set_wakeup_fd(Interruptible._passed_on, warn_on_full_buffer=False)
            except (OSError, ValueError):  # closed since, where a handler raised before the end of an earlier search
                signal.set_wakeup_fd(-1)
                Interruptible._passed_on = -1
        if isinstance(error, ctypes.ArgumentError) and "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from error  # which ctypes calls so where it comes while arguments are made ready


def _is_main_thread() -> bool:
    return _thread.get_ident() == threading.main_thread().ident


def _listen() -> None:
    heard, Interruptible._hearing = os.pipe()
    if hasattr(os, "set_blocking"):
        os.set_blocking(Interruptible._hearing, False)
    Interruptible._owner = os.getpid()
    _thread.start_new_thread(_cut_short, (heard,))


def _cut_short(heard: int) -> None:
    while numbers := os.read(heard, 64):
        if Interruptible._passed_on >= 0:
            with contextlib.suppress(OSError):
                os.write(Interruptible._passed_on, numbers)
        context = Interruptible._at_work
        if signal.SIGINT in numbers and context is not None:
            with contextlib.suppress(z3.Z3Exception):  # it tells of a search that another thread sees cut short
                context.interrupt()
