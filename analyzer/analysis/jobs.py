"""Queries spread over processes, or answered one by one where there is little to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from analyzer.analysis.answering import Answered, Answerer, Task
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
        from analyzer.analysis.crew import Crew  # the machinery of processes takes a while to load

        return Crew(answerer, tuple(tasks), progress).answers(min(jobs, len(tasks)))
    found = []
    for done, task in enumerate(tasks):
        if progress is not None:
            progress(task.query.id, done, len(tasks))
        found.append(answerer.answer(task))
    return tuple(found)
