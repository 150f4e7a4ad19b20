"""The error tree: what can go wrong with the input or the tool.  A finding about policies never lives here.

Messages are lower-case, without a full stop, with user text in backticks; `hint` is the way out.
"""

from analyzer.errors.tree import (
    InputError,
    InternalError,
    ManifestError,
    NetproofError,
    PackError,
    Problem,
    QueryError,
    SolverError,
    UndecidedError,
    UsageError,
)

__all__ = [
    "InputError",
    "InternalError",
    "ManifestError",
    "NetproofError",
    "PackError",
    "Problem",
    "QueryError",
    "SolverError",
    "UndecidedError",
    "UsageError",
]
