"""Which policies of a stage select an end (reference A3, B2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Attribute, Formula, Name, Role, Test
from analyzer.model.memory import PerObject, remembered
from analyzer.model.pipeline import Entry, Stage
from analyzer.semantics.fold import Selected
from analyzer.semantics.formulas import Situation, is_true, value_of

_NAMESPACE = Attribute(Role.SELF, Name.NAMESPACE)
_ANY: tuple[str | None, ...] = (None,)


def selected(stage: Stage, cluster: Cluster, about: Situation) -> Selected:
    """The policies whose subject is true of SELF, in order; `cluster` is the one that the stage was read off."""
    found = cluster.readings.get((_Index, id(stage)))
    if not isinstance(found, list):  # the cluster holds the stage, so that its id is not given anew
        room = _places_of_entries(cluster)
        room.forget_others(stage.entries)
        found = [[[_Index(group, room) for group in scale] for scale in tier.scales] for tier in stage.tiers]
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


_Places = tuple[Iterable[str], Attribute | None, Iterable[str | None]]
"""What a policy is looked up by: the namespaces of which the end must be in one; where it names none, one of the labels
and the values of it."""


class _Index:
    """The policies of a group by what each asks of the end: its namespace, or else one of the labels."""

    def __init__(self, entries: Sequence[Entry], room: PerObject[Entry, _Places]) -> None:
        self._by_namespace: dict[str, list[tuple[int, Entry]]] = {}
        self._by_label: dict[Attribute | None, dict[str | None, list[tuple[int, Entry]]]] = {}
        for number, (names, label, values) in enumerate(room.of(entries, _places_of, are_all=False)):
            numbered = number, entries[number]
            for name in names:
                self._by_namespace.setdefault(name, []).append(numbered)
            for value in values:
                self._by_label.setdefault(label, {}).setdefault(value, []).append(numbered)

    def candidates(self, about: Situation) -> list[Entry]:
        found = list(self._by_namespace.get(value_of(_NAMESPACE, about.ends) or "", ()))
        for label, places in self._by_label.items():
            value = None if label is None else value_of(label, about.ends)
            if label is None or value is not None:
                found += places.get(value, ())
        return [entry for _, entry in sorted(found, key=_number)]


@remembered
def _places_of_entries(cluster: Cluster) -> PerObject[Entry, _Places]:
    """Room for where single entries are, whatever the cluster."""
    return PerObject()


def _places_of(entry: Entry) -> _Places:
    asked = dict(_asked(entry.subject))
    if _NAMESPACE in asked:
        return asked[_NAMESPACE], None, ()
    label, values = next(iter(asked.items()), (None, _ANY))
    return (), label, values


def _number(numbered: tuple[int, Entry]) -> int:
    return numbered[0]


def _asked(subject: Formula) -> Iterator[tuple[Attribute, frozenset[str]]]:
    """The attributes outside of whose values the subject is false."""
    for part in subject.parts if isinstance(subject, All) else (subject,):
        if isinstance(part, Test) and isinstance(part.meets, frozenset):
            yield part.attribute, part.meets
