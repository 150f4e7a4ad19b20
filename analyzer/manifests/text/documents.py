"""The documents of a YAML text, each read in the fastest way that reads it right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from analyzer.manifests.text.block_yaml import is_plain, read_block
from analyzer.manifests.text.nodes import Tree
from analyzer.manifests.text.scalars import PlainScalars

# What makes it unsafe to cut a text at the lines that start a document: directives, which stand before such a line,
# line breaks other than line feeds, and characters that YAML does not take, wherever they are.
_UNSAFE = re.compile(
    rb"^%|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]",
    re.MULTILINE,
)
_NEXT_PART = re.compile(rb"\n---(?=[ \t\r\n]|\Z)")
_SCALARS = PlainScalars()  # shared by all files: what a text means does not depend on where it stands


def read_documents(data: bytes) -> Iterator[Tree]:
    """The same as `read_yaml`."""
    is_all_plain = is_plain(data)
    if data.startswith(b"%") or b"\n%" in data or (not is_all_plain and _UNSAFE.search(data)):
        yield from _whole(data)
        return
    number = 0
    for part, first_line in _parts(data):
        block = read_block(part, _SCALARS, first_line) if is_all_plain or is_plain(part) else None
        if block is not None:
            yield Tree(block, block.place)
            number += 1
            continue
        for tree in _part(part, _SCALARS, first_line):
            if tree.is_broken:  # what is wrong, and where the reading goes on, hangs on what comes after
                yield from islice(_whole(data), number, None)
                return
            yield tree
            number += 1


# Most runs have no text to hand over, and loading PyYAML takes a tenth of the time of a small one.
def _whole(data: bytes) -> Iterator[Tree]:
    from analyzer.manifests.text.yaml_text import read_yaml

    return read_yaml(data)


def _part(data: bytes, scalars: PlainScalars, first_line: int) -> Iterator[Tree]:
    from analyzer.manifests.text.yaml_text import read_part

    return read_part(data, scalars, first_line)


def _parts(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The text cut before each line that starts a document, with the number of each part's first line."""
    start, first_line = 0, 1
    for found in _NEXT_PART.finditer(data):
        end = found.start() + 1
        yield data[start:end], first_line
        first_line += data.count(b"\n", start, end)
        start = end
    yield data[start:], first_line
