"""Exploring the laws: fresh seeds, more examples, and a failing example that can be copied."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAWS = """
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

DRAWN = Path(__file__).with_name("drawn")


def test_no_law():
    raise AssertionError("left out")


@pytest.mark.parametrize("name", ["one", "two"])
@settings(max_examples=7, derandomize=True)
@given(st.integers(0, 10**9))
def test_holds(name, number):
    with DRAWN.open("a") as file:
        file.write(f"{name} {number}\\n")
"""
FALSE_LAW = """

@settings(max_examples=7, derandomize=True)
@given(st.integers(0, 10**9))
def test_fails(number):
    assert number < 10_000
"""


def explore(folder, text, *words):
    (folder / "test_some_laws.py").write_text(text)
    command = [sys.executable, "-m", "benchmarks.explore", "--jobs", "0", *words, str(folder / "test_some_laws.py")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_each_law_draws_more_examples_with_each_seed_of_its_own(tmp_path):
    done = explore(tmp_path, LAWS, "--times", "3", "--rounds", "2", "--seed", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 rounds hold" in done.stdout
    drawn = (tmp_path / "drawn").read_text().splitlines()
    assert [sum(line.startswith(name) for line in drawn) for name in ("one", "two")] == [2 * 3 * 7] * 2
    assert len(set(drawn)) > 3 * 7 * 2 + 7, "the second round draws others"


def test_what_fails_can_be_copied_and_repeated(tmp_path):
    done = explore(tmp_path, LAWS + FALSE_LAW, "--times", "20", "--seed", "5")
    assert done.returncode == 1
    assert "test_fails(\n" in done.stdout
    assert "number=10000" in done.stdout.replace("10_000", "10000")
    assert "fails again: python -m benchmarks.explore --times 20 --seed 5" in done.stdout
    assert "0 of 1 rounds hold" in done.stdout
