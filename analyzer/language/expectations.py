"""Syntax errors in the reader's words: what was expected where, what stood there, and the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from analyzer.errors import Problem
from analyzer.language.names import FIRST_WORDS, SETS, Advice, clipped, namespace_fault, nearest, nearest_name, write
from analyzer.language.text import Passage

STATEMENTS = ("pack", "param", "let", "assume", "assert")

_SIGNS = {
    "LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "COMMA": ",", "COLON": ":", "AT": "@", "BANG": "!",
    "EQUAL": "=", "EQUALS": "==", "DIFFERS": "!=", "METADATA_SERVICE": "metadata-service", "EXCEPT_CIDRS": "except",
}  # fmt: skip

_RANGE = "an address range such as `10.0.0.0/8`"
# What a word is, by the token it follows.
_WORD_AFTER = {
    "PACK": "a name for the pack",
    "PARAM": "a name for the parameter",
    "LET": "a name for the set",
    "ASSUME": "a name for the assumption",
    "ASSERT": "a name for the query",
    "AT": "an annotation such as `severity`",
    "NAMESPACE": "the name of a namespace",
    "WORKLOAD": "a workload as NAMESPACE/NAME",
    "SERVICE": "a Service as NAMESPACE/NAME",
    "IPS": _RANGE,
    "DOMAINS": "a domain name such as `example.com`",
    "LIKE": 'a pattern such as `"/v1/*"`',
    "EXCEPT_CIDRS": _RANGE,
    "ON": "ports such as `tcp/80`",
    "WITHIN": "`any`, `namespaces` or `inventory`",
    "FOR": "`ingress` or `egress`",
    "LSQB": "a label key",
    "BANG": "a label key",
    "HAS": "a label key or an attribute such as `src.labels[team]`",
    "EQUAL": "a value",
    "EQUALS": "a value or an attribute",
    "DIFFERS": "a value or an attribute",
}
_SET = "a set such as `pods(app=web)`, `namespace shop` or `internet`"
_CONDITION = "a condition such as `src.namespace == dst.namespace`"
_CLAIM = "a claim such as `no pods(app=web) can reach internet`"
_STATEMENT = "a statement (`pack`, `param`, `let`, `assume` or `assert`)"
_CODE = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|[^\s#"]+')

_SET_STARTS = frozenset({"PODS", "NAMESPACE", "NAMESPACES", "WORKLOAD", "SERVICE", "IPS", "INTERNET", "EXTERNAL"}) | {
    "DOMAINS", "METADATA_SERVICE", "APISERVER", "NODES", "ANYTHING", "LPAR", "WORD",
}  # fmt: skip
# If all of the first are accepted, name all of the second by the third.
_GROUPS = (
    (frozenset({"PACK", "LET"}), frozenset({"PACK", "PARAM", "LET", "ASSUME", "ASSERT", "AT"}), _STATEMENT),
    (frozenset({"NO", "PODS"}), _SET_STARTS | {"NO", "EVERY", "SOME", "ONLY", "POLICIES"}, _CLAIM),
    (frozenset({"PODS", "INTERNET"}), _SET_STARTS, _SET),
    (frozenset({"HAS", "LPAR", "WORD"}), frozenset({"NOT", "HAS", "LPAR", "WORD", "STRING"}), _CONDITION),
)
_CLAIM_WORDS = ("no", "every", "some", "only", "policies")
_BEGIN_CLAIM = "a claim begins with `no`, `every`, `some` or `only`, or reads `S can reach only D`"


def explained(error: UnexpectedInput, passage: Passage, file: str) -> Problem:
    """The problem that a syntax error is."""
    position = error.pos_in_stream or 0
    if not isinstance(error, UnexpectedToken) or error.interactive_parser is None:
        line, column = _place(passage, position)
        return Problem(file, line, column, f"`{passage.text[position]}` has no place here", width=1)
    parser = error.interactive_parser
    accepted = frozenset(error.accepts or ())
    word = str(error.token)
    if error.token.type == "$END":
        word, position = "", _end_of_code(passage.text)
    line, column = _place(passage, position)
    stack = parser.parser_state.value_stack
    expected = _listed(_expected(accepted, stack))
    found = f"`{word}`" if word else "the end"
    before = str(stack[-1]) if stack and isinstance(stack[-1], Token) else ""
    hint = _hint(word, before, accepted)
    instead = hint.instead if isinstance(hint, Advice) else ""
    message = clipped(f"expected {expected}, found {found}")
    return Problem(file, line, column, message, clipped(hint), width=len(word), instead=instead)


def _place(passage: Passage, position: int) -> tuple[int, int]:
    before = passage.text[:position]
    return passage.line + before.count("\n"), position - before.rfind("\n")


def _end_of_code(text: str) -> int:
    """Where the last word or sign ends."""
    return max((found.end() for found in _CODE.finditer(text) if not found[0].startswith("#")), default=0)


def _expected(accepted: frozenset[str], stack: Sequence[object]) -> list[str]:
    """What may stand here, in words; groups of keywords that begin the same thing are named after that thing."""
    phrases = []
    rest = set(accepted)
    for group, members, phrase in _GROUPS:
        if group <= rest:
            phrases.append(phrase)
            rest -= members
    if "WORD" in rest:
        phrases.append(_word_here(rest, stack))
    elif "STRING" in rest:
        phrases.append("a title in quotes")
    if "$END" in rest and "AT" not in rest:
        phrases.append("the end")
    rest -= {"WORD", "STRING", "$END"}
    return [*phrases, *(f"`{_literal(name)}`" for name in sorted(rest))]


def _word_here(accepted: set[str], stack: Sequence[object]) -> str:
    for item in reversed(stack):
        kind = getattr(item, "type", "")
        if kind == "LPAR":
            return "a label key" if "BANG" in accepted else "a value"
        if kind in _WORD_AFTER:
            return _WORD_AFTER[kind]
    return "a word"


def _literal(terminal: str) -> str:
    return _SIGNS.get(terminal, terminal.lower())


def _listed(phrases: list[str]) -> str:
    phrases = list(dict.fromkeys(phrases))
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def _hint(word: str, before: str, accepted: frozenset[str]) -> str:
    """The way out, from what stands here and the word or sign before it."""
    if accepted == {"ONLY"}:
        return _BEGIN_CLAIM
    if "PACK" in accepted and word in _CLAIM_WORDS:
        return 'write `assert NAME "TITLE":` before it'
    if "CAN" in accepted and before == "assert":
        return "a question given by itself has no `assert`"
    if "CAN" in accepted and word.lower() in ("cannot", "reaches"):
        return "write `no S can reach D`, `S can reach only D`, …"
    if accepted == {"NAMESPACE", "NAMESPACES"} and word not in FIRST_WORDS and not namespace_fault(word):
        return write(f"namespace {word}")
    if before == "namespace" and word == "(":
        return "to select namespaces by their labels write `namespaces(…)`"
    if "OR" in accepted and word == ",":
        return Advice("to put sets together write `or`", " or")
    if "RPAR" in accepted and word in ("can", "is", "on", "where", "within"):
        return Advice("close the bracket with `)`", f") {word}")
    return _likely(word, before, accepted)


def _likely(word: str, before: str, accepted: frozenset[str]) -> str:
    """The keyword that the word, or the one before it, was meant to be."""
    keywords = [_literal(name) for name in accepted if _literal(name)[0].isalpha()]
    if "$END" in accepted:
        if word in STATEMENTS:
            return "it begins a statement: put it on a line of its own"
        keywords += STATEMENTS
    hint = nearest(word, keywords)
    if hint or "CAN" not in accepted:
        return hint
    if "LPAR" in accepted and word not in ("not", "outside"):
        return "labels stand in brackets: `pods(app=web)`"
    likely = nearest_name(before, (*_CLAIM_WORDS, *SETS))
    return f"for `{before}`, did you mean `{likely}`?" if likely and likely != before else ""
