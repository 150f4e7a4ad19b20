"""What an example is worth: little in `make test`, where the same are drawn in every run, and more in exploration."""

from __future__ import annotations

import sys
from typing import TypeVar

T = TypeVar("T")


def worth(here: T, explored: T) -> T:
    """The first in `make test`, the second in `python -m benchmarks.explore`."""
    return explored if "benchmarks.exploration" in sys.modules else here
