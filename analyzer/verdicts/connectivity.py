"""The connectivity map: what a report of `netproof map` prints.  Frozen facts; nothing here computes reachability.

Ends that no policy tells apart form one class; a row joins a set of classes with a set of classes.  Sets of classes
are integers used as bit sets, bit `i` for `classes[i]`, because there may be many thousands of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from analyzer.model.cluster import Node, Route, Unmodelled, Workload
from analyzer.model.profile import Profile
from analyzer.model.source import Notice
from analyzer.records import dataclass
from analyzer.sets import ConnectionSet, PortSet
from analyzer.sets.addresses import IPAddress
from analyzer.verdicts.admissions import Admission
from analyzer.verdicts.grounds import Ground
from analyzer.verdicts.regions import Constraints


@dataclass(frozen=True, slots=True)
class AddressRange:
    """The addresses from `low` to `high`, both of one family, that lie outside the cluster."""

    low: IPAddress
    high: IPAddress

    @property
    def id(self) -> str:
        return f"{self.low}-{self.high}"


MapEnd = Workload | Node | AddressRange


def end_id(end: MapEnd) -> str:
    """ID of design 5; a node is `node/NAME`."""
    return f"node/{end.name}" if isinstance(end, Node) else end.id


@dataclass(frozen=True, slots=True)
class PortRequests:
    """Requests that get in on these TCP ports; with others of a row, all that do.  `is_certain`: nothing that nobody
    knows may keep them out."""

    ports: PortSet
    region: Constraints
    is_certain: bool


@dataclass(frozen=True, slots=True)
class MapRow:
    """What every end of `src` may open to every end of `dst`, itself excepted.

    `allowed` is what may be allowed, `certain` what is so however the open facts and the unknown addresses turn out.
    `requests`: where a mesh lets only some in, which; on ports of which it says nothing every one gets in.
    """

    src: int
    dst: int
    allowed: ConnectionSet
    certain: ConnectionSet
    requests: tuple[PortRequests, ...] = ()


INGRESS_CONTROLLER = "{ingress-controller}"


@dataclass(frozen=True, slots=True)
class IngressEdge:
    """What routes want opened to a workload, as far as policies let the ingress controller (reference E2.1).

    `allowed` is what some pod that the controller could be may open, `certain` what every one can whatever is open.
    """

    dst: Workload
    allowed: ConnectionSet
    certain: ConnectionSet
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class ConnectivityMap:
    """Every allowed connection.

    `classes` are indices into `ends`: workloads sorted by id, then nodes, then a disjoint partition of the addresses
    outside.  No pair of ends is in two rows; a pair in no row can open nothing.  `grounds`: the rules that decide, if
    they were asked for; no two of them speak of the same ends, but of one that policies may or may not select
    (aws.md N9).  `ingress`: what Ingresses and Gateway API routes lead to, one edge for a workload; `controllers`: the
    workloads that were named as the controller, none if it may be any.
    `admissions`: which requests proxies of the mesh let in, of all that the rows let come that far.
    """

    ends: tuple[MapEnd, ...]
    classes: tuple[tuple[int, ...], ...]
    rows: tuple[MapRow, ...]
    profile: Profile
    unmodelled: tuple[Unmodelled, ...] = ()
    notices: tuple[Notice, ...] = ()
    grounds: tuple[Ground, ...] = ()
    ingress: tuple[IngressEdge, ...] = ()
    controllers: tuple[Workload, ...] = ()
    admissions: tuple[Admission, ...] = ()

    @cached_property
    def outside(self) -> int:
        """The classes of addresses outside the cluster."""
        return bits_of(i for i, c in enumerate(self.classes) if isinstance(self.ends[c[0]], AddressRange))

    @cached_property
    def workloads(self) -> int:
        """The classes of workloads."""
        return bits_of(i for i, c in enumerate(self.classes) if isinstance(self.ends[c[0]], Workload))

    def members(self, classes: int) -> Iterator[int]:
        """The ends of a set of classes, as indices."""
        for index in bit_indices(classes):
            yield from self.classes[index]

    def is_single(self, classes: int) -> bool:
        """Whether the set of classes holds one end only."""
        return classes.bit_count() == 1 and len(self.classes[classes.bit_length() - 1]) == 1

    @cached_property
    def pair_count(self) -> int:
        """How many pairs of ends can open something."""
        sizes: dict[int, int] = {}

        def size(classes: int) -> int:
            found = sizes.get(classes)
            if found is None:
                found = sizes[classes] = sum(len(self.classes[i]) for i in bit_indices(classes))
            return found

        return sum(size(row.src) * size(row.dst) - size(row.src & row.dst) for row in self.rows)

    def class_pairs(self) -> Iterator[tuple[int, int, MapRow]]:
        """Every pair of classes, as indices, of which some ends can open something."""
        for row in self.rows:
            for src in bit_indices(row.src):
                for dst in bit_indices(row.dst):
                    if src != dst or len(self.classes[src]) > 1:
                        yield src, dst, row

    def pairs(self) -> Iterator[tuple[MapEnd, MapEnd, MapRow]]:
        """Every pair of ends that can open something, by source and destination in the order of `ends`."""
        found = sorted(
            (src, dst, number)
            for number, row in enumerate(self.rows)
            for src in self.members(row.src)
            for dst in self.members(row.dst)
            if src != dst
        )
        for src, dst, number in found:
            yield self.ends[src], self.ends[dst], self.rows[number]


def bit_indices(bits: int) -> Iterator[int]:
    """The positions of the bits that are set, ascending; linear in the distance from the first to the last."""
    if not bits:
        return
    start = (bits & -bits).bit_length() - 1
    bits >>= start
    for byte in bits.to_bytes((bits.bit_length() + 7) // 8, "little"):
        if byte:
            for place in _PLACES[byte]:
                yield start + place
        start += 8


_PLACES = tuple(tuple(place for place in range(8) if byte >> place & 1) for byte in range(256))


def bits_of(indices: Iterable[int]) -> int:
    """The set with these bits; linear in the greatest, and in how many there are."""
    listed = list(indices)
    found = bytearray(max(listed, default=0) // 8 + 1)
    for index in listed:
        found[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(found, "little")
