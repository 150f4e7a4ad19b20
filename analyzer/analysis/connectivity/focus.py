"""Which part of a map is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.model.cluster import Workload
from analyzer.records import dataclass
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, MapEnd, MapRow, bits_of


@dataclass(frozen=True, slots=True)
class EndFilter:
    """Workloads by id or owner, whole namespaces, nodes by name, and addresses outside the cluster."""

    workloads: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    addresses: AddressSet = AddressSet.EMPTY

    def __contains__(self, end: MapEnd) -> bool:
        if isinstance(end, Workload):
            return bool({end.id, end.owner} & self.workloads) or end.namespace in self.namespaces
        return isinstance(end, AddressRange) and end.low in self.addresses


@dataclass(frozen=True, slots=True)
class Focus:
    """The connections from `sources` to `destinations`, with an end in `namespaces`, on `ports`.

    None means that it is not narrowed.
    """

    sources: EndFilter | None = None
    destinations: EndFilter | None = None
    namespaces: frozenset[str] | None = None
    ports: ConnectionSet | None = None

    @property
    def _filters(self) -> tuple[EndFilter, ...]:
        return tuple(f for f in (self.sources, self.destinations) if f is not None)

    @property
    def addresses(self) -> tuple[AddressSet, ...]:
        """The sets at whose borders addresses outside are to be split."""
        return tuple(f.addresses for f in self._filters)

    def flags(self, end: MapEnd) -> tuple[bool, ...]:
        """What keeps an end apart from others that no policy tells it from."""
        return tuple(end in f for f in self._filters)

    def narrowed(self, full: ConnectivityMap) -> ConnectivityMap:
        """The part of a map between these ends, whose classes follow `flags` and `addresses`; its ends stay."""
        everyone = (1 << len(full.classes)) - 1
        src, dst = (
            everyone if f is None else bits_of(i for i, c in enumerate(full.classes) if full.ends[c[0]] in f)
            for f in (self.sources, self.destinations)
        )
        within = everyone
        if self.namespaces is not None:
            names = self.namespaces
            within = bits_of(i for i, c in enumerate(full.classes) if _namespace(full.ends[c[0]]) in names)
        rows = [part for row in full.rows for part in _parts(row, src, dst, within, everyone)]
        return replace(full, rows=tuple(rows))

    def on_ports(self, full: ConnectivityMap) -> ConnectivityMap:
        """The part of a map on these ports, once the mesh has told which ports what comes by its tunnel is for."""
        if self.ports is None:
            return full
        clipped = (_clipped(row, self.ports) for row in full.rows)
        return replace(full, rows=tuple(row for row in clipped if row.allowed))


def _parts(row: MapRow, src: int, dst: int, within: int, everyone: int) -> Iterator[MapRow]:
    src, dst = row.src & src, row.dst & dst
    for near, far in ((src & within, dst), (src & ~within & everyone, dst & within)):
        if near and far:
            yield replace(row, src=near, dst=far)


def _clipped(row: MapRow, ports: ConnectionSet) -> MapRow:
    allowed = row.allowed & ports
    told = (replace(it, ports=it.ports & allowed.tcp) for it in row.requests)
    return MapRow(row.src, row.dst, allowed, row.certain & ports, tuple(it for it in told if it.ports))


EVERYTHING_OF_INTEREST = Focus()


def _namespace(end: MapEnd) -> str | None:
    return end.namespace if isinstance(end, Workload) else None
