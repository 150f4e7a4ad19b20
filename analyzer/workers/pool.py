"""A pool of processes that share tasks.  Which process does a task makes no difference to its result; results come back
in the order of the tasks.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, TypeVar

from analyzer.errors import NetproofError

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h

DEFECT = 1  # the exit code of a process that ends with an error of ours


def can_fork() -> bool:
    """Whether a copy of this process can work at once; no thread can hold a lock then."""
    return sys.platform == "linux" and threading.active_count() == 1


@dataclass
class _Worker:
    process: BaseProcess
    channel: Connection
    task: int


class WorkerPool(Generic[T]):
    """The processes at work, and what they have done: `with WorkerPool(…) as pool: found = pool.results()`."""

    def __init__(
        self,
        work: Callable[[int], T],
        count: int,
        workers: int,
        *,
        lost: Callable[[int, int | None], T],
        on_start: Callable[[int, int], None] | None = None,
    ) -> None:
        """Begin with the tasks 0 … `count` - 1, so many processes at most.

        `work` does one of them; an error of ours that it raises is raised by `results`.  `lost` gives what stands for
        the result of a task whose process ended without one, with this exit code, or raises such an error.  `on_start`
        is told each task before a process gets it, and how many are done.  Where processes cannot be forked, `work`
        must be what can be pickled.
        """
        self._work, self._lost, self._on_start, self._count = work, lost, on_start, count
        self._left = list(reversed(range(count)))
        self._found: dict[int, T] = {}
        self._errors: dict[int, NetproofError] = {}
        self._busy: list[_Worker] = []
        try:
            for _ in range(min(workers, count)):
                self._start()
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> WorkerPool[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def results(self) -> tuple[T, ...]:
        """The results in order, once all are there; the error of the first task that has one."""
        while self._busy:
            ready = wait([worker.channel for worker in self._busy])
            for worker in [w for w in self._busy if w.channel in ready]:
                self._hear(worker)
        if self._errors:
            raise self._errors[min(self._errors)]
        return tuple(self._found[task] for task in range(self._count))

    def end(self) -> None:
        """Stop what is still at work."""
        for worker in self._busy:
            worker.process.kill()
            worker.process.join()
        self._busy.clear()

    def _start(self) -> None:
        """One more process, for the next task."""
        is_forked = can_fork()
        context = multiprocessing.get_context("fork") if is_forked else multiprocessing.get_context("spawn")
        if not is_forked and hasattr(signal, "pthread_sigmask"):
            resource_tracker.ensure_running()  # its own start would let SIGINT through again
        channel, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self._work, theirs), daemon=True)
        with _uninterrupted():
            process.start()
            worker = _Worker(process, channel, 0)
            self._busy.append(worker)
        theirs.close()
        self._give(worker)

    def _give(self, worker: _Worker) -> None:
        """The next task to a process, which ends where there is none."""
        if not self._left:
            self._busy.remove(worker)
            worker.process.kill()
            worker.process.join()
            return
        worker.task = self._left.pop()
        if self._on_start is not None:
            self._on_start(worker.task, len(self._found))
        try:
            worker.channel.send(worker.task)
        except OSError:
            self._bury(worker)

    def _hear(self, worker: _Worker) -> None:
        try:
            is_done, found = worker.channel.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if is_done:
            self._found[worker.task] = found
        else:
            self._fail(worker.task, found)
        self._give(worker)

    def _fail(self, task: int, error: NetproofError) -> None:
        """Nothing after a task with an error is done, as if they were done one by one."""
        self._errors[task] = error
        self._left = [index for index in self._left if index < task]

    def _bury(self, worker: _Worker) -> None:
        """A process ended without a result."""
        self._busy.remove(worker)
        worker.process.join()
        try:
            self._found[worker.task] = self._lost(worker.task, worker.process.exitcode)
        except NetproofError as error:
            self._fail(worker.task, error)
        if self._left:
            self._start()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """SIGINT waits, here and in what is started here: a process that is just made would print a traceback, and one
    that nobody knows of yet would be left behind."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # what is started inherits this
    heard: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    # Another thread may still be given the signal, which Python then tells the main one.
    is_deferred = callable(handler) and threading.current_thread() is threading.main_thread()
    if is_deferred:
        signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        yield
    finally:
        if is_deferred:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if heard:
            signal.raise_signal(signal.SIGINT)


def _serve(work: Callable[[int], Any], channel: Connection) -> None:
    """Do the tasks whose numbers come in until the process that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that process ends this one
    _end_with_parent()
    parent = multiprocessing.parent_process()
    asking: list[Connection | int] = [channel] if parent is None else [channel, parent.sentinel]
    try:
        while channel in wait(asking):
            channel.send(_done(work, channel.recv()))
    except (EOFError, OSError, MemoryError):
        return


def _end_with_parent() -> None:
    """Where the system can, it ends this process with the one that asks, in the middle of a task too."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _done(work: Callable[[int], Any], task: int) -> tuple[bool, Any]:
    """Whether it is done, and the result, or else the error."""
    try:
        return True, work(task)
    except NetproofError as error:
        return False, error
