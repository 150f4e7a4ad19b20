"""The benchmarks of start-up, reading and strings run, and their rows say what was held against what."""

import sys

import pytest

from benchmarks import reading, startup, strings_scale
from benchmarks.measuring import cost_of, cost_within


@pytest.mark.parametrize(
    "rows",
    [lambda: startup.measure(1), lambda: reading.measure(30, 20, 1), lambda: strings_scale.measure(1, 12, 24)],
    ids=["startup", "reading", "strings"],
)
def test_every_row_has_a_ratio(rows):
    found = rows()
    assert len(found) >= 2
    for row in found:
        assert float(row.figure) > 0
        assert row.what
        assert row.against


def test_a_program_that_fails_is_no_figure():
    with pytest.raises(RuntimeError, match="no such thing"):
        cost_of(["-c", "import sys; print('no such thing'); sys.exit(70)"])


def test_a_program_with_an_error_of_its_own_is_no_figure():
    with pytest.raises(RuntimeError, match="NameError"):
        cost_of(["-c", "nowhere"])


def test_a_refutation_is_a_figure():
    assert cost_of(["-c", "import sys; print('refuted'); sys.exit(1)"]).seconds > 0


def test_no_answer_within_the_limit_is_no_figure():
    assert cost_within(0.2, [sys.executable, "-c", "import time; time.sleep(60)"]) is None
    assert cost_within(60, [sys.executable, "-c", "pass"]) is not None
