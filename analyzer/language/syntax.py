"""Text of one statement to its syntax tree."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from analyzer.errors import Problem
from analyzer.language.automaton import Automaton
from analyzer.language.tables import kept_tables
from analyzer.language.text import Passage
from analyzer.language.trees import Token, Tree
from analyzer.resources import grammar_text

Syntax = Tree


@cache
def _automaton() -> Automaton:
    tables = kept_tables()
    if tables is None:  # the grammar is being worked on
        from analyzer.language.lark_parser import tables_of

        tables = tables_of(grammar_text())
    return Automaton(tables)


def reserved_words() -> frozenset[str]:
    """The keywords: no set may be called so."""
    return _automaton().keywords


def parse(passage: Passage, start: str, file: str, plain: Collection[str] = ()) -> Syntax | Problem:
    """The syntax tree of a sound passage, lines counted from the start of the file, or the first error in it.

    `plain`: keywords that the file uses as names; they are keywords where as names they have no place.
    """
    automaton = _automaton()
    for words in (plain, ()) if plain else ((),):
        tree = automaton.parse(passage.text, start, passage.line, words)
        if tree is not None:
            return tree
    from analyzer.language.lark_parser import fault_of

    return fault_of(passage, start, file)


def words(tree: Syntax) -> list[Token]:
    """The words and quoted texts directly in the tree."""
    return [child for child in tree.children if isinstance(child, Token)]


def parts(tree: Syntax) -> list[Syntax]:
    """The trees directly in the tree."""
    return [child for child in tree.children if isinstance(child, Tree)]
