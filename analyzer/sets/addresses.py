"""Sets of IPv4 and IPv6 addresses.  The families never mix (reference A9.3)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
    summarize_address_range,
)
from typing import ClassVar

from analyzer.records import dataclass
from analyzer.sets import intervals as iv

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

TOP4 = 2**32 - 1
TOP6 = 2**128 - 1


@dataclass(frozen=True, slots=True)
class AddressSet:
    """An immutable set of addresses: canonical intervals of integers, one tuple per family."""

    v4: iv.Intervals
    v6: iv.Intervals

    EMPTY: ClassVar[AddressSet]
    FULL: ClassVar[AddressSet]

    @staticmethod
    def of(*cidrs: str | IPNetwork) -> AddressSet:
        """The union of CIDRs; host bits are masked off (reference A9.7).  ValueError on text that is no CIDR."""
        networks = [ip_network(c, strict=False) if isinstance(c, str) else c for c in cidrs]
        return AddressSet(_spans(n for n in networks if n.version == 4), _spans(n for n in networks if n.version == 6))

    @staticmethod
    def single(address: IPAddress) -> AddressSet:
        span = ((int(address), int(address)),)
        return AddressSet(span, ()) if address.version == 4 else AddressSet((), span)

    @staticmethod
    def singles(addresses: Iterable[IPAddress]) -> AddressSet:
        """The union of single addresses, in one pass."""
        found: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for address in addresses:
            found[address.version].append((int(address), int(address)))
        return AddressSet(iv.canonical(found[4]), iv.canonical(found[6]))

    def family(self, version: int) -> iv.Intervals:
        return self.v4 if version == 4 else self.v6

    def __or__(self, other: AddressSet) -> AddressSet:
        return AddressSet(iv.union(self.v4, other.v4), iv.union(self.v6, other.v6))

    def __and__(self, other: AddressSet) -> AddressSet:
        return AddressSet(iv.intersection(self.v4, other.v4), iv.intersection(self.v6, other.v6))

    def __invert__(self) -> AddressSet:
        return AddressSet(iv.complement(self.v4, 0, TOP4), iv.complement(self.v6, 0, TOP6))

    def __sub__(self, other: AddressSet) -> AddressSet:
        return self & ~other

    def __contains__(self, address: IPAddress) -> bool:
        return iv.contains(self.family(address.version), int(address))

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __le__(self, other: AddressSet) -> bool:
        return not (self - other)

    def networks(self) -> tuple[IPNetwork, ...]:
        """The fewest CIDRs whose union is this set, IPv4 first, ascending."""
        found: list[IPNetwork] = []
        for low, high in self.v4:
            found += summarize_address_range(IPv4Address(low), IPv4Address(high))
        for low, high in self.v6:
            found += summarize_address_range(IPv6Address(low), IPv6Address(high))
        return tuple(found)

    def some(self) -> IPAddress:
        """One of its addresses, IPv4 first; it has some."""
        return IPv4Address(self.v4[0][0]) if self.v4 else IPv6Address(self.v6[0][0])

    def __str__(self) -> str:
        return ", ".join(map(str, self.networks())) or "no address"


def _spans(networks: Iterable[IPNetwork]) -> iv.Intervals:
    return iv.canonical((int(n.network_address), int(n.broadcast_address)) for n in networks)


AddressSet.EMPTY = AddressSet((), ())
AddressSet.FULL = AddressSet(((0, TOP4),), ((0, TOP6),))
