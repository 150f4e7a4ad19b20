"""Use cases are loaded when they are asked for, whatever else of their room was loaded before."""

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

from analyzer import analysis


@pytest.mark.parametrize("name", analysis.__all__)
def test_every_use_case_is_what_its_module_defines(name):
    found = getattr(analysis, name)
    assert not isinstance(found, ModuleType)
    assert found.__name__ == name


def test_loading_the_room_of_the_same_name_does_not_hide_the_use_case():
    assert isinstance(importlib.import_module("analyzer.analysis.connectivity"), ModuleType)
    assert callable(analysis.connectivity)


def test_a_check_loads_no_other_use_case():
    code = "import sys; from analyzer.analysis import check; print(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert "analyzer.analysis.checking.check" in found
    assert not [
        name
        for name in found
        for room in ("connectivity", "explaining", "revisions", "findings", "proposing", "evidence")
        if name.startswith(f"analyzer.analysis.{room}")
    ]
    assert "analyzer.analysis.checking.session" not in found
