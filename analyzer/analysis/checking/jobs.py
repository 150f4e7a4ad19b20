"""Queries spread over processes, or answered one by one where there is little to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from analyzer.analysis.checking.answering import Answered, Answerer, Task
from analyzer.errors import InternalError
from analyzer.model.cluster import Cluster

Progress = Callable[[str, int, int], None]

_SMALL = 5_000  # queries times policies and namespaces: below, starting processes costs more than it saves


def ample_jobs(cluster: Cluster, queries: int) -> int:
    """How many processes are worth having: as many as there are cores for us, one where there is little to do."""
    if queries * (len(cluster.policies) + len(cluster.namespaces)) < _SMALL:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, queries))


def answer_all(
    answerer: Answerer, tasks: Sequence[Task], jobs: int = 1, progress: Progress | None = None
) -> tuple[Answered, ...]:
    """The answers, in order, from at most `jobs` processes (1: from this one).

    A process that dies, because the system killed it or it ran out of memory, loses the answer to the query it was
    at: that one is unknown.  An error ends the run as it would in one process: the first query's that has one.
    """
    if min(jobs, len(tasks)) > 1:
        return _shared(answerer, tasks, jobs, progress)
    found = []
    for done, task in enumerate(tasks):
        if progress is not None:
            progress(task.query.id, done, len(tasks))
        found.append(answerer.answer(task))
    return tuple(found)


def _shared(answerer: Answerer, tasks: Sequence[Task], jobs: int, progress: Progress | None) -> tuple[Answered, ...]:
    """From several processes.  Each query is answered in a solver of its own, so that the answers do not depend on how
    many there are."""
    from analyzer.workers import WorkerPool  # the machinery of processes takes a while to load

    def start(number: int, done: int) -> None:
        if progress is not None:
            progress(tasks[number].query.id, done, len(tasks))

    def lost(number: int, code: int | None) -> Answered:
        if code == 1:  # it ended with an error of ours
            raise InternalError(f"the process that answered query `{tasks[number].query.id}` failed")
        return answerer.lost(tasks[number], _death(code))

    work = partial(_answer, answerer, tuple(tasks))
    with WorkerPool(work, len(tasks), jobs, lost=lost, on_start=start) as pool:
        answers = pool.results()
    # A query that came back is equal, and not the same object.
    return tuple(replace(a, verdict=replace(a.verdict, query=t.query)) for a, t in zip(answers, tasks, strict=True))


def _answer(answerer: Answerer, tasks: Sequence[Task], number: int) -> Answered:
    try:
        return answerer.answer(tasks[number])
    except MemoryError:
        return answerer.lost(tasks[number], "there was not enough memory to answer it")


def _death(code: int | None) -> str:
    how = f"ended with code {code}" if code is None or code >= 0 else f"was killed by signal {-code}"
    return f"the process that was answering it {how}, perhaps for lack of memory"
