"""Which policies of a stage select an end (reference A3, B2)."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import All, Attribute, Formula, Name, Role, Test
from analyzer.model.pipeline import Entry, Stage
from analyzer.semantics.fold import Selected
from analyzer.semantics.formulas import Situation, is_true, value_of

_NAMESPACE = Attribute(Role.SELF, Name.NAMESPACE)


def selected(stage: Stage, cluster: Cluster, about: Situation) -> Selected:
    """The policies whose subject is true of SELF, in order; `cluster` is the one that the stage was read off."""
    found = cluster.readings.get((_Index, id(stage)))
    if not isinstance(found, list):  # the cluster holds the stage, so that its id is not given anew
        found = [[[_Index(group) for group in scale] for scale in tier.scales] for tier in stage.tiers]
        cluster.readings[_Index, id(stage)] = found
    namespace = value_of(_NAMESPACE, about.ends) or ""
    selecting = []
    for tier, scales in zip(stage.tiers, found, strict=True):
        kept = []
        for scale in scales:
            groups = [[e for e in group.candidates(namespace) if is_true(e.subject, about)] for group in scale]
            if any(groups):
                kept.append([group for group in groups if group])
        selecting.append((tier, kept))
    return selecting


class _Index:
    """The policies of a group, by the one namespace that each selects in, if there is one."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._named: dict[str, list[tuple[int, Entry]]] = {}
        self._others: list[tuple[int, Entry]] = []
        for number, entry in enumerate(entries):
            names = _namespaces(entry.subject)
            for name in names or ():
                self._named.setdefault(name, []).append((number, entry))
            if names is None:
                self._others.append((number, entry))

    def candidates(self, namespace: str) -> list[Entry]:
        found = [*self._named.get(namespace, ()), *self._others]
        return [entry for _, entry in sorted(found, key=lambda numbered: numbered[0])]


def _namespaces(subject: Formula) -> frozenset[str] | None:
    """The namespaces outside of which the subject is false; None: there may be others."""
    for part in subject.parts if isinstance(subject, All) else (subject,):
        if isinstance(part, Test) and part.attribute == _NAMESPACE and isinstance(part.meets, frozenset):
            return part.meets
    return None
