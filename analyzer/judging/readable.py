"""Witnesses with values that a reader knows, in place of others that nothing tells from them: 8.8.8.8, port 443."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address

from analyzer.encoding import Attribute, Box, Obligation, Variable
from analyzer.encoding.variables import ADDRESSES
from analyzer.model.endpoints import Connection, External, Pod
from analyzer.model.formulas import Role
from analyzer.sets.intervals import Intervals, contains
from analyzer.sets.other_protocols import ECHO_REQUESTS, EVERY

FAMILIAR_PORTS = (443, 80, 8080, 53, 5432)
FAMILIAR_ADDRESSES = {
    version: tuple(int(ip_address(text)) for text in texts)
    for version, texts in ((4, ("8.8.8.8", "1.1.1.1")), (6, ("2001:4860:4860::8888", "2606:4700:4700::1111")))
}


def familiar(low: int, high: int, version: int) -> int:
    """An address of the range that a reader knows, else its first that is no network's."""
    known = (address for address in FAMILIAR_ADDRESSES[version] if low <= address <= high)
    return next(known, low + 1 if low < high and not low & 255 else low)


def familiar_number(allowed: Intervals) -> int:
    """Of protocols without ports a ping, or the first that there is."""
    return next((number for number in ECHO_REQUESTS if contains(allowed, number)), allowed[0][0])


def familiar_connection(connection: Connection, box: Box) -> Connection:
    """The same connection on a port and from or to an address that readers know, where the region lets it."""
    if connection.through is not None:  # which settles both
        return connection
    told = {(v.role, v.attribute, v.which): values for v, values in box.items()}
    for role, end in ((Role.SRC, connection.src), (Role.DST, connection.dst)):
        allowed = told.get((role, Attribute.KNOWN_ADDRESS, end.ip.version), ())
        known = (it for it in FAMILIAR_ADDRESSES[end.ip.version] if contains(allowed, it))
        if isinstance(end, External) and (familiar := next(known, None)) is not None:
            nicer = External(type(end.ip)(familiar))
            connection = replace(connection, src=nicer) if role is Role.SRC else replace(connection, dst=nicer)
    if connection.number is not None:
        return replace(
            connection, number=familiar_number(told.get((Role.CONNECTION, Attribute.NUMBER, ""), EVERY.intervals))
        )
    if connection.port is None or any(v.attribute is Attribute.PORT_NAME for v in box):
        return connection
    ports = connection.dst.ports if isinstance(connection.dst, Pod) else ()
    declared = sorted(p.number for p in ports if p.protocol is connection.protocol)
    allowed = told.get((Role.CONNECTION, Attribute.PORT, ""), ((1, 65535),))
    choice = (p for p in (*declared, *FAMILIAR_PORTS, connection.port) if contains(allowed, p))
    return replace(connection, port=next(choice, connection.port))


def readable(obligation: Obligation, values: Mapping[str, int]) -> dict[str, int]:
    """The values of a model with plainer ones for the addresses of ends that are no pods, and for the port: between the
    boundaries of a variable nothing differs, but whether two ends are one."""
    found, variables = dict(values), obligation.variables
    for row in variables:
        if row.symbol not in values or not (row.attribute in ADDRESSES and _is_no_pod(obligation, row, values)):
            continue
        value = familiar(*_atom(row, values[row.symbol]), int(str(row.which)))
        others = (values.get(other.symbol) for role in (Role.SRC, Role.DST) for other in variables.of(role, *ADDRESSES))
        if value not in others:
            found[row.symbol] = value
    port = variables.find(Role.CONNECTION, Attribute.PORT)
    is_named = any(row.attribute in (Attribute.PORT_NAME, Attribute.WAY) for row in variables)
    if port is not None and values.get(port.symbol) and not is_named:
        low, high = _atom(port, values[port.symbol])
        found[port.symbol] = next((number for number in FAMILIAR_PORTS if low <= number <= high), values[port.symbol])
    other = variables.find(Role.CONNECTION, Attribute.NUMBER)
    if other is not None and contains(other.every, values.get(other.symbol, 0)):
        low, high = _atom(other, values[other.symbol])
        found[other.symbol] = next((number for number in ECHO_REQUESTS if low <= number <= high), values[other.symbol])
    return found


def _atom(row: Variable, value: int) -> tuple[int, int]:
    return next((low, high) for low, high in row.atoms() if low <= value <= high)


def _is_no_pod(obligation: Obligation, row: Variable, values: Mapping[str, int]) -> bool:
    kind = obligation.variables.find(row.role, Attribute.IS_POD)
    if kind is None:
        return "pod" not in obligation.scope.reach(row.role).kinds
    return not values.get(kind.symbol)
