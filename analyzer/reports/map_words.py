"""Sets of ends in words, for the formats of the map that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from analyzer.model.cluster import Workload
from analyzer.reports import words
from analyzer.sets import INTERNET, AddressSet, ConnectionSet, PortSet
from analyzer.sets.intervals import canonical
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, MapRow, bit_indices, end_id

MOST_LISTED = 40


class Names:
    """The names of sets of classes in one map."""

    def __init__(self, found: ConnectivityMap) -> None:
        self._found = found
        self._every = sum(isinstance(end, Workload) for end in found.ends)
        self._per_namespace = Counter(end.namespace for end in found.ends if isinstance(end, Workload))
        self._outside = addresses_of(found, found.outside)
        self._known: dict[int, str] = {}

    def of(self, classes: int) -> str:
        """`every workload in namespace shop, web/api[Deployment], 10.0.0.0/8`."""
        text = self._known.get(classes)
        if text is None:
            parts = [*self._inside(classes), *self._addresses(classes & self._found.outside)]
            text = self._known[classes] = ", ".join(_cut(parts))
        return text

    def _inside(self, classes: int) -> Iterator[str]:
        ends = [self._found.ends[i] for i in sorted(self._found.members(classes & ~self._found.outside))]
        workloads = [end for end in ends if isinstance(end, Workload)]
        if len(workloads) == self._every > 1:
            yield "every workload"
        else:
            yield from self._by_namespace(workloads)
        yield from (end_id(end) for end in ends if not isinstance(end, Workload))

    def _by_namespace(self, workloads: list[Workload]) -> Iterator[str]:
        here = Counter(workload.namespace for workload in workloads)
        for workload in workloads:
            name = workload.namespace
            if here[name] < self._per_namespace[name] or self._per_namespace[name] == 1:
                yield workload.id
            elif here.pop(name, 0):
                yield f"every workload in namespace {name}"
                here[name] = self._per_namespace[name] = 0

    def _addresses(self, classes: int) -> list[str]:
        return address_words(addresses_of(self._found, classes), self._outside) if classes else []


def _cut(parts: list[str], most: int = MOST_LISTED) -> list[str]:
    """The first `most`, and how many more there are."""
    return parts if len(parts) <= most + 1 else [*parts[:most], f"and {len(parts) - most} more"]


def addresses_of(found: ConnectivityMap, classes: int) -> AddressSet:
    """The addresses of a set of classes; those inside the cluster have none here."""
    spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for i in found.members(classes):
        end = found.ends[i]
        if isinstance(end, AddressRange):
            spans[end.low.version].append((int(end.low), int(end.high)))
    return AddressSet(canonical(spans[4]), canonical(spans[6]))


def address_words(addresses: AddressSet, outside: AddressSet) -> list[str]:
    """A set of addresses outside by its CIDRs, or by what it lacks where that is shorter."""
    if addresses == outside:
        return ["any address outside"]
    if addresses == INTERNET & outside:
        return ["any internet address"]
    parts = []
    for version, name in ((4, "IPv4"), (6, "IPv6")):
        here, full = _only(addresses, version), _only(outside, version)
        if not here:
            continue
        listed, lacking = list(map(_network, here.networks())), list(map(_network, (full - here).networks()))
        if not lacking:
            parts.append(f"any {name} address outside")
        elif len(lacking) < len(listed):
            parts.append(f"any {name} address outside except {words.listed(lacking, 'and', MOST_LISTED)}")
        else:
            parts += listed
    return parts


def _only(addresses: AddressSet, version: int) -> AddressSet:
    return AddressSet(addresses.v4, ()) if version == 4 else AddressSet((), addresses.v6)


def _network(network: IPv4Network | IPv6Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


# ------------------------------------------------------------------------------------------------ connections
def connections(row: MapRow) -> str:
    """`TCP 80; may be: UDP 53`: what is certain, then what may be."""
    if row.certain == row.allowed:
        return str(row.allowed)
    doubtful = f"may be: {row.allowed - row.certain}"
    return f"{row.certain}; {doubtful}" if row.certain else doubtful


def ports_text(ports: PortSet) -> str:
    """`80 443 9000-9100`, in ASCII; all ports are `1-65535`."""
    return " ".join(str(low) if low == high else f"{low}-{high}" for low, high in ports)


def port_columns(connections: ConnectionSet) -> list[str]:
    """The ports of TCP, UDP and SCTP, and whether protocols without ports are in."""
    return [*(ports_text(ports) for _, ports in connections.by_protocol), "yes" if connections.other else "no"]


def class_label(found: ConnectivityMap, number: int, shown: int = 4) -> list[str]:
    """The members of a class, the first few by name; addresses by their CIDRs."""
    if found.outside >> number & 1:
        names = address_words(addresses_of(found, 1 << number), addresses_of(found, found.outside))
    else:
        names = [end_id(found.ends[i]) for i in found.classes[number]]
    return _cut(names, shown)


def senders(found: ConnectivityMap) -> Iterable[tuple[int, list[MapRow]]]:
    """The classes that may open something, those that may open the same together, with their rows."""
    parts: list[tuple[int, list[MapRow]]] = []
    for row in found.rows:
        rest = row.src
        split: list[tuple[int, list[MapRow]]] = []
        for classes, rows in parts:
            both = classes & rest
            if not both:
                split.append((classes, rows))
                continue
            if both != classes:
                split.append((classes & ~rest, rows))
            split.append((both, [*rows, row]))
            rest &= ~both
        if rest:
            split.append((rest, [row]))
        parts = split
    return sorted(parts, key=lambda part: next(bit_indices(part[0])))
