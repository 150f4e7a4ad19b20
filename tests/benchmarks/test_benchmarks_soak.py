"""The soak of the gate, for a moment: no answer is wrong, none is missing, and its watches do break."""

from __future__ import annotations

import pytest

pytest.importorskip("kubernetes", reason="the extra `serve` is not installed")

from benchmarks.soak import measure


def test_a_short_soak_loses_nothing_and_answers_nothing_stale() -> None:
    answers, *_ = measure(admissions=40, tenants=3, break_every=0.5, restarts=1)
    assert answers.figure == "0"
    assert "40 admissions, 3 tenants, 0 times" not in answers.against
