"""A text on its way to the language: rewritten piece by piece, each character with the place that it came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from enum import Enum

from analyzer.records import dataclass

_HIDDEN = "\x01"
_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\[^\n])*")|#[^\n]*|\s')
_WORDS = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|[ ]+|[^ "]+|"')
_PIECE = re.compile(r"[\w.$/-]+|.", re.DOTALL)
_MOST_EDITS = 60


class Where(Enum):
    """Which part of a text an idiom is looked for in; it never is in text in quotes."""

    OUTSIDE = "outside of brackets"
    INSIDE = "inside of brackets"
    ALL = "everywhere"


Groups = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Idiom:
    """What people write (`pattern`) and the language's form of it: a text with `{group}` in it, or what makes one.

    The group `at`, or else the whole, is what is wrong; `message` says why and may hold `{at}`.
    """

    pattern: re.Pattern[str]
    instead: str | Callable[[Groups], str]
    message: str
    where: Where = Where.OUTSIDE


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing rewritten: where it stood in the text as written, why, and what stands there now."""

    start: int
    end: int
    message: str
    instead: str


def _span(found: re.Match[str], group: int | str, head: int) -> tuple[int, int]:
    """Where the group was found, in the text with its head."""
    return found.start(group) + head, found.end(group) + head


def _origins(old: str, new: str) -> list[int]:
    """Of each character of the new text, where in the old one it stood: words that are in both are the same."""
    if old.lower() == new.lower():
        return list(range(len(old)))
    found: list[int] = []
    behind = 0
    for word in _PIECE.findall(new):
        at = old.find(word, behind)
        at = old.find(word) if at < 0 and len(word) > 1 else at
        if at < 0 or (len(word) == 1 and at != behind):
            found += [behind] * len(word)
        else:
            found += range(at, at + len(word))
            behind = at + len(word)
    return found


class Draft:
    """`text` is what there is now; `edits` lead from the text as written to it, in the order in which they were made.

    Blanks and comments between words are one blank each: patterns that look for blanks here and there take long where
    there are many in a row.
    """

    def __init__(self, written: str) -> None:
        text: list[str] = []
        places: list[int] = []
        for found in _WORDS.finditer(_COMMENT.sub(lambda found: found[1] or " " * len(found[0]), written)):
            is_blank = found[0][0] == " "
            text.append(" " if is_blank else found[0])
            places += [found.start()] if is_blank else range(*found.span())
        self.text = "".join(text)
        self._places = [*places, len(written)]
        self.edits: list[Edit] = []
        self._looked_at: dict[tuple[Where, int], str] = {}

    def place(self, position: int) -> int:
        """Where in the text as written the character stood, or what it came from."""
        return self._places[position]

    @property
    def first(self) -> Edit | None:
        """The edit of what is wrong first."""
        return min(self.edits, key=lambda edit: (edit.start, -edit.end), default=None)

    def replace(self, start: int, end: int, new: str, message: str, at: tuple[int, int] | None = None) -> None:
        """Put `new` in place of the characters from `start` to `end`; `at` is what of them is wrong."""
        left, right = at or (start, end)
        while left < right and self.text[left] == " ":
            left += 1
        while left < right and self.text[right - 1] == " ":
            right -= 1
        place = self._places[left]
        last = min(self._places[right - 1] + 1, self._places[-1]) if right > left else place
        self.edits.append(Edit(place, max(place, last), message, new.strip()))
        came_from = _origins(self.text[start:end], new)
        self._places[start:end] = [self._places[start + origin] for origin in came_from]
        self.text = self.text[:start] + new + self.text[end:]
        self._looked_at.clear()

    def apply(self, idiom: Idiom, known: Set[str], head: int = 0) -> None:
        """Rewrite what the idiom is found at, from left to right, save where it is a name that is known.  What comes
        before `head` is no part of what is looked at."""
        position, seen = 0, self._seen(idiom.where, head)
        while len(self.edits) < _MOST_EDITS:
            found = idiom.pattern.search(seen, position)
            if found is None:
                return
            whole, at = _span(found, 0, head), _span(found, "at" if "at" in found.re.groupindex else 0, head)
            texts = {name: self.text[slice(*_span(found, name, head))] for name in found.re.groupindex}
            groups = {name: text if found[name] else "" for name, text in texts.items()}
            wrong = " ".join(self.text[slice(*at)].split())
            new = idiom.instead(groups) if callable(idiom.instead) else idiom.instead.format_map(groups)
            if new == self.text[slice(*whole)] or wrong in known:
                position = max(found.end(), found.start() + 1)
                continue
            self.replace(*whole, new, idiom.message.replace("{at}", wrong), at)
            position, seen = found.start() + max(len(new), 1), self._seen(idiom.where, head)

    def _seen(self, where: Where, head: int) -> str:
        """The text behind the head, with what is not looked at hidden; hundreds of idioms look at the same."""
        found = self._looked_at.get((where, head))
        if found is None:
            found = self._looked_at[where, head] = _with_hidden(self.text[head:], where)
        return found


def _with_hidden(text: str, where: Where) -> str:
    text = _STRING.sub(lambda found: f'"{_HIDDEN * (len(found[0]) - 2)}"', text)
    if where is Where.ALL:
        return text
    depth, shown = 0, []
    for character in text:
        depth -= character in ")]"
        is_seen = (depth > 0) is (where is Where.INSIDE) or character in "()[]"
        shown.append(character if is_seen else _HIDDEN)
        depth += character in "(["
    return "".join(shown)
