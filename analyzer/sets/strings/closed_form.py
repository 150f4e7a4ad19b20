"""The atoms of words, beginnings and ends, written down without a search (istio.md 10).

Which beginnings match is settled by the longest that does, for the shorter ones are its own beginnings; so with ends.
The atoms are the words, and for each pair of a longest beginning and a longest end the other strings that have both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.sets.strings.errors import TooManyAtomsError
from analyzer.sets.strings.index import Index
from analyzer.sets.strings.patterns import SIMPLE, Form, Pattern, fold

_FILLERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def is_closed(patterns: Sequence[Pattern]) -> bool:
    """Whether the closed form is for them: all of its forms, and case ignored by all or by none."""
    folded = {p.is_folded for p in patterns if any(char.isascii() and char.isalpha() for char in p.text)}
    return all(p.form in SIMPLE for p in patterns) and len(folded) <= 1


def closed_form(patterns: Sequence[Pattern], index: Index, limit: int) -> dict[int, str]:
    """The shortest witness of each atom but the absent one, by its mask.  TooManyAtomsError."""
    is_folded = any(p.is_folded for p in patterns)

    def texts(form: Form) -> dict[str, int]:
        return {p.text: 1 << place for place, p in enumerate(patterns) if p.form is form}

    words, beginnings, ends = texts(Form.EXACT), texts(Form.PREFIX), texts(Form.SUFFIX)
    shared = sum(1 << n for n, p in enumerate(patterns) if p.form in (Form.PRESENT, Form.NON_EMPTY))
    if any(p.form is Form.NON_EMPTY for p in patterns):
        words.setdefault("", 0)
    if 1 + len(words) + (len(beginnings) + 1) * (len(ends) + 1) > limit:
        raise TooManyAtomsError(patterns, limit)
    found = {index.mask(word): word for word in sorted(words)}
    fresh = _fresh("".join((*words, *beginnings, *ends)), is_folded)
    by_end = {end: _mask_of_ends(end, ends) for end in ("", *sorted(ends))}
    for beginning in ("", *sorted(beginnings)):
        by_beginning = sum(beginnings.get(beginning[:n], 0) for n in range(1, len(beginning) + 1))
        for end, mask in by_end.items():
            wanted = shared | by_beginning | mask
            found[wanted] = next(text for text in _candidates(beginning, end, fresh) if index.mask(text) == wanted)
    return found


def _mask_of_ends(end: str, ends: dict[str, int]) -> int:
    return sum(ends.get(end[n:], 0) for n in range(len(end)))


def _candidates(beginning: str, end: str, fresh: str) -> Iterator[str]:
    """Strings that begin and end so, shortest first; the last one begins and ends with nothing longer."""
    for shared in range(min(len(beginning), len(end)), -1, -1):
        if beginning.endswith(end[:shared]):
            yield beginning + end[shared:]
    for filler in (*_FILLERS, fresh):
        yield beginning + filler + end


def _fresh(text: str, is_folded: bool) -> str:
    """A character that stands in none of the patterns."""
    used = set(text)
    chars = (chr(code) for code in range(0x21, 0x110000))
    return next(char for char in chars if char.isprintable() and (fold(char) if is_folded else char) not in used)
