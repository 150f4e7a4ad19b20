"""The examples in the docstrings of the Python API hold."""

import doctest
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import analyzer
import analyzer.api

ROOT = Path(__file__).resolve().parents[3]
MODULES = ["analyzer", *(f"analyzer.api.{module.name}" for module in pkgutil.iter_modules(analyzer.api.__path__))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {public: getattr(analyzer, public) for public in analyzer.__all__}
    found = doctest.testmod(import_module(name), extraglobs=names)
    assert found.failed == 0


def test_every_public_name_is_shown():
    shown = [name for name in analyzer.__all__ if ">>>" in (getattr(analyzer, name).__doc__ or "")]
    assert {"load", "check", "diff", "explain", "connectivity", "Session", "Manifests"} <= set(shown)


def test_the_names_are_those_that_are_listed():
    assert set(analyzer.__all__) <= set(dir(analyzer))
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = analyzer.chekc
