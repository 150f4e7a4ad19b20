"""Finite domains of label values: exact, because only the values that some selector or the query mentions, the absent
label and enough fresh values can change an answer (design 4, reference A0).

A domain's codes are 0 for absent, then the mentioned values, then the fresh ones.  Attributes that a condition compares
with one another share one domain, which then also holds every value that a declared object has, so that two different
values never look the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analyzer.encoding.terms import bits
from analyzer.errors import InternalError
from analyzer.model.knobs import USUAL_ATOMS
from analyzer.records import dataclass
from analyzer.sets import AddressSet

if TYPE_CHECKING:
    from analyzer.sets.strings import Pattern

ABSENT = 0


@dataclass(frozen=True, slots=True)
class Attr:
    """What a domain belongs to: `kind` is `pod` or `ns` (a label, `key`), `sa` (service account) or `name` (of the
    namespace)."""

    kind: str
    key: str = ""


@dataclass(frozen=True)
class Domain:
    """`values[i]` has code i + 1; the codes above are fresh.

    Where `patterns` are asked for, the `witnesses` among the values stand for all that meet the same of them and that
    nothing mentions; `spares` are texts for the fresh codes, which meet none.
    """

    values: tuple[str, ...]
    fresh: int
    codes: dict[str, int]
    patterns: tuple[Pattern, ...] = ()
    witnesses: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()

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
        found = self.codes.get(value)
        return self.alike(value)[0] if found is None else found

    def alike(self, value: str) -> tuple[int, ...]:
        """The codes that may stand for a value that nothing mentions: of those that meet the same patterns."""
        met = [pattern.matches(value) for pattern in self.patterns]
        if any(met):
            found = (one for one in self.witnesses if [pattern.matches(one) for pattern in self.patterns] == met)
            return tuple(self.codes[one] for one in found)
        return tuple(range(len(self.values) + 1, self.size))

    def is_fresh(self, code: int) -> bool:
        return code > len(self.values)

    def value(self, code: int) -> str | None:
        """The value of a code; fresh codes get a text that no mentioned value has."""
        if code == ABSENT:
            return None
        if not self.is_fresh(code):
            return self.values[code - 1]
        index = code - len(self.values)
        if self.spares:
            return self.spares[index - 1]
        text = "other" if index == 1 else f"other-{index}"
        while text in self.codes:
            text = f"x-{text}"
        return text


class DomainBuilder:
    """Gathers mentioned values and comparisons, then freezes one Domain per attribute."""

    def __init__(self, most_atoms: int = USUAL_ATOMS) -> None:
        self.most_atoms = most_atoms
        self._values: dict[Attr, dict[str, None]] = {}
        self._parent: dict[Attr, Attr] = {}
        self._compared: set[Attr] = set()
        self._patterns: dict[Attr, dict[Pattern, None]] = {}

    def mention(self, attr: Attr, values: Iterable[str] = ()) -> None:
        self._values.setdefault(attr, {}).update(dict.fromkeys(values))

    def mention_pattern(self, attr: Attr, pattern: Pattern) -> None:
        """Something asks whether a value is like this."""
        self.mention(attr)
        self._patterns.setdefault(attr, {})[pattern] = None

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
            patterns = tuple(pattern for attr in members for pattern in self._patterns.get(attr, ()))
            witnesses, spares = (
                _witnesses(members[0], values, patterns, fresh, self.most_atoms) if patterns else ((), ())
            )
            values = tuple(sorted({*values, *witnesses}))
            codes = {value: i + 1 for i, value in enumerate(values)}
            domain = Domain(values, fresh, codes, patterns, witnesses, spares)
            found |= dict.fromkeys(members, domain)
        return found


_LABEL_VALUE = "[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
ACCOUNT_NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*"


def is_like(value: str, meets: frozenset[str] | Pattern | AddressSet | None) -> bool:
    """Whether a label's value is what a test asks for."""
    if isinstance(meets, AddressSet):
        raise InternalError("no label is an address")
    return meets is None or (value in meets if isinstance(meets, frozenset) else meets.matches(value))


def _witnesses(
    attr: Attr, values: Sequence[str], patterns: Sequence[Pattern], count: int, most: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For each way in which a value that nothing mentions can meet the patterns so many, as could be written there; and
    as many that meet none.  TooManyAtomsError."""
    from analyzer.sets.strings import TooManyAtomsError, atoms, exact, regex

    possible = regex(ACCOUNT_NAME if attr.kind == "sa" else _LABEL_VALUE)
    found, spares = list[str](), list[str]()
    for _ in range(count):
        taken = {*values, *found, *spares}
        try:
            told = atoms([*patterns, possible, *map(exact, taken)], most)
        except TooManyAtomsError as error:
            what = "a service account" if attr.kind == "sa" else f"label `{attr.key}`"
            raise error.of(what, patterns) from error
        for witness in (atom.witness for atom in told.atoms):
            if witness is not None and witness not in taken and possible.matches(witness):
                is_met = any(pattern.matches(witness) for pattern in patterns)
                (found if is_met else spares).append(witness)
    return tuple(found), tuple(spares)
