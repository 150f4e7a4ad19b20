"""Operations on a policy: what its manifest says then, and the lines of its file that differ."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from analyzer.analysis.findings import policy_values
from analyzer.analysis.findings.operations import (
    AddExcepts,
    AddPeer,
    AddRule,
    AddType,
    DropDash,
    MovePeers,
    MovePorts,
    Operation,
    RemovePeer,
    RemoveRule,
    ReplacePeer,
    SetPeers,
    SetPorts,
    SetSubject,
)
from analyzer.analysis.findings.policy_values import Value, peers_key
from analyzer.analysis.findings.texts import Path, PlacedText, Texts
from analyzer.model.policies import Direction
from analyzer.verdicts.findings import Edit

_CONTEXT = 3


def edit_of(operations: Sequence[Operation], placed: PlacedText) -> Edit | None:
    """The operations as one edit; None if the text cannot be changed so."""
    value = placed.value
    for operation in sorted(operations, key=_is_last):
        _apply(operation, value)
    return edit_to(value, placed)


def edit_to(value: Value, placed: PlacedText) -> Edit | None:
    """The edit after which the object says `value`; None if the text cannot be changed so, or says it already."""
    old, new = placed.lines, placed.rewritten(value)
    if new is None or list(new) == list(old):
        return None
    shortest = min(len(old), len(new))
    head = next((at for at in range(shortest) if old[at] != new[at]), shortest)
    most = shortest - head
    tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    last = len(old) - tail
    is_bare = bool(old[-1])
    whole = len(old) if is_bare else len(old) - 1
    removed, added = old[head:last], new[head : len(new) - tail]
    after = tuple(old[last : min(whole, last + _CONTEXT + len(added))])  # what is added may begin like what follows it
    return Edit(
        placed.file,
        head + 1,
        tuple(removed),
        tuple(added),
        tuple(old[max(0, head - _CONTEXT) : head]),
        after,
        is_end_bare=is_bare and last + len(after) >= whole,
    )


def within_reach(edit: Edit | None, texts: Texts) -> Edit | None:
    """A new file that would not be read, for files are named one by one, as objects more at the end of the file that
    they are about; where that is JSON it stays as it is."""
    if edit is None or not edit.is_new or texts.takes(edit.file) or edit.beside.endswith(".json"):
        return edit
    lines = texts.lines(edit.beside)
    if not lines:
        return edit
    end = "\r" if lines[0].endswith("\r") else ""
    added = tuple(f"{line}{end}" for line in ("---", *edit.added))
    last = len(lines) - 1
    removed, head = ((lines[-1],), (f"{lines[-1]}{end}",)) if lines[-1] else ((), ())
    before = tuple(lines[max(0, last - _CONTEXT) : last])
    return Edit(edit.beside, last + 1, removed, (*head, *added), before, is_end_bare=bool(removed))


def rule_path(direction: Direction, rule: int) -> Path:
    return ("spec", direction.value, rule)


def peer_path(direction: Direction, rule: int, peer: int) -> Path:
    return (*rule_path(direction, rule), peers_key(direction), peer)


# ------------------------------------------------------------------------------------------------ operations
def _is_last(operation: Operation) -> tuple[bool, int]:
    """What shifts the places of peers comes after all else, from the end on."""
    is_shift = isinstance(operation, DropDash | RemovePeer)
    return is_shift, -operation.peer if isinstance(operation, DropDash | RemovePeer) else 0


def _apply(operation: Operation, value: Value) -> None:
    match operation:
        case DropDash(direction, rule, peer):
            peers = _peers(value, direction, rule)
            peers[peer - 1 : peer + 1] = [{**peers[peer - 1], **peers[peer]}]
        case ReplacePeer(direction, rule, peer, by, only):
            peers, whole = _peers(value, direction, rule), policy_values.peer(by)
            peers[peer] = {**peers[peer], only: whole.get(only, {})} if only in peers[peer] else whole
        case AddPeer(direction, rule, by):
            _peers(value, direction, rule).append(policy_values.peer(by))
        case RemovePeer(direction, rule, peer):
            del _peers(value, direction, rule)[peer]
        case RemoveRule(direction, rule):
            del value["spec"][direction.value][rule]
        case MovePeers(direction, rule, places):
            rules, key = value["spec"][direction.value], peers_key(direction)
            peers = rules[rule][key]
            rules.append({**rules[rule], key: [peers[place] for place in places]})
            rules[rule] = {**rules[rule], key: [it for place, it in enumerate(peers) if place not in places]}
        case MovePorts(direction, rule, places):
            rules = value["spec"][direction.value]
            ports = rules[rule]["ports"]
            rules.append({**deepcopy(rules[rule]), "ports": [ports[place] for place in places]})
            rules[rule] = {**rules[rule], "ports": [it for place, it in enumerate(ports) if place not in places]}
        case SetPeers(direction, rule, peers):
            _set(value, direction, rule, peers_key(direction), [policy_values.peer(it) for it in peers])
        case SetPorts(direction, rule, ports):
            _set(value, direction, rule, "ports", policy_values.ports(ports))
        case AddExcepts(direction, rule, peer, networks):
            block = _peers(value, direction, rule)[peer]["ipBlock"]
            block["except"] = [*(block.get("except") or ()), *networks]
        case SetSubject(pods):
            value["spec"]["podSelector"] = policy_values.selector(pods)
        case AddRule(direction, peers, ports):
            rules = value["spec"].get(direction.value) or []
            value["spec"][direction.value] = [*rules, policy_values.rule(direction, peers, ports)]
        case AddType(_, types):
            value["spec"]["policyTypes"] = policy_values.type_names(types)


def _set(value: Value, direction: Direction, rule: int, key: str, items: list[Value]) -> None:
    """A field of a rule, before the others where it is new and names peers."""
    rules = value["spec"][direction.value]
    rules[rule] = {**(rules[rule] or {}), key: items}


def _peers(value: Value, direction: Direction, rule: int) -> list[Any]:
    found: list[Any] = value["spec"][direction.value][rule][peers_key(direction)]
    return found
