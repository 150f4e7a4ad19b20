"""Bytes to document trees: which encoding, YAML or JSON, or no manifest at all but a template or something binary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from analyzer.manifests.text.documents import read_documents
from analyzer.manifests.text.json_text import read_json
from analyzer.manifests.text.nodes import Fault, Tree, line_of, place_at
from analyzer.manifests.text.section import RENDER_HINT

_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
# How the pointers begin that stand in a repository for files kept elsewhere (git-lfs docs/spec.md; git-annex pointers).
ELSEWHERE = {
    b"version https://git-lfs.github.com/spec/": "Git LFS",
    b"version https://hawser.github.com/spec/": "Git LFS",
    b"/annex/objects/": "git-annex",
}
_UTF8_BOM = b"\xef\xbb\xbf"
_CROWDED_MARKER = re.compile(rb"\n---[ \t\r]*+[^\s#][^\n]*+")  # behind a newline: what begins so is found soonest
_ACTION = re.compile(rb"(?<![\"'])\{\{")
_NEXT_DOCUMENT = re.compile(rb"^---", re.MULTILINE)
_KIND_LINE = re.compile(rb"""^[ \t]*(?:-[ \t]+)*["']?kind["']?[ \t]*:[ \t]*["']?([A-Za-z][A-Za-z0-9]*)""", re.MULTILINE)


def read_trees(data: bytes) -> Iterator[Tree]:
    """The documents of a file.  A text that cannot be read ends in a broken tree."""
    fault = _encoding_fault(data)
    if fault is not None:
        yield Tree.broken([fault])
        return
    data = data.removeprefix(_UTF8_BOM)
    if data.lstrip()[:1] in (b"{", b"[") and not data.lstrip().startswith(b"{{"):
        yield from _json_or_yaml(data)
        return
    yield from _crowded_markers(data)
    template = _Template(data)
    last = 0
    for tree in read_documents(data):
        if tree.faults and template.breaks(tree):
            message = "is a template, not a manifest: it holds `{{ … }}`"
            fault = Fault(template.place, message, RENDER_HINT)
            yield Tree(None, fault.place, (fault,), True, template.kinds(last))
            return
        last = line_of(tree.place)
        yield tree


def _crowded_markers(data: bytes) -> Iterator[Tree]:
    """The lines that start with `---` and have more than a comment on them: YAML takes them, and kubectl does not."""
    lines = b"\n" + data
    for found in _CROWDED_MARKER.finditer(lines):
        if b"{{" not in found.group():
            place = place_at(lines.count(b"\n", 0, found.start() + 1), 1)
            message = "nothing but a comment may stand on the line behind `---`: kubectl reads no such document"
            yield Tree.broken([Fault(place, message, "begin the document on the next line")])


def _json_or_yaml(data: bytes) -> Iterator[Tree]:
    """A text that starts like JSON; flow-style YAML does too, and says so by not being JSON but YAML."""
    trees = list(read_json(data.decode()))
    if trees and trees[-1].is_broken:
        as_yaml = list(read_documents(data))
        if not any(tree.is_broken for tree in as_yaml):
            trees = as_yaml
    yield from trees


def _encoding_fault(data: bytes) -> Fault | None:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return Fault(0, f"is encoded in {name}", "save it as UTF-8")
    for start, keeper in ELSEWHERE.items():
        if data.startswith(start):
            message = f"is a pointer of {keeper}: what the file holds is kept elsewhere"
            return Fault(0, message, "fetch it, as with `git lfs pull`; `diff` then compares two directories")
    if b"\0" in data:
        if len(data) > 3 and (data[1::2].count(0) * 3 > len(data) or data[::2].count(0) * 3 > len(data)):
            return Fault(0, "is encoded in UTF-16", "save it as UTF-8")
        return Fault(0, "is a binary file, no manifest")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - before.rfind(b"\n")
        place = place_at(before.count(b"\n") + 1, column)
        return Fault(place, f"is not encoded in UTF-8: byte 0x{data[error.start]:02x} makes no character here")
    return None


class _Template:
    """The template actions of a text, looked for only when something is wrong with it.

    Manifests may hold actions as quoted or block text; only one that is neither breaks the reading.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def breaks(self, tree: Tree) -> bool:
        """Whether an action may be what made the tree faulty."""
        if not self.place:
            return False
        return tree.is_broken or any(line_of(fault.place) in self._lines for fault in tree.faults)

    @cached_property
    def place(self) -> int:
        """Where the first action stands that is not quoted; 0 if there is none."""
        found = _ACTION.search(self._data)
        if found is None:
            return 0
        start = found.start()
        return place_at(self._data.count(b"\n", 0, start) + 1, start - self._data.rfind(b"\n", 0, start))

    def kinds(self, last: int) -> tuple[str, ...]:
        """The kinds that lines name below the document that starts at line `last`, the last one read; 0 for none."""
        rest = b"\n".join(self._data.split(b"\n")[last:])
        begin = _NEXT_DOCUMENT.search(rest) if last else None
        found = _KIND_LINE.findall(rest, begin.start() if begin else 0)
        return tuple(dict.fromkeys(kind.decode("ascii") for kind in found))

    @cached_property
    def _lines(self) -> frozenset[int]:
        """The lines that hold an action."""
        return frozenset(n for n, line in enumerate(self._data.split(b"\n"), 1) if b"{{" in line)
