"""The same examples in every run, and a line that nobody overlooks where the browser is absent."""

from __future__ import annotations

import gc
import os
import sys

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

os.environ.pop("COLUMNS", None)  # how wide the terminal is decides how texts are laid out

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


def pytest_collection_finish():
    """The collector of garbage passes over what is there as long as the run is: thousands of tests, and all modules."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if "tests/browser/" in r.nodeid]
    if skipped:
        terminalreporter.write_line(
            f"WARNING: {len(skipped)} tests of the HTML page did not run, for there is no Chromium here; "
            "on Debian: apt-get install chromium chromium-driver",
            yellow=True,
            bold=True,
        )
