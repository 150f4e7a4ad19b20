"""Which requests the mesh's proxies let in to a workload, as classes of them.  Frozen facts; nothing here solves."""

from __future__ import annotations

from analyzer.records import dataclass
from analyzer.sets import PortSet


@dataclass(frozen=True, slots=True)
class RequestCondition:
    """One thing that is true of every request of a class: `attribute` as queries spell it (`request.path`), or
    `src.address`.  `values`: texts, of which it has one, with `*` where any text may stand; none where it is merely
    there.  `is_met`: else it has none of them."""

    attribute: str
    values: tuple[str, ...]
    is_met: bool = True


@dataclass(frozen=True, slots=True)
class RequestClass:
    """All requests of which the conditions are true; no condition: every request.  `is_certain`: nothing that nobody
    knows may still keep them out."""

    conditions: tuple[RequestCondition, ...]
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Admission:
    """What a proxy lets in at these TCP ports of pods of a workload.  `is_complete`: the classes, which may overlap,
    are all there is."""

    workload: str
    ports: PortSet
    classes: tuple[RequestClass, ...]
    is_complete: bool = True
