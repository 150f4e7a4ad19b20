"""A set cut into pieces that other sets do not tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from analyzer.sets.addresses import AddressSet
from analyzer.sets.ports import PortSet

Cut = TypeVar("Cut", AddressSet, PortSet)


def pieces(whole: Cut, others: Iterable[Cut]) -> list[Cut]:
    """The pieces of `whole`, each inside or outside of every other; none is empty."""
    found = [whole] if whole else []
    for other in others:
        found = [part for one in found for part in (one & other, one - other) if part]
    return found
