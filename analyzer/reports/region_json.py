"""Regions in JSON: lists of CONSTRAINT (design 5), written and read.

A constraint is `{"role", "attribute", "set"}`; an attribute that has a key carries it in brackets: `labels[app]`.
A set is `{"in": […]}` or `{"notin": […]}` of values, of address blocks, or of inclusive ranges of ports.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from analyzer.sets import AddressSet, PortSet, ValueSet
from analyzer.verdicts.regions import ADDRESSES, KEYED, OF_CONNECTIONS, PORTS, Attribute, Constraint, Region, Role

Json = dict[str, Any]
_ATTRIBUTES = {attribute.value: attribute for attribute in Attribute}


def constraints(these: Iterable[Constraint]) -> list[Json]:
    """CONSTRAINT of design 5, one for each."""
    return [{"role": it.role.value, "attribute": it.name, "set": _set(it.within)} for it in these]


def _set(within: ValueSet | AddressSet | PortSet) -> Json:
    """Null stands for the absent value and goes last."""
    match within:
        case AddressSet():
            return {"in": [str(network) for network in within.networks()]}
        case PortSet():
            return {"in": [list(pair) for pair in within]}
        case ValueSet():
            ordered = sorted(within.values, key=lambda value: (value is None, value or ""))
            return {"notin" if within.is_complement else "in": ordered}


# ------------------------------------------------------------------------------------------------ reading
def read_region(listed: Iterable[Json]) -> Region:
    """The region of these constraints; ValueError, KeyError or TypeError if they are none."""
    found = Region.of(_constraint(it) for it in listed)
    if len({(it.role, it.attribute, it.key) for it in found.constraints}) != len(found.constraints):
        raise ValueError("an attribute is constrained twice")
    for role in (Role.SRC, Role.DST):
        kinds = [it for it in found.at(role) if it.attribute is Attribute.KIND]
        if not kinds and (role is Role.SRC or found.at(role)):
            raise ValueError(f"the kind of {role.value} is not told")
    return found


def _constraint(it: Json) -> Constraint:
    role = Role(it["role"])
    name, bracket, key = it["attribute"].partition("[")
    attribute = _ATTRIBUTES.get(name)
    if attribute is None or (attribute in KEYED) != (bracket == "[" and key.endswith("]")):
        raise ValueError(f"there is no attribute `{it['attribute']}`")
    if (attribute in OF_CONNECTIONS) != (role is Role.CONNECTION):
        raise ValueError(f"`{role.value}` has no attribute `{it['attribute']}`")
    return Constraint(role, attribute, _read_set(attribute, it["set"]), key.removesuffix("]"))


def _read_set(attribute: Attribute, text: Json) -> ValueSet | AddressSet | PortSet:
    ((word, listed),) = text.items()
    is_complement = {"in": False, "notin": True}[word]
    if attribute in ADDRESSES:
        addresses = AddressSet.of(*(str(ip_network(block)) for block in listed))
        return ~addresses if is_complement else addresses
    if attribute in PORTS:
        ports = PortSet.of(*((low, high) for low, high in listed))
        return ~ports if is_complement else ports
    if not all(value is None or isinstance(value, str) for value in listed):
        raise ValueError(f"a value of `{attribute.value}` is no text")
    values = ValueSet.of(listed)
    return ~values if is_complement else values
