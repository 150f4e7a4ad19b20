"""Query text, cut into statements, and the characters that do not belong into it."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from analyzer.errors import Problem
from analyzer.records import dataclass

DEEPEST_BRACKETS = 50

_LEXEME = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\[^\n])*")
      | (?P<open>"[^\n]*)
      | (?P<comment>\#[^\n]*)
      | (?P<opening>[(\[])
      | (?P<closing>[)\]])
      | (?P<line>\n[ \t\f]*)
      | (?P<plain>[A-Za-z0-9_./$\-{}:=!,@ \t\f]+)
      | (?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)
# Inside brackets a line that can be nothing but a statement still begins one: the bracket was never closed.
_BEGINS = re.compile(r"(?:pack|param|let|assume|assert)(?![\w./$-])|@")
_SURELY_BEGINS = re.compile(r"(?:param|let)\s+[\w-]+\s*=|(?:assert|assume)\s+[\w.-]+\s*[\":]|@[a-z]+\s*\(")
_NOT = re.compile(r"n.t(?![A-Za-z])")  # with an apostrophe of whatever kind
_BLANK = re.compile(r"(?:[ \t\n\f]|#[^\n]*)*")

_WRITE_INSTEAD = {
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{LEFT SINGLE QUOTATION MARK}": '"',
    "\N{RIGHT SINGLE QUOTATION MARK}": '"',
    "'": '"',
    "`": '"',
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{NOT EQUAL TO}": "!=",
    "\N{FULLWIDTH COMMA}": ",",
    "\N{FULLWIDTH COLON}": ":",
    "\N{FULLWIDTH LEFT PARENTHESIS}": "(",
    "\N{FULLWIDTH RIGHT PARENTHESIS}": ")",
    "\N{FULLWIDTH EQUALS SIGN}": "=",
    "&": "and",
    "|": "or",
    "~": "not",
}
_ADVICE = {
    ";": "each statement begins on a line of its own",
    "*": "`pods()` are all pods; names have no wildcards: choose by labels, as in `namespaces(team=a)`",
    "<": "conditions compare with `==` and `!=`",
    ">": "conditions compare with `==` and `!=`",
}


@dataclass(frozen=True, slots=True)
class Passage:
    """The text of one statement, from the start of a line; `line` counts from 1.  Unsound: do not parse it."""

    text: str
    line: int
    is_sound: bool = True


def plain_lines(text: str) -> str:
    """The text without a byte-order mark, its lines ended by a newline alone."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def cut(text: str, file: str) -> tuple[tuple[Passage, ...], tuple[Problem, ...]]:
    """The statements of a file, and what is wrong with single characters.

    A statement begins at a line that begins with a statement's keyword, outside brackets.  Passages of nothing but
    blanks and comments are left out.
    """
    text = plain_lines(text)
    starts, faults = _survey(text)
    lines = _Lines(text)
    passages = []
    for start, end in pairwise((*starts, len(text))):
        part = text[start:end]
        if _BLANK.fullmatch(part) is None:
            is_sound = not any(start <= position < end for position, _, _ in faults)
            passages.append(Passage(part, lines.of(start), is_sound))
    return tuple(passages), tuple(_problems(faults, file, lines))


def whole(text: str, file: str) -> tuple[Passage, tuple[Problem, ...]]:
    """The text as one statement."""
    text = plain_lines(text)
    _, faults = _survey(text)
    return Passage(text, 1, not faults), tuple(_problems(faults, file, _Lines(text)))


_Fault = tuple[int, str, str]  # position, message, hint


def _survey(text: str) -> tuple[list[int], list[_Fault]]:
    """Where statements start, and what is wrong with single characters."""
    starts: list[int] = [0]
    faults: list[_Fault] = []
    depth = 0
    for lexeme in _LEXEME.finditer(text):
        match lexeme.lastgroup:
            case "line":
                begins = _SURELY_BEGINS if depth else _BEGINS
                if begins.match(text, lexeme.end()):
                    starts.append(lexeme.start() + 1)
                    depth = 0
            case "opening":
                depth += 1
                if depth == DEEPEST_BRACKETS + 1:
                    hint = "name parts of it with `let`"
                    faults.append((lexeme.start(), f"more than {DEEPEST_BRACKETS} brackets inside one another", hint))
            case "closing":
                depth = max(depth - 1, 0)
            case "open":
                faults.append((lexeme.start(), 'text in quotes has no closing `"` on its line', 'close it with `"`'))
            case "bad":
                message, hint = _about(lexeme.group())
                is_not = _NOT.match(text, lexeme.start() - 1)
                faults.append((lexeme.start(), message, "that nothing can is `no S can reach D`" if is_not else hint))
    return starts, faults


def _about(character: str) -> tuple[str, str]:
    """What to say of a character that has no place here."""
    name = unicodedata.name(character, "").lower()
    code = f"U+{ord(character):04X}" + (f", {name}" if name else "")
    shown = f"`{character}` ({code})" if character.isprintable() and not character.isspace() else code
    if character.isspace() or unicodedata.category(character) in {"Zs", "Cf"}:
        return f"the character {code} has no place here", "write an ordinary space, or nothing"
    instead = _WRITE_INSTEAD.get(character) or _WRITE_INSTEAD.get(unicodedata.normalize("NFKC", character))
    if instead is None:
        plain = unicodedata.normalize("NFKC", character)
        instead = plain if plain.isascii() and plain.isalnum() else ""
    other = "names, labels and keywords are in plain ASCII; other text stands in quotes"
    hint = f"write `{instead}`" if instead else _ADVICE.get(character, "" if character.isascii() else other)
    return f"the character {shown} has no place here", hint


def _problems(faults: list[_Fault], file: str, lines: _Lines) -> Iterator[Problem]:
    """One problem for each kind of fault, at its first place, so that one pasted quote style is one error."""
    first: dict[str, _Fault] = {}
    for fault in faults:
        is_character = fault[1].startswith("the character")
        first.setdefault(fault[1] if is_character else str(fault[0]), fault)
    for position, message, hint in first.values():
        line = lines.of(position)
        yield Problem(file, line, lines.column(position), message, hint, width=1)


class _Lines:
    """Positions to lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def of(self, position: int) -> int:
        return bisect_right(self._starts, position)

    def column(self, position: int) -> int:
        return position - self._starts[self.of(position) - 1] + 1
