"""Fields that several of Cilium's kinds have, and what its agent refuses (calico-cilium.md 2.2, 0.5).

What the CRD refuses is a problem.  What the agent refuses has no effect, the whole object with it: a `RefusalError`.
"""

from __future__ import annotations

import re

from analyzer.manifests.kinds.cidrs import parse_cidr
from analyzer.manifests.kinds.names import label_key_fault, label_value_fault, must
from analyzer.manifests.text.section import Section
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.sets import AddressSet

API = "cilium.io"
_SOURCE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_FIELDS = frozenset({"matchLabels", "matchExpressions"})
_EXPRESSION = frozenset({"key", "operator", "values"})
_OPERATORS = tuple(operator.value for operator in Operator)
_CIDR_HINT = "a CIDR looks like `10.0.0.0/8` or `2001:db8::/32`"


class RefusalError(Exception):
    """The agent refuses the object; the text follows "because "."""


# ------------------------------------------------------------------------------------------------ selectors
def read_selector(section: Section, source: str = "any") -> Selector:
    """The selector that a section is; `source` is that of keys that name none.  RefusalError."""
    section.only(_FIELDS)
    found: list[Requirement | None] = []
    said: dict[str, str] = {}
    for key, value in section.text_map("matchLabels").items():
        if said.setdefault(_key(section, key, source), value) != value:
            hint = "leave one out: it is one label to Cilium, and which of the values counts is not defined"
            section.log.problem(section.place(), f"`{section.field('matchLabels')}` has `{key}` twice", hint)
        inner = section.section("matchLabels")
        if inner is not None and (fault := label_value_fault(value)):
            inner.problem(key, f"is `{value}`, but a label value {must(fault)}")
        found.append(Requirement(_key(section, key, source), Operator.IN, frozenset({value})))
    found += [_expression(item, source) for item in section.sections("matchExpressions")]
    return Selector(tuple(one for one in found if one is not None))


def _expression(section: Section, source: str) -> Requirement | None:
    section.only(_EXPRESSION)
    needed = [section.required(key) for key in ("key", "operator")]
    key, word = section.text("key"), section.choice("operator", _OPERATORS)
    values = [value for value, _ in section.texts("values")]
    if not all(needed) or key is None or word is None:
        return None
    operator = Operator(word)
    if (operator in (Operator.IN, Operator.NOT_IN)) is not bool(values):
        raise RefusalError(f"`{section.field('values')}` does not go with `{word}`")
    for value in values:
        if fault := label_value_fault(value):
            raise RefusalError(f"`{section.field('values')}` holds `{value}`, but a label value {must(fault)}")
    return Requirement(_key(section, key, source), operator, frozenset(values))


def _key(section: Section, text: str, usual: str) -> str:
    """`source:key`."""
    source, colon, key = text.rpartition(":")
    fault = label_key_fault(key)
    if (colon and not _SOURCE.fullmatch(source)) or fault:
        raise RefusalError(
            f"`{section.path}` has the key `{text}`, but a label key {must(fault or 'names one source')}"
        )
    return f"{source or usual}:{key}" if source or usual else key


# ------------------------------------------------------------------------------------------------ addresses
def read_network(section: Section, key: str) -> tuple[AddressSet, str, bool] | None:
    """The addresses, the text, and whether these are all of a version of IP; None where none is given, or wrong."""
    text = section.text(key)
    if text is None:
        return None
    return network(section, key, text, section.place(key))


def networks(section: Section, key: str) -> list[tuple[AddressSet, str, bool]]:
    """As `read_network`, of a list."""
    read = (network(section, key, text, place) for text, place in section.texts(key))
    return [found for found in read if found is not None]


def network(section: Section, key: str, text: str, place: int) -> tuple[AddressSet, str, bool] | None:
    try:
        cidr = parse_cidr(text)
    except ValueError as error:
        section.log.problem(place, f"`{section.field(key)}` is `{text}`, {error}", _CIDR_HINT)
        return None
    return AddressSet.of(cidr.network), text, cidr.network.prefixlen == 0
