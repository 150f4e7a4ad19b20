"""Syntax trees: what a statement consists of, and where each part of it stands."""

from __future__ import annotations


class Token(str):
    """A word or a sign as written, with its type in the grammar, and where it begins, counted from 1."""

    __slots__ = ("column", "end", "line", "start", "type")

    def __new__(cls, type: str, text: str, line: int, column: int, start: int) -> Token:
        made = super().__new__(cls, text)
        made.type = type
        made.line = line
        made.column = column
        made.start = start
        made.end = start + len(text)
        return made

    type: str
    line: int
    column: int
    start: int
    end: int


class Tree:
    """A rule of the grammar, or the alternative of it that was found, with its parts in order.

    It begins where its first part does and ends, as an offset into its statement, behind its last.
    """

    __slots__ = ("children", "column", "data", "end", "line", "start")

    def __init__(self, data: str, children: list[Tree | Token | None], first: Token, last: Token) -> None:
        self.data = data
        self.children = children
        self.line = first.line
        self.column = first.column
        self.start = first.start
        self.end = last.end
