"""netproof proves or refutes network-isolation properties of Kubernetes manifests.

    >>> import analyzer as netproof
    >>> shop = netproof.load("examples/gated-repo/k8s")
    >>> result = netproof.check(shop, "no internet can reach namespace shop on tcp/5432")
    >>> result.is_proved
    True

`load` reads manifests, from files and from memory; `check`, `diff`, `explain` and `connectivity` ask about them, with
the options of the commands `check`, `diff`, `explain` and `map`; a `Session` asks again and again as they change.
`print(result)` prints the report of the command, and a notebook shows it in colours.  What goes wrong is one of
`analyzer.errors`.  docs/python.md shows all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.api.manifests import Manifests, load
    from analyzer.api.questions import check, connectivity, diff, explain
    from analyzer.api.results import CheckResult, DiffResult, ExplainResult, MapResult
    from analyzer.api.session import Session
    from analyzer.resources.version import __version__

__all__ = [
    "CheckResult",
    "DiffResult",
    "ExplainResult",
    "Manifests",
    "MapResult",
    "Session",
    "__version__",
    "check",
    "connectivity",
    "diff",
    "explain",
    "load",
]

_HOMES = {
    "Manifests": "api.manifests",
    "load": "api.manifests",
    "check": "api.questions",
    "connectivity": "api.questions",
    "diff": "api.questions",
    "explain": "api.questions",
    "CheckResult": "api.results",
    "DiffResult": "api.results",
    "ExplainResult": "api.results",
    "MapResult": "api.results",
    "Session": "api.session",
    "__version__": "resources.version",
}


def __getattr__(name: str) -> object:
    """The name, from its home, which is loaded when it is first asked for: a command waits for what it uses only."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
