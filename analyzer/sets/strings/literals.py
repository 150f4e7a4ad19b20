"""Many plain texts as one deterministic machine: words and beginnings as a tree, ends and inner texts after Aho and
Corasick.  A machine reads one character after the other; `mask` says which patterns match what was read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

State = tuple[int, ...]
_OFF = -1


class _Tree:
    """The texts by their characters; node 0 is the empty one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.children: list[dict[int, int]] = [{}]
        self.node_of: dict[str, int] = {}
        for text in texts:
            node = 0
            for char in text:
                after = self.children[node].get(ord(char))
                if after is None:
                    after = self.children[node][ord(char)] = len(self.children)
                    self.children.append({})
                node = after
            self.node_of[text] = node
        self.codes = frozenset(code for node in self.children for code in node)


class Words:
    """Words and beginnings.  A state is a node, or off the tree, and the beginnings that were met."""

    def __init__(self, words: dict[str, int], beginnings: dict[str, int]) -> None:
        """By text the bit of its pattern."""
        tree = self._tree = _Tree((*words, *beginnings))
        self._words = {tree.node_of[text]: bit for text, bit in words.items()}
        self._beginnings = {tree.node_of[text]: bit for text, bit in beginnings.items()}
        self.codes = tree.codes
        self.start: State = (0, 0)

    def step(self, state: State, code: int) -> State:
        node, met = state
        after = self._tree.children[node].get(code, _OFF) if node != _OFF else _OFF
        return after, met | self._beginnings.get(after, 0)

    def mask(self, state: State) -> int:
        return state[1] | self._words.get(state[0], 0)


class Parts:
    """Ends and inner texts.  A state is the longest end of what was read that begins one of them, and the inner texts
    that were met."""

    def __init__(self, ends: dict[str, int], inner: dict[str, int]) -> None:
        """By text the bit of its pattern."""
        tree = self._tree = _Tree((*ends, *inner))
        self.codes = tree.codes
        self.start: State = (0, 0)
        self._ends, self._inner = ([0] * len(tree.children) for _ in range(2))
        for text, bit in ends.items():
            self._ends[tree.node_of[text]] |= bit
        for text, bit in inner.items():
            self._inner[tree.node_of[text]] |= bit
        self._shorter = [0] * len(tree.children)
        waiting = deque(tree.children[0].values())
        while waiting:
            node = waiting.popleft()
            for masks in (self._ends, self._inner):
                masks[node] |= masks[self._shorter[node]]
            for code, child in tree.children[node].items():
                self._shorter[child] = self._after(self._shorter[node], code)
                waiting.append(child)

    def _after(self, node: int, code: int) -> int:
        while code not in self._tree.children[node]:
            if node == 0:
                return 0
            node = self._shorter[node]
        return self._tree.children[node][code]

    def step(self, state: State, code: int) -> State:
        node = self._after(state[0], code)
        return node, state[1] | self._inner[node]

    def mask(self, state: State) -> int:
        return state[1] | self._ends[state[0]]
