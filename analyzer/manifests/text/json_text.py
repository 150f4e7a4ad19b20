"""JSON text to trees, every node with its place.  Several values one after the other are several documents.

The members of a list of objects, which make up a dump, are only sketched: Python's own decoder reads them many times
faster, and their places are looked up when something has to be said about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from json import JSONDecodeError, JSONDecoder
from math import isfinite
from typing import Any

from analyzer.manifests.text.nodes import Fault, Mapping, Sequence, Tree, line_of, place_at

DEEPEST_NESTING = 256
_DECODER = JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 400
_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile("true|false|null")
_NO_JSON = re.compile("NaN|-?Infinity")  # which JavaScript and Python write, and JSON has not


def read_json(text: str) -> Iterator[Tree]:
    """The values of a text, in order; a syntax error ends in a broken tree and ends the reading."""
    scanner = _Scanner(text)
    while scanner.is_more():
        place = scanner.place()
        try:
            value = scanner.value(0)
        except _SyntaxFaultError as stop:
            yield Tree.broken([*scanner.faults, stop.fault])
            return
        yield Tree(value, place, tuple(scanner.faults))
        scanner.faults = []


class _SyntaxFaultError(Exception):
    def __init__(self, place: int, message: str) -> None:
        self.fault = Fault(place, message)


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._line_start = 0
        self.faults: list[Fault] = []

    def place(self) -> int:
        return place_at(self._line, self._at - self._line_start + 1)

    def is_more(self) -> bool:
        self._skip()
        return self._at < len(self._text)

    def _skip(self) -> str:
        """Pass white space; returns the character after it, or the empty text at the end."""
        text, at = self._text, self._at
        char = text[at : at + 1]
        if char in " \n\t\r" and char:
            space = _SPACE.match(text, at)
            end = space.end() if space else at
            lines = text.count("\n", at, end)
            if lines:
                self._line += lines
                self._line_start = text.rindex("\n", at, end) + 1
            self._at = end
            char = text[end : end + 1]
        return char

    def value(self, depth: int) -> Any:
        """The value that starts here, with all places."""
        char = self._skip()
        if char == '"':
            return self._string()
        if char == "{":
            return self._mapping(depth + 1)
        if char == "[":
            return self._sequence(depth + 1)
        if word := _WORD.match(self._text, self._at):
            self._at = word.end()
            return _WORDS[word.group()]
        if number := _NUMBER.match(self._text, self._at):
            if number.end() - number.start() > _LONGEST_NUMBER:
                raise self._stop("a number of more digits than any field takes")
            if number.group(1) or number.group(2):
                return self._number(number)
            self._at = number.end()
            return int(number.group())
        if constant := _NO_JSON.match(self._text, self._at):
            return self._no_number(constant)
        raise self._stop("a value was expected here")

    def _number(self, found: re.Match[str]) -> float | str:
        """A number with a point or an exponent."""
        value = float(found.group())
        if not isfinite(value):
            return self._no_number(found)
        self._at = found.end()
        return value

    def _no_number(self, found: re.Match[str]) -> str:
        """What stands here, as text, after noting that no reader takes it for a number."""
        message = f"`{found.group()}` is no number in JSON"
        self.faults.append(Fault(self.place(), message, "put it in quotes if text is meant"))
        self._at = found.end()
        return found.group()

    def _string(self) -> str:
        try:
            value: str
            value, end = _DECODER.raw_decode(self._text, self._at)
        except JSONDecodeError as error:
            raise self._stop(error.msg[0].lower() + error.msg[1:].removesuffix(" at")) from None
        self._at = end
        return value if value.isascii() else _without_lone_surrogates(value)

    def _mapping(self, depth: int) -> Mapping:
        mapping = Mapping(self._opened(depth))
        char = self._skip()
        while char != "}" or mapping:
            if char != '"':
                raise self._stop("a key in double quotes was expected here")
            place = self.place()
            key = self._string()
            if self._skip() != ":":
                raise self._stop("`:` was expected here")
            self._at += 1
            value = self._members(depth) if depth == 1 and key == "items" else self.value(depth)
            if key in mapping:
                first = line_of(mapping.place_of(key))
                message = f"the key `{key}` stands twice in one mapping, first on line {first}"
                self.faults.append(Fault(place, message, "keep one of them"))
            else:
                mapping.add(key, place, value)
            if self._is_closed("}"):
                return mapping
            char = self._skip()
        self._at += 1
        return mapping

    def _sequence(self, depth: int) -> Sequence:
        sequence = Sequence(self._opened(depth))
        if self._skip() == "]":
            self._at += 1
            return sequence
        while True:
            self._skip()
            sequence.item_places.append(self.place())
            sequence.append(self.value(depth))
            if self._is_closed("]"):
                return sequence

    def _members(self, depth: int) -> Any:
        """The value of `items` at the top: a list of sketches, where it is a list."""
        if self._skip() != "[":
            return self.value(depth)
        sequence = Sequence(self._opened(depth + 1))
        if self._skip() == "]":
            self._at += 1
            return sequence
        while True:
            is_object = self._skip() == "{"
            sequence.item_places.append(self.place())
            sequence.append(self._sketch(depth + 1) if is_object else self.value(depth + 1))
            if self._is_closed("]"):
                return sequence

    def _sketch(self, depth: int) -> Any:
        """The object that starts here, without places inside; anything odd about it is left to the slow reading."""
        start = self._at, self._line, self._line_start
        try:
            value, end = _SKETCHER.raw_decode(self._text, self._at)
        except (ValueError, RecursionError):
            return self.value(depth)
        if self._text.find("\\ud", self._at, end) >= 0 or self._is_deep(value, end):
            return self.value(depth)
        value.place = self.place()
        value.again = partial(_read_again, self._text, *start)
        lines = self._text.count("\n", self._at, end)
        if lines:
            self._line += lines
            self._line_start = self._text.rindex("\n", self._at, end) + 1
        self._at = end
        return value

    def _is_deep(self, value: Any, end: int) -> bool:
        """Whether the object, which ends there, is nested deeper than may be; seldom does it have brackets enough."""
        most = DEEPEST_NESTING - _MEMBER_DEPTH
        if self._text.count("{", self._at, end) + self._text.count("[", self._at, end) <= most:
            return False
        level = [value]
        for _ in range(most):
            parts = (part for node in level for part in (node.values() if isinstance(node, dict) else node))
            level = [part for part in parts if isinstance(part, dict | list)]
        return bool(level)

    def _opened(self, depth: int) -> int:
        if depth > DEEPEST_NESTING:
            raise self._stop(f"nested more than {DEEPEST_NESTING} deep")
        place = self.place()
        self._at += 1
        return place

    def _is_closed(self, bracket: str) -> bool:
        char = self._skip()
        if char not in (bracket, ","):
            raise self._stop(f"`,` or `{bracket}` was expected here")
        self._at += 1
        return char == bracket

    def _stop(self, message: str) -> _SyntaxFaultError:
        return _SyntaxFaultError(self.place(), f"cannot be read as JSON: {message}")


def _read_again(text: str, at: int, line: int, line_start: int) -> Mapping:
    scanner = _Scanner(text)
    scanner._at, scanner._line, scanner._line_start = at, line, line_start
    found: Mapping = scanner.value(_MEMBER_DEPTH)
    return found


def _sketched(pairs: list[tuple[str, Any]]) -> Mapping:
    mapping = Mapping()
    mapping.update(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("duplicate key")
    for key, value in pairs:
        if type(value) is list:
            mapping[key] = _sequence_of(value)
    return mapping


def _sequence_of(items: list[Any]) -> Sequence:
    sequence = Sequence()
    sequence.extend(_sequence_of(item) if type(item) is list else item for item in items)
    return sequence


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _short(digits: str) -> str:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("long number")
    return digits


def _finite(number: float) -> float:
    if not isfinite(number):
        raise ValueError("great number")
    return number


_SKETCHER = JSONDecoder(
    object_pairs_hook=_sketched,
    parse_int=lambda digits: int(_short(digits)),
    parse_float=lambda digits: _finite(float(_short(digits))),
    parse_constant=_refuse_constant,
)
_MEMBER_DEPTH = 2


def _without_lone_surrogates(text: str) -> str:
    """What Go's decoder makes of half a surrogate pair: the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
