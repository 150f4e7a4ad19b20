"""Canonical immutable sets of ports, addresses, connections and label values.

Patterns over strings are in `analyzer.sets.strings`, which nothing loads that does not need them.

Two equal sets have one form, so `==` and `hash` mean set equality.  Operations return new sets; their algebra is
tested by laws.
"""

from analyzer.sets.addresses import AddressSet
from analyzer.sets.connections import ConnectionSet
from analyzer.sets.intervals import Intervals
from analyzer.sets.ports import PortSet
from analyzer.sets.special import DEFAULT_POD_ADDRESSES, INTERNET, LINK_LOCAL, METADATA_SERVICE
from analyzer.sets.texts import TextSet
from analyzer.sets.values import ValueSet

__all__ = [
    "DEFAULT_POD_ADDRESSES",
    "INTERNET",
    "LINK_LOCAL",
    "METADATA_SERVICE",
    "AddressSet",
    "ConnectionSet",
    "Intervals",
    "PortSet",
    "TextSet",
    "ValueSet",
]
