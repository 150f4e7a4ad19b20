"""Sets of ends in words, for the formats of the map that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import chain, islice

from analyzer.model.cluster import Workload
from analyzer.reports import region_words, words
from analyzer.sets import INTERNET, AddressSet, ConnectionSet, PortSet
from analyzer.sets.intervals import canonical
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, IngressEdge, MapRow, bit_indices, end_id

MOST_LISTED = 40


class Names:
    """The names of sets of classes in one map."""

    def __init__(self, found: ConnectivityMap) -> None:
        self._found = found
        self._outside = addresses_of(found, found.outside)
        self._known: dict[tuple[int, int], str] = {}
        self._namespaces: dict[str, int] = {}
        for number, members in enumerate(found.classes):
            first = found.ends[members[0]]
            if isinstance(first, Workload):
                self._namespaces[first.namespace] = self._namespaces.get(first.namespace, 0) | 1 << number

    def of(self, classes: int, itself: int = 0) -> str:
        """`every workload in namespace shop, web/api[Deployment], 10.0.0.0/8`; `itself` is who it is said to, if that
        is a single workload: it is no destination of its own, so that lacking it is lacking nothing."""
        text = self._known.get((classes, itself))
        if text is None:
            parts = chain(self._inside(classes, itself), self._addresses(classes & self._found.outside))
            text = self._known[classes, itself] = ", ".join(_first(parts))
        return text

    def _inside(self, classes: int, itself: int) -> Iterator[str]:
        every = self._found.workloads & ~itself
        other = "every other workload" if itself & self._found.workloads else "every workload"
        here, lacking = classes & every, every & ~classes
        if here == every and every and not self._found.is_single(every):
            yield other
        elif lacking and lacking.bit_count() * 4 < here.bit_count():
            yield f"{other} except {', '.join(_first(self._by_namespace(lacking, 0)))}"
        else:
            yield from self._by_namespace(here, itself)
        others = classes & ~self._found.workloads & ~self._found.outside
        yield from (end_id(self._found.ends[i]) for i in sorted(self._found.members(others)))

    def _by_namespace(self, classes: int, itself: int) -> Iterator[str]:
        """Whole namespaces as such, the workloads of others one by one."""
        seen: set[str] = set()
        for number in bit_indices(classes):
            first = self._found.ends[self._found.classes[number][0]]
            if not isinstance(first, Workload) or first.namespace in seen:
                continue
            seen.add(first.namespace)
            every = self._namespaces[first.namespace] & ~itself
            if every & ~classes == 0 and not self._found.is_single(every):
                other = "other " if self._namespaces[first.namespace] & itself else ""
                yield f"every {other}workload in namespace {first.namespace}"
            else:
                members = sorted(self._found.members(every & classes))
                yield from (end_id(self._found.ends[i]) for i in members)

    def _addresses(self, classes: int) -> list[str]:
        return address_words(addresses_of(self._found, classes), self._outside) if classes else []


def _first(parts: Iterable[str]) -> list[str]:
    """The first parts, and a word that there are others; nobody reads a list of thousands."""
    shown = list(islice(parts, MOST_LISTED + 1))
    return shown if len(shown) <= MOST_LISTED else [*shown[:MOST_LISTED], "and others"]


def _cut(parts: list[str], most: int) -> list[str]:
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
        free = _only(~full, version)
        listed, lacking = _blocks(here, free), _blocks(full - here, free)
        if not lacking:
            parts.append(f"any {name} address outside")
        elif len(lacking) < len(listed):
            parts.append(f"any {name} address outside except {words.listed(lacking, 'and', MOST_LISTED)}")
        else:
            parts += listed
    return parts


def _blocks(addresses: AddressSet, free: AddressSet) -> list[str]:
    """The fewest CIDRs that hold them, and of others those alone that are `free`: no addresses outside."""
    whole, joined = list(addresses.networks()), list((addresses | free).networks())
    kept = [it for it in joined if AddressSet.of(str(it)) & addresses]
    return list(map(_network, kept if len(kept) < len(whole) else whole))


def _only(addresses: AddressSet, version: int) -> AddressSet:
    return AddressSet(addresses.v4, ()) if version == 4 else AddressSet((), addresses.v6)


def _network(network: IPv4Network | IPv6Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


# ------------------------------------------------------------------------------------------------ connections
def connections(row: MapRow | IngressEdge) -> str:
    """`TCP 80; may be: UDP 53`: what is certain, then what may be."""
    said = str(row.allowed)
    if row.certain != row.allowed:
        doubtful = f"may be: {row.allowed - row.certain}"
        said = f"{row.certain}; {doubtful}" if row.certain else doubtful
    return f"{said}; {requests(row)}" if isinstance(row, MapRow) and row.requests else said


def requests(row: MapRow) -> str:
    """`on TCP 8080 only requests in mutual TLS, where the method is `GET``; empty where every request gets in."""
    by_ports: dict[PortSet, list[str]] = {}
    for it in row.requests:
        said = ", ".join(map(region_words.requested, it.region)) or "of any sort"
        by_ports.setdefault(it.ports, []).append(said if it.is_certain else f"{said}, perhaps")
    found = [f"on TCP {ports} only requests {' or '.join(_cut(said, 4))}" for ports, said in by_ports.items()]
    return "; ".join(found)


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
