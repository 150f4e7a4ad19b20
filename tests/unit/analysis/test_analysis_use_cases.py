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


@pytest.mark.parametrize("name", ["connectivity", "difference", "exposure", "inventory_difference"])
def test_loading_a_module_of_the_same_name_does_not_hide_it(name):
    assert isinstance(importlib.import_module(f"analyzer.analysis.{name}"), ModuleType)
    assert callable(getattr(analysis, name))


def test_a_check_loads_no_other_use_case():
    code = "import sys; from analyzer.analysis import check; print(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert "analyzer.analysis.check" in found
    assert not found & {
        f"analyzer.analysis.{name}" for name in ("connectivity", "difference", "explanation", "session")
    }
