"""The YAML that manifests are mostly written in, read line by line: many times faster than event by event.

Block mappings, block lists, scalars and simple flow collections that stand on one line, comments, and text blocks of
the form `|`; plain ASCII.  Everything else is handed over: anchors, tags, merge keys, text over several lines, escapes,
odd indentation, duplicate keys, and whatever is no YAML at all.  What is not handed over means here what it
means to `analyzer.manifests.text.yaml_text`, places included.
"""

from __future__ import annotations

import re
from typing import Any

from analyzer.manifests.text.flow_yaml import FLOW, OddFlowError, read_flow
from analyzer.manifests.text.nodes import Mapping, Sequence, place_at
from analyzer.manifests.text.scalars import NoJSONError, PlainScalars

DEEPEST_NESTING = 100

_REST = r"[^ :\n]*+(?::+[^ :\n]++)*+"  # of a word: a colon belongs to it unless it ends it
_PLAIN = rf"(?:[A-Za-z0-9_./$]|-(?=[^ :\n])){_REST}(?: ++[^ :#\n]{_REST})*+"
_QUOTED = r"\"[^\"\\\n]*+\"|'[^'\n]*+'|~"
# Lines further in than the key, and those without anything between them.
_BLOCK = r"\|-? *+(?:(?:\n *+(?=\n))*+\n(?P=indent) ++[^ \n][^\n]*+(?=\n))++"
_END = r"(?: ++#[^\n]*+| *+)$"
_LINE = re.compile(
    r"^(?P<indent> *+)(?:"
    rf"(- ++)?([A-Za-z_./][-A-Za-z0-9_./]{{0,200}}+):(?: ({FLOW})| ++(?:({_PLAIN})|({_QUOTED})|({_BLOCK})))?{_END}"
    rf"|(- ++)(?:({_PLAIN})|({_QUOTED}|{FLOW})){_END}"
    r"|(?:#[^\n]*+(?=\n)|(?<! )$))",  # a last line without an end may belong to a block
    re.MULTILINE,
)
_MARKER = re.compile(r"--- *+(?:(?<= )#[^\n]*+)?\n")
_ROOT = ""  # no line has an empty key
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\n"


def is_plain(data: bytes) -> bool:
    """Whether there is nothing but printable ASCII and line feeds."""
    return not data.translate(None, _PRINTABLE)


def read_block(data: bytes, scalars: PlainScalars, first_line: int) -> Mapping | Sequence | None:
    """The value of one plain document, its first line having this number; None if it is to be handed over."""
    text = data.decode("ascii")
    marker = _MARKER.match(text)
    start = marker.end() if marker else 0
    lines = _LINE.findall(text, start)
    try:
        root, line = _built(lines, scalars, first_line + (1 if marker else 0))
    except (_OddError, OddFlowError, NoJSONError):
        return None
    # A line that is not understood is not among those found.
    return root if line - first_line == text.count("\n") + 1 else None


class _OddError(Exception):
    """Something that is left to the reader of all YAML."""


def _built(lines: list[tuple[str, ...]], scalars: PlainScalars, line: int) -> tuple[Any, int]:
    """The value that the lines are, the first having this number, and the number after the last.

    Every line of every file passes here, so the common cases stand inline.  The innermost open collection begins at a
    column; its last key may still wait for its value; the others are those around it.
    """
    top: Any = Mapping()
    waiting: str | None = _ROOT
    top_column = -1
    around: list[tuple[Any, int]] = []
    resolve = scalars.resolve
    for indent, dash, key, flow, plain, quoted, block, item_dash, item, other in lines:
        if not (key or item_dash):
            line += 1
            continue
        column = len(indent)
        is_item = bool(dash or item_dash)
        if waiting is not None:
            if column > top_column or (is_item and column == top_column):
                begun = Sequence(place_at(line, column + 1)) if is_item else Mapping(place_at(line, column + 1))
                top[waiting] = begun
                around.append((top, top_column))
                top, top_column = begun, column
            else:
                top[waiting] = None
            waiting = None
        while column < top_column or (column == top_column and not is_item and type(top) is Sequence):
            top, top_column = around.pop()
        if column != top_column or (type(top) is Sequence) is not is_item:
            raise _OddError
        if dash:
            column += len(dash)
            begun = Mapping(place_at(line, column + 1))
            top.append(begun)
            top.item_places.append(begun.place)
            around.append((top, top_column))
            top, top_column = begun, column
        elif item_dash:
            column += len(item_dash) + 1
            top.item_places.append(place_at(line, column))
            if item:
                top.append(resolve(item))
            else:
                top.append(read_flow(other, scalars, line, column) if other[0] in "[{" else _text(other))
            line += 1
            continue
        if key in top or type(resolve(key)) is not str or len(around) > DEEPEST_NESTING:
            raise _OddError
        top.key_places.append(place_at(line, column + 1))
        if plain:
            top[key] = resolve(plain)
        elif quoted:
            top[key] = _text(quoted)
        elif flow:
            top[key] = read_flow(flow, scalars, line, column + len(key) + 3)
        elif block:
            if dash:
                raise _OddError
            top[key] = _block(block)
            line += block.count("\n")
        else:
            waiting = key
        line += 1
    if waiting is not None:
        top[waiting] = None
    root = around[0][0] if around else top
    return root.get(_ROOT), line


def _text(quoted: str) -> str | None:
    return None if quoted == "~" else quoted[1:-1]


def _block(written: str) -> str:
    """The text of `|` and the lines behind it, of which the first says how far they are set in."""
    header, *lines = written.split("\n")
    width = len(lines[0]) - len(lines[0].lstrip(" "))
    if width == len(lines[0]) or any(line[:width].strip(" ") for line in lines):
        raise _OddError
    text = "\n".join([line[width:] for line in lines]).rstrip("\n")
    return text if header.startswith("|-") else text + "\n"
