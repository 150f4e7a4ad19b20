"""Many processes answer as one does, and one that dies takes a single answer with it."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.analysis import Setting, check
from analyzer.analysis.checking.answering import Answerer, Task
from analyzer.analysis.checking.check import tasks_of
from analyzer.analysis.checking.jobs import ample_jobs, answer_all
from analyzer.errors import InternalError
from analyzer.language import parse_query
from analyzer.model.claims import Pack, Query, Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status
from tests.laws.clusters import claims, clusters, isolation_claims, profiles

NAMES = ("red", "blue")
CLUSTER = Cluster(tuple(Namespace(n, Labels({NAMESPACE_NAME_LABEL: n, "team": n}), True) for n in NAMES))
CLAIMS = (
    "no pods in namespaces(team=red) can reach internet",
    "every pods can reach pods",
    "some internet can reach pods in namespace blue",
    "every pods in namespace red is isolated for egress",
    "no namespace red can reach namespace nowhere on tcp/80",
)
PACK = Pack("p", "", tuple(parse_query(text, f"q{i}") for i, text in enumerate(CLAIMS)))
SETTING = Setting(Universe.ANY, PROFILES["generic"])

forked = pytest.mark.skipif(sys.platform != "linux", reason="what a worker does is replaced before it is forked")


def test_answers_do_not_depend_on_how_many_processes_there_are():
    assert check(CLUSTER, [PACK], setting=SETTING, jobs=3) == check(CLUSTER, [PACK], setting=SETTING)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_clusters_are_answered_alike_by_one_process_and_by_two(data: st.DataObject) -> None:
    cluster = data.draw(clusters())
    asked = data.draw(st.lists(claims(cluster) | isolation_claims(cluster), min_size=2, max_size=4))
    pack = Pack("p", "", tuple(Query(f"q{i}", "", claim, "") for i, claim in enumerate(asked)))
    setting = Setting(Universe.ANY, data.draw(profiles()), max_counterexamples=2)
    assert check(cluster, [pack], setting=setting, jobs=2) == check(cluster, [pack], setting=setting)


def test_where_threads_forbid_a_fork_processes_start_afresh():
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    try:
        found = check(CLUSTER, [PACK], setting=SETTING, jobs=2)
    finally:
        release.set()
        thread.join()
    assert found == check(CLUSTER, [PACK], setting=SETTING)


class Deadly(Answerer):
    """Dies, or fails, of the queries that it is told."""

    __slots__ = ()

    def answer(self, task: Task):
        match task.query.id:
            case "q1":
                os.kill(os.getpid(), signal.SIGKILL)
            case "q3":
                raise MemoryError
        return super().answer(task)


class Failing(Answerer):
    __slots__ = ()

    def answer(self, task: Task):
        if task.query.id in ("q2", "q4"):
            raise InternalError(f"no {task.query.id}", "bundle")
        return super().answer(task)


class Defective(Answerer):
    __slots__ = ()

    def answer(self, task: Task):
        raise ZeroDivisionError


@forked
def test_a_process_that_dies_loses_one_answer():
    found = answer_all(Deadly(CLUSTER, SETTING), tasks_of([PACK]), 2)
    whole = answer_all(Answerer(CLUSTER, SETTING), tasks_of([PACK]))
    assert [f == w for f, w in zip(found, whole, strict=True)] == [True, False, True, False, True]
    assert found[1].verdict.status is found[3].verdict.status is Status.UNKNOWN
    assert "killed by signal 9" in found[1].verdict.reason
    assert "not enough memory" in found[3].verdict.reason


@forked
def test_the_first_querys_error_ends_the_run():
    with pytest.raises(InternalError, match="no q2") as caught:
        answer_all(Failing(CLUSTER, SETTING), tasks_of([PACK]), 3)
    assert caught.value.bundle == "bundle"


@forked
def test_a_defect_is_no_answer(capfd):
    with pytest.raises(InternalError, match="q0"):
        answer_all(Defective(CLUSTER, SETTING), tasks_of([PACK]), 2)


def test_progress_counts_what_is_done():
    told = []
    check(CLUSTER, [PACK], setting=SETTING, jobs=2, progress=lambda *each: told.append(each))
    assert [name for name, _, _ in told] == ["q0", "q1", "q2", "q3", "q4", ""]
    counts = [done for _, done, _ in told]
    assert counts == sorted(counts)
    assert told[-1] == ("", 5, 5)


def test_little_work_is_not_spread():
    assert ample_jobs(CLUSTER, 7) == 1
    assert ample_jobs(CLUSTER, 10_000) <= (os.cpu_count() or 1)
