"""The YAML that manifests are mostly written in, read line by line: many times faster than event by event.

Block mappings, block lists, scalars that stand on one line, `{}` and `[]`, comments, and text blocks of the form `|`;
plain ASCII.  Everything else is handed over: anchors, tags, merge keys, flow collections, text over several lines,
escapes, odd indentation, duplicate keys, and whatever is no YAML at all.  What is not handed over means here what it
means to `analyzer.manifests.yaml_text`, places included.
"""

from __future__ import annotations

import re
from typing import Any

from analyzer.manifests.nodes import Mapping, Sequence, place_at
from analyzer.manifests.scalars import PlainScalars

DEEPEST_NESTING = 100

_REST = r"[^ :\n]*+(?::+[^ :\n]++)*+"  # of a word: a colon belongs to it unless it ends it
_PLAIN = rf"(?:[A-Za-z0-9_./$]|-(?=[^ :\n])){_REST}(?: ++[^ :#\n]{_REST})*+"
_QUOTED = r"\"[^\"\\\n]*+\"|'[^'\n]*+'|~"
_EMPTY = r"\{\}|\[\]"
# Lines further in than the key, and those without anything between them.
_BLOCK = r"\|-? *+(?:(?:\n *+(?=\n))*+\n(?P=indent) ++[^ \n][^\n]*+(?=\n))++"
_END = r"(?: ++#[^\n]*+| *+)$"
_LINE = re.compile(
    r"^(?P<indent> *+)(?:"
    rf"(- ++)?([A-Za-z_./][-A-Za-z0-9_./]{{0,200}}+):(?: ({_EMPTY})| ++(?:({_PLAIN})|({_QUOTED})|({_BLOCK})))?{_END}"
    rf"|(- ++)(?:({_PLAIN})|({_QUOTED}|{_EMPTY})){_END}"
    r"|(?:#[^\n]*+|(?<! ))$)",
    re.MULTILINE,
)
_MARKER = re.compile(r"--- *+(?:(?<= )#[^\n]*+)?\n")
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\n"


def is_plain(data: bytes) -> bool:
    """Whether there is nothing but printable ASCII and line feeds."""
    return not data.translate(None, _PRINTABLE)


def read_block(data: bytes, scalars: PlainScalars, first_line: int) -> Mapping | None:
    """The mapping that one plain document is, its first line having this number; None if it is to be handed over."""
    text = data.decode("ascii")
    marker = _MARKER.match(text)
    start = marker.end() if marker else 0
    lines = _LINE.findall(text, start)
    try:
        reader = _Reader(scalars, first_line + (1 if marker else 0))
        reader.read(lines)
    except _OddError:
        return None
    # A line that is not understood is not among those found.
    is_whole = reader.line - first_line == text.count("\n") + 1
    return reader.root if is_whole else None


class _OddError(Exception):
    """Something that is left to the reader of all YAML."""


class _Reader:
    """Lines to collections.  The innermost open one begins at a column; its last key may still wait for its value."""

    def __init__(self, scalars: PlainScalars, first_line: int) -> None:
        self.line = first_line
        self.root: Mapping | None = None
        self._resolve = scalars.resolve
        self._open: Any = None
        self._column = -1
        self._waiting: str | None = None
        self._around: list[tuple[Any, int]] = []

    def read(self, lines: list[tuple[str, ...]]) -> None:
        resolve = self._resolve
        for indent, dash, key, empty, plain, quoted, block, item_dash, item, other in lines:
            line = self.line
            self.line += 1
            column = len(indent)
            if key:
                if dash:
                    self._collection(Sequence, column)
                    column += len(dash)
                    mapping = self._item(column)
                else:
                    mapping = self._open
                    if self._column != column or self._waiting is not None or type(mapping) is not Mapping:
                        mapping = self._collection(Mapping, column)
                if key in mapping or type(resolve(key)) is not str:
                    raise _OddError
                mapping.key_places.append(place_at(line, column + 1))
                if plain:
                    mapping[key] = resolve(plain)
                elif quoted:
                    mapping[key] = _text(quoted)
                elif empty:
                    mapping[key] = _emptiness(empty, place_at(line, column + len(key) + 3))
                elif block and not dash:
                    mapping[key] = _block(block)
                    self.line += block.count("\n")
                elif block:
                    raise _OddError
                else:
                    self._waiting = key
            elif item_dash:
                sequence = self._collection(Sequence, column)
                place = place_at(line, column + len(item_dash) + 1)
                sequence.item_places.append(place)
                if item:
                    sequence.append(resolve(item))
                else:
                    sequence.append(_emptiness(other, place) if other in ("{}", "[]") else _text(other))
        if self._waiting is not None:
            self._open[self._waiting] = None

    def _collection(self, kind: type[Any], column: int) -> Any:
        """The collection of this kind that a line at this column goes on with, or begins."""
        if self._waiting is not None:
            if column > self._column or (kind is Sequence and column == self._column):
                begun = kind(place_at(self.line - 1, column + 1))
                self._open[self._waiting] = begun
                self._enter(begun, column)
                return begun
            self._open[self._waiting] = None
            self._waiting = None
        while column < self._column:
            self._open, self._column = self._around.pop()
        if self._open is None:
            if kind is not Mapping or self.root is not None:
                raise _OddError
            self.root = Mapping(place_at(self.line - 1, column + 1))
            self._enter(self.root, column)
        elif kind is Mapping and type(self._open) is Sequence and column == self._column:
            self._open, self._column = self._around.pop()  # a list as far out as its key ends at the next key
        if column != self._column or type(self._open) is not kind:
            raise _OddError
        return self._open

    def _item(self, column: int) -> Mapping:
        """A mapping begun as the next item of the open list."""
        place = place_at(self.line - 1, column + 1)
        mapping = Mapping(place)
        self._open.append(mapping)
        self._open.item_places.append(place)
        self._enter(mapping, column)
        return mapping

    def _enter(self, begun: Any, column: int) -> None:
        self._around.append((self._open, self._column))
        if len(self._around) > DEEPEST_NESTING:
            raise _OddError
        self._open, self._column, self._waiting = begun, column, None


def _text(quoted: str) -> str | None:
    return None if quoted == "~" else quoted[1:-1]


def _emptiness(written: str, place: int) -> Mapping | Sequence:
    return Mapping(place) if written == "{}" else Sequence(place)


def _block(written: str) -> str:
    """The text of `|` and the lines behind it, of which the first says how far they are set in."""
    header, *lines = written.split("\n")
    width = len(lines[0]) - len(lines[0].lstrip(" "))
    if width == len(lines[0]) or any(line[:width].strip(" ") for line in lines):
        raise _OddError
    text = "\n".join([line[width:] for line in lines]).rstrip("\n")
    return text if header.startswith("|-") else text + "\n"
