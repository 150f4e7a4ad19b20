"""Plain values that remember where they stood: what YAML and JSON texts are read into.

A place is a line and a column, counted from 1 and packed into one integer, so that a large file costs little memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any

from analyzer.records import dataclass

_COLUMN_BITS = 20
_COLUMN_MASK = (1 << _COLUMN_BITS) - 1


def place_at(line: int, column: int) -> int:
    """The place of a line and a column, both counted from 1; a column past a million is kept modulo that."""
    return line << _COLUMN_BITS | column & _COLUMN_MASK


def line_of(place: int) -> int:
    return place >> _COLUMN_BITS


def column_of(place: int) -> int:
    return place & _COLUMN_MASK


class Mapping(dict[str, Any]):
    """A mapping with the place it starts at, and its keys' places in the order of the keys.

    A sketch is an object read fast, which knows no places inside; `again` reads it with all of them.
    """

    __slots__ = ("again", "key_places", "place")

    def __init__(self, place: int = 0) -> None:
        super().__init__()
        self.place = place
        self.key_places: list[int] = []
        self.again: Callable[[], Mapping] | None = None

    def place_of(self, key: str) -> int:
        """Where the key stands; where the mapping starts if it is not there."""
        for place, candidate in zip(self.key_places, self, strict=False):
            if candidate == key:
                return place
        return self.place

    def add(self, key: str, place: int, value: Any) -> None:
        """Add a key that is not there yet."""
        self[key] = value
        self.key_places.append(place)


class Sequence(list[Any]):
    """A list with the place it starts at and the places of its items."""

    __slots__ = ("item_places", "place")

    def __init__(self, place: int = 0) -> None:
        super().__init__()
        self.place = place
        self.item_places: list[int] = []

    def placed(self) -> Iterator[tuple[Any, int]]:
        """The items, each with its place."""
        return zip(self, self.item_places or repeat(self.place), strict=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the text itself, whatever it describes."""

    place: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """One document of a file.  `value` is meaningless when `is_broken`: the text could not be read to its end.

    `kinds` of a text that is a template rather than a manifest are those that its lines name; None of any other.
    """

    value: Any
    place: int
    faults: tuple[Fault, ...] = ()
    is_broken: bool = False
    kinds: tuple[str, ...] | None = None

    @staticmethod
    def broken(faults: Iterable[Fault]) -> Tree:
        found = tuple(faults)
        return Tree(None, found[0].place, found, True)


NAMES_OF_TYPES = {
    Mapping: "a mapping",
    Sequence: "a list",
    str: "text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def type_name(value: Any) -> str:
    return NAMES_OF_TYPES[type(value)]
