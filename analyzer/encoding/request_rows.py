"""Rows for what a client asks for: an attribute of a request, and the sorts of texts that it can be (design 3).

Each is a text, or, of a header and of a claim, which of the sorts of texts are among its values.  What is spelt in two
places, as a host is in `:authority`, has one row.  `request_domains` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from analyzer.model.formulas import Attribute, Name, Role, Test
from analyzer.model.requests import JOINED_HEADERS
from analyzer.records import dataclass
from analyzer.sets import AddressSet

if TYPE_CHECKING:
    from analyzer.sets.strings import Pattern

SEVERAL = frozenset({Name.HEADER, Name.PARAMETER, Name.COOKIE, Name.CLAIM, Name.CLAIM_WORD})
OF_TOKEN = frozenset({Name.ISSUER, Name.SUBJECT, Name.TOKEN_PLACE, Name.CLAIM, Name.CLAIM_WORD})
OF_HTTP = OF_TOKEN | {Name.METHOD, Name.PATH, Name.HOST, Name.HEADER, Name.PARAMETER, Name.COOKIE}
ALWAYS = frozenset({Name.METHOD, Name.PATH, Name.HOST})
"""What every HTTP request has."""
_WITHOUT_ROW = frozenset({Name.ASKED, Name.TLS, Name.TOKEN, Name.IDENTITY, Name.FAULT})
_SAME = {
    (Name.HEADER, ":method"): (Name.METHOD, ""),
    (Name.HEADER, ":path"): (Name.PATH, ""),
    (Name.HEADER, ":authority"): (Name.HOST, ""),
    (Name.HEADER, "host"): (Name.HOST, ""),
    (Name.HOST, "name"): (Name.HOST, ""),
    (Name.CLAIM, "iss"): (Name.ISSUER, ""),
    (Name.CLAIM, "sub"): (Name.SUBJECT, ""),
}


@dataclass(frozen=True, slots=True)
class RequestDomain:
    """The sorts of texts of an attribute, each with a witness; of addresses, sets of them.

    `is_target`: the texts are paths with the queries behind them, because something asks about these too.  `is_clean`:
    they are paths as Calico's proxy compares them.
    """

    attribute: Attribute
    witnesses: tuple[str, ...]
    patterns: tuple[Pattern, ...] = ()
    sets: tuple[AddressSet, ...] = ()
    is_target: bool = False
    is_clean: bool = False

    @property
    def read_from(self) -> Attribute:
        """The attribute of a request that holds such a text."""
        return TARGET if self.is_target else self.attribute

    @property
    def has_several(self) -> bool:
        return self.attribute.name in SEVERAL and self.attribute.key not in JOINED_HEADERS

    def place(self, text: str) -> int | None:
        """Of which sort the text is; None if it is one that no client sends."""
        if self.sets:
            return next(i for i, part in enumerate(self.sets) if ip_address(text) in part)
        if self.attribute.name is Name.ISSUER and text in self.witnesses:
            return self.witnesses.index(text)
        met = [pattern.matches(text) for pattern in self.patterns]
        sorts = ([pattern.matches(witness) for pattern in self.patterns] for witness in self.witnesses)
        return next((i for i, sort in enumerate(sorts) if sort == met), None)

    def meeting(self, test: Test) -> list[int]:
        """The places of the sorts whose texts meet the test, which is of this row."""
        seen = str if self.is_clean else _seen_by(test.attribute)
        return [i for i, text in enumerate(self.witnesses) if meets(seen(text), test.meets)]


@dataclass(frozen=True, slots=True)
class RequestDomains:
    """Every row, in order.  `apart`: attributes that hang together in a way that the rows do not say, in words; what
    they allow may then be more than a client can send."""

    rows: tuple[RequestDomain, ...] = ()
    apart: tuple[str, ...] = ()

    def of(self, attribute: Attribute) -> RequestDomain | None:
        key = row_of(attribute)
        return next((row for row in self.rows if row.attribute == key), None)


def row_of(attribute: Attribute) -> Attribute:
    """The attribute in whose row this one is."""
    name, key = _SAME.get((attribute.name, attribute.key), (attribute.name, attribute.key))
    return Attribute(Role.REQUEST, name, key)


def meets(text: str, asked: frozenset[str] | Pattern | AddressSet | None) -> bool:
    if isinstance(asked, AddressSet):
        return ip_address(text) in asked
    return asked is None or (text in asked if isinstance(asked, frozenset) else asked.matches(text))


def _seen_by(attribute: Attribute) -> Callable[[str], str]:
    if (attribute.name, attribute.key) == (Name.HOST, "name"):
        return lambda text: _PORT.sub("", text).lower()
    if attribute.name is Name.PATH:
        return lambda text: text.partition("?")[0]
    return lambda text: text


_PORT = re.compile(r":[0-9]+\Z")
TARGET = Attribute(Role.REQUEST, Name.HEADER, ":path")


def is_without_row(attribute: Attribute) -> bool:
    """What is no text that is chosen: it is told by the source, or is the same of every request that is asked."""
    if attribute.name is Name.REMOTE_IP and attribute.key == "0":
        return True
    return attribute.name in _WITHOUT_ROW or (attribute.name, attribute.key) == (Name.HEADER, ":scheme")
