"""Claims: syntax to what is claimed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from analyzer.language.conditions import condition
from analyzer.language.ends import ends, less
from analyzer.language.names import nearest
from analyzer.language.ports import ALL_PORTS, ports
from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax, parts, words
from analyzer.model.claims import Claim, Excuse, Kind, Universe
from analyzer.model.ends import ANYTHING, can_be_pods
from analyzer.model.formulas import Formula, Role
from analyzer.model.policies import Direction, NumberedPorts, Ports, Protocol

_KINDS = {kind.name.lower(): kind for kind in Kind}
_DIRECTIONS = {direction.value: direction for direction in Direction}
_UNIVERSES = {universe.value: universe for universe in Universe}
_BLANKS = re.compile(r'("(?:[^"\\\n]|\\[^\n])*")|(?:#[^\n]*|\s)+')
_PODS_ONLY = "policies speak of pods only: one side must be able to hold a pod"
_ISOLATION = (
    "isolation is a matter of the pod alone: take pods away before `is`, as in `every S except T is isolated …`"
)
# By modifier, and whether the claim is about isolation.
_MISPLACED = {
    ("on", True): ("isolation is not a matter of ports", "to speak of ports, write `no S can reach D on PORTS`"),
    ("excuse", True): ("isolation has no connections to excuse", _ISOLATION),
    ("taken", True): ("isolation has no destinations to take away from", _ISOLATION),
    ("taken", False): (
        "this `except` follows no set",
        "to take away from the destinations put it directly behind them; an excuse reads `except S can reach D`",
    ),
}


@dataclass(slots=True)
class _Tail:
    """The modifiers behind a claim, as far as they are read."""

    taken: list[Formula] = field(default_factory=list)  # from the claim's destinations
    excuses: list[_Excused] = field(default_factory=list)
    once: dict[str, Syntax] = field(default_factory=dict)  # on, where, within


@dataclass(slots=True)
class _Excused:
    sources: Formula
    destinations: Formula
    taken: list[Formula] = field(default_factory=list)
    ports: tuple[Ports, ...] | None = None


def claim(tree: Syntax, scope: Scope) -> tuple[Claim, Universe | None]:
    """The claim, and the universe that it names itself, if any."""
    kind = _KINDS[tree.data]
    if kind is Kind.NEVER_TIE:
        return _never_tie(tree, scope)
    first, second, *modifiers = parts(tree)
    sources = ends(first, scope)
    is_isolation = kind is Kind.ISOLATED
    tail = _tail(modifiers, scope, is_isolation)
    within = tail.once.get("within")
    universe = None if within is None else _universe(within, scope)
    where = tail.once.get("where")
    roles = (Role.SRC,) if is_isolation else (Role.SRC, Role.DST)
    narrowed = None if where is None else condition(parts(where)[0], scope, *roles)
    if is_isolation:
        if not can_be_pods(sources):
            scope.problem(first, "no pod can be in this set, and only pods are isolated")
        return Claim(kind, sources, None, ALL_PORTS, (), narrowed, _directions(second, scope)), universe
    destinations = less(ends(second, scope), tail.taken)
    if not can_be_pods(sources) and not can_be_pods(destinations, spelt=True):
        scope.problem(tree, "no pod can be on either side of this claim", _PODS_ONLY)
    on = tail.once.get("on")
    spoken = ALL_PORTS if on is None else ports(parts(on)[0], scope)
    excuses = tuple(Excuse(e.sources, less(e.destinations, e.taken), e.ports) for e in tail.excuses)
    return Claim(kind, sources, destinations, spoken, excuses, narrowed), universe


def _never_tie(tree: Syntax, scope: Scope) -> tuple[Claim, Universe | None]:
    """Every connection is spoken of, whatever its protocol; only the universe can be chosen."""
    tail = _tail([m for m in parts(tree) if m.data == "within"], scope, True)
    for modifier in parts(tree):
        if modifier.data != "within":
            scope.problem(modifier, "`policies never tie` speaks of every connection", "only `within` can follow it")
    within = tail.once.get("within")
    every = tuple(NumberedPorts(protocol) for protocol in Protocol)
    universe = None if within is None else _universe(within, scope)
    return Claim(Kind.NEVER_TIE, ANYTHING, ANYTHING, every), universe


def text(written: str) -> str:
    """A claim as written, on one line and without comments."""
    return _BLANKS.sub(lambda found: found[1] or " ", written).strip()


def _tail(modifiers: list[Syntax], scope: Scope, is_isolation: bool) -> _Tail:
    """`except S` and `on` belong to the excuse that they directly follow, else to the claim."""
    tail = _Tail()
    last: _Tail | _Excused | None = None if is_isolation else tail
    for modifier in modifiers:
        match modifier.data:
            case "excuse" if not is_isolation:
                last = _excused(modifier, scope)
                tail.excuses.append(last)
            case "taken" if last is not None:
                last.taken.append(ends(parts(modifier)[0], scope))
            case "on" if isinstance(last, _Excused):
                last.ports = ports(parts(modifier)[0], scope)
                last = None
            case "on" | "where" | "within" if not (is_isolation and modifier.data == "on"):
                _keep_once(modifier, tail, scope)
                last = None
            case misplaced:
                scope.problem(modifier, *_MISPLACED[misplaced, is_isolation])
    return tail


def _keep_once(modifier: Syntax, tail: _Tail, scope: Scope) -> None:
    word = str(modifier.data)
    if word in tail.once:
        hint = "the `on` of an `except S can reach D` stands directly behind it" if word == "on" else ""
        scope.problem(modifier, f"a claim has one `{word}` only", hint)
    tail.once[word] = modifier


def _excused(tree: Syntax, scope: Scope) -> _Excused:
    sources, destinations = (ends(part, scope) for part in parts(tree))
    if not can_be_pods(sources) and not can_be_pods(destinations, spelt=True):
        scope.problem(tree, "no pod can be on either side of this excuse", _PODS_ONLY)
    return _Excused(sources, destinations)


def _universe(tree: Syntax, scope: Scope) -> Universe | None:
    word = words(tree)[0]
    if word not in _UNIVERSES:
        hint = nearest(word, _UNIVERSES) or "write `any`, `namespaces` or `inventory`"
        scope.problem(word, f"`{word}` is no universe", hint)
    return _UNIVERSES.get(word)


def _directions(tree: Syntax, scope: Scope) -> tuple[Direction, ...]:
    for word in words(tree):
        if word not in _DIRECTIONS:
            hint = nearest(word, _DIRECTIONS) or "write `ingress`, `egress` or `ingress, egress`"
            scope.problem(word, f"`{word}` is no direction", hint)
    return tuple(dict.fromkeys(_DIRECTIONS[word] for word in words(tree) if word in _DIRECTIONS))
