"""What patterns over a whole string tell apart in a part of it, once the text before it is known.

Two texts that leave every pattern in the same state go on alike; each sort has a witness, a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import pairwise

from analyzer.sets.strings.automaton import Automaton, States
from analyzer.sets.strings.errors import TooManyAtomsError
from analyzer.sets.strings.expressions import HIGHEST
from analyzer.sets.strings.patterns import Pattern, automaton_of

MOST_WORK = 2_000_000
Joint = tuple[States, ...]


class Residuals:
    """Patterns that are read side by side; none ignores case."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self._machines = [automaton_of(pattern) for pattern in patterns]
        self.start: Joint = tuple(machine.start for machine in self._machines)

    def read(self, text: str, states: Joint | None = None) -> Joint:
        """The state after the text."""
        found = self.start if states is None else states
        for char in text:
            code = ord(char)
            found = tuple(m.step(state, code) for m, state in zip(self._machines, found, strict=True))
        return found

    def accepts(self, states: Joint) -> tuple[bool, ...]:
        """By pattern: whether it matches what was read."""
        return tuple(m.accepts(state) for m, state in zip(self._machines, states, strict=True))

    def ends(self, states: Iterable[Joint], possible: Pattern) -> list[str]:
        """Texts that `possible` matches: behind each state in which not all of them are alike, for each way in which
        the patterns then match, one."""
        found: dict[str, None] = {}
        for state in dict.fromkeys(states):
            told = list(self._sorts(state, possible, self.accepts))
            found |= dict.fromkeys(told if len(told) > 1 else ())
        return list(found)

    def middles(self, before: str, after: str, possible: Pattern) -> list[str]:
        """Texts that `possible` matches: for each state that the patterns can be in behind one of them between the two
        other texts, one."""
        return list(self._sorts(self.read(before), possible, lambda state: self.read(after, state)))

    def _sorts(self, start: Joint, possible: Pattern, sort: Callable[[Joint], Hashable]) -> Iterator[str]:
        bound = automaton_of(possible)
        alphabet = self._alphabet(bound)
        seen = {(start, bound.start)}
        told: set[Hashable] = set()
        waiting = deque([(start, bound.start, "")])
        work = 0
        while waiting:
            states, inside, text = waiting.popleft()
            if bound.accepts(inside) and (found := sort(states)) not in told:
                told.add(found)
                yield text
            work += len(alphabet) * (1 + len(states))
            if work > MOST_WORK:
                raise TooManyAtomsError(list(self.patterns), MOST_WORK, "steps through strings")
            for char, code in alphabet:
                within = bound.step(inside, code)
                if not within:
                    continue
                ahead = tuple(m.step(state, code) for m, state in zip(self._machines, states, strict=True))
                if (ahead, within) not in seen:
                    seen.add((ahead, within))
                    waiting.append((ahead, within, text + char))

    def _alphabet(self, bound: Automaton) -> list[tuple[str, int]]:
        """A character of each sort that `bound` can read."""
        borders = sorted({0, HIGHEST + 1, *bound.borders, *(b for m in self._machines for b in m.borders)})
        best: dict[tuple[int, ...], int] = {}
        for low, after in pairwise(borders):
            code = next((c for c in _READABLE if low <= c < after), low)
            sorts = (bound.sort_of(code), *(m.sort_of(code) for m in self._machines))
            best.setdefault(sorts, code)
        return [(chr(code), code) for code in sorted(best.values(), key=_rank)]


_READABLE = [ord(char) for char in "abcdefghijklmnopqrstuvwxyz0123456789-./_"]


def _rank(code: int) -> int:
    return _READABLE.index(code) if code in _READABLE else len(_READABLE) + code
