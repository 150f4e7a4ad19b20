"""Whether a rule may mean a far end of which little is known, on some of the connections asked about."""

from __future__ import annotations

from typing import Protocol

from analyzer.model.cluster import Namespace
from analyzer.model.formulas import (
    All,
    AtAddress,
    Attribute,
    EndKind,
    Formula,
    Member,
    Name,
    Not,
    OfKind,
    OnPorts,
    Role,
    Some,
    Test,
)
from analyzer.model.labels import NAMESPACE_NAME_LABEL
from analyzer.model.policies import Protocol as Layer
from analyzer.records import dataclass
from analyzer.sets import AddressSet, ConnectionSet

Bits = tuple[bool, bool]
"""Whether something may be true, and whether it is so for certain."""
_TRUE, _FALSE, _OPEN = (True, True), (False, False), (True, False)


class FarEnd(Protocol):
    """What is known of an end: whether it is of kinds, at addresses, and has values."""

    def among(self, ends: object) -> Bits: ...
    def has(self, test: Test) -> Bits: ...


@dataclass(frozen=True, slots=True)
class InNamespace:
    """A pod of a namespace, with labels that nobody knows; `known` is the namespace where a manifest tells of it."""

    name: str
    known: Namespace | None

    def among(self, ends: object) -> Bits:
        if not isinstance(ends, OfKind):
            return _OPEN
        if EndKind.POD in ends.kinds:
            return _TRUE
        return _OPEN if EndKind.HOST_POD in ends.kinds else _FALSE

    def has(self, test: Test) -> Bits:
        match test.attribute:
            case Attribute(name=Name.NAMESPACE):
                return _is_one(test, self.name)
            case Attribute(name=Name.NAMESPACE_LABEL, key=key) if key == NAMESPACE_NAME_LABEL:
                return _is_one(test, self.name)
            case Attribute(name=Name.NAMESPACE_LABEL, key=key) if self.known and self.known.is_declared:
                return _is_one(test, self.known.labels.get(key))
            case _:
                return _OPEN


@dataclass(frozen=True, slots=True)
class OffPods:
    """A node, or an address outside: which one nobody knows."""

    def among(self, ends: object) -> Bits:
        if not isinstance(ends, OfKind):
            return _OPEN
        found = ends.kinds & {EndKind.NODE, EndKind.OUTSIDE}
        return _FALSE if not found else _TRUE if len(found) == 2 else _OPEN

    def has(self, test: Test) -> Bits:
        return (
            _OPEN
            if test.attribute.name in (Name.ENTITY, Name.NODE, Name.NODES, Name.NODE_GROUPS, Name.LABEL)
            else _FALSE
        )


@dataclass(frozen=True, slots=True)
class AtAddresses:
    """Ends outside at these addresses, one of which is enough."""

    addresses: AddressSet

    def among(self, ends: object) -> Bits:
        match ends:
            case OfKind(kinds):
                return _TRUE if EndKind.OUTSIDE in kinds else _FALSE
            case AtAddress(addresses):
                return bool(addresses & self.addresses), self.addresses <= addresses
            case _:
                return _OPEN

    def has(self, test: Test) -> Bits:
        return _OPEN if test.attribute.name is Name.ENTITY else _FALSE


def may_be(formula: Formula, role: Role, far: FarEnd, asked: ConnectionSet) -> bool:
    """Whether the formula may be true of the end in that role on some of the connections; what speaks of the near end,
    of the request or of what is open may."""
    return _of(formula, role, far, asked)[0]


def _of(formula: Formula, role: Role, far: FarEnd, asked: ConnectionSet) -> Bits:
    match formula:
        case All(parts):
            found = [_of(part, role, far, asked) for part in parts]
            return all(may for may, _ in found), all(must for _, must in found)
        case Some(parts):
            found = [_of(part, role, far, asked) for part in parts]
            return any(may for may, _ in found), any(must for _, must in found)
        case Not(part):
            may, must = _of(part, role, far, asked)
            return not must, not may
        case Member(of, ends) if of is role:
            return far.among(ends)
        case OnPorts() if not formula.name:
            return _on(formula, asked)
        case Test(attribute) if attribute.role is role:
            return far.has(formula)
        case _:
            return _OPEN


def _on(entry: OnPorts, asked: ConnectionSet) -> Bits:
    meant = [entry.protocol] if entry.protocol is not None else [Layer.TCP, Layer.UDP, Layer.SCTP]
    numbered = ConnectionSet.EMPTY
    for protocol in meant:
        if protocol is not Layer.OTHER:
            numbered |= ConnectionSet.on(protocol.value, entry.ports)
    return bool(numbered & asked), not asked - numbered


def _is_one(test: Test, value: str | None) -> Bits:
    """Whether a value that is known, or known to be absent, meets the test."""
    if test.meets is None:
        return _TRUE if value is not None else _FALSE
    if not isinstance(test.meets, frozenset):
        return _OPEN
    return _TRUE if value in test.meets else _FALSE
