"""The parser that Lark makes of the grammar: it says what is wrong with a text, and what the tables are.

The only module, with `expectations`, that imports Lark.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import lark
from lark.exceptions import UnexpectedInput
from lark.grammar import Rule
from lark.parsers.lalr_analysis import Shift

from analyzer.errors import InternalError, Problem
from analyzer.language.expectations import explained
from analyzer.language.text import Passage
from analyzer.resources import grammar_text


class _EveryWordEverywhere:
    """Lets the lexer see words and signs where the grammar has no place for them, so that `raech` is one wrong word
    and `only` is never read as `on` and `ly`.
    """

    always_accept = (
        "WORD", "STRING", "LPAR", "RPAR", "LSQB", "RSQB", "COMMA", "COLON", "AT", "BANG", "EQUAL", "EQUALS", "DIFFERS",
    )  # fmt: skip

    @staticmethod
    def process(stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        return stream


@cache
def lark_parser() -> lark.Lark:
    return lark.Lark(
        grammar_text(),
        parser="lalr",
        start=["statement", "claim"],
        propagate_positions=True,
        maybe_placeholders=True,
        postlex=_EveryWordEverywhere(),
    )


def fault_of(passage: Passage, start: str, file: str) -> Problem:
    """The first error in a passage that has one."""
    try:
        lark_parser().parse(passage.text, start=start)
    except UnexpectedInput as error:
        return explained(error, passage, file)
    raise InternalError(f"the tables of the grammar refuse what the grammar takes: {passage.text}")


def tables_of(grammar: str) -> dict[str, Any]:
    """What `analyzer.language.tables` describes, of this text, which is the grammar's."""
    parser = lark_parser()
    engine: Any = parser.parser
    table = engine.parser._parse_table
    rules = list(parser.rules)
    numbers = {rule: number for number, rule in enumerate(rules)}
    order = _numbered(table)
    states = [
        {
            name: order[arg] if action is Shift else -numbers[arg] - 1
            for name, (action, arg) in sorted(table.states[state].items())
        }
        for state in order
    ]
    patterns = {t.name: t.pattern for t in sorted(parser.terminals, key=_as_tried)}
    first = [t.name for t in parser.terminals if t.priority > 0]
    keywords = [name for name, pattern in patterns.items() if pattern.type == "str" and pattern.value[0].isalpha()]
    return {
        "grammar": grammar,
        "start": {name: order[state] for name, state in sorted(table.start_states.items())},
        "end": {name: order[state] for name, state in sorted(table.end_states.items())},
        "states": states,
        "rules": [_rule(rule) for rule in rules],
        "scanned": {name: p.to_regexp() for name, p in patterns.items() if name not in (*keywords, *first)},
        "ignored": sorted(parser.ignore_tokens),
        "keywords": {patterns[name].value: name for name in sorted(keywords)},
        "before_words": {name: patterns[name].to_regexp() for name in first},
    }


def _numbered(table: Any) -> dict[int, int]:
    """The states in the order in which one comes upon them; Lark's own numbers differ from run to run."""
    found = [state for _, state in sorted(table.start_states.items())]
    for state in found:
        ahead = (arg for _, (action, arg) in sorted(table.states[state].items()) if action is Shift)
        found += [other for other in dict.fromkeys(ahead) if other not in found]
    return {state: number for number, state in enumerate(found)}


def _as_tried(terminal: Any) -> tuple[int, int, str]:
    """Lark's order: where two match, the longer pattern goes first."""
    return -terminal.pattern.max_width, -len(terminal.pattern.value), terminal.name


def _rule(rule: Rule) -> list[Any]:
    symbols = iter(enumerate(rule.expansion))
    shape: list[int | None] = []
    for is_missing in rule.options.empty_indices or [False] * len(rule.expansion):
        if is_missing:
            shape.append(None)
            continue
        number, symbol = next(symbols)
        if symbol.is_term and getattr(symbol, "filter_out", False):
            continue
        is_inlined = not symbol.is_term and symbol.name.startswith("_")
        shape.append(-number - 1 if is_inlined else number)
    origin = str(rule.origin.name)
    is_transparent = bool(rule.options.expand1) and not rule.alias
    return [origin, rule.alias or origin, len(rule.expansion), shape, is_transparent]
