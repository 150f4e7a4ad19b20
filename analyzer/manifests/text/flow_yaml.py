"""Flow collections that stand on one line, such as `{app: web}` and `[Ingress, Egress]`, of words and quoted texts."""

from __future__ import annotations

import re
from typing import Any

from analyzer.manifests.text.nodes import Mapping, Sequence, place_at
from analyzer.manifests.text.scalars import PlainScalars

FLOW = r"[\[{](?:[-A-Za-z0-9_./$,:{}\[\] ]|\"[^\"\\\n]*+\")*[\]}]"
LONGEST = 1000  # within which YAML lets every text be a key
_DEEPEST = 20
_TOKEN = re.compile(r" *+(?:([\[\]{},]|:(?= ))|([A-Za-z0-9_./$][-A-Za-z0-9_./$]*+)|\"([^\"]*+)\")")


class OddFlowError(Exception):
    """Something that is left to the reader of all YAML."""


def read_flow(text: str, scalars: PlainScalars, line: int, column: int) -> Mapping | Sequence:
    """The collection that a text, made up as `FLOW` says, is at this place; OddFlowError if it is to be handed over."""
    if len(text) > LONGEST:
        raise OddFlowError
    reader = _Reader(text, scalars, line, column)
    reader.advance()
    found: Mapping | Sequence = reader.value(0)
    if reader.at != len(text):
        raise OddFlowError
    return found


class _Reader:
    """Goes from sign to word to sign; the one it stands at is a sign, or else has a value."""

    def __init__(self, text: str, scalars: PlainScalars, line: int, column: int) -> None:
        self.at = 0
        self.sign = ""
        self._word: Any = None
        self._text = text
        self._resolve = scalars.resolve
        self._line = line
        self._column = column
        self._start = 0

    def advance(self) -> None:
        found = _TOKEN.match(self._text, self.at)
        if found is None:
            raise OddFlowError
        sign, word, quoted = found.groups()
        self.at, self._start = found.end(), found.start(found.lastindex or 0)
        self.sign = sign or ""
        self._word = quoted if quoted is not None else self._resolve(word) if word else None
        self._start -= quoted is not None

    @property
    def place(self) -> int:
        return place_at(self._line, self._column + self._start)

    def value(self, depth: int) -> Any:
        """The value that begins here; stands at its last token afterwards."""
        if depth > _DEEPEST:
            raise OddFlowError
        if self.sign == "{":
            return self._mapping(depth)
        if self.sign == "[":
            return self._sequence(depth)
        if self.sign:
            raise OddFlowError
        return self._word

    def _mapping(self, depth: int) -> Mapping:
        mapping = Mapping(self.place)
        self.advance()
        while self.sign != "}":
            key, place = self._word, self.place
            if self.sign or type(key) is not str or key in mapping:
                raise OddFlowError
            self._expect(":")
            self.advance()
            mapping.add(key, place, self.value(depth + 1))
            self._go_on("}")
        return mapping

    def _sequence(self, depth: int) -> Sequence:
        sequence = Sequence(self.place)
        self.advance()
        while self.sign != "]":
            sequence.item_places.append(self.place)
            sequence.append(self.value(depth + 1))
            self._go_on("]")
        return sequence

    def _expect(self, sign: str) -> None:
        self.advance()
        if self.sign != sign:
            raise OddFlowError

    def _go_on(self, closing: str) -> None:
        """To the next member or the end."""
        self.advance()
        if self.sign == ",":
            self.advance()
            if self.sign == closing:
                raise OddFlowError
        elif self.sign != closing:
            raise OddFlowError
