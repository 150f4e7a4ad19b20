"""All sources, each a task.  Whoever does them, and whatever dies meanwhile: the rows are the same, and in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from analyzer.errors import InternalError, UsageError
from analyzer.fleet.answering import answered, columns_of, packs_of, unread
from analyzer.fleet.journal import Journal
from analyzer.fleet.orders import Order
from analyzer.verdicts.fleet import FleetReport, Row
from analyzer.workers import WorkerPool
from analyzer.workers.pool import DEFECT

Progress = Callable[[str, int, int], None]
_TRIES = 3


def run(order: Order, journal: Journal, jobs: int, scheduler: str | None, progress: Progress | None) -> FleetReport:
    """The report.  Errors of the packs as from `netproof check`; UsageError where there is no scheduler."""
    columns = columns_of(packs_of(order))
    known = journal.known()
    left = [number for number, source in enumerate(order.sources) if source.name not in known]
    done = len(order.sources) - len(left)

    def told(name: str, more: int) -> None:
        if progress is not None:
            progress(name, done + more, len(order.sources))

    found: Sequence[Row]
    if scheduler is not None:
        found = _by_scheduler(order, left, journal, scheduler, told)
    elif min(jobs, len(left)) > 1:
        found = _by_processes(order, left, journal, jobs, told)
    else:
        found = _one_by_one(order, left, journal, told)
    rows = known | {row.source: row for row in found}
    journal.end()
    return FleetReport(columns, tuple(rows[source.name] for source in order.sources), order.universe)


Told = Callable[[str, int], None]


def _one_by_one(order: Order, left: Sequence[int], journal: Journal, told: Told) -> list[Row]:
    rows = []
    for done, number in enumerate(left):
        told(order.sources[number].name, done)
        rows.append(_noted(order, journal, number))
    return rows


def _noted(order: Order, journal: Journal, number: int) -> Row:
    row = answered(order, number)
    journal.note(row)
    return row


def _by_processes(order: Order, left: Sequence[int], journal: Journal, jobs: int, told: Told) -> tuple[Row, ...]:
    def lost(place: int, code: int | None) -> Row:
        source = order.sources[left[place]]
        if code == DEFECT:
            raise InternalError(f"the process that answered for source `{source.name}` failed")
        return unread(source, columns_of(packs_of(order)), f"the process that was at it ended with code {code}")

    def start(place: int, done: int) -> None:
        told(order.sources[left[place]].name, done)

    work = partial(_at_place, order, journal, tuple(left))
    with WorkerPool(work, len(left), jobs, lost=lost, on_start=start) as pool:
        return pool.results()


def _at_place(order: Order, journal: Journal, left: tuple[int, ...], place: int) -> Row:
    return _noted(order, journal, left[place])


def _by_scheduler(order: Order, left: Sequence[int], journal: Journal, address: str, told: Told) -> list[Row]:
    """By the workers of a Dask scheduler, which see the same files; one that dies has its tasks done by others."""
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--scheduler needs {error.name}, which is not installed", "install it with: pip install 'netproof[fleet]'"
        ) from None
    library: Any = distributed  # which has no types for this
    try:
        client = library.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at `{address}`: {error}", "name it as tcp://HOST:8786") from None
    with client:
        tasks = {client.submit(answered, order, number, pure=False, retries=_TRIES): number for number in left}
        rows: list[Row] = []
        for task in library.as_completed(list(tasks), loop=client.loop):
            source = order.sources[tasks[task]]
            if task.status == "finished":
                rows.append(task.result())
                journal.note(rows[-1])
            else:
                why = f"{type(task.exception()).__name__}: {task.exception()}"
                rows.append(unread(source, columns_of(packs_of(order)), why))
            told(source.name, len(rows))
        return rows
