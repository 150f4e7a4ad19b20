"""The same examples in every run, and a line that nobody overlooks where the browser is absent."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

os.environ.pop("COLUMNS", None)  # how wide the terminal is decides how texts are laid out
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a program that a test starts reads what one before it compiled
gc.disable()  # while modules are loaded and tests collected nearly nothing is garbage

ROOT = Path(__file__).parent

# A law draws the same examples in every run and on every machine.  `python -m benchmarks.explore` draws fresh ones.
settings.register_profile(
    "suite",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # how fast a machine draws is no law
)
settings.load_profile("suite")

# Hypothesis sometimes draws what stands as a constant in the modules that happen to be loaded: which they are hangs on
# the tests that ran before, and on what the folder of the checkout is called.
if "benchmarks.exploration" not in sys.modules:
    providers._get_local_constants = Constants


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """What takes longest goes first, behind FORKING: files that draw examples, then those of SLOW.

    xdist's `worksteal` gives each worker an equal part of the list in one piece, and who is done takes from another's
    end.  So the files are dealt to as many parts, each of which ends with what takes next to nothing.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers == 1:
        return
    files = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    dealt = sorted(files.values(), key=_rank)
    items[:] = [item for first in range(workers) for file in dealt[first::workers] for item in file]


SLOW = ("docs", "browser", "fleet", "benchmarks", "architecture", "serve", "cli", "assistants")
"""Folders whose tests start programs or wait for them."""


@pytest.fixture
def as_if_alone(monkeypatch):
    """Processes are forked only where there is no other thread, and tests before may have left one that waits."""
    monkeypatch.setattr("threading.active_count", lambda: 1)


FORKING = ("test_workers_pool.py", "test_manifests_shares.py")
"""Files whose tests fork processes, which is best done before others leave threads."""


def _rank(file):
    if file[0].path.name in FORKING:
        return -2
    if any(is_hypothesis_test(getattr(item, "obj", None)) for item in file):
        return -1
    folder = file[0].path.relative_to(ROOT).parts[0]
    return SLOW.index(folder) if folder in SLOW else len(SLOW)


def pytest_collection_finish():
    """The collector of garbage passes over what is there as long as the run is: thousands of tests, and all modules."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter):
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if "tests/browser/" in r.nodeid]
    if skipped:
        terminalreporter.write_line(
            f"WARNING: {len(skipped)} tests of the HTML page did not run, for there is no Chromium here; "
            "on Debian: apt-get install chromium chromium-driver",
            yellow=True,
            bold=True,
        )
