"""A pytest plugin, `-p benchmarks.exploration --times N`: the laws only, with fresh seeds and N times the examples."""

from __future__ import annotations

import pytest
from hypothesis import is_hypothesis_test, settings

_SETTINGS = "_hypothesis_internal_use_settings"  # where hypothesis keeps what `@settings` said of a test


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--times", type=int, default=1, help="multiplies the number of examples of each law")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is no law; a test that is parametrised shares its function, which is changed once."""
    laws = [item for item in items if is_hypothesis_test(getattr(item, "obj", None))]
    config.hook.pytest_deselected(items=[item for item in items if item not in laws])
    items[:] = laws
    functions = {id(function): function for item in laws if (function := _function(item))}
    for function in functions.values():
        said: settings = getattr(function, _SETTINGS)
        examples = said.max_examples * config.getoption("--times")
        fresh = settings(said, derandomize=False, database=None, max_examples=examples, print_blob=True)
        setattr(function, _SETTINGS, fresh)


def _function(item: pytest.Item) -> object:
    found = item.obj  # type: ignore[attr-defined]
    return getattr(found, "__func__", found)
