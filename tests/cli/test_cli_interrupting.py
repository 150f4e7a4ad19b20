"""SIGINT at any time: one line, exit code 130, no process and no half of a file left behind."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import typer

from analyzer.cli import interrupting
from analyzer.cli.guard import guarded
from analyzer.workers import WorkerPool
from benchmarks.generate import MULTI_TENANT, Order, make

# Says when it could be interrupted first; what is before is Python's own start.
STARTED = "import sys; from analyzer.__main__ import {0}; print(flush=True); sys.argv[0] = 'netproof'; {0}()"
NETPROOF = [sys.executable, "-c", STARTED.format("main")]
COMMANDS = {
    "check": ["check", "{}", "-p", "tenant-isolation", "--set", "tenant=tenant", "--jobs", "2"],
    "check-alone": ["check", "{}", "-p", "tenant-isolation", "--set", "tenant=tenant", "--jobs", "1"],
    "diff": ["diff", "{}", "{}/t0-prod.yaml"],
    "map": ["map", "{}"],
    "init": ["init", "{}"],
}


@pytest.fixture(scope="module", autouse=True)
def _heeds_interrupts():
    """A run in the background may be told to ignore SIGINT, and what it starts would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Enough for a second or two of work, and for a pool."""
    folder = tmp_path_factory.mktemp("cluster")
    make(Order(MULTI_TENANT, pods=600, policies=300, namespaces=60)).write(folder)
    return folder / "manifests"


def in_session(number):
    """The processes of a session that are still there."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                state, _, _, session, *_ = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(session) == number and state != "Z":
            found.append(int(name))
    return found


def left_in_session(number):
    """What is still there once the system has had its time to end what was killed."""
    until = time.monotonic() + 10
    while (found := in_session(number)) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def interrupted(words, after, *, everyone=False):
    """The exit code and what standard error holds, once the process, or all of its group, was sent SIGINT."""
    process = subprocess.Popen(
        [*NETPROOF, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    process.stdout.readline()
    time.sleep(after)
    os.kill(-process.pid if everyone else process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return process.returncode, said, process.pid


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("after", [0, 0.03, 0.2, 0.4, 0.8])
@pytest.mark.parametrize(("name", "everyone"), [*((name, False) for name in COMMANDS), ("check", True)])
def test_nothing_is_left_behind(name, after, everyone, cluster, tmp_path):
    words = [word.format(cluster) for word in COMMANDS[name]]
    report = tmp_path / "report"
    code, said, session = interrupted([*words, "-o", str(report)], after, everyone=everyone)
    assert left_in_session(session) == []
    assert [path for path in tmp_path.iterdir() if path != report] == []
    if code == 130:
        assert said == "netproof: interrupted\n"
    else:  # it was done before the signal came
        assert code in (0, 1, 3), said
        assert "Traceback" not in said
        assert report.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("everyone", [False, True], ids=["process", "group"])
@pytest.mark.parametrize("program", ["helm", "git", "kubectl"])
def test_a_program_that_is_run_ends_too(program, everyone, tmp_path, monkeypatch):
    """While the user's helm renders, git tells a revision, kubectl lists: they sleep, and are not waited for."""
    fake = tmp_path / "bin" / program
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: x\nversion: 0.1.0\n")
    started = STARTED.format("kubectl" if program == "kubectl" else "main")
    words = {"helm": ["check", str(chart), "--render"], "git": ["diff", "--git", "a..b"], "kubectl": ["check"]}
    process = subprocess.Popen(
        [sys.executable, "-c", started, *words[program]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdout.readline()
    until = time.monotonic() + 30
    while len(in_session(process.pid)) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(-process.pid if everyone else process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "netproof: interrupted\n")
    assert left_in_session(process.pid) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_end_with_the_one_that_was_killed(tmp_path):
    program = (
        "import time, sys\nfrom analyzer.workers import WorkerPool\n"
        "def work(task):\n    print('at work', flush=True)\n    time.sleep(60)\n"
        "with WorkerPool(work, 2, 2, lost=lambda task, code: None) as pool:\n    pool.results()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    for _ in range(2):
        process.stdout.readline()
    assert len(in_session(process.pid)) == 3
    process.kill()
    process.wait()
    process.stdout.close()
    assert left_in_session(process.pid) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("after", [0, 0.05, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_that_are_being_made_say_nothing(start, after):
    """All of a terminal's processes get the signal at once: only who was asked tells of it."""
    thread = "import threading; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    program = (
        f"import time, sys\nfrom analyzer.workers import WorkerPool\n{thread if start == 'spawn' else ''}"
        "if __name__ == '__main__':\n    print(flush=True)\n"
        "    with WorkerPool(time.sleep, 60, 3, lost=lambda task, code: None) as pool:\n        pool.results()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdout.readline()
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    assert not re.search(r"Process-\d+:|spawn_main|_bootstrap\(", said), said  # what a process of the pool would show
    assert left_in_session(process.pid) == []


# ------------------------------------------------------------------------------------------------ within the process
@pytest.fixture
def installed(monkeypatch):
    """As if `main` had been called; what ends the process is told instead."""
    before, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ended = []
    monkeypatch.setattr(interrupting, "_end", lambda *_: ended.append(True))
    monkeypatch.setattr(interrupting, "_owner", 0)
    interrupting.install()
    yield ended
    signal.signal(signal.SIGINT, before)
    sys.unraisablehook = hook


def test_a_second_signal_ends_it_on_the_spot(installed):
    with interrupting.Unwinding():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert installed == []
        signal.raise_signal(signal.SIGINT)
    assert installed == [True]


def test_what_is_held_is_done_whole(installed):
    done = []

    def write():
        with interrupting.Held(), interrupting.Held():
            signal.raise_signal(signal.SIGINT)
            done.append("written")
        done.append("never")

    with interrupting.Unwinding(), pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["written"]
    assert installed == []


@pytest.mark.parametrize("is_renamed", [False, True], ids=["as it is", "by ctypes"])
def test_an_exception_that_python_would_pass_over_ends_it(installed, is_renamed):
    class Finalised:
        def __del__(self):
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                if not is_renamed:
                    raise
                raise ctypes.ArgumentError("argument 2: KeyboardInterrupt: ") from None

    with interrupting.Unwinding():
        thing = Finalised()
        del thing
    assert installed == [True]


def test_what_python_makes_of_it_is_an_interruption_still(installed, capsys):
    class Named:
        def __set_name__(self, owner, name):
            signal.raise_signal(signal.SIGINT)

    @guarded
    def command():
        try:
            type("Owner", (), {"field": Named()})
        except KeyboardInterrupt as error:  # from 3.12 on it passes as it is
            raise RuntimeError("Error calling __set_name__") from error

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 130
    assert capsys.readouterr().err == "netproof: interrupted\n"


def test_an_earlier_interruption_excuses_no_defect(installed):
    with interrupting.Unwinding(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with interrupting.Unwinding():
        assert not interrupting.was_interrupted(RuntimeError("of its own"))


def test_whoever_ignores_the_signal_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupting.install()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_process_of_the_pool_is_never_unknown(monkeypatch):
    """A signal that comes while one starts is heard once it can be ended."""
    started = []

    def counted(self, worker):
        started.append(worker.process)
        raise KeyboardInterrupt

    monkeypatch.setattr(WorkerPool, "_give", counted)
    with pytest.raises(KeyboardInterrupt):
        WorkerPool(abs, 2, 2, lost=lambda task, code: 0)
    assert [process.is_alive() for process in started] == [False]
