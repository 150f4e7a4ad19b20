"""What a rule can be told to mean without a solver: single addresses and ports (reference A9.6, A13.7, D)."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.model.formulas import (
    All,
    AtAddress,
    EndKind,
    Formula,
    Leaf,
    Member,
    Not,
    OfKind,
    OnHostPort,
    OnPorts,
    Role,
    Some,
    Test,
)
from analyzer.model.leading import Way
from analyzer.model.mesh import TUNNEL_PORT
from analyzer.model.policies import Protocol
from analyzer.sets.addresses import IPAddress


class Asked(NamedTuple):
    """The protocol and port that a client asks for, where those are not the connection's own.

    `of_pod`: they are the destination's, whose containers may give the port a name; nobody gives one to an address's.
    """

    protocol: Protocol
    port: int
    of_pod: bool = False


TUNNEL = Asked(Protocol.TCP, TUNNEL_PORT, of_pod=True)


def is_seen_by(formula: Formula, far: Role, way: Way | None, *, holds: bool = True) -> bool | None:
    """Whether the formula may hold, or not, of the Service's own address and port, the far end that a client asks for:
    nobody's, as if it were outside the cluster.  `way` is None: of whichever; the answer is None where it hangs on it.
    """
    match formula:
        case All(parts) | Some(parts):
            is_decided = isinstance(formula, All) is not holds  # by one part: false of all of them, true of some
            is_open = False
            for part in parts:
                found = is_seen_by(part, far, way, holds=holds)
                if found is is_decided:
                    return is_decided
                is_open = is_open or found is None
            return None if is_open else not is_decided
        case Not(part):
            return is_seen_by(part, far, way, holds=not holds)
        case OnPorts() if way is None:
            return not holds if formula.name else None
        case OnPorts() if way is not None:
            return is_on(formula, Asked(way.port.protocol, way.port.number)) is holds
        case OnHostPort():
            return not holds
        case Member(role, ends) if role is far:
            match ends:
                case AtAddress(addresses):
                    return None if way is None else (way.address in addresses) is holds
                case OfKind(kinds):
                    return (EndKind.OUTSIDE in kinds) is holds
                case _:
                    return not holds
        case Test(attribute) if attribute.role is far:
            return not holds
        case _:
            return True


def is_on(ports: OnPorts, asked: Asked) -> bool:
    """Nothing gives the port of an address a name."""
    return not ports.name and ports.protocol in (None, asked.protocol) and asked.port in ports.ports


def is_seen(leaf: Leaf, asked: Asked, address: IPAddress | None) -> bool:
    """Whether what asks of a port or of an address means those that are asked for."""
    match leaf:
        case OnPorts():
            return is_on(leaf, asked)
        case Member(_, AtAddress(addresses)):
            return address is not None and address in addresses
        case _:
            return False
