"""A text in which one object becomes another: what differs is written anew, in the style around it, and no other byte
changes.  Block style, flow style and JSON, also where one stands in another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from analyzer.manifests.text.writing import block_item, block_lines, flow_text, json_text
from analyzer.records import dataclass

_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_INDENTED = re.compile(r"\n([ \t]+)\S")


def rewritten(text: str, line: int, column: int, old: Any, new: Any) -> str | None:
    """The text once the mapping that starts at line and column, counted from 1, and says `old`, says `new`.

    None where it cannot be done: an alias stands in the way, or YAML that libyaml reads in another way.
    """
    start = _offset(text, line)
    before = [found.start() for found in _MARKER.finditer(text, 0, start + 3) if found.start() <= start]
    begin = before[-1] if before else 0
    after = _MARKER.search(text, max(start, begin + 1))
    part = text[begin : after.start() if after else len(text)]
    loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    try:
        document = yaml.compose(part, Loader=loader)
        root = _node_at(document, (text.count("\n", begin, start), column - 1))
        if root is None:
            return None
        writer = _Writer(part)
        writer.write(root, old, new)
        return text[:begin] + writer.text() + text[begin + len(part) :]
    except (yaml.YAMLError, _UnwritableError):
        return None


class _UnwritableError(Exception):
    """What is to change stands where it cannot be changed alone."""


def _offset(text: str, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
    return at


def _node_at(node: Node | None, at: tuple[int, int]) -> Node | None:
    """The mapping that starts there: the document, or an item of a list in it."""
    if isinstance(node, MappingNode) and (node.start_mark.line, node.start_mark.column) == at:
        return node
    if isinstance(node, MappingNode):
        items = next((value for key, value in node.value if key.value == "items"), None)
        for item in items.value if isinstance(items, SequenceNode) else ():
            if (item.start_mark.line, item.start_mark.column) == at and isinstance(item, MappingNode):
                return item
    return None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A field or an item: from where to where it stands, and the node of its value."""

    start: int
    end: int
    node: Node


class _Writer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._changes: list[tuple[int, int, str]] = []
        found = _INDENTED.search(text)
        self._step = found.group(1) if found else None

    def text(self) -> str:
        """The text with the changes made.  _UnwritableError if two of them touch."""
        text, is_windows = self._text, "\r\n" in self._text
        changes = _joined(sorted(self._changes), text)
        if any(one[1] > two[0] for one, two in pairwise(changes)):
            raise _UnwritableError
        for start, end, by in reversed(changes):
            text = text[:start] + (by.replace("\n", "\r\n") if is_windows else by) + text[end:]
        return text

    def write(self, node: Node, old: Any, new: Any) -> None:
        """Note what of the node has to change; the root stands in a document, or as an item of a list."""
        if old == new:
            return
        if isinstance(node, MappingNode) and isinstance(new, dict) and node.value and new:
            self._mapping(node, old, new)
        elif isinstance(node, SequenceNode) and isinstance(new, list) and node.value and new:
            self._sequence(node, old, new)
        else:
            self._value(node, new)

    # ---------------------------------------------------------------------------------------- mappings
    def _mapping(self, node: MappingNode, old: dict[str, Any], new: dict[str, Any]) -> None:
        entries = {k.value: _Entry(k.start_mark.index, self._end(v), v) for k, v in node.value if _is_own(v, k)}
        if len(entries) < len(node.value):
            raise _UnwritableError
        for key, entry in entries.items():
            if key in new and key in old:
                self.write(entry.node, old[key], new[key])
        listed = list(entries.values())
        kept = [key in new for key in entries]
        added = {key: value for key, value in new.items() if key not in entries}
        if node.flow_style:
            fields = [self._flow_field(node, key, value) for key, value in added.items()]
            self._flow(node, listed, kept, fields)
            return
        column = self._column(listed[0].start)
        if not any(kept):
            self._changes.append((listed[0].start, listed[-1].end, _indented(block_lines(added), column)))
            return
        self._remove_lines(listed, kept)
        if added:
            last = max(place for place, is_kept in enumerate(kept) if is_kept)
            self._insert_lines(listed[last].end, column, block_lines(added))

    def _flow_field(self, node: Node, key: str, value: Any) -> str:
        name = flow_text(key) if not self._is_json(node) else json.dumps(key, ensure_ascii=False)
        colon = ":" if self._is_json(node) and self._is_dense() else ": "
        return f"{name}{colon}{self._inline(node, value)}"

    # ---------------------------------------------------------------------------------------- lists
    def _sequence(self, node: SequenceNode, old: Sequence[Any], new: Sequence[Any]) -> None:
        entries = [_Entry(it.start_mark.index, self._end(it), it) for it in node.value]
        befores = [node, *node.value]
        if len(entries) != len(old) or not all(map(_is_own, node.value, befores)):
            raise _UnwritableError
        kept, added = [True] * len(old), list[Any]()
        one, two = ([json.dumps(it, sort_keys=True) for it in items] for items in (old, new))
        steps = SequenceMatcher(None, one, two, autojunk=False).get_opcodes()
        if any(j2 - j1 > i2 - i1 and i2 < len(old) for _, i1, i2, j1, j2 in steps):  # one more that is not the last
            steps = [("replace", 0, len(old), 0, len(new))]
        for tag, i1, i2, j1, j2 in steps:
            if tag == "equal":
                continue
            while i1 < i2 and j1 < j2:
                if i1 + 1 < i2 and _is_joined(old[i1], old[i1 + 1], new[j1]) and self._join(node, entries, i1):
                    i1 += 1
                else:
                    self.write(entries[i1].node, old[i1], new[j1])
                    kept[i1 + 1 : i2] = [False] * (i2 - i1 - 1) if j1 + 1 == j2 else kept[i1 + 1 : i2]
                i1, j1 = i1 + 1, j1 + 1
            kept[i1:i2] = [False] * (i2 - i1)
            added += new[j1:j2]
        if node.flow_style:
            self._flow(node, entries, kept, [self._inline(node, it) for it in added])
            return
        dashes = [_Entry(self._dash(entry, node), entry.end, entry.node) for entry in entries]
        self._remove_lines(dashes, kept)
        if added:
            lines = [line for it in added for line in block_item(it)]
            self._insert_lines(entries[-1].end, self._dashes(node), lines)

    def _join(self, node: SequenceNode, entries: Sequence[_Entry], place: int) -> bool:
        """Make one item of the item and the next one, where both are written alike."""
        one, two = entries[place], entries[place + 1]
        if _is_flow(one.node) is not _is_flow(two.node) or not (one.node.value and two.node.value):
            return False
        if not _is_flow(one.node):
            if node.flow_style or one.node.start_mark.column != two.node.start_mark.column:
                return False
            dash = self._dash(two, node)
            self._changes.append((dash, dash + 1, " "))
            return True
        first, last = self._fields(one.node), self._fields(two.node)
        if node.flow_style:
            self._changes.append((first[-1].end, last[0].start, self._separator(one.node, first)))
            return True
        moved = self._text[last[0].start : last[-1].end]
        self._changes.append((first[-1].end, first[-1].end, self._separator(one.node, first) + moved))
        self._remove_lines([_Entry(self._dash(two, node), two.end, two.node)], [False])
        return True

    def _fields(self, node: Node) -> list[_Entry]:
        return [_Entry(key.start_mark.index, self._end(value), value) for key, value in node.value]

    def _dash(self, entry: _Entry, node: Node) -> int:
        """Where the item's dash is, alone on its line before it."""
        dash = self._text.rfind("-", 0, entry.start)
        if dash < 0 or self._text[dash + 1 : entry.start].strip() or self._column(dash) != self._dashes(node):
            raise _UnwritableError
        return dash

    def _dashes(self, node: Node) -> int:
        """The column of a list's dashes; where it has an anchor it starts elsewhere."""
        return self._column(self._text.rfind("-", 0, node.value[0].start_mark.index))

    # ---------------------------------------------------------------------------------------- lines
    def _column(self, at: int) -> int:
        return at - (self._text.rfind("\n", 0, at) + 1)

    def _insert_lines(self, end: int, column: int, lines: Sequence[str]) -> None:
        """Lines behind the one in which something ends, indented."""
        at = self._text.find("\n", end)
        at = len(self._text) if at < 0 else at - (self._text[at - 1] == "\r")
        self._changes.append((at, at, "".join(f"\n{' ' * column}{line}" for line in lines)))

    def _remove_lines(self, entries: Sequence[_Entry], kept: Sequence[bool]) -> None:
        """The lines of the entries that are not kept; behind a dash what is kept next takes their place."""
        reached = 0
        for place, (entry, is_kept) in enumerate(zip(entries, kept, strict=True)):
            if is_kept or entry.start < reached:
                continue
            start = self._text.rfind("\n", 0, entry.start) + 1
            if self._text[start : entry.start].strip():
                reached = next((it.start for it, stays in zip(entries[place:], kept[place:], strict=True) if stays), 0)
                if not reached:
                    raise _UnwritableError
                self._changes.append((entry.start, reached, ""))
                continue
            end = self._text.find("\n", entry.end) + 1 or len(self._text)
            self._changes.append((start, end, ""))

    def _end(self, node: Node) -> int:
        """Behind the last character of a node; libyaml's own mark of a collection in block style is further on."""
        if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        end = node.end_mark.index
        return max(len(self._text[:end].rstrip()), node.start_mark.index)

    # ---------------------------------------------------------------------------------------- flow style
    def _flow(self, node: Node, entries: Sequence[_Entry], kept: Sequence[bool], added: Sequence[str]) -> None:
        """Entries between brackets: some go, others are put in behind the last one."""
        if not any(kept):
            inside = (entries[0].start, entries[-1].end) if entries else (node.start_mark.index + 1,) * 2
            self._changes += [(*inside, self._separator(node, entries).join(added))] if added or entries else []
            return
        last = max(place for place, is_kept in enumerate(kept) if is_kept)
        for place, is_kept in enumerate(kept[:last]):
            if not is_kept:
                self._changes.append((entries[place].start, entries[place + 1].start, ""))
        behind = "".join(self._separator(node, entries) + text for text in added)
        if behind or last + 1 < len(entries):
            self._changes.append((entries[last].end, entries[-1].end, behind))

    def _separator(self, node: Node, entries: Sequence[_Entry]) -> str:
        """What stands between two entries."""
        if len(entries) > 1:
            between = self._text[entries[-2].end : entries[-1].start]
            if between.strip() == ",":
                return between
        if entries:
            lead = self._text[node.start_mark.index + 1 : entries[0].start]
            if "\n" in lead and not lead.strip():
                return f",{lead}"
        return "," if self._is_json(node) and self._is_dense() else ", "

    def _value(self, node: Node, new: Any) -> None:
        """Another value in the place of a node."""
        start, end = node.start_mark.index, self._end(node)
        lead = self._text[:start].rstrip(" ")
        in_block = not self._in_flow(node) and isinstance(new, dict | list) and new
        if isinstance(node, MappingNode | SequenceNode) and not node.flow_style:
            lead = self._text[:start].rstrip()
            start = len(lead)
            self._changes.append((start, end, f" {flow_text(new)}"))
        elif in_block and lead.endswith(":"):
            column = self._column(len(lead)) - len(self._text[: len(lead)].rpartition("\n")[2].lstrip(" -"))
            self._changes.append((len(lead), end, ""))
            self._insert_lines(end, column + 2, block_lines(new))
        elif in_block and lead.endswith("-"):
            self._changes.append((start, end, _indented(block_lines(new), self._column(start))))
        else:
            self._changes.append((start, end, self._inline(node, new)))

    def _in_flow(self, node: Node) -> bool:
        """Whether some bracket before the node is still open: one of the collections around it is in flow style."""
        depth = 0
        for token in _tokens(self._text, node.start_mark.index):
            depth += 1 if token in "{[" else -1
        return depth > 0

    def _inline(self, node: Node, value: Any) -> str:
        """The value as it is written between the brackets of the node, or in its place."""
        if not self._is_json(node):
            return flow_text(value)
        if self._is_dense():
            return json_text(value, None, is_dense=True)
        at = node.start_mark.index
        if not self._text[at : self._end(node)].count("\n") or not isinstance(value, dict | list) or not value:
            return json_text(value, None, is_dense=False)
        line = self._text[self._text.rfind("\n", 0, at) + 1 : at]
        margin = line[: len(line) - len(line.lstrip())]
        step = self._step or "  "
        margin += step if isinstance(node, MappingNode | SequenceNode) else ""
        return json_text(value, step, is_dense=False).replace("\n", f"\n{margin}")

    def _is_json(self, node: Node) -> bool:
        """The document is JSON: its first character opens a mapping, and its first key is in quotes."""
        return re.match(r"(?:---)?\s*\{\s*\"", self._text) is not None

    def _is_dense(self) -> bool:
        return re.search(r"\"\s*:\s", self._text) is None


def _joined(changes: Sequence[tuple[int, int, str]], text: str) -> list[tuple[int, int, str]]:
    """Lines put in behind one that goes take its place."""
    found: list[tuple[int, int, str]] = []
    for start, end, by in changes:
        first, last, with_what = found[-1] if found else (0, 0, "")
        is_behind = start == end and by.startswith("\n") and not with_what and first < start <= last
        if is_behind and text[start:last] in ("\n", "\r\n", "") and text[:first].endswith("\n"):
            found[-1] = (first, last, by[1:] + ("\n" if text[start:last] else ""))
        else:
            found.append((start, end, by))
    return found


def _is_flow(node: Node) -> bool:
    return isinstance(node, MappingNode | SequenceNode) and bool(node.flow_style)


def _tokens(text: str, end: int) -> Iterator[str]:
    """The brackets of flow style before an offset."""
    scan: Callable[..., Any] = yaml.scan
    for token in scan(text, Loader=yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):
        if token.start_mark.index >= end:
            return
        if token.id in ("{", "}", "[", "]"):
            yield token.id


def _indented(lines: Sequence[str], column: int) -> str:
    """Lines of which the first stands where the column is."""
    return f"\n{' ' * column}".join(lines)


def _is_own(node: Node, before: Node) -> bool:
    """It stands behind what is before it, and not, by an alias, elsewhere."""
    return bool(node.start_mark.index >= before.start_mark.index)


def _is_joined(one: Any, two: Any, whole: Any) -> bool:
    return isinstance(one, dict) and isinstance(two, dict) and not one.keys() & two.keys() and whole == {**one, **two}
