"""What becomes of changes, as was chosen.  Nothing that takes long to load is needed here."""

from __future__ import annotations

from enum import Enum

from analyzer.records import dataclass


class Mode(Enum):
    """What becomes of a change that the gate is against."""

    DENY = "deny"
    WARN = "warn"
    DRY_RUN = "dry-run"


class Otherwise(Enum):
    """What becomes of a change of which it cannot be told whether it breaks anything."""

    DENY = "deny"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Rulings:
    """`mode`: where the namespace's label `netproof.io/gate` does not say otherwise; `unknown`: where an answer is
    unknown; `refuted`: where nobody can tell whether it adds a violation to a query that is refuted already;
    `failing`: where there is none."""

    mode: Mode = Mode.DENY
    unknown: Otherwise = Otherwise.WARN
    refuted: Otherwise = Otherwise.WARN
    failing: Otherwise = Otherwise.DENY
