"""Calico's selector language (calico-cilium.md 1.3): text to a formula over labels as Calico keeps them.

A word stands as a label or as an operator by what is before it, so the tokens are cut one at a time: a label may be
called `in` or `has`.  Space and tab separate, a line break does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from analyzer.model.formulas import TRUE, Attribute, Formula, Name, Not, Role, Test, both, either
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.sets.strings import Pattern

_LONGEST_KEY = 512
_BLANK = " \t"
_KEY = re.compile(r"[A-Za-z0-9_./-]+")
_SIGNS = {"(": "(", ")": ")", "{": "{", "}": "}", ",": ","}
_DOUBLED = {"=": "==", "&": "&&", "|": "||"}
_CALL = re.compile(r"(has|all|global)\(")
_END_OF_WORD = r"(?![A-Za-z0-9_./-])"
_OPERATORS = {
    "contains": re.compile("contains" + _END_OF_WORD),
    "starts with": re.compile(rf"starts[ \t]*with[ \t]*{_END_OF_WORD}"),
    "ends with": re.compile(rf"ends[ \t]*with[ \t]*{_END_OF_WORD}"),
    "not in": re.compile(rf"not[ \t]*in[ \t]*{_END_OF_WORD}"),
    "in": re.compile("in" + _END_OF_WORD),
}


class SelectorError(ValueError):
    """Calico refuses the selector; `at` is the place in its text, from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is the sign or the operator itself, or `key`, `text`, `has`, `all`, `global`, `end`."""

    kind: str
    value: str
    at: int


def parse(text: str, *, prefix: str = "", every: Formula = TRUE, not_namespaced: Formula = TRUE) -> Formula:
    """The formula over SELF that the selector stands for; a blank one selects everything.

    `prefix` goes before each key; `every` and `not_namespaced` are what `all()` and `global()` mean.  SelectorError.
    """
    return _Parser(list(_tokens(text)), prefix, every, not_namespaced).selector()


def is_blank(text: str) -> bool:
    """Not empty, but of spaces: Calico takes it, and cannot read what it makes of it once a namespace is added."""
    return bool(text) and not text.strip(_BLANK)


def has(key: str) -> Formula:
    return Test(Attribute(Role.SELF, Name.LABEL, key))


# ------------------------------------------------------------------------------------------------ tokens
def _tokens(text: str) -> Iterator[_Token]:
    at, last = 0, ""
    while True:
        while text[at : at + 1] and text[at] in _BLANK:
            at += 1
        if at == len(text):
            yield _Token("end", "", at)
            return
        token, at = _token(text, at, last)
        yield token
        last = token.kind


def _token(text: str, at: int, last: str) -> tuple[_Token, int]:
    """The token that begins here, and where the next one may."""
    sign = text[at]
    if sign in _SIGNS:
        return _Token(sign, sign, at), at + 1
    if sign in "\"'":
        end = text.find(sign, at + 1)
        if end < 0:
            raise SelectorError(f"the text that begins with {sign} does not end", at)
        return _Token("text", text[at + 1 : end], at), end + 1
    if sign in _DOUBLED:
        if not text.startswith(_DOUBLED[sign], at):
            raise SelectorError(f"`{sign}` alone means nothing: write `{_DOUBLED[sign]}`", at)
        return _Token(_DOUBLED[sign], "", at), at + 2
    if sign == "!":
        return (_Token("!=", "", at), at + 2) if text.startswith("!=", at) else (_Token("!", "", at), at + 1)
    if last == "key":
        return _operator(text, at)
    call = _CALL.match(text, at)
    return _key(text, at, "key") if call is None else _call(text, call)


def _operator(text: str, at: int) -> tuple[_Token, int]:
    for name, words in _OPERATORS.items():
        if found := words.match(text, at):
            return _Token(name, "", at), found.end()
    raise SelectorError(f"after a label comes an operator: ==, !=, {', '.join(_OPERATORS)}", at)


def _call(text: str, call: re.Match[str]) -> tuple[_Token, int]:
    name, at, value = call[1], _skip(text, call.end()), ""
    if name == "has":
        key, at = _key(text, at, "has")
        value, at = key.value, _skip(text, at)
    if not text.startswith(")", at):
        raise SelectorError(f"`{name}(` is not closed", at)
    return _Token(name, value, call.start()), at + 1


def _key(text: str, at: int, kind: str) -> tuple[_Token, int]:
    found = _KEY.match(text, at)
    if found is None:
        shown = {"\n": "a line break", "\r": "a line break"}.get(text[at : at + 1], f"`{text[at : at + 1]}`")
        raise SelectorError(f"{shown} is no label" if at < len(text) else "a label is missing", at)
    if len(found[0]) > _LONGEST_KEY:
        raise SelectorError(f"a label has at most {_LONGEST_KEY} characters", at)
    return _Token(kind, found[0], at), found.end()


def _skip(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip(_BLANK))


# ------------------------------------------------------------------------------------------------ grammar
class _Parser:
    def __init__(self, tokens: list[_Token], prefix: str, every: Formula, not_namespaced: Formula) -> None:
        self._tokens, self._next, self._prefix = tokens, 0, prefix
        self._calls = {"all": every, "global": not_namespaced}

    def selector(self) -> Formula:
        if self._peek().kind == "end":
            return self._calls["all"]
        found = self._some()
        if self._peek().kind != "end":
            raise SelectorError("the selector is over before this: join terms with && or ||", self._peek().at)
        return found

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *kinds: str) -> _Token | None:
        token = self._peek()
        if token.kind not in kinds:
            return None
        self._next += 1
        return token

    def _needed(self, kind: str, what: str) -> _Token:
        token = self._take(kind)
        if token is None:
            raise SelectorError(f"{what} is missing here", self._peek().at)
        return token

    def _joined(self, sign: str, join: Callable[[list[Formula]], Formula], part: Callable[[], Formula]) -> Formula:
        parts = [part()]
        while self._take(sign):
            parts.append(part())
        return join(parts)

    def _some(self) -> Formula:
        return self._joined("||", either, lambda: self._joined("&&", both, self._operation))

    def _operation(self) -> Formula:
        """`!` applies to one atom; several collapse."""
        is_negated = False
        while self._take("!"):
            is_negated = not is_negated
        found = self._atom()
        return Not(found) if is_negated else found

    def _atom(self) -> Formula:
        token = self._take("(", "has", "all", "global", "key")
        if token is None:
            what = "a term is missing here" if self._peek().kind == "end" else "no term begins like this"
            raise SelectorError(f"{what}: write a label, has(…), all() or a parenthesis", self._peek().at)
        match token.kind:
            case "(":
                found = self._some()
                self._needed(")", "`)`")
                return found
            case "has":
                return has(self._prefix + token.value)
            case "key":
                return self._comparison(Attribute(Role.SELF, Name.LABEL, self._prefix + token.value))
            case name:
                return self._calls[name]

    def _comparison(self, label: Attribute) -> Formula:
        operator = self._take("==", "!=", *_OPERATORS)
        if operator is None:
            raise SelectorError(f"after a label comes an operator: ==, !=, {', '.join(_OPERATORS)}", self._peek().at)
        match operator.kind:
            case "in":
                return Test(label, self._set())
            case "not in":
                return Not(Test(label, self._set()))
        text = self._needed("text", "a text in quotes").value
        match operator.kind:
            case "==":
                return Test(label, frozenset({text}))
            case "!=":
                return Not(Test(label, frozenset({text})))
            case kind:
                return Test(label, _pattern(kind, text))

    def _set(self) -> frozenset[str]:
        """A comma may stand after the last value; there may be none."""
        self._needed("{", "a set, { … },")
        found: set[str] = set()
        while value := self._take("text"):
            found.add(value.value)
            if not self._take(","):
                break
        self._needed("}", "`}`")
        return frozenset(found)


def _pattern(operator: str, text: str) -> Pattern | None:
    """An empty text is in every value."""
    from analyzer.sets.strings import contains, prefix, suffix

    make = {"contains": contains, "starts with": prefix, "ends with": suffix}[operator]
    return make(text) if text else None
