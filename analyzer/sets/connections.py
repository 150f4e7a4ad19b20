"""Sets of what a pair of ends may open: destination ports of TCP, UDP and SCTP, and protocols without ports."""

from __future__ import annotations

from typing import ClassVar

from analyzer.records import dataclass
from analyzer.sets import other_protocols
from analyzer.sets.ports import PortSet


@dataclass(frozen=True, slots=True)
class ConnectionSet:
    """An immutable set of protocols and ports: CONN of design 5.  `others` are protocols without ports, as numbers
    (`other_protocols`)."""

    tcp: PortSet = PortSet.EMPTY
    udp: PortSet = PortSet.EMPTY
    sctp: PortSet = PortSet.EMPTY
    others: PortSet = PortSet.EMPTY

    EMPTY: ClassVar[ConnectionSet]
    FULL: ClassVar[ConnectionSet]
    PORTS: ClassVar[ConnectionSet]
    OTHER: ClassVar[ConnectionSet]

    @staticmethod
    def on(protocol: str, ports: PortSet) -> ConnectionSet:
        """Those ports of `TCP`, `UDP` or `SCTP`; any other name gives all protocols without ports."""
        match protocol:
            case "TCP":
                return ConnectionSet(tcp=ports)
            case "UDP":
                return ConnectionSet(udp=ports)
            case "SCTP":
                return ConnectionSet(sctp=ports)
            case _:
                return ConnectionSet.OTHER

    @property
    def other(self) -> bool:
        """It holds some protocol without ports."""
        return bool(self.others)

    @property
    def by_protocol(self) -> tuple[tuple[str, PortSet], ...]:
        """The ports of each protocol that has some, by its name."""
        return (("TCP", self.tcp), ("UDP", self.udp), ("SCTP", self.sctp))

    def __or__(self, other: ConnectionSet) -> ConnectionSet:
        if self is other or not other:
            return self
        if not self:
            return other
        return ConnectionSet(
            self.tcp | other.tcp, self.udp | other.udp, self.sctp | other.sctp, self.others | other.others
        )

    def __and__(self, other: ConnectionSet) -> ConnectionSet:
        if self is other or other is ConnectionSet.FULL:
            return self
        if self is ConnectionSet.FULL:
            return other
        return ConnectionSet(
            self.tcp & other.tcp, self.udp & other.udp, self.sctp & other.sctp, self.others & other.others
        )

    def __invert__(self) -> ConnectionSet:
        return ConnectionSet(~self.tcp, ~self.udp, ~self.sctp, other_protocols.EVERY - self.others)

    def __sub__(self, other: ConnectionSet) -> ConnectionSet:
        if self is other or other is ConnectionSet.FULL:
            return ConnectionSet.EMPTY
        return self & ~other if other else self

    def __hash__(self) -> int:  # in one step: a map spends more on it than on anything else
        return hash((self.tcp.intervals, self.udp.intervals, self.sctp.intervals, self.others.intervals))

    def __bool__(self) -> bool:
        return bool(self.tcp or self.udp or self.sctp or self.others)

    def __le__(self, other: ConnectionSet) -> bool:
        return not (self - other)

    def __str__(self) -> str:
        """`TCP 80, 443; UDP`; a protocol alone means all of its ports."""
        if self == ConnectionSet.FULL:
            return "everything"
        parts = [name if ports == PortSet.FULL else f"{name} {ports}" for name, ports in self.by_protocol if ports]
        if self & ConnectionSet.PORTS == ConnectionSet.PORTS:
            parts = ["every port"]
        if self.others:
            parts.append(other_protocols.words(self.others))
        return "; ".join(parts) or "nothing"


ConnectionSet.EMPTY = ConnectionSet()
ConnectionSet.FULL = ConnectionSet(PortSet.FULL, PortSet.FULL, PortSet.FULL, other_protocols.EVERY)
ConnectionSet.OTHER = ConnectionSet(others=other_protocols.EVERY)
ConnectionSet.PORTS = ConnectionSet(PortSet.FULL, PortSet.FULL, PortSet.FULL)
