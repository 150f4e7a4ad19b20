"""Runs the tables that `analyzer.language.tables` makes of the grammar: text to tree, for a text without errors.

Making a parser of the grammar takes longer than everything else that a small check does.  What is wrong with a text
is left to Lark, which can say what it expected.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from analyzer.language.trees import Token, Tree

END = "$END"


class Automaton:
    """An LALR(1) parser.  A word is a keyword only where the grammar has a place for that keyword."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._start: Mapping[str, int] = tables["start"]
        self._end: Mapping[str, int] = tables["end"]
        self._states: list[Mapping[str, int]] = tables["states"]
        self._rules: list[list[Any]] = tables["rules"]
        self._keywords: Mapping[str, str] = tables["keywords"]
        self._before_words: Mapping[str, re.Pattern[str]] = {
            name: re.compile(pattern) for name, pattern in tables["before_words"].items()
        }
        self._scan = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in tables["scanned"].items())).match
        self._ignored = frozenset(tables["ignored"])

    @property
    def keywords(self) -> frozenset[str]:
        return frozenset(self._keywords)

    def parse(self, text: str, start: str, line: int, plain: Collection[str] = ()) -> Tree | None:
        """The tree of a text whose first line has this number; None if the grammar has no place for it.

        `plain`: keywords that are words like any other.
        """
        stack = _Stack(self._start[start])
        for found, number, column in self._scanned(text, line):
            if found is None:
                return None
            type_ = str(found.lastgroup) if found[0] in plain else self._type_of(found, text, stack.states[-1])
            token = Token(type_, found[0], number, column, found.start())
            if not self._makes_room(token.type, stack):
                return None
            stack.push(self._states[stack.states[-1]][token.type], token, token, token)
        self._makes_room(END, stack)
        root = stack.values[-1] if stack.values and stack.states[-1] == self._end[start] else None
        return root if isinstance(root, Tree) else None

    def _scanned(self, text: str, line: int) -> Iterator[tuple[re.Match[str] | None, int, int]]:
        """Each word and sign with its line and column; None for what is neither."""
        position = line_start = 0
        while position < len(text):
            found = self._scan(text, position)
            if found is None or found.lastgroup not in self._ignored:
                yield found, line, position - line_start + 1
            if found is None:
                return
            position = found.end()
            breaks = text.count("\n", found.start(), position)
            if breaks:
                line += breaks
                line_start = text.rindex("\n", 0, position) + 1

    def _type_of(self, found: re.Match[str], text: str, state: int) -> str:
        """What the word is in this state."""
        actions = self._states[state]
        for name, pattern in self._before_words.items():
            if name in actions and pattern.match(text, found.start()):
                return name
        keyword = self._keywords.get(found[0], "")
        return keyword if keyword in actions else str(found.lastgroup)

    def _makes_room(self, type: str, stack: _Stack) -> bool:
        """Close all that ends before a token of the type; whether it has a place then."""
        while (action := self._states[stack.states[-1]].get(type)) is not None and action < 0:
            origin, name, size, shape, is_transparent = self._rules[-action - 1]
            values, first, last = stack.pop(size)
            children: list[Tree | Token | None] = []
            for part in shape:
                if part is None:
                    children.append(None)
                elif part >= 0:
                    children.append(values[part])
                else:
                    children += values[-part - 1].children
            is_itself = is_transparent and len(children) == 1
            value = children[0] if is_itself else Tree(name, children, first, last)
            stack.push(self._states[stack.states[-1]][origin], value, first, last)
        return action is not None


class _Stack:
    """What has been read: states, the tree that led to each, and the first and the last token of that tree."""

    def __init__(self, start: int) -> None:
        self.states = [start]
        self.values: list[Any] = []
        self._extents: list[tuple[Token, Token]] = []

    def push(self, state: int, value: Tree | Token | None, first: Token, last: Token) -> None:
        self.states.append(state)
        self.values.append(value)
        self._extents.append((first, last))

    def pop(self, size: int) -> tuple[list[Any], Token, Token]:
        values, extents = self.values[-size:], self._extents[-size:]
        del self.states[-size:], self.values[-size:], self._extents[-size:]
        return values, extents[0][0], extents[-1][1]
