"""Labels and label selectors, as data.  What a selector means is decided in `semantics` and, apart, in `encoding`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import ClassVar

from analyzer.records import dataclass

NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name"
GO_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
"""The values of annotations and variables that Go takes for true (strconv.ParseBool)."""


class Labels(Mapping[str, str]):
    """An immutable, hashable label map."""

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[str, str] | None = None) -> None:
        self._items = dict(items or {})
        self._hash: int | None = None

    def __getitem__(self, key: str) -> str:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._items.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self._items == (other._items if isinstance(other, Labels) else other)

    def __repr__(self) -> str:
        return f"Labels({self._items!r})"


NO_LABELS = Labels()


class Operator(Enum):
    """Selector operators, spelt as in a manifest (reference A2.3)."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one key; `values` is empty for Exists and DoesNotExist."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of requirements; matchLabels entries are `In` with one value (reference A2.1, A2.2)."""

    requirements: tuple[Requirement, ...] = ()

    EVERYTHING: ClassVar[Selector]

    def __str__(self) -> str:
        """In kubectl's selector syntax; the empty selector is the empty text."""
        return ",".join(map(_requirement_text, self.requirements))

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether it selects an object that is no end of a connection: of ends, formulas say so."""
        return all(_is_met(it, labels.get(it.key)) for it in self.requirements)


def _is_met(requirement: Requirement, value: str | None) -> bool:
    match requirement.operator:
        case Operator.IN:
            return value in requirement.values
        case Operator.NOT_IN:
            return value not in requirement.values
        case Operator.EXISTS:
            return value is not None
        case Operator.DOES_NOT_EXIST:
            return value is None


def _requirement_text(requirement: Requirement) -> str:
    key, values = requirement.key, sorted(requirement.values)
    match requirement.operator:
        case Operator.EXISTS:
            return key
        case Operator.DOES_NOT_EXIST:
            return f"!{key}"
        case Operator.IN if len(values) == 1:
            return f"{key}={values[0]}"
        case Operator.NOT_IN if len(values) == 1:
            return f"{key}!={values[0]}"
        case Operator.IN:
            return f"{key} in ({','.join(values)})"
        case _:
            return f"{key} notin ({','.join(values)})"


Selector.EVERYTHING = Selector()
