"""Text of one statement to its syntax tree.  The only module that runs Lark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from analyzer.errors import Problem
from analyzer.language.expectations import explained
from analyzer.language.text import Passage
from analyzer.resources import grammar_text

Syntax = Tree[Token]


class _EveryWordEverywhere:
    """Lets the lexer see words and signs where the grammar has no place for them, so that `raech` is one wrong word
    and `only` is never read as `on` and `ly`.
    """

    always_accept = (
        "WORD", "STRING", "LPAR", "RPAR", "LSQB", "RSQB", "COMMA", "COLON", "AT", "BANG", "EQUAL", "EQUALS", "DIFFERS",
    )  # fmt: skip

    @staticmethod
    def process(stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def _parser() -> Lark:
    return Lark(
        grammar_text(),
        parser="lalr",
        start=["statement", "claim"],
        propagate_positions=True,
        maybe_placeholders=True,
        postlex=_EveryWordEverywhere(),
    )


@cache
def reserved_words() -> frozenset[str]:
    """The keywords: no set may be called so."""
    patterns = (terminal.pattern for terminal in _parser().terminals)
    return frozenset(p.value for p in patterns if p.type == "str" and p.value[0].isalpha())


def parse(passage: Passage, start: str, file: str) -> Syntax | Problem:
    """The syntax tree of a sound passage, lines counted from the start of the file, or the first error in it."""
    try:
        tree = _parser().parse(passage.text, start=start)
    except UnexpectedInput as error:
        return explained(error, passage, file)
    shift = passage.line - 1
    for subtree in tree.iter_subtrees():
        if not subtree.meta.empty:
            subtree.meta.line += shift
        for child in subtree.children:
            if isinstance(child, Token):
                child.line = (child.line or 0) + shift
    return tree


def words(tree: Syntax) -> list[Token]:
    """The words and quoted texts directly in the tree."""
    return [child for child in tree.children if isinstance(child, Token)]


def parts(tree: Syntax) -> list[Syntax]:
    """The trees directly in the tree."""
    return [child for child in tree.children if isinstance(child, Tree)]
