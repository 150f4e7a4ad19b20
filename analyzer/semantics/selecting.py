"""Which policies of a stage select an end (reference A3, B2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Attribute, Formula, Name, Role, Test
from analyzer.model.pipeline import Entry, Stage
from analyzer.semantics.fold import Selected
from analyzer.semantics.formulas import Situation, is_true, value_of

_NAMESPACE = Attribute(Role.SELF, Name.NAMESPACE)
_ANY: tuple[str | None, ...] = (None,)


def selected(stage: Stage, cluster: Cluster, about: Situation) -> Selected:
    """The policies whose subject is true of SELF, in order; `cluster` is the one that the stage was read off."""
    found = cluster.readings.get((_Index, id(stage)))
    if not isinstance(found, list):  # the cluster holds the stage, so that its id is not given anew
        found = [[[_Index(group) for group in scale] for scale in tier.scales] for tier in stage.tiers]
        cluster.readings[_Index, id(stage)] = found
    selecting = []
    for tier, scales in zip(stage.tiers, found, strict=True):
        kept = []
        for scale in scales:
            groups = [[e for e in group.candidates(about) if is_true(e.subject, about)] for group in scale]
            if any(groups):
                kept.append([group for group in groups if group])
        selecting.append((tier, kept))
    return selecting


_Key = tuple[str | None, str | None]
"""A namespace, and the value of a label, that the end must have; None where it makes no difference."""


class _Index:
    """The policies of a group by what each asks of the end: the one namespace and one of the labels."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._by: dict[Attribute | None, dict[_Key, list[tuple[int, Entry]]]] = {}
        for number, entry in enumerate(entries):
            asked = dict(_asked(entry.subject))
            names = asked.pop(_NAMESPACE, _ANY)
            label, values = next(iter(asked.items()), (None, _ANY))
            places = self._by.setdefault(label, {})
            for key in product(names, values):
                places.setdefault(key, []).append((number, entry))

    def candidates(self, about: Situation) -> list[Entry]:
        namespaces = (None, value_of(_NAMESPACE, about.ends) or "")
        found: list[tuple[int, Entry]] = []
        for label, places in self._by.items():
            value = None if label is None else value_of(label, about.ends)
            if label is None or value is not None:
                for namespace in namespaces:
                    found += places.get((namespace, value), ())
        return [entry for _, entry in sorted(found, key=_number)]


def _number(numbered: tuple[int, Entry]) -> int:
    return numbered[0]


def _asked(subject: Formula) -> Iterator[tuple[Attribute, Iterable[str | None]]]:
    """The attributes outside of whose values the subject is false."""
    for part in subject.parts if isinstance(subject, All) else (subject,):
        if isinstance(part, Test) and isinstance(part.meets, frozenset):
            yield part.attribute, part.meets
