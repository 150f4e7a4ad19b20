"""Where in a text a part of an object stands: its line and column, and the lines that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE
from analyzer.manifests.text.nodes import Mapping, column_of, line_of
from analyzer.manifests.text.nodes import Sequence as Items
from analyzer.manifests.text.texts import read_trees
from analyzer.model.policies import PolicyLike
from analyzer.records import dataclass

Step = str | int
_LARGEST = 4 * 1024 * 1024  # a file with more is not read again to point into it


@dataclass(frozen=True, slots=True)
class Placed:
    """An object in a text.  `lines` are the whole file's; `is_block`: the object is written in block style."""

    file: str
    lines: Sequence[str]
    root: Mapping
    is_block: bool

    def start(self, *path: Step) -> tuple[int, int] | None:
        """Line and column of the field's key, or of the list's item behind its dash; None if it is not there."""
        node: Any = self.root
        place = self.root.place
        for step in path:
            if isinstance(node, Mapping) and isinstance(step, str) and step in node:
                place = node.place_of(step)
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node):
                place = (node.item_places or [node.place] * len(node))[step]
            else:
                return None
            node = node[step]
        return line_of(place), column_of(place)

    def end(self, *path: Step) -> int | None:
        """The last line of a field or an item in block style: the last that is indented deeper than where it begins."""
        found = self.start(*path)
        if found is None:
            return None
        line, column = found
        is_item = bool(path) and isinstance(path[-1], int)
        last = line
        for number in range(line + 1, len(self.lines) + 1):
            text = self.lines[number - 1]
            bare = text.lstrip(" ")
            if bare.startswith(("---", "...")) and bare == text:
                break
            if not bare or bare.startswith("#"):
                continue
            indent = len(text) - len(bare)
            deeper = indent >= column - 1 if is_item else indent > column - 1
            if not deeper and not (not is_item and indent == column - 1 and bare.startswith("- ")):
                break
            last = number
        return last


class Locator:
    """Finds objects in the texts that they were read from.  `read` gives a file's bytes, None if they are gone."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._texts: dict[str, tuple[list[str], list[tuple[Mapping, bool]]]] = {}

    def policy(self, policy: PolicyLike) -> Placed | None:
        """The object of that kind, namespace and name in the file that it was read from."""
        file = policy.source.file
        lines, roots = self._text(file)
        for root, is_block in roots:
            metadata = root.get("metadata")
            if root.get("kind") != policy.kind or not isinstance(metadata, Mapping):
                continue
            namespace = (metadata.get("namespace") or DEFAULT_NAMESPACE) if policy.namespace else None
            if metadata.get("name") == policy.name and namespace == policy.namespace:
                return Placed(file, lines, root, is_block)
        return None

    def line(self, file: str, number: int) -> str:
        """The line of that number; empty if it cannot be told."""
        lines, _ = self._text(file)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def lines(self, file: str) -> Sequence[str]:
        """All lines; none if the file is gone."""
        return self._text(file)[0]

    def _text(self, file: str) -> tuple[list[str], list[tuple[Mapping, bool]]]:
        if file not in self._texts:
            data = self._read(file)
            if data is None or len(data) > _LARGEST:
                self._texts[file] = ([], [])
            else:
                lines = data.decode("utf-8", "replace").split("\n")
                self._texts[file] = lines, list(_objects(data, lines))
        return self._texts[file]


def _objects(data: bytes, lines: Sequence[str]) -> Iterator[tuple[Mapping, bool]]:
    """Each object of a text, those of lists too, with whether it is written in block style."""
    for tree in read_trees(data):
        value = tree.value
        if not isinstance(value, Mapping):
            continue
        whole = value.again() if value.again is not None else value
        items = whole.get("items")
        if str(whole.get("kind", "")).endswith("List") and isinstance(items, Items):
            yield from ((item, _is_block(item, lines)) for item in items if isinstance(item, Mapping))
        else:
            yield whole, _is_block(whole, lines)


def _is_block(root: Mapping, lines: Sequence[str]) -> bool:
    """Whether its fields stand on lines of their own: what is written so can be edited line by line."""
    line = line_of(root.place)
    text = lines[line - 1].lstrip(" -") if 0 < line <= len(lines) else ""
    return bool(text) and not text.startswith(("{", '"', "[")) and "\t" not in text and not text.endswith("\r")
