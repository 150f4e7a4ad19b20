"""Regions in JSON: lists of CONSTRAINT (design 5), written and read.

A constraint is `{"role", "attribute", "set"}`; an attribute that has a key carries it in brackets: `labels[app]`.
A set is `{"in": […]}` or `{"notin": […]}` of values, of address blocks, of inclusive ranges of ports, of protocols
without ports as a query names them (`icmp/8`), or of texts, told by what they meet and what they do not:
`{"met": [{"begins with": "/a"}], "unmet": []}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from analyzer.model.formulas import Role
from analyzer.sets import AddressSet, PortSet, TextSet, ValueSet, other_protocols
from analyzer.verdicts.regions import (
    ADDRESSES,
    KEYED,
    OF_CONNECTIONS,
    OF_REQUESTS,
    PORTS,
    TEXTS,
    Attribute,
    Constraint,
    Region,
    Within,
)

if TYPE_CHECKING:
    from analyzer.model.endpoints import Connection
    from analyzer.sets.strings import Pattern

Json = dict[str, Any]
_ATTRIBUTES = {attribute.value: attribute for attribute in Attribute}


def constraints(these: Iterable[Constraint]) -> list[Json]:
    """CONSTRAINT of design 5, one for each."""
    return [{"role": it.role.value, "attribute": it.name, "set": _of(it)} for it in these]


def other(connection: Connection) -> Json:
    """Which protocol without ports the connection is of, where something asked: `{"other": "icmp/8/0"}`."""
    return {} if connection.number is None else {"other": other_protocols.term(connection.number)}


def _of(it: Constraint) -> Json:
    if it.attribute is Attribute.OTHER and isinstance(it.within, PortSet):
        return {"in": list(other_protocols.terms(it.within))}
    return _set(it.within)


def _set(within: Within) -> Json:
    """Null stands for the absent value and goes last."""
    match within:
        case TextSet():
            listed: list[Any] = [
                {word: [_pattern(it) for it, wanted in alternative if wanted is is_met] for word, is_met in _SIGNS}
                for alternative in within.alternatives
            ]
            return {"notin" if within.is_complement else "in": [*listed, *([None] if within.has_absent else ())]}
        case AddressSet():
            return {"in": [str(network) for network in within.networks()]}
        case PortSet():
            return {"in": [list(pair) for pair in within]}
        case ValueSet():
            ordered = sorted(within.values, key=lambda value: (value is None, value or ""))
            return {"notin" if within.is_complement else "in": ordered}


_SIGNS = (("met", True), ("unmet", False))


def _pattern(it: Pattern) -> Json:
    return {it.form.value: it.text, **({"any_case": True} if it.is_folded else {})}


# ------------------------------------------------------------------------------------------------ reading
def read_region(listed: Iterable[Json]) -> Region:
    """The region of these constraints; ValueError, KeyError or TypeError if they are none."""
    found = Region.of(_constraint(it) for it in listed)
    single = [(it.role, it.attribute, it.key) for it in found.constraints if it.attribute not in TEXTS]
    if len(set(single)) != len(single):
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
    whose = Role.CONNECTION if attribute in OF_CONNECTIONS else Role.REQUEST if attribute in OF_REQUESTS else None
    if whose is not role and (whose is not None or role not in (Role.SRC, Role.DST)):
        raise ValueError(f"`{role.value}` has no attribute `{it['attribute']}`")
    return Constraint(role, attribute, _read_set(attribute, it["set"]), key.removesuffix("]"))


def _read_set(attribute: Attribute, text: Json) -> Within:
    ((word, listed),) = text.items()
    is_complement = {"in": False, "notin": True}[word]
    if attribute in TEXTS:
        alternatives = tuple(_alternative(it) for it in listed if it is not None)
        return TextSet(alternatives, None in listed, is_complement)
    if attribute in ADDRESSES:
        addresses = AddressSet.of(*(str(ip_network(block)) for block in listed))
        return ~addresses if is_complement else addresses
    if attribute is Attribute.OTHER:
        others = _read_others(listed)
        return other_protocols.EVERY - others if is_complement else others
    if attribute in PORTS:
        ports = PortSet.of(*((low, high) for low, high in listed))
        return ~ports if is_complement else ports
    if not all(value is None or isinstance(value, str) for value in listed):
        raise ValueError(f"a value of `{attribute.value}` is no text")
    values = ValueSet.of(listed)
    return ~values if is_complement else values


def _read_others(listed: Iterable[str]) -> PortSet:
    found = PortSet.EMPTY
    for term in listed:
        numbers = other_protocols.read_term(term)
        if numbers is None:
            raise ValueError(f"`{term}` names no protocol without ports")
        found |= numbers
    return found


def _alternative(it: Json) -> tuple[tuple[Pattern, bool], ...]:
    if set(it) != {word for word, _ in _SIGNS}:
        raise ValueError("texts are told by what they have `met` and `unmet`")
    return tuple((_read_pattern(pattern), is_met) for word, is_met in _SIGNS for pattern in it[word])


def _read_pattern(it: Json) -> Pattern:
    from analyzer.sets.strings import Form, PatternError
    from analyzer.sets.strings.patterns import named_pattern

    ((word, text),) = ((key, value) for key, value in it.items() if key != "any_case")
    if not isinstance(text, str) or it.get("any_case", True) is not True:
        raise ValueError("a pattern has a text")
    try:
        return named_pattern(Form(word), text, fold="any_case" in it)
    except PatternError as error:
        raise ValueError(str(error)) from None
