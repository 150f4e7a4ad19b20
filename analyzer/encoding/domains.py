"""Finite domains of label values: exact, because only the values that some selector or the query mentions, the absent
label and enough fresh values can change an answer (design 4, reference A0).

A domain's codes are 0 for absent, then the mentioned values, then the fresh ones.  Attributes that a condition compares
with one another share one domain, which then also holds every value that a declared object has, so that two different
values never look the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.encoding.terms import bits
from analyzer.records import dataclass

ABSENT = 0


@dataclass(frozen=True, slots=True)
class Attr:
    """What a domain belongs to: `kind` is `pod` or `ns` (a label, `key`), `sa` (service account) or `name` (of the
    namespace)."""

    kind: str
    key: str = ""


@dataclass(frozen=True)
class Domain:
    """`values[i]` has code i + 1; the codes above are fresh."""

    values: tuple[str, ...]
    fresh: int
    codes: dict[str, int]

    @property
    def size(self) -> int:
        return 1 + len(self.values) + self.fresh

    @property
    def is_compared(self) -> bool:
        """Whether a condition compares attributes of this domain: it then holds every value that an object has."""
        return self.fresh > 1

    @property
    def width(self) -> int:
        return bits(self.size)

    def code(self, value: str | None) -> int:
        """The code of a value; every unmentioned one has the first fresh code, absent (None) has 0."""
        if value is None:
            return ABSENT
        return self.codes.get(value, len(self.values) + 1)

    def is_fresh(self, code: int) -> bool:
        return code > len(self.values)

    def value(self, code: int) -> str | None:
        """The value of a code; fresh codes get a text that no mentioned value has."""
        if code == ABSENT:
            return None
        if not self.is_fresh(code):
            return self.values[code - 1]
        index = code - len(self.values)
        text = "other" if index == 1 else f"other-{index}"
        while text in self.codes:
            text = f"x-{text}"
        return text


class DomainBuilder:
    """Gathers mentioned values and comparisons, then freezes one Domain per attribute."""

    def __init__(self) -> None:
        self._values: dict[Attr, dict[str, None]] = {}
        self._parent: dict[Attr, Attr] = {}
        self._compared: set[Attr] = set()

    def mention(self, attr: Attr, values: Iterable[str] = ()) -> None:
        self._values.setdefault(attr, {}).update(dict.fromkeys(values))

    def compare(self, left: Attr, right: Attr) -> None:
        self.mention(left)
        self.mention(right)
        self._compared |= {left, right}
        a, b = self._root(left), self._root(right)
        if a != b:
            self._parent[b] = a

    def __contains__(self, attr: Attr) -> bool:
        return attr in self._values

    @property
    def attrs(self) -> tuple[Attr, ...]:
        return tuple(self._values)

    @property
    def compared(self) -> frozenset[Attr]:
        """The attributes whose every actual value must be mentioned before `freeze`."""
        roots = {self._root(attr) for attr in self._compared}
        return frozenset(attr for attr in self._values if self._root(attr) in roots)

    def values_like(self, attr: Attr) -> frozenset[str]:
        """The values mentioned so far of the attributes that share a domain with this one."""
        return frozenset(value for other in self.alike(attr) for value in self._values[other])

    def alike(self, attr: Attr) -> frozenset[Attr]:
        """The attributes that share a domain with this one, itself included if anything mentions it."""
        root = self._root(attr)
        return frozenset(other for other in self._values if self._root(other) == root)

    def _root(self, attr: Attr) -> Attr:
        while (up := self._parent.get(attr, attr)) != attr:
            attr = up
        return attr

    def freeze(self) -> dict[Attr, Domain]:
        groups: dict[Attr, list[Attr]] = {}
        for attr in self._values:
            groups.setdefault(self._root(attr), []).append(attr)
        compared = self.compared
        found: dict[Attr, Domain] = {}
        for members in groups.values():
            values = tuple(sorted({v for attr in members for v in self._values[attr]}))
            # Compared: each of the two ends may hold a value of its own in each of the attributes.
            fresh = 2 * len(members) if members[0] in compared else 1
            domain = Domain(values, fresh, {v: i + 1 for i, v in enumerate(values)})
            found |= dict.fromkeys(members, domain)
        return found
