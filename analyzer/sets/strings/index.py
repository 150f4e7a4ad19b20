"""All patterns put to one string at once, in a time that hardly grows with their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from analyzer.sets.strings.patterns import Form, Pattern, fold


class Index:
    """Bit `i` of a mask is what pattern `i` says.  Words, beginnings and ends are looked up, the others asked."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._present = self._non_empty = 0
        self._words: defaultdict[tuple[bool, str], int] = defaultdict(int)
        self._beginnings: defaultdict[tuple[bool, int], dict[str, int]] = defaultdict(dict)
        self._ends: defaultdict[tuple[bool, int], dict[str, int]] = defaultdict(dict)
        self._others: list[tuple[int, Pattern]] = []
        for place, pattern in enumerate(patterns):
            bit, text, is_folded = 1 << place, pattern.text, pattern.is_folded
            match pattern.form:
                case Form.EXACT:
                    self._words[is_folded, text] |= bit
                case Form.PREFIX:
                    self._beginnings[is_folded, len(text)][text] = bit
                case Form.SUFFIX:
                    self._ends[is_folded, len(text)][text] = bit
                case Form.PRESENT:
                    self._present |= bit
                case Form.NON_EMPTY:
                    self._non_empty |= bit
                case _:
                    self._others.append((bit, pattern))

    def mask(self, text: str) -> int:
        seen = {False: text, True: fold(text)}
        found = self._present | (self._non_empty if text else 0)
        for is_folded in (False, True):
            found |= self._words.get((is_folded, seen[is_folded]), 0)
        for (is_folded, length), by_text in self._beginnings.items():
            found |= by_text.get(seen[is_folded][:length], 0)
        for (is_folded, length), by_text in self._ends.items():
            found |= by_text.get(seen[is_folded][-length:], 0)
        for bit, pattern in self._others:
            if pattern.matches(text):
                found |= bit
        return found
