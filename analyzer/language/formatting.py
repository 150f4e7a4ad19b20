"""The usual layout of a query file: the same statements, names and comments, with the same blanks everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from analyzer.errors import InternalError, Problem, QueryError
from analyzer.language.correcting import shown_in
from analyzer.language.syntax import parse
from analyzer.language.text import cut, plain_lines
from analyzer.records import dataclass

_LEXEME = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\[^\n])*")
      | (?P<comment>\#[^\n]*)
      | (?P<line>\n)
      | (?P<word>(?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f.:]*(?:/[0-9]+)?|(?:[A-Za-z0-9_./$-]|(?<=\$)\{[A-Za-z0-9_-]*\})+)
      | (?P<sign>==|!=|.)""",
    re.VERBOSE,
)
_HEADED = frozenset({"assert", "assume"})


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    text: str


def formatted(text: str, file: str) -> str:
    """The text in the usual layout; formatting that again changes nothing.  QueryError if it cannot be read."""
    passages, problems = cut(text, file)
    trees = (parse(passage, "statement", file) for passage in passages if passage.is_sound)
    problems = (*problems, *(tree for tree in trees if isinstance(tree, Problem)))
    if problems:
        raise QueryError(shown_in(text, problems))
    text = plain_lines(text)
    lines = text.split("\n")
    starts = [passage.line - 1 for passage in passages]
    laid_out = [_blank_lines(lines[: starts[0]] if starts else lines)]
    for start, end in pairwise((*starts, len(lines))):
        laid_out.append(_statement(lines[start:end]))
    found = "\n".join(_few_blank(line for part in laid_out for line in part)).strip("\n") + "\n"
    if _meant(found) != _meant(text):
        raise InternalError(f"the usual layout of {file} does not say the same")
    return found if found.strip() else ""


def _meant(text: str) -> list[str]:
    """What no layout may change: words, signs and comments in their order."""
    return [lexeme.text.rstrip() for lexeme in _lexemes(text) if lexeme.kind != "line"]


def _lexemes(text: str) -> Iterator[_Lexeme]:
    for found in _LEXEME.finditer(text):
        if found[0].strip(" \t\r\f"):
            yield _Lexeme(str(found.lastgroup), found[0])


def _few_blank(lines: Iterator[str]) -> Iterator[str]:
    """The lines, no two of them blank in a row."""
    was_blank = True
    for line in lines:
        if line or not was_blank:
            yield line
        was_blank = not line


def _blank_lines(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines]


# ------------------------------------------------------------------------------------------------ a statement
def _statement(lines: Sequence[str]) -> list[str]:
    """A statement on the lines that it was written on, and what stands behind it, which is about what follows."""
    body = list(lines)
    behind: list[str] = []
    while body and (not body[-1].strip() or body[-1].lstrip().startswith("#")):
        behind.insert(0, body.pop().strip())
    return [*_laid_out(_by_line(_lexemes("\n".join(body)))), *behind]


def _by_line(lexemes: Iterator[_Lexeme]) -> list[list[_Lexeme]]:
    """The lexemes of each line that holds any; annotations, and what they are about, begin lines of their own."""
    lines: list[list[_Lexeme]] = [[]]
    depth = 0
    is_annotated = False
    for lexeme in lexemes:
        if lexeme.kind == "line" or (not depth and (lexeme.text == "@" or (is_annotated and lexeme.kind == "word"))):
            lines.append([])
        if lexeme.kind == "line":
            continue
        lines[-1].append(lexeme)
        if not depth and (lexeme.text == "@" or lexeme.kind == "word"):
            is_annotated = False
        depth = max(0, depth + (lexeme.text in "([") - (lexeme.text in ")]"))
        is_annotated = is_annotated or (lexeme.text == ")" and not depth and _is_note(lines[-1]))
    return [line for line in lines if line]


def _is_note(line: Sequence[_Lexeme]) -> bool:
    return line[0].text == "@"


def _laid_out(lines: Sequence[Sequence[_Lexeme]]) -> Iterator[str]:
    """Annotations and the first line of what they are about at the margin; a claim below its name, and behind its first
    line what narrows it, further in."""
    indents = iter(("", "  "))
    indent = ""
    is_headed = False
    for line in lines:
        code = [lexeme for lexeme in line if lexeme.kind != "comment"]
        notes = [lexeme.text.rstrip() for lexeme in line if lexeme.kind == "comment"]
        if code and not _is_note(code):
            indent = next(indents, "    " if is_headed else "  ")
            is_headed = is_headed or code[0].text in _HEADED
            if not indent and is_headed and code[-1].text != ":":
                next(indents, None)  # the claim began behind its name
        yield indent + "  ".join(filter(None, (_joined(code), *notes)))


# ------------------------------------------------------------------------------------------------ blanks
def _joined(lexemes: Sequence[_Lexeme]) -> str:
    found = ""
    brackets: list[bool] = []  # those that are open, and whether labels are selected in them
    before: _Lexeme | None = None
    for lexeme in lexemes:
        if before is not None and not _is_close(before, lexeme, any(brackets)):
            found += " "
        if lexeme.text in ("(", "["):
            brackets.append(lexeme.text == "(" and before is not None and before.text in ("pods", "namespaces"))
        elif lexeme.text in (")", "]") and brackets:
            brackets.pop()
        found += lexeme.text
        before = lexeme
    return found


def _is_close(before: _Lexeme, lexeme: _Lexeme, is_selector: bool) -> bool:
    """Whether no blank stands between the two."""
    if lexeme.text in (",", ")", "]", "[", ":") or before.text in ("(", "[", "@", "!"):
        return lexeme.kind == "sign" or before.kind == "sign"
    if is_selector and (lexeme.text in ("=", "==", "!=") or before.text in ("=", "==", "!=")):
        return True
    return lexeme.text == "(" and (before.text in ("pods", "namespaces") or _is_annotation(before))


def _is_annotation(before: _Lexeme) -> bool:
    return before.kind == "word" and before.text in _ANNOTATIONS


_ANNOTATIONS = frozenset({"severity", "control", "description", "remediation", "shows", "does-not-show", "empty"})
