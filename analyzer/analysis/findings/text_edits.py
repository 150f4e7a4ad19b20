"""Operations on a policy as an edit of the text that it was read from.

None where the text is not at hand, or is not written line by line: flow style, JSON, tabs.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.analysis.findings import yaml_lines
from analyzer.analysis.findings.operations import (
    AddExcepts,
    AddRule,
    AddType,
    DropDash,
    Operation,
    RemovePeer,
    ReplacePeer,
    SetPeers,
    SetPorts,
    SetSubject,
)
from analyzer.analysis.findings.texts import Path, PlacedText
from analyzer.model.policies import Direction, NamespacesMatching, PodPeer
from analyzer.records import dataclass
from analyzer.verdicts.findings import Edit

_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines `first` to `last` are replaced; where `last` is `first` - 1 text is put in before `first`."""

    first: int
    last: int
    by: tuple[str, ...]


def edit_of(operations: Sequence[Operation], placed: PlacedText) -> Edit | None:
    """The operations as one edit; None if one of them cannot be done line by line."""
    if not placed.is_block:
        return None
    changes: list[_Lines] = []
    for operation in operations:
        found = _lines(operation, placed)
        if found is None:
            return None
        changes.append(found)
    changes.sort(key=lambda it: (it.first, it.last))
    return _together(changes, placed)


def _together(changes: Sequence[_Lines], placed: PlacedText) -> Edit | None:
    lines = placed.lines
    first, last = changes[0].first, max(it.last for it in changes)
    text: list[str] = []
    line = first
    for change in changes:
        if change.first < line:
            return None  # two of them touch the same lines
        text += lines[line - 1 : change.first - 1]
        text += change.by
        line = max(change.last + 1, change.first)
    last = max(last, line - 1)
    removed = tuple(lines[first - 1 : last])
    before, after = context(lines, first, last)
    return Edit(placed.file, first, removed, tuple(text), before, after)


def context(lines: Sequence[str], first: int, last: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines around those from `first` to `last`."""
    whole = len(lines) - 1 if lines and not lines[-1] else len(lines)
    before = lines[max(0, first - 1 - _CONTEXT) : first - 1]
    return tuple(before), tuple(lines[last : min(whole, last + _CONTEXT)])


def rule_path(direction: Direction, rule: int) -> Path:
    return ("spec", direction.value, rule)


def peer_path(direction: Direction, rule: int, peer: int) -> Path:
    return (*rule_path(direction, rule), "from" if direction is Direction.INGRESS else "to", peer)


# ------------------------------------------------------------------------------------------------ operations
def _lines(operation: Operation, placed: PlacedText) -> _Lines | None:
    match operation:
        case DropDash(direction, rule, peer):
            return _without_dash(placed, peer_path(direction, rule, peer))
        case ReplacePeer(direction, rule, peer, by, only):
            path = peer_path(direction, rule, peer)
            if only and isinstance(by, PodPeer) and isinstance(by.namespaces, NamespacesMatching):
                selector = by.namespaces.selector if only == "namespaceSelector" else by.pods
                if (found := _field(placed, (*path, only), yaml_lines.selector(only, selector))) is not None:
                    return found
            return _item(placed, path, yaml_lines.item(yaml_lines.peer(by)))
        case RemovePeer(direction, rule, peer):
            return _item(placed, peer_path(direction, rule, peer), [])
        case SetPeers(direction, rule, peers):
            path, lines = rule_path(direction, rule), yaml_lines.rule(direction, peers, None)
            key = "from" if direction is Direction.INGRESS else "to"
            if placed.start(*path, key) is not None:
                return _field(placed, (*path, key), lines)
            return _into_rule(placed, path, lines, at_start=True)
        case SetPorts(direction, rule, ports):
            return _ports(placed, rule_path(direction, rule), yaml_lines.ports(ports))
        case AddExcepts(direction, rule, peer, networks, by):
            path = peer_path(direction, rule, peer)
            found = _excepts(placed, (*path, "ipBlock"), networks)
            return found or _item(placed, path, yaml_lines.item(yaml_lines.peer(by)))
        case SetSubject(pods):
            return _field(placed, ("spec", "podSelector"), yaml_lines.selector("podSelector", pods))
        case AddRule(direction, peers, ports):
            return _rule(placed, direction, yaml_lines.item(yaml_lines.rule(direction, peers, ports)))
        case AddType(_, types):
            return _type(placed, types)


def _own_lines(placed: PlacedText, path: Path) -> tuple[int, int, int] | None:
    """First line, last line and column; None if something else stands on the first line before it."""
    start, last = placed.start(*path), placed.end(*path)
    if start is None or last is None:
        return None
    line, column = start
    head = placed.lines[line - 1][: column - 1]
    if head.strip(" ") not in ("", "-"):
        return None
    return line, last, column


def _item(placed: PlacedText, path: Path, by: Sequence[str]) -> _Lines | None:
    found = _own_lines(placed, path)
    if found is None:
        return None
    line, last, column = found
    dash = placed.lines[line - 1].find("-")
    if not 0 <= dash < column - 1 or placed.lines[line - 1][:dash].strip():
        return None
    return _Lines(line, last, tuple(yaml_lines.indented(by, dash)))


def _without_dash(placed: PlacedText, path: Path) -> _Lines | None:
    found = _own_lines(placed, path)
    if found is None:
        return None
    line, _, column = found
    text = placed.lines[line - 1]
    return _Lines(line, line, (" " * (column - 1) + text[column - 1 :],))


def _field(placed: PlacedText, path: Path, by: Sequence[str]) -> _Lines | None:
    found = _own_lines(placed, path)
    if found is None:
        return None
    line, last, column = found
    text = placed.lines[line - 1]
    lines = yaml_lines.indented(by, column - 1)
    lines[0] = text[: column - 1] + lines[0].lstrip(" ")
    comment = text.find(" #")
    if comment >= 0 and last == line:
        lines[0] += text[comment:]
    return _Lines(line, last, tuple(lines))


def _into_rule(placed: PlacedText, path: Path, by: Sequence[str], *, at_start: bool = False) -> _Lines | None:
    """Fields of a rule that it does not have yet."""
    found = _own_lines(placed, path)
    if found is None:
        return None
    line, last, column = found
    text = placed.lines[line - 1]
    if text[column - 1 :].lstrip().startswith("{"):
        if text[column - 1 :].partition("#")[0].strip() != "{}":
            return None
        lines = yaml_lines.indented(by, column - 1)
        return _Lines(line, line, (text[: column - 1] + lines[0].lstrip(" "), *lines[1:]))
    if at_start:
        lines = yaml_lines.indented(by, column - 1)
        rest = " " * (column - 1) + text[column - 1 :]
        return _Lines(line, line, (text[: column - 1] + lines[0].lstrip(" "), *lines[1:], rest))
    return _Lines(last + 1, last, tuple(yaml_lines.indented(by, column - 1)))


def _ports(placed: PlacedText, path: Path, by: Sequence[str]) -> _Lines | None:
    if placed.start(*path, "ports") is not None:
        return _field(placed, (*path, "ports"), by)
    return _into_rule(placed, path, by)


def _excepts(placed: PlacedText, path: Path, networks: Sequence[str]) -> _Lines | None:
    existing = _own_lines(placed, (*path, "except"))
    if existing is not None:
        line, last, column = existing
        text = placed.lines[line - 1]
        if "[" in text:
            head, bracket, tail = text.partition("]")
            if not bracket:
                return None
            joiner = ", " if head.rpartition("[")[2].strip() else ""
            return _Lines(line, line, (f"{head}{joiner}{', '.join(networks)}]{tail}",))
        dash = placed.lines[line].find("-") if line < len(placed.lines) else -1
        if dash < 0:
            return None
        return _Lines(last + 1, last, tuple(" " * dash + f"- {network}" for network in networks))
    found = _own_lines(placed, (*path, "cidr"))
    if found is None:
        return None
    _, last, column = found
    lines = ["except:", *(f"  - {network}" for network in networks)]
    return _Lines(last + 1, last, tuple(yaml_lines.indented(lines, column - 1)))


def _rule(placed: PlacedText, direction: Direction, by: Sequence[str]) -> _Lines | None:
    path: Path = ("spec", direction.value)
    found = _own_lines(placed, path)
    if found is None:
        return _at_end_of_spec(placed, [f"{direction.value}:", *yaml_lines.indented(by, 2)])
    line, last, column = found
    if placed.start(*path, 0) is None:  # `egress: []`
        return _Lines(
            line, last, tuple(yaml_lines.indented([f"{direction.value}:", *yaml_lines.indented(by, 2)], column - 1))
        )
    first = placed.start(*path, 0)
    assert first is not None
    dash = placed.lines[first[0] - 1].find("-")
    return _Lines(last + 1, last, tuple(yaml_lines.indented(by, dash)))


def _at_end_of_spec(placed: PlacedText, by: Sequence[str]) -> _Lines | None:
    found = placed.start("spec", "podSelector") or placed.start("spec", "policyTypes")
    last = placed.end("spec")
    if found is None or last is None:
        return None
    return _Lines(last + 1, last, tuple(yaml_lines.indented(by, found[1] - 1)))


def _type(placed: PlacedText, types: Sequence[Direction]) -> _Lines | None:
    path: Path = ("spec", "policyTypes")
    names = ", ".join(direction.value.capitalize() for direction in types)
    if placed.start(*path) is not None:
        return _field(placed, path, [f"policyTypes: [{names}]"])
    found = _own_lines(placed, ("spec", "podSelector"))
    if found is None:
        return None
    _, last, column = found
    return _Lines(last + 1, last, (" " * (column - 1) + f"policyTypes: [{names}]",))
