"""Where in a text a part of an object stands, and the text once the object says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from analyzer.errors import InputError
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE
from analyzer.manifests.text.nodes import Mapping as Fields
from analyzer.manifests.text.nodes import Sequence as Items
from analyzer.manifests.text.nodes import column_of, line_of
from analyzer.manifests.text.rewriting import rewritten
from analyzer.manifests.text.texts import read_trees
from analyzer.manifests.text.writing import block_lines
from analyzer.model.cluster import Cluster
from analyzer.model.policies import PolicyLike
from analyzer.records import dataclass

Step = str | int
_LARGEST = 4 * 1024 * 1024  # a file with more is not read again to point into it
_OF_CALICO = "projectcalico.org"


@dataclass(frozen=True, slots=True)
class Placed:
    """An object in a text.  `lines` are the whole file's, `number` is the object's among those of the file."""

    file: str
    lines: Sequence[str]
    root: Fields
    number: int

    @property
    def value(self) -> Any:
        """What the object says, to be changed at will."""
        return _plain(self.root)

    def start(self, *path: Step) -> tuple[int, int] | None:
        """Line and column of the field's key, or of the list's item behind its dash; None if it is not there."""
        node: Any = self.root
        place = self.root.place
        for step in path:
            if isinstance(node, Fields) and isinstance(step, str) and step in node:
                place = node.place_of(step)
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node):
                place = (node.item_places or [node.place] * len(node))[step]
            else:
                return None
            node = node[step]
        return line_of(place), column_of(place)

    def rewritten(self, value: Any) -> Sequence[str] | None:
        """The file's lines once the object says `value`; None if the text cannot be changed so, and nothing else."""
        text = "\n".join(self.lines)
        found = rewritten(text, line_of(self.root.place), column_of(self.root.place), self.value, value)
        if found is None:
            return None
        wanted = [_plain(root) for root in _objects(text.encode())]
        wanted[self.number] = value
        is_so = [_plain(root) for root in _objects(found.encode())] == wanted
        return found.split("\n") if is_so else None


class Locator:
    """Finds objects in the texts that they were read from.

    `read` gives a file's bytes, None if they are gone; `reread` the cluster that there is once files hold other texts;
    `takes` says of a file that is not there whether it would be read.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        reread: Callable[[Mapping[str, bytes]], Cluster] | None = None,
        takes: Callable[[str], bool] | None = None,
    ) -> None:
        self._read, self._reread, self._takes = read, reread, takes
        self._texts: dict[str, tuple[list[str], list[Fields]]] = {}

    def policy(self, policy: PolicyLike) -> Placed | None:
        """The object of that kind, namespace and name in the file that it was read from."""
        file = policy.source.file
        lines, roots = self._text(file)
        for number, root in enumerate(roots):
            metadata = root.get("metadata")
            if root.get("kind") != policy.kind or not isinstance(metadata, Fields):
                continue
            is_of_calico = _OF_CALICO in str(root.get("apiVersion"))
            namespace = (metadata.get("namespace") or DEFAULT_NAMESPACE) if policy.namespace else None
            is_so = metadata.get("name") == policy.name and namespace == policy.namespace
            if is_so and is_of_calico is (policy.scale == _OF_CALICO):
                whole = root.again() if root.again is not None else root  # a sketch knows no places inside
                return Placed(file, lines, whole, number)
        return None

    def line(self, file: str, number: int) -> str:
        """The line of that number; empty if it cannot be told."""
        lines, _ = self._text(file)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def lines(self, file: str) -> Sequence[str]:
        """All lines; none if the file is gone."""
        return self._text(file)[0]

    def written(self, value: Any) -> Sequence[str]:
        """The lines of an object that is new."""
        return block_lines(value)

    def changed(self, files: Mapping[str, Sequence[str]]) -> Cluster | None:
        """The cluster that there is once the files hold these lines; None if it cannot be told, or something is wrong
        with them."""
        if self._reread is None:
            return None
        try:
            return self._reread({file: "\n".join(lines).encode() for file, lines in files.items()})
        except InputError:
            return None

    def with_files(self, files: Mapping[str, Sequence[str]]) -> Locator:
        """The same once the files hold these lines."""
        there = {file: "\n".join(lines).encode() for file, lines in files.items()}
        reread = self._reread

        def read(file: str) -> bytes | None:
            return there[file] if file in there else self._read(file)

        return Locator(read, (lambda more: reread({**there, **more})) if reread is not None else None, self._takes)

    def takes(self, file: str) -> bool:
        """Whether a new file of that name would be read with the others."""
        return self._takes is None or self._takes(file)

    def _text(self, file: str) -> tuple[list[str], list[Fields]]:
        if file not in self._texts:
            data = self._read(file)
            if data is None or len(data) > _LARGEST:
                self._texts[file] = ([], [])
            else:
                self._texts[file] = data.decode("utf-8", "replace").split("\n"), list(_objects(data))
        return self._texts[file]


def _objects(data: bytes) -> Iterator[Fields]:
    """Each object of a text, those of lists too."""
    for tree in read_trees(data):
        value = tree.value
        if not isinstance(value, Fields):
            continue
        whole = value.again() if value.again is not None else value
        items = whole.get("items")
        if str(whole.get("kind", "")).endswith("List") and isinstance(items, Items):
            yield from (item for item in items if isinstance(item, Fields))
        else:
            yield whole


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
