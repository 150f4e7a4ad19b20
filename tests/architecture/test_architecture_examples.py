"""Laws draw the same examples in every run, whatever the order of sets, the modules loaded and the folder's name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hypothesis import is_hypothesis_test

ROOT = Path(__file__).resolve().parents[2]
DRAWING = """
import hashlib
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass

import conftest
from clusters import claims, clusters
from hypothesis import given, settings, strategies as st

drawn = hashlib.sha256()


def told(value):
    if isinstance(value, (Mapping, Set)):
        items = value.items() if isinstance(value, Mapping) else value
        return f"{{{sorted(map(told, items))}}}"
    if is_dataclass(value):
        return f"{type(value).__name__}{[told(getattr(value, field.name)) for field in fields(value) if field.compare]}"
    return f"{[told(part) for part in value]}" if isinstance(value, (tuple, list)) else repr(value)


@settings(max_examples=40)
@given(clusters().flatmap(lambda c: st.tuples(st.just(c), claims(c))), st.lists(st.text() | st.integers()))
def law(asked, anything):
    drawn.update(told([asked, anything]).encode())


law()
print(drawn.hexdigest())
"""


def drawn(root, hash_seed, first=""):
    folders = os.pathsep.join(map(str, (root, root / "tests", root / "tests" / "laws")))
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": folders}
    command = [sys.executable, "-c", first + DRAWING]
    return subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True).stdout


def test_the_same_examples_are_drawn_everywhere(tmp_path):
    elsewhere = tmp_path / "test" / "checkout"
    for part in ("analyzer", "grammar", "tests/laws"):
        shutil.copytree(ROOT / part, elsewhere / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "conftest.py", elsewhere / "tests")
    here = drawn(ROOT, "1")
    assert here == drawn(ROOT, "2", "import analyzer.cli.app, analyzer.reports.text\n")
    assert here == drawn(elsewhere, "3")


def test_no_law_of_this_run_draws_at_random(request):
    laws = [item for item in request.session.items if is_hypothesis_test(getattr(item, "obj", None))]
    said = {item.nodeid: item.obj._hypothesis_internal_use_settings for item in laws}
    assert [name for name, s in said.items() if not s.derandomize or s.database or s.deadline] == []
