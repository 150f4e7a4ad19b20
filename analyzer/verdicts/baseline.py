"""What an earlier run found: what a baseline holds."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.model.claims import Universe
from analyzer.records import dataclass
from analyzer.verdicts.regions import Region
from analyzer.verdicts.verdict import Status


@dataclass(frozen=True, slots=True)
class KnownVerdict:
    """One query of a baseline, as asked then (`text`, `universe`).  `regions`: those that its counterexamples stand
    for; `is_complete`: they are the whole violation."""

    status: Status
    text: str
    universe: Universe
    regions: tuple[Region, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier answer.  `queries`: by `pack/id`.

    `namespaces`: those that existed then.  `workloads`: the ids of those that a region of pods in general spoke of
    then although no policy binds pods like them: those on their node's network, or all within `inventory`.  Both are
    None where the file does not tell; a region that needs them then excuses nothing.  `premises`: what its answers hang
    on, to be compared.
    """

    file: str
    queries: Mapping[str, KnownVerdict]
    namespaces: frozenset[str] | None = None
    workloads: frozenset[str] | None = None
    premises: Mapping[str, object] | None = None
