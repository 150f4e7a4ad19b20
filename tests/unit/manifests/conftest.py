"""Loading manifests written in the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analyzer.errors import ManifestError, Problem
from analyzer.manifests import Loaded, load

Load = Callable[..., Loaded]
Problems = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def loaded() -> Load:
    """Loads a text as if piped in."""

    def from_text(text: str | bytes, **options: Any) -> Loaded:
        data = text.encode() if isinstance(text, str) else text
        return load(["-"], stdin=lambda: data, **options)

    return from_text


@pytest.fixture
def problems(loaded: Load) -> Problems:
    """The problems of a text; none if it loads."""

    def of_text(text: str | bytes, **options: Any) -> tuple[Problem, ...]:
        try:
            loaded(text, **options)
        except ManifestError as error:
            return error.problems
        return ()

    return of_text
