"""Witnesses with values that a reader knows, in place of others that nothing tells from them: 8.8.8.8, port 443."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from analyzer.encoding import Attribute, Obligation, Variable
from analyzer.encoding.variables import ADDRESSES
from analyzer.model.formulas import Role
from analyzer.sets.intervals import contains
from analyzer.sets.other_protocols import ECHO_REQUESTS

FAMILIAR_PORTS = (443, 80, 8080, 53, 5432)
FAMILIAR_ADDRESSES = {
    version: tuple(int(ip_address(text)) for text in texts)
    for version, texts in ((4, ("8.8.8.8", "1.1.1.1")), (6, ("2001:4860:4860::8888", "2606:4700:4700::1111")))
}


def familiar(low: int, high: int, version: int) -> int:
    """An address of the range that a reader knows, else its first that is no network's."""
    known = (address for address in FAMILIAR_ADDRESSES[version] if low <= address <= high)
    return next(known, low + 1 if low < high and not low & 255 else low)


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
