"""YAML text to trees, straight from libyaml's events: no recursion, aliases bounded, every node with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from analyzer.manifests.text.nodes import Fault, Mapping, Sequence, Tree, line_of, place_at
from analyzer.manifests.text.scalars import (
    MAPPING_TAGS,
    SEQUENCE_TAGS,
    NoJSONError,
    PlainScalars,
    Scalar,
    forced,
    short_tag,
)

MOST_EXPANDED_NODES = 1_000_000  # what aliases may add to one document
DEEPEST_NESTING = 256
DOCUMENT_START = re.compile(rb"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_MISSING = object()
_QUOTE_IT = "put it in quotes if text is meant"


def read_yaml(data: bytes) -> Iterator[Tree]:
    """The documents of a text in UTF-8, in order.

    After a syntax error, which ends in a broken tree, reading goes on at the next line that starts a document, one
    document at a time.
    """
    scalars = PlainScalars()
    composer = _Composer(data, scalars, 1)
    yield from composer.documents()
    if composer.broken_at is None:
        return
    found = DOCUMENT_START.search(data, max(_offset_of_line(data, composer.broken_at - 1), 1))
    first_line = data.count(b"\n", 0, found.start()) + 1 if found else 0
    while found is not None:
        start = found.start()
        found = DOCUMENT_START.search(data, start + 1)
        end = found.start() if found else len(data)
        yield from _Composer(data[start:end], scalars, first_line).documents()
        first_line += data.count(b"\n", start, end)


def read_part(data: bytes, scalars: PlainScalars, first_line: int) -> Iterator[Tree]:
    """The documents of a part of a text, whose first line has this number; ends at a syntax error."""
    return _Composer(data, scalars, first_line).documents()


def _offset_of_line(data: bytes, lines_before: int) -> int:
    """The offset of the line that so many others precede."""
    offset = 0
    for _ in range(lines_before):
        offset = data.find(b"\n", offset) + 1
        if not offset:
            return len(data)
    return offset


def _events_of(data: bytes) -> Callable[[], Any]:
    """The reader of the next event: libyaml's if PyYAML was built with it."""
    loader: Any = yaml.CSafeLoader(data) if yaml.__with_libyaml__ else yaml.SafeLoader(data)
    reader: Callable[[], Any] = loader.get_event
    return reader


# What happens where files are put together by `cat`.
_TWO_DOCUMENTS = "keep one of them; of two objects put a line `---` between"


class _ExcessError(Exception):
    """Stops a document that no manifest can be: too deep, or blown up by aliases."""


class _Composer:
    def __init__(self, data: bytes, scalars: PlainScalars, first_line: int) -> None:
        self._data = data
        self._scalars = scalars
        self._first_line = first_line
        self._faults: list[Fault] = []
        self._merges: dict[int, list[tuple[Any, int]]] = {}  # values of `<<`, by the identity of their open mapping
        self.broken_at: int | None = None  # the line of the syntax error that ended the reading

    def documents(self) -> Iterator[Tree]:
        place = place_at(self._first_line, 1)
        try:
            next_event = _events_of(self._data)
            while True:
                event = next_event()
                if type(event) is StreamEndEvent:
                    return
                if type(event) is not DocumentStartEvent:
                    continue
                self._faults = []
                place = self._place(event)
                if event.version or event.tags:
                    message = "a directive (`%YAML`, `%TAG`) stands before this document: kubectl reads none"
                    self._faults.append(Fault(place, message, "remove the line that starts with `%`"))
                value = self._compose(next_event)
                yield Tree(value, _start_of(value, place), tuple(self._faults))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if error.context_mark and "quoted" in (error.context or ""):
                mark = error.context_mark  # where the quotes open says more than where the text ends
            at = place_at(mark.line + self._first_line, mark.column + 1) if mark else place
            yield self._broken(
                Fault(at, f"cannot be read as YAML: {_sentence(error)}", _syntax_hint(self._data, mark, error))
            )
        except yaml.reader.ReaderError as error:
            line, column = _line_and_column(self._data, error)
            at = place_at(line + self._first_line, column)
            yield self._broken(Fault(at, f"cannot be read as YAML: control character {_code_point(error)}"))
        except _ExcessError:
            yield self._broken(self._faults.pop())

    def _broken(self, last: Fault) -> Tree:
        self.broken_at = line_of(last.place)
        return Tree.broken([*self._faults, last])

    def _place(self, event: Any) -> int:
        mark = event.start_mark
        return place_at(mark.line + self._first_line, mark.column + 1)

    def _compose(self, next_event: Callable[[], Any]) -> Any:
        """The value of one document: a loop with a stack of the collections that are open.

        Every node of every file passes here, so the common cases stand inline.
        """
        stack: list[tuple[Any, Any, int]] = []
        anchors: dict[str, tuple[Any, int]] = {}
        open_anchors: dict[int, tuple[str, int]] = {}
        collection: Any = None
        key: Any = _MISSING
        key_place = nodes = expanded = 0
        resolve, first_line = self._scalars.resolve, self._first_line
        while True:
            event = next_event()
            kind = type(event)
            mark = event.start_mark
            place = place_at(mark.line + first_line, mark.column + 1)
            nodes += 1
            if kind is ScalarEvent:
                is_plain = event.implicit[0]
                try:
                    value: Any = resolve(event.value) if is_plain else self._tagged(event, place)
                except NoJSONError:
                    value = self._no_json(event.value, place, is_key=key is _MISSING and type(collection) is Mapping)
                if event.anchor is not None:
                    anchors[event.anchor] = (value, 1)
                if key is _MISSING and is_plain and value == "<<" and type(collection) is Mapping:
                    value = _Merge
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                stack.append((collection, key, key_place))
                if len(stack) > DEEPEST_NESTING:
                    self._stop(place, f"nested more than {DEEPEST_NESTING} deep")
                collection = Mapping(place) if kind is MappingStartEvent else Sequence(place)
                if event.tag is not None:
                    self._check_collection_tag(event, place)
                if event.anchor is not None:
                    anchors.pop(event.anchor, None)
                    open_anchors[id(collection)] = (event.anchor, nodes)
                key = _MISSING
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = collection
                if self._merges and id(value) in self._merges:
                    expanded += self._merge(value)
                if open_anchors and id(value) in open_anchors:
                    name, before = open_anchors.pop(id(value))
                    anchors[name] = (value, nodes - before + 1)
                collection, key, key_place = stack.pop()
                place = value.place
            else:
                value, size = self._aliased(event.anchor, anchors, open_anchors, place)
                nodes += size
                expanded += size
            if expanded > MOST_EXPANDED_NODES:
                self._stop(place, f"its aliases expand to more than {MOST_EXPANDED_NODES:,} nodes")
            if type(collection) is Sequence:
                collection.append(value)
                collection.item_places.append(place)
            elif collection is None:
                next_event()  # the end of the document
                return value
            elif key is _MISSING:
                key, key_place = value if type(value) is str else self._key(value, place), place
            else:
                if type(key) is str and key not in collection:
                    collection[key] = value
                    collection.key_places.append(key_place)
                else:
                    self._put(collection, key, key_place, value, place)
                key = _MISSING

    def _stop(self, place: int, message: str) -> None:
        self._faults.append(Fault(place, message, "no Kubernetes object looks like this"))
        raise _ExcessError

    def _put(self, mapping: Mapping, key: Any, key_place: int, value: Any, place: int) -> None:
        """Put a key that is no plain new one: a merge, a duplicate, or none at all."""
        if key is _Merge:
            self._merges.setdefault(id(mapping), []).append((value, place))
        elif key in mapping:
            first = mapping.place_of(key)
            self._faults.append(
                Fault(
                    key_place,
                    f"the key `{key}` stands twice in one mapping, first on line {line_of(first)}",
                    _TWO_DOCUMENTS if key == "apiVersion" else "keep one of them",
                )
            )

    def _key(self, value: Any, place: int) -> Any:
        """The key that a value other than text makes in JSON; None if it can be none."""
        if value is _Merge:
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        what = "null" if value is None else "a mapping or a list"
        hint = "quote it if `{{ … }}` is meant as text" if isinstance(value, Mapping) else ""
        self._faults.append(Fault(place, f"a key must be text, not {what}", hint))
        return None

    def _merge(self, mapping: Mapping) -> int:
        """Add the entries of `<<` that are not there yet; returns how many."""
        added = 0
        for merged, place in self._merges.pop(id(mapping)):
            sources = merged if type(merged) is Sequence else [merged]
            for source in sources:
                if type(source) is not Mapping:
                    self._faults.append(Fault(place, "`<<` must name a mapping, or a list of mappings"))
                    continue
                added += len(source)
                for at, (key, value) in zip(source.key_places, source.items(), strict=True):
                    if key not in mapping:
                        mapping.add(key, at, value)
        return added

    def _aliased(
        self, name: str, anchors: dict[str, tuple[Any, int]], open_anchors: dict[int, tuple[str, int]], place: int
    ) -> tuple[Any, int]:
        if name in anchors:
            return anchors[name]
        if any(name == anchor for anchor, _ in open_anchors.values()):
            message = f"the alias `*{name}` stands inside what it names"
        else:
            message = f"the alias `*{name}` names no anchor before it"
        self._faults.append(Fault(place, message))
        return None, 1

    def _tagged(self, event: ScalarEvent, place: int) -> Scalar:
        if event.tag is None:
            return event.value
        try:
            return forced(event.tag, event.value)
        except ValueError:
            self._faults.append(Fault(place, f"`{event.value}` is no value of type `{short_tag(event.tag)}`"))
        except KeyError:
            self._refuse_tag(event.tag, place)
        return event.value

    def _no_json(self, text: str, place: int, *, is_key: bool) -> str:
        """A number that JSON lacks: a key of its name, as kubectl makes it, but no value."""
        name = text.lower().removeprefix("+")
        if not is_key:
            self._faults.append(Fault(place, f"`{text}` is a number that JSON has not", _QUOTE_IT))
        return name

    def _check_collection_tag(self, event: MappingStartEvent | SequenceStartEvent, place: int) -> None:
        known = MAPPING_TAGS if type(event) is MappingStartEvent else SEQUENCE_TAGS
        if event.tag not in known:
            self._refuse_tag(str(event.tag), place)

    def _refuse_tag(self, tag: str, place: int) -> None:
        self._faults.append(
            Fault(
                place,
                f"the tag `{short_tag(tag)}` means nothing in a manifest",
                "write the value itself, without a tag",
            )
        )


class _Merge:
    """Stands for the key `<<` while its value is awaited."""


def _start_of(value: Any, place: int) -> int:
    return value.place if isinstance(value, Mapping | Sequence) else place


def _sentence(error: yaml.MarkedYAMLError) -> str:
    text = error.problem or "syntax error"
    return f"{text} {error.context}" if error.context else text


def _syntax_hint(data: bytes, mark: Any, error: yaml.MarkedYAMLError) -> str:
    line = data.split(b"\n", mark.line + 1)[mark.line] if mark and data.count(b"\n") >= mark.line else b""
    if b"\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces: YAML does not allow tabs"
    if "block" in (error.context or "") and "expected" in (error.problem or ""):
        return "this line is indented unlike the ones that it belongs to"
    if "mapping values are not allowed" in (error.problem or ""):
        return "text that holds `: ` must stand in quotes; or the line before ends too soon"
    return ""


def _line_and_column(data: bytes, error: yaml.reader.ReaderError) -> tuple[int, int]:
    """Lines before the character that cannot be read, and its column counted from 1."""
    before = data[: error.position].decode("utf-8", "ignore") if yaml.__with_libyaml__ else ""
    return before.count("\n"), len(before) - before.rfind("\n")


def _code_point(error: yaml.reader.ReaderError) -> str:
    return f"U+{error.character:04X}" if isinstance(error.character, int) else repr(error.character)
