"""From a text in error to the nearest one in the language.

What people are known to write is rewritten first (`idioms`), then each word that an error knows a better one for.  A form
is shown only if nothing is wrong with it: every form can be pasted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from analyzer.errors import Problem
from analyzer.language.teaching.drafts import Draft, Edit, Idiom
from analyzer.language.teaching.idioms import APART, BARE, OF_CLAIMS, OF_SETS_ALONE, OF_STATEMENTS
from analyzer.records import dataclass

Check = Callable[[str], Sequence[Problem]]
"""The problems of a text; their lines and columns count from 1 in it."""

_LONGEST = 20_000  # characters of one claim: a longer one was written by a program
_GAP = re.compile(r"\s{200}")  # in which patterns of what people write would search for long, and which nobody writes
_MOST_READ = 30_000  # characters of drafts, all that are tried together: about half a second
_READINGS = 4  # of a text longer than that, whose one reading takes as long as its answer would
_MOST_JOINED = 9000  # characters of claims that a text joins, all that are tried together
_MOST_STEPS = 12
_HEAD = re.compile(r'(?:\s*@[\w-]+\s*\([^)]*\))*\s*(?:assert\s+[\w.-]+\s*(?:"[^"\n]*"\s*)?:|let\s+[\w-]+\s*=)\s*')
_BLANKS = re.compile(r'("(?:[^"\\\n]|\\[^\n])*")|(?:#[^\n]*|\s)+')
_JOINED = re.compile(
    r"(?P<at>(?:\s*[,;.])?\s+(?:and|but|or|also|then|nor)?\s*|\s*[;,.]\s*)(?=(?:no|every|some|only|all|each)\s[^()]*\s(?:can|reach|talk|is)\s)"
)
_ASK_BOTH = "two claims are two queries: each asks one thing"


class _ExhaustedError(Exception):
    """So much was tried that a reader waits no longer."""


class _Tries:
    """How much is left to be tried: a text that joins many claims could be taken apart in very many ways.

    What is read for one text grows with its length, and no faster.
    """

    def __init__(self, text: str, check: Check) -> None:
        self._check, self._left = check, _MOST_JOINED
        self._unread = max(_MOST_READ, _READINGS * len(text))

    def take(self, text: str) -> bool:
        """Whether the claim may be tried, too."""
        self._left -= max(len(text), 100)
        return self._left > 0

    def check(self, text: str) -> Sequence[Problem]:
        """The problems of a draft.  _ExhaustedError where no more may be read."""
        self._unread -= max(len(text), 100)
        if self._unread < 0:
            raise _ExhaustedError
        return self._check(text)


@dataclass(frozen=True, slots=True)
class _Form:
    """What to write instead, and what was wrong first."""

    forms: tuple[str, ...]
    first: Edit


def taught(
    text: str, problems: Sequence[Problem], check: Check, known: Set[str] = frozenset(), *, is_bare: bool = False
) -> tuple[Problem, ...]:
    """The problems of a text of one claim or statement, the first with the nearest form, where there is one.

    A syntax error hides what comes behind it, and may be found behind what is wrong: where a form is known, the problem
    is what is wrong first, alone: in the form everything is mended.  `known` are the names that the file has given to sets.  `is_bare`: it is a claim without the
    `assert NAME:` of a file.
    """
    if not problems or len(text) > _LONGEST or _GAP.search(text):
        return tuple(problems)
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.column))
    first = ordered[0]
    try:
        found = _form(text, known, _Tries(text, check), BARE if is_bare else OF_STATEMENTS)
    except _ExhaustedError:
        found = None
    if found is None:
        return tuple(ordered)
    line, column = _line_and_column(text, found.first.start)
    is_of_syntax = first.message.startswith("expected ")
    is_earlier = (line, column) < (first.line, first.column)
    if is_earlier or (is_of_syntax and not first.hint and (line, column) == (first.line, first.column)):
        width = found.first.end - found.first.start
        told = Problem(first.file, line, column, found.first.message, width=width)
        return (replace(told, forms=found.forms),)
    return (replace(first, forms=found.forms),)


def _form(text: str, known: Set[str], tries: _Tries, heads: Sequence[Idiom] = (), depth: int = 0) -> _Form | None:
    drafts: list[Draft] = []
    for idioms in (*OF_CLAIMS, ()):
        draft = Draft(text)
        for idiom in heads:
            draft.apply(idiom, known)
        head = _HEAD.match(draft.text)
        drafts.append(draft)
        behind = () if draft.text.lstrip().startswith("let") else OF_SETS_ALONE
        for idiom in (*idioms, *(behind if idioms else ())):
            draft.apply(idiom, known, head.end() if head else 0)
        if _is_mended(draft, tries.check):
            for idiom in APART if draft.edits else ():
                draft.apply(idiom, known, head.end() if head else 0)
            return None if draft.first is None else _Form((_shown(draft.text, text),), draft.first)
    found = _apart(text, known, tries, depth)
    for draft in drafts:
        if found is None and draft.first is not None:
            found = _apart(draft.text, known, tries, depth)
            found = found and _Form(found.forms, draft.first)
    return found


def _is_mended(draft: Draft, check: Check) -> bool:
    """Whether nothing is wrong with the draft in the end, each problem answered by what it says to write."""
    seen: set[str] = set()
    for _ in range(_MOST_STEPS):
        found = check(draft.text)
        if not found:
            return True
        problem = found[0]
        if not problem.instead or draft.text in seen or problem.line != 1:
            return False
        seen.add(draft.text)
        start = end = problem.column - 1
        if problem.instead[0] in ") ":  # what goes before the word joins the one before it
            start = len(draft.text[:start].rstrip())
        draft.replace(start, end + problem.width, problem.instead, problem.message)
    return False


def _apart(text: str, known: Set[str], tries: _Tries, depth: int) -> _Form | None:
    """The two claims that the text joins, if it does, each in its nearest form."""
    head = _HEAD.match(text)
    if depth > 2 or (head is not None and depth == 0 and text.lstrip().startswith("let")):
        return None
    start = head.end() if head else 0
    for found in _JOINED.finditer(text, start):
        left, right = text[: found.start()], text[:start] + text[found.end() :]
        at = found.start() + len(found[0]) - len(found[0].lstrip())
        joint = Edit(at, max(at + 1, found.start() + len(found[0].rstrip())), _ASK_BOTH, "")
        one = _alone(left, known, tries, depth, joint)
        other = _alone(right, known, tries, depth, joint) if one is not None else None
        if one is not None and other is not None:
            return _Form((*one.forms, *other.forms), one.first)
    return None


def _alone(text: str, known: Set[str], tries: _Tries, depth: int, joint: Edit) -> _Form | None:
    """One of several claims, as it is or in its nearest form."""
    if not tries.check(text):
        return _Form((_shown(text, text),), joint)
    return _form(text, known, tries, (), depth + 1) if tries.take(text) else None


def _shown(text: str, written: str) -> str:
    """A claim on one line, without the head of its statement if that was right; other statements whole."""
    head, right = _HEAD.match(text), _HEAD.match(written)
    if head and right and head[0].split() == right[0].split() and "let" not in head[0].split()[:1]:
        text = text[head.end() :]
    return _BLANKS.sub(lambda found: found[1] or " ", text).strip()


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
