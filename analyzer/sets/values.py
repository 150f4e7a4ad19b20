"""Sets of values of one label, where `None` stands for the absent label (reference A2.4: absent is not "")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A finite set of label values, or the complement of one.

    The values of a label are all strings and `None` (absent), so the complement of a finite set is never empty and
    each set has exactly one form.
    """

    values: frozenset[str | None]
    is_complement: bool = False

    ANY: ClassVar[ValueSet]
    NONE: ClassVar[ValueSet]
    ABSENT: ClassVar[ValueSet]
    PRESENT: ClassVar[ValueSet]

    @staticmethod
    def of(values: Iterable[str | None]) -> ValueSet:
        return ValueSet(frozenset(values))

    def __invert__(self) -> ValueSet:
        return ValueSet(self.values, not self.is_complement)

    def __and__(self, other: ValueSet) -> ValueSet:
        match self.is_complement, other.is_complement:
            case False, False:
                return ValueSet(self.values & other.values)
            case False, True:
                return ValueSet(self.values - other.values)
            case True, False:
                return ValueSet(other.values - self.values)
            case _:
                return ValueSet(self.values | other.values, True)

    def __or__(self, other: ValueSet) -> ValueSet:
        return ~(~self & ~other)

    def __sub__(self, other: ValueSet) -> ValueSet:
        return self & ~other

    def __contains__(self, value: str | None) -> bool:
        return (value in self.values) != self.is_complement

    def __bool__(self) -> bool:
        return self.is_complement or bool(self.values)

    def __le__(self, other: ValueSet) -> bool:
        return not (self - other)


ValueSet.ANY = ValueSet(frozenset(), True)
ValueSet.NONE = ValueSet(frozenset())
ValueSet.ABSENT = ValueSet(frozenset({None}))
ValueSet.PRESENT = ~ValueSet.ABSENT
