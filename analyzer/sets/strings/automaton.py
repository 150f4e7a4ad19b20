"""A nondeterministic automaton of an expression, made deterministic step by step as it is run.

The subsets are made as they are met, never all beforehand: `(a|b)*a(a|b){30}` has a thousand million of them, and who
runs it stops at a bound.  The libraries that were tried (interegular, greenery, automata-lib) make them all at once.
"""

from __future__ import annotations

from bisect import bisect_right

from analyzer.sets import intervals as iv
from analyzer.sets.strings.errors import UntranslatableError
from analyzer.sets.strings.expressions import Chars, Choice, Edge, Node, Repeat, Sequence

_MOST_STATES = 20_000
States = tuple[int, ...]


class Automaton:
    """Thompson's construction.  A state is a set of its states, closed under empty steps; `()` never accepts again."""

    def __init__(self, node: Node) -> None:
        """Of an expression without edges (`whole`).  UntranslatableError if it is too large."""
        self._empty_steps: list[list[int]] = []
        self._reads: list[tuple[iv.Intervals, int] | None] = []
        first, self._last = self._add(node)
        self._closures: dict[int, frozenset[int]] = {}
        self._stepped: dict[tuple[States, int], States] = {}
        self.start: States = self._closed({first})
        borders = {b for read in self._reads if read for low, high in read[0] for b in (low, high + 1)}
        self.borders = sorted(borders)

    def accepts(self, states: States) -> bool:
        return self._last in states

    def sort_of(self, code: int) -> int:
        """Characters of one sort are alike to this automaton."""
        return bisect_right(self.borders, code)

    def step(self, states: States, code: int) -> States:
        key = (states, self.sort_of(code))
        found = self._stepped.get(key)
        if found is None:
            reads = (self._reads[state] for state in states)
            found = self._closed({read[1] for read in reads if read is not None and iv.contains(read[0], code)})
            self._stepped[key] = found
        return found

    def matches(self, text: str) -> bool:
        states = self.start
        for char in text:
            states = self.step(states, ord(char))
            if not states:
                return False
        return self.accepts(states)

    # ------------------------------------------------------------------------------------------------ construction
    def _state(self) -> int:
        if len(self._reads) >= _MOST_STATES:
            raise UntranslatableError("the pattern is too large")
        self._empty_steps.append([])
        self._reads.append(None)
        return len(self._reads) - 1

    def _add(self, node: Node) -> tuple[int, int]:
        """The first and the last state of a part."""
        match node:
            case Chars():
                first, last = self._state(), self._state()
                self._reads[first] = (node.codes, last)
                return first, last
            case Sequence():
                first = last = self._state()
                for part in node.parts:
                    last = self._follow(last, part)
                return first, last
            case Choice():
                first, last = self._state(), self._state()
                for part in node.parts:
                    self._empty_steps[self._follow(first, part)].append(last)
                return first, last
            case Repeat():
                return self._repeated(node)
            case Edge():
                raise AssertionError("edges are settled before")

    def _follow(self, last: int, part: Node) -> int:
        first, end = self._add(part)
        self._empty_steps[last].append(first)
        return end

    def _repeated(self, node: Repeat) -> tuple[int, int]:
        first = last = self._state()
        for _ in range(node.least):
            last = self._follow(last, node.part)
        end = self._state()
        if node.most is None:
            loop = self._state()
            self._empty_steps[last].append(loop)
            self._empty_steps[self._follow(loop, node.part)].append(loop)
            self._empty_steps[loop].append(end)
            return first, end
        for _ in range(node.most - node.least):
            self._empty_steps[last].append(end)
            last = self._follow(last, node.part)
        self._empty_steps[last].append(end)
        return first, end

    def _closed(self, states: set[int]) -> States:
        found: set[int] = set()
        for state in states:
            found |= self._closure(state)
        return tuple(sorted(found))

    def _closure(self, state: int) -> frozenset[int]:
        """What is reached without reading, of it what reads or is last."""
        if state not in self._closures:
            seen, waiting = {state}, [state]
            while waiting:
                for after in self._empty_steps[waiting.pop()]:
                    if after not in seen:
                        seen.add(after)
                        waiting.append(after)
            kept = (s for s in seen if self._reads[s] is not None or s == self._last)
            self._closures[state] = frozenset(kept)
        return self._closures[state]
