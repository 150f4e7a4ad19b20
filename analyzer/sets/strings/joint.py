"""The atoms of any patterns: all of them run side by side over every string, shortest first (istio.md 10).

Characters that no pattern tells apart are one, and two strings after which every pattern stands alike go on alike; so
the search ends.  The first string with a mask is its witness: none is shorter, and of as short ones it reads best.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise

from analyzer.records import dataclass
from analyzer.sets.strings.automaton import Automaton
from analyzer.sets.strings.errors import TooManyAtomsError
from analyzer.sets.strings.expressions import HIGHEST
from analyzer.sets.strings.literals import Parts, Words
from analyzer.sets.strings.patterns import Form, Pattern, automaton_of, fold

MOST_WORK = 4_000_000  # a few seconds
_TABLES = frozenset({Form.EXACT, Form.PREFIX, Form.SUFFIX, Form.CONTAINS, Form.PRESENT, Form.NON_EMPTY})
_BEST = "abcdefghijklmnopqrstuvwxyz0123456789-./_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PRINTABLE = [*_BEST, *(chr(code) for code in range(0x21, 0x7F) if chr(code) not in _BEST), " "]
_RANK = {ord(char): rank for rank, char in enumerate(_PRINTABLE)}
_SURROGATES = (0xD800, 0xDFFF)


State = tuple[int, ...]
Bounds = Sequence[tuple[Pattern, bool]]
"""Each with whether a text is to match it."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """What runs a pattern or several: `sort` tells which characters are one to it, `borders` where a sort begins."""

    start: State
    step: Callable[[State, int], State]
    mask: Callable[[State], int]
    sort: Callable[[int], Hashable]
    borders: frozenset[int]


def joint(patterns: Sequence[Pattern], limit: int, bounds: Bounds = ()) -> dict[int, str]:
    """The shortest witness of each atom but the absent one, by its mask.  TooManyAtomsError.

    `bounds`: of the patterns, expressions that a text is to match, and such as it is not to match and that match all
    that goes on from what they match.  What goes on from a text that can no more keep within them is not looked at.
    """
    machines = _machines(patterns)
    is_out = _leaving(patterns, machines, bounds)
    alphabet = _alphabet(machines)
    start = tuple(machine.start for machine in machines)
    found: dict[int, str] = {}
    seen = {start}
    waiting = deque([(start, "")])
    work = 0
    while waiting:
        states, text = waiting.popleft()
        mask = 0
        for machine, state in zip(machines, states, strict=True):
            mask |= machine.mask(state)
        found.setdefault(mask, text)
        work += len(alphabet) * sum(map(len, states))
        if len(found) >= limit:  # the absent attribute is one more
            raise TooManyAtomsError(_by_cost(patterns), limit)
        if work > MOST_WORK:
            raise TooManyAtomsError(_by_cost(patterns), MOST_WORK, "steps through strings")
        for char, code in alphabet:
            after = tuple(m.step(state, code) for m, state in zip(machines, states, strict=True))
            if after not in seen and not is_out(after):
                seen.add(after)
                waiting.append((after, text + char))
    return found


def _leaving(
    patterns: Sequence[Pattern], machines: Sequence[_Machine], bounds: Bounds
) -> Callable[[tuple[State, ...]], bool]:
    """Whether no text can keep within the bounds that goes on from here."""
    by_themselves = [pattern for pattern in patterns if pattern.form not in _TABLES]
    first = len(machines) - len(by_themselves)
    places = [(first + by_themselves.index(pattern), is_wanted) for pattern, is_wanted in bounds]

    def is_out(states: tuple[State, ...]) -> bool:
        return any(not states[i] if is_wanted else machines[i].mask(states[i]) for i, is_wanted in places)

    return is_out


def _by_cost(patterns: Sequence[Pattern]) -> list[Pattern]:
    """Those that cost most first: they are named."""
    return sorted(patterns, key=lambda pattern: pattern.form in _TABLES)


# ------------------------------------------------------------------------------------------------ machines
def _machines(patterns: Sequence[Pattern]) -> list[_Machine]:
    bits = {pattern: 1 << place for place, pattern in enumerate(patterns)}
    found = [_of_presence(bits.get(Pattern(Form.PRESENT), 0), bits.get(Pattern(Form.NON_EMPTY), 0))]
    for is_folded in (False, True):
        by_form: dict[Form, dict[str, int]] = {form: {} for form in _TABLES}
        for pattern, bit in bits.items():
            if pattern.form in _TABLES and pattern.is_folded == is_folded:
                by_form[pattern.form][pattern.text] = bit
        if by_form[Form.EXACT] or by_form[Form.PREFIX]:
            found.append(_of_texts(Words(by_form[Form.EXACT], by_form[Form.PREFIX]), is_folded))
        if by_form[Form.SUFFIX] or by_form[Form.CONTAINS]:
            found.append(_of_texts(Parts(by_form[Form.SUFFIX], by_form[Form.CONTAINS]), is_folded))
    found += [_of_automaton(automaton_of(p), bit, p.is_folded) for p, bit in bits.items() if p.form not in _TABLES]
    return found


def _of_presence(present: int, non_empty: int) -> _Machine:
    return _Machine(
        (), lambda _state, _code: (0,), lambda s: present | (non_empty if s else 0), lambda _code: 0, frozenset({0})
    )


def _of_texts(table: Words | Parts, is_folded: bool) -> _Machine:
    codes = table.codes
    borders = {border for code in codes for border in (code, code + 1)}

    def sort(code: int) -> int:
        return code if code in codes else -1

    return _folding(_Machine(table.start, table.step, table.mask, sort, frozenset(borders)), is_folded)


def _of_automaton(automaton: Automaton, bit: int, is_folded: bool) -> _Machine:
    def mask(states: State) -> int:
        return bit if automaton.accepts(states) else 0

    borders = frozenset(automaton.borders)
    machine = _Machine(automaton.start, automaton.step, mask, automaton.sort_of, borders)
    return _folding(machine, is_folded)


def _folding(machine: _Machine, is_folded: bool) -> _Machine:
    """The same, to which capitals are small letters."""
    if not is_folded:
        return machine
    small = {code: ord(fold(chr(code))) for code in range(ord("A"), ord("Z") + 1)}
    capitals = {border - 32 for border in machine.borders if ord("a") <= border <= ord("z") + 1}
    return _Machine(
        machine.start,
        lambda state, code: machine.step(state, small.get(code, code)),
        machine.mask,
        lambda code: machine.sort(small.get(code, code)),
        machine.borders | capitals | {ord("A"), ord("Z") + 1},
    )


# ------------------------------------------------------------------------------------------------ characters
def _alphabet(machines: Sequence[_Machine]) -> list[tuple[str, int]]:
    """One character of each sort, the one that reads best; those that read best first."""
    borders = sorted({0, HIGHEST + 1, *(b for machine in machines for b in machine.borders)})
    best: dict[tuple[Hashable, ...], int] = {}
    for low, after in pairwise(borders):
        code = _readable(low, after - 1)
        if code is not None:
            sorts = tuple(machine.sort(code) for machine in machines)
            best[sorts] = min(best.get(sorts, code), code, key=_rank)
    return [(chr(code), code) for code in sorted(best.values(), key=_rank)]


def _rank(code: int) -> tuple[int, int]:
    return _RANK.get(code, len(_RANK) if chr(code).isprintable() else len(_RANK) + 1), code


def _readable(low: int, high: int) -> int | None:
    """None where there are halves of characters only."""
    inside: Iterable[int] = (code for code in _RANK if low <= code <= high)
    near = (code for code in range(low, min(high, low + 200) + 1) if chr(code).isprintable())
    if low >= _SURROGATES[0] and low <= _SURROGATES[1]:
        low = _SURROGATES[1] + 1
    return next(iter(inside), None) or next(near, low if low <= high else None)
