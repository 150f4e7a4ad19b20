"""A pool gives what its tasks give, in order, whatever becomes of its processes."""

import os
import sys
import time

import pytest

from analyzer.errors import InternalError, UsageError
from analyzer.workers import WorkerPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the work of these tests is forked")


pytestmark = pytest.mark.usefixtures("as_if_alone")


def results(work, count, workers, **options):
    options.setdefault("lost", lambda task, code: ("lost", task, code))
    with WorkerPool(work, count, workers, **options) as pool:
        return pool.results()


@pytest.mark.parametrize("workers", [1, 2, 5, 50])
@pytest.mark.parametrize("count", [0, 1, 7, 20])
def test_results_come_in_the_order_of_the_tasks(workers, count):
    told = []

    def work(task):
        time.sleep(0.001 * (task % 3))
        return task * task

    found = results(work, count, workers, on_start=lambda task, done: told.append(task))
    assert found == tuple(task * task for task in range(count))
    assert sorted(told) == list(range(count))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_task_whose_process_dies_is_lost_and_no_other(workers):
    found = results(lambda task: os._exit(9) if task == 2 else task, 6, workers)
    assert found == (0, 1, ("lost", 2, 9), 3, 4, 5)
    killed = results(lambda task: os.kill(os.getpid(), 9) if task == 0 else task, 3, workers)
    assert killed == (("lost", 0, -9), 1, 2)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_error_in_the_order_of_the_tasks_is_raised(workers):
    def work(task):
        if task in (1, 3):
            time.sleep(0.05 if task == 1 else 0)
            raise UsageError(f"task {task}")
        return task

    with pytest.raises(UsageError, match="task 1"):
        results(work, 6, workers)


def test_what_stands_for_a_lost_task_may_be_an_error():
    def lost(task, code):
        raise InternalError(f"{task} ended with {code}")

    with pytest.raises(InternalError, match="0 ended with 3"):
        results(lambda task: os._exit(3), 2, 1, lost=lost)


def test_leaving_early_leaves_no_process():
    with WorkerPool(lambda task: time.sleep(60), 2, 2, lost=lambda task, code: None) as pool:
        processes = [worker.process for worker in pool._busy]
        assert all(process.is_alive() for process in processes)
    assert not any(process.is_alive() for process in processes)
