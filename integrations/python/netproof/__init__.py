"""netproof under its own name: `python -m netproof`, and `import netproof` for what `import analyzer` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import analyzer

if TYPE_CHECKING:
    from analyzer import *  # noqa: F403 - what it gives, whatever that is

__all__ = analyzer.__all__


def __getattr__(name: str) -> object:
    """The name, from `analyzer`."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(analyzer, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
