"""Processes that share the queries of a run.  Each query is answered in a solver of its own, so that the answers do not
depend on how many processes there are; they come back in the order of the queries.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from analyzer.analysis.answering import Answered, Answerer, Task
from analyzer.errors import InternalError, NetproofError

_DEFECT = 1  # the exit code of a process that ends with an error of ours


@dataclass
class _Worker:
    process: BaseProcess
    channel: Connection
    task: int


class Crew:
    """The processes at work, and what they have answered."""

    def __init__(
        self, answerer: Answerer, tasks: tuple[Task, ...], progress: Callable[[str, int, int], None] | None
    ) -> None:
        self._answerer, self._tasks, self._progress = answerer, tasks, progress
        self._left = list(reversed(range(len(tasks))))
        self._found: dict[int, Answered] = {}
        self._errors: dict[int, NetproofError] = {}
        self._busy: list[_Worker] = []

    def answers(self, jobs: int) -> tuple[Answered, ...]:
        """The answers in order, from so many processes; the error of the first query that has one."""
        try:
            for _ in range(jobs):
                self._start()
            while self._busy:
                ready = wait([worker.channel for worker in self._busy])
                for worker in [w for w in self._busy if w.channel in ready]:
                    self._hear(worker)
        finally:
            for worker in self._busy:
                worker.process.kill()
                worker.process.join()
        if self._errors:
            raise self._errors[min(self._errors)]
        return tuple(self._found[index] for index in range(len(self._tasks)))

    def _start(self) -> None:
        """One more process, for the next query."""
        can_fork = sys.platform == "linux" and threading.active_count() == 1  # no thread can hold a lock
        context = multiprocessing.get_context("fork") if can_fork else multiprocessing.get_context("spawn")
        channel, theirs = context.Pipe()
        process = context.Process(target=_work, args=(self._answerer, self._tasks, theirs), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, channel, 0)
        self._busy.append(worker)
        self._give(worker)

    def _give(self, worker: _Worker) -> None:
        """The next query to a process, which ends where there is none."""
        if not self._left:
            self._busy.remove(worker)
            worker.process.kill()
            worker.process.join()
            return
        worker.task = self._left.pop()
        if self._progress is not None:
            self._progress(self._tasks[worker.task].query.id, len(self._found), len(self._tasks))
        try:
            worker.channel.send(worker.task)
        except OSError:
            self._bury(worker)

    def _hear(self, worker: _Worker) -> None:
        try:
            found = worker.channel.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if isinstance(found, Answered):
            query = self._tasks[worker.task].query
            self._found[worker.task] = replace(found, verdict=replace(found.verdict, query=query))
        else:
            self._fail(worker.task, found)
        self._give(worker)

    def _fail(self, task: int, error: NetproofError) -> None:
        """Nothing after a query with an error is answered, as if they were answered one by one."""
        self._errors[task] = error
        self._left = [index for index in self._left if index < task]

    def _bury(self, worker: _Worker) -> None:
        """A process ended without an answer."""
        self._busy.remove(worker)
        worker.process.join()
        task, code = self._tasks[worker.task], worker.process.exitcode
        if code == _DEFECT:
            self._fail(worker.task, InternalError(f"the process that answered query `{task.query.id}` failed"))
        else:
            self._found[worker.task] = self._answerer.lost(task, _death(code))
        if self._left:
            self._start()


def _death(code: int | None) -> str:
    how = f"ended with code {code}" if code is None or code >= 0 else f"was killed by signal {-code}"
    return f"the process that was answering it {how}, perhaps for lack of memory"


def _work(answerer: Answerer, tasks: tuple[Task, ...], channel: Connection) -> None:
    """Answer the queries whose numbers come in until the process that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that process ends this one
    parent = multiprocessing.parent_process()
    asking: list[Connection | int] = [channel] if parent is None else [channel, parent.sentinel]
    try:
        while channel in wait(asking):
            channel.send(_answer_or_error(answerer, tasks[channel.recv()]))
    except (EOFError, OSError, KeyboardInterrupt):  # Z3 takes the signal for itself while it works
        return


def _answer_or_error(answerer: Answerer, task: Task) -> Answered | NetproofError:
    try:
        return answerer.answer(task)
    except MemoryError:
        return answerer.lost(task, "there was not enough memory to answer it")
    except NetproofError as error:
        return error
